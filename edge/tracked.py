"""What a search for faces need not find anew: the faces that are tracked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edge.records import Reduced
from edge.suppression import Boxes, intersections

ON_FACE = 0.4
"""Intersection over union from which a proposal lies on a tracked face. Of 421 faces, expected up to 0.3 face widths
from where they were, all but one had such proposals; O-Net found 99% in the mean, and the others at a second look."""
PART_OF_FACE = 0.5
"""Share of the smaller box from which a proposal is a part of a tracked face, or too large a box around it."""
UNSURE_PROPOSALS = 192
"""At most so many are judged in one search where tracked faces are unsure: what twenty faces in a crowd give."""
OTHER_PROPOSALS = 24
"""And at least so many elsewhere: the hair and collars of thirty tracked faces give fifty, foliage gives hundreds."""


@dataclass(frozen=True, eq=False)
class Tracked:
    """Where tracked faces are expected. Boxes are (n, 4) float32 rows: x1, y1, x2, y2, in pixels of the image."""

    due: Boxes
    """Faces to look at."""
    later: Boxes
    """Faces that a later search looks at, if this one proposes them still."""
    unsure: Boxes
    """Faces that were missed, that overlap another one, or that are to be judged anew: to be searched for as if nobody
    were known there."""
    turn: int
    """Counts searches: what is too much for one of them is shared among several."""
    others: int = OTHER_PROPOSALS
    """At most so many proposals are judged where nobody is tracked."""
    showing: list[int] = field(default_factory=list)
    """The detector's answer: rows of `later` that it saw proposed, and did not look at. None of them until it says so:
    one that looks at everybody in every search has nothing to say."""

    @property
    def nobody(self) -> bool:
        """Whether there is nothing that a search could save."""
        return len(self.due) + len(self.later) + len(self.unsure) == 0

    def reduced(self, reduced: Reduced) -> Tracked:
        """The same in pixels of a reduced frame; what shows in it shows here."""
        offset, scale = np.tile(reduced.offset, 2), np.tile(reduced.scale, 2)
        due, later, unsure = (
            ((boxes - offset) / scale).astype(np.float32) for boxes in (self.due, self.later, self.unsure)
        )
        return replace(self, due=due, later=later, unsure=unsure)

    def divide(self, proposals: Boxes) -> tuple[Boxes, NDArray[np.bool_], Boxes]:
        """What P-Net proposes, (n, 5) with a score, divided by whether it lies on a tracked face.

        P-Net answers a face with some twenty boxes; their mean lies on it as well as what R-Net makes of the best. A
        face that is not where it was expected has none, and hides none of the others: it is unsure.

        Returns a box for each face due that shows, which proposals lie on none, (n,), and the faces that are unsure;
        `showing` says which of the others show.
        """
        expected = np.concatenate([self.due, self.later])
        shared, area, proposed = intersections(expected, proposals)
        on_face = shared > ON_FACE * (area + proposed - shared)
        shows = on_face.any(axis=1)
        self.showing[:] = np.nonzero(shows[len(self.due) :])[0].tolist()
        around = (shared > PART_OF_FACE * np.minimum(area, proposed))[shows]
        on_due = on_face[: len(self.due)][shows[: len(self.due)]]
        seen = (on_due @ proposals / on_due.sum(axis=1, keepdims=True)).astype(np.float32, copy=False)
        return seen, ~(on_face.any(axis=0) | around.any(axis=0)), np.concatenate([self.unsure, expected[~shows]])

    def judged(self, proposals: Boxes, unsure: Boxes) -> Boxes:
        """Those of proposals, on no tracked face, whose turn it is: near unsure faces before anything else."""
        near = intersections(unsure, proposals)[0].any(axis=0)
        return np.concatenate([
            self._share(proposals[near], UNSURE_PROPOSALS),
            self._share(proposals[~near], self.others),
        ])  # fmt: skip

    def _share(self, proposals: Boxes, most: int) -> Boxes:
        """Every so-many-th of proposals, so that each has its turn within a few searches."""
        rounds = max(1, -(-len(proposals) // most))
        return proposals[self.turn % rounds :: rounds]
