"""The newest change of each thing, in the order in which they changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Change = TypeVar("Change")


class Versions(Generic[Change]):
    """Counts changes; holds no more than one for each name, and so never grows beyond the names there are."""

    def __init__(self) -> None:
        self.newest = 0
        """The version of the last change."""
        self._complete_since = 0
        """What changed after this version is all known."""
        self._by_name: OrderedDict[str, tuple[int, Change]] = OrderedDict()

    def put(self, name: str, change: Change) -> None:
        """Another change takes the place of what was known of name."""
        self.newest += 1
        self._by_name[name] = (self.newest, change)
        self._by_name.move_to_end(name)

    def drop(self, name: str) -> None:
        """Nothing shall be known of name, not even that it was there: nobody can be told by changes alone."""
        self._by_name.pop(name, None)
        self.newest += 1
        self._complete_since = self.newest

    def forget(self, old: Callable[[Change], bool]) -> None:
        """Leave out the changes that are old; who has not heard of them yet cannot be told by changes any more."""
        for name, (version, change) in list(self._by_name.items()):
            if old(change):
                del self._by_name[name]
                self._complete_since = max(self._complete_since, version)

    def since(self, version: int) -> tuple[Change, ...] | None:
        """The changes after version, the oldest first; None when not all of them are known."""
        if not self._complete_since <= version <= self.newest:
            return None
        found: list[Change] = []
        for at, change in reversed(self._by_name.values()):
            if at <= version:
                break
            found.append(change)
        return tuple(reversed(found))
