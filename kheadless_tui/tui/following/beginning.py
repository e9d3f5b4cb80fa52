"""Where the cursor begins: on the Service that was asked for, or on the first one of a namespace."""

from __future__ import annotations

from kheadless_tui.cluster.state import Reading, ReadState
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.known.catalog import Catalog


class Beginning:
    """Knows what was asked for, until the cursor is there."""

    def __init__(self, wanted: ObjectKey | None, namespace: str, catalog: Catalog) -> None:
        """Set up.

        Args:
            wanted: The Service that was asked for.
            namespace: Where to begin if there is no such Service.
            catalog: What there is.
        """
        self._wanted = wanted
        self._namespace = namespace
        self._catalog = catalog
        self.done = False
        """The cursor was put there."""

    def choose(self, link: ReadState) -> ObjectKey | None:
        """The Service to begin with; ``None`` while what is wanted may still come, or there is nothing at all."""
        catalog = self._catalog
        if self._wanted is not None and catalog.service(self._wanted):
            return self._wanted
        if isinstance(link, Reading) or not catalog.size:
            return None
        namespaces = catalog.namespaces
        return catalog.services(self._namespace if self._namespace in namespaces else namespaces[0])[0]

    def missing(self, chosen: ObjectKey) -> ObjectKey | None:
        """The Service that was asked for, if it is not the one chosen."""
        return self._wanted if self._wanted != chosen else None
