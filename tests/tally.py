"""Counts what property tests were given and what came of it, for the summary at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator


class Tally:
    """Of one subject, such as "configs"."""

    def __init__(self) -> None:
        self._verdicts: Counter[str] = Counter()
        self._seen: set[int] = set()

    def count(self, example: Hashable, verdict: str) -> None:
        """One more example, with what was said of it."""
        self._verdicts[verdict] += 1
        self._seen.add(hash(example))

    def lines(self) -> Iterator[str]:
        """How many there were, how many of them different, and how often each verdict was given."""
        yield f"{self._verdicts.total():,} examples, {len(self._seen):,} of them different"
        for verdict, count in self._verdicts.most_common():
            yield f"{count:9,}  {verdict}"
