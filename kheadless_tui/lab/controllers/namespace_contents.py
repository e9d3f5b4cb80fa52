"""What every Namespace has: the ServiceAccount ``default``, and the certificate of the API server's authority."""

from __future__ import annotations

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.objects.resources import CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS
from kheadless_tui.lab.objects.store import Change, Key, Store

ACCOUNT, AUTHORITY = "default", "kube-root-ca.crt"
_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


class NamespaceContents:
    """Puts them in, and back when they were deleted (pkg/controller/serviceaccount, certificates/rootcacertpublisher).

    Args:
        store: The objects.
        objects: Writes them.
        authority: PEM.
    """

    def __init__(self, store: Store, objects: Objects, authority: str) -> None:
        self._store = store
        self._objects = objects
        self._authority = authority

    def keys(self, change: Change) -> set[Key]:
        """A new Namespace, and one that has lost something."""
        if change.resource is NAMESPACES:
            return {("", change.item["metadata"]["name"])} if change.type == "ADDED" else set()
        lost = change.resource in (CONFIG_MAPS, SERVICE_ACCOUNTS) and change.type == "DELETED"
        return {("", change.item["metadata"]["namespace"])} if lost else set()

    def reconcile(self, key: Key) -> None:
        """Make what is not there; in a Namespace that is going nothing can be made."""
        namespace = key[1]
        if self._store.find(SERVICE_ACCOUNTS, namespace, ACCOUNT) is None:
            self._objects.create(SERVICE_ACCOUNTS, namespace, {"metadata": {"name": ACCOUNT}})
        if self._store.find(CONFIG_MAPS, namespace, AUTHORITY) is None:
            meta = {"name": AUTHORITY, "annotations": {"kubernetes.io/description": _DESCRIPTION}}
            self._objects.create(CONFIG_MAPS, namespace, {"metadata": meta, "data": {"ca.crt": self._authority}})
