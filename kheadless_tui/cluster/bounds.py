"""What reading takes at the most, and what becomes of more: it is left out, counted, and said; never fatal.

Objects are as large as their annotations (etcd takes 1.5 MB), so a page of 500 may be larger than anybody should hold:
then a smaller page is asked for. Of a kind in a scope so many are kept as a machine of a common size has memory for.
"""

from __future__ import annotations

from collections.abc import Iterable

from kheadless_tui.errors import ClusterError
from kheadless_tui.model.objects import KubeObject, ObjectKey

PAGE = 500
"""Objects in a page: large enough that round trips do not count, small enough that decoding one does not show."""

MAX_PAGE = 64 * 2**20
"""Bytes of one answer to a list, after decompression; a page of 500 big pods is some 10 MB."""

MAX_OBJECTS = 200_000
"""Objects of a kind in a scope; as many pods take one GB."""

MAX_LINE = 32 * 2**20
"""Bytes of one event of a watch; etcd stores no object larger than 1.5 MB."""

MAX_LISTS = 16
"""Lists that are under way at a time, each with one request, and one ahead of it; the others wait for their turn."""


class TooLarge(ClusterError):
    """An answer is larger than we want to hold."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"the API server's answer is larger than {most >> 20} MB, the most that is read at once",
            hint="something very large is stored there: see the annotations of these objects",
        )


class Lines:
    """The lines of a watch, out of pieces that are cut anywhere."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, chunk: bytes) -> list[bytes]:
        """The lines that this piece completes.

        Raises:
            ClusterError: a line is longer than any event can be.
        """
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > MAX_LINE:
            raise ClusterError(f"the watch sent a line of more than {MAX_LINE >> 20} MB")
        return lines


class Allowance:
    """The objects of a kind in a scope that are kept: the first ones, up to so many."""

    def __init__(self, most: int = MAX_OBJECTS) -> None:
        self.left_out = 0
        """Objects beyond it, as far as is known."""
        self.count = 0
        """Objects of the list so far, and then of what is kept."""
        self.names: dict[str, set[str]] = {}
        """Of those that are kept, by namespace."""
        self._most = most

    def begin(self) -> None:
        """A list begins."""
        self.left_out = self.count = 0
        self.names = {}

    def of_page(self, objects: Iterable[KubeObject]) -> list[KubeObject]:
        """Those of a page of the list that are kept."""
        kept = []
        for item in objects:
            if self.count >= self._most:
                self.left_out += 1
                continue
            names = self.names.setdefault(item.namespace, set())
            if item.name not in names:
                names.add(item.name)
                self.count += 1
            kept.append(item)
        return kept

    def admits(self, key: ObjectKey, *, new: bool) -> bool:
        """Whether an object of a watch is kept.

        Args:
            key: Its key.
            new: The watch says that it has come, so that nobody has counted it yet.
        """
        names = self.names.get(key.namespace)
        if names is None:
            names = self.names[key.namespace] = set()
        elif key.name in names:
            return True
        if self.count >= self._most:
            self.left_out += new
            return False
        if not new:
            self.left_out = max(0, self.left_out - 1)
        names.add(key.name)
        self.count += 1
        return True

    def forget(self, key: ObjectKey) -> None:
        """An object is gone."""
        names = self.names.get(key.namespace, set())
        if key.name in names:
            names.discard(key.name)
            self.count -= 1
        else:
            self.left_out = max(0, self.left_out - 1)
