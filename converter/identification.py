"""`evaluate identification`: are enrolled people named, and strangers not, by the gallery's own rule?

People of whom there are enough pictures are enrolled from a few of them, drawn by a seed, and searched for by the
others; everybody else is a stranger. Rank 1 is the share of searches whose nearest student is the right one; TPIR and
FPIR are the shares of enrolled people's and of strangers' pictures that are given a name, the right one or any
(ISO/IEC 19795-1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.evaluate_faces import FaceSet
from converter.face_figures import tar_at_far
from converter.intervals import bootstrap, wilson
from edge.errors import PictureError
from edge.gallery import MARGIN, Search, Student

FPIRS = (0.01, 0.003, 0.001)
CURVE = np.linspace(0.2, 0.9, 141)
"""Thresholds at which the curve is drawn."""


@dataclass(frozen=True)
class Draw:
    """Who is enrolled from which pictures, and which pictures are searched for. Names of pictures, by person."""

    enrolled: Mapping[str, Sequence[str]]
    probes: Mapping[str, Sequence[str]]
    strangers: Mapping[str, Sequence[str]]


@dataclass(frozen=True, eq=False)
class Answers:
    """What the gallery says of every picture, of all draws one after the other."""

    draws: int
    right: NDArray[np.bool_]
    """(P,) whether the nearest student is the one a probe shows."""
    scores: NDArray[np.float64]
    """(P,) the highest threshold at which a probe is named; -inf where no face was found."""
    people: NDArray[np.int64]
    """(P,) whose picture it is."""
    stranger_scores: NDArray[np.float64]
    """(S,) likewise; a stranger's picture in which no face was found is left out."""
    stranger_people: NDArray[np.int64]
    """(S,)"""


def pictures_by_person(faces: FaceSet, aliases: Sequence[frozenset[str]]) -> dict[str, list[str]]:
    """The readable pictures of everybody; folders that are one person by `aliases` are put together."""
    one = {name: min(group) for group in aliases for name in group}
    people: dict[str, list[str]] = {}
    for picture in sorted([*faces.embeddings, *faces.undetected]):
        folder = picture.split("/")[0]
        people.setdefault(one.get(folder, folder), []).append(picture)
    return people


def drawn(faces: FaceSet, people: Mapping[str, Sequence[str]], enrol: int, least: int, seed: int) -> Draw:
    """Enrol everybody of whom there are `least` pictures from `enrol` of them that show a face, drawn by seed.

    Raises PictureError when that leaves fewer than two to enrol, or no stranger.
    """
    random = np.random.default_rng(seed)
    enrolled, probes, strangers = {}, {}, {}
    for person, pictures in people.items():
        found = [picture for picture in pictures if picture in faces.embeddings]
        if len(pictures) < least or len(found) < enrol:
            strangers[person] = pictures
            continue
        chosen = {found[i] for i in random.permutation(len(found))[:enrol]}
        enrolled[person] = sorted(chosen)
        probes[person] = [picture for picture in pictures if picture not in chosen]
    if len(enrolled) < 2 or not any(picture in faces.embeddings for each in strangers.values() for picture in each):
        raise PictureError(
            f"{len(enrolled)} people have {least} pictures or more, {len(strangers)} fewer: identification needs two "
            "to enrol and a stranger at least; add pictures, or choose another --least"
        )
    return Draw(enrolled, probes, strangers)


def answers(draws: Sequence[Draw], faces: FaceSet, probes: FaceSet) -> Answers:
    """Search for every probe and stranger of every draw.

    faces: what is enrolled from; probes: the same pictures as they are searched for, which may be reduced.
    """
    right: list[bool] = []
    scores: list[float] = []
    people: list[int] = []
    stranger_scores: list[float] = []
    stranger_people: list[int] = []
    for draw in draws:
        search = _search(draw, faces)
        for number, (person, pictures) in enumerate(draw.probes.items()):
            for picture in pictures:
                embedding = probes.embeddings.get(picture)
                right.append(embedding is not None and search.nearest(embedding)[0].student_id == person)
                scores.append(-np.inf if embedding is None else search.naming_threshold(embedding))
                people.append(number)
        for number, pictures in enumerate(draw.strangers.values()):
            seen = [probes.embeddings[picture] for picture in pictures if picture in probes.embeddings]
            stranger_scores += [search.naming_threshold(embedding) for embedding in seen]
            stranger_people += [number] * len(seen)
    return Answers(
        len(draws),
        np.array(right, dtype=bool),
        np.array(scores),
        np.array(people),
        np.array(stranger_scores),
        np.array(stranger_people),
    )


def figures(found: Answers, threshold: float) -> dict[str, Any]:
    """The JSON for faces of one size. threshold: the one that ships with the model.

    Shares are over all draws. `threshold_at_fpir` is chosen on these very strangers, which flatters `tpir_at_fpir`.
    """
    named, wrong = _named(found, threshold)
    at_fpir = {}
    for fpir in FPIRS:
        chosen = tar_at_far(_own_scores(found), found.stranger_scores, fpir)[1]
        at_fpir[f"{fpir:g}"] = {
            "threshold": chosen,
            "tpir": _share(found, _named(found, chosen)[0]),
            "fpir": float((found.stranger_scores >= chosen).mean()),
        }
    return {
        "probes": len(found.scores) // found.draws,
        "probes_without_face": float(np.isneginf(found.scores).sum() / found.draws),
        "stranger_pictures": len(found.stranger_scores) // found.draws,
        "rank1": _share(found, found.right),
        "shipped": {
            "threshold": threshold,
            "margin": MARGIN,
            "tpir": _share(found, named),
            "misidentified": _share(found, wrong),
            "fpir": _share(found, found.stranger_scores >= threshold, strangers=True),
        },
        "at_fpir": at_fpir,
        "curve": [
            {
                "threshold": float(each),
                "tpir": float(_named(found, each)[0].mean()),
                "fpir": float((found.stranger_scores >= each).mean()),
            }
            for each in CURVE
        ],
    }


def _search(draw: Draw, faces: FaceSet) -> Search:
    """The gallery of a draw."""
    return Search(
        tuple(
            Student(person, "none: evaluation", date.today(), None, np.stack([faces.embeddings[p] for p in pictures]))
            for person, pictures in draw.enrolled.items()
        )
    )


def _own_scores(found: Answers) -> NDArray[np.float64]:
    """(P,) the highest threshold at which a probe is given its own name."""
    return np.where(found.right, found.scores, -np.inf)


def _named(found: Answers, threshold: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(P,), (P,): which probes are given their own name, and which another."""
    accepted = found.scores >= threshold
    return found.right & accepted, ~found.right & accepted


def _share(found: Answers, events: NDArray[np.bool_], *, strangers: bool = False) -> dict[str, Any]:
    """How often something happened, with a 95% interval and the lowest and highest share of a draw.

    The interval takes the draws for one, since they share their pictures. It is Wilson's, which has a width where
    nothing happened, widened to that of a bootstrap over people, whose pictures fail together.
    """
    people = found.stranger_people if strangers else found.people
    happened, possible = np.bincount(people, events), np.bincount(people)
    share = float(happened.sum() / possible.sum())
    pictures = len(events) // found.draws
    low, high = wilson(round(share * pictures), pictures)
    by_people = bootstrap(lambda chosen: float(happened[chosen].sum() / max(1, possible[chosen].sum())), len(possible))
    of_draws = events.reshape(found.draws, -1).mean(axis=1)
    return {
        "share": share,
        "interval": (min(low, by_people[0]), max(high, by_people[1])),
        "of_draws": (float(of_draws.min()), float(of_draws.max())),
    }
