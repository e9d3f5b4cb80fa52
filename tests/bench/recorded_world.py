"""The objects of a big cluster, made from one recorded object of each kind: pages of lists and events of a watch.

A Service lies in namespace ``scale-NN`` and is called ``db-PPPJJ``, PPP the page of pods in which its endpoints are and
JJ its place there; its endpoint ``k`` has the address ``10.PPP.JJ.k``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

RECORDED = Path(__file__).parent / "recorded"

EACH = 10
"""Endpoints of a Service."""

PAGE = 500
"""Objects in a page of pods, whatever is asked for."""

_BLOCK = PAGE // EACH
"""Services whose endpoints fill a page of pods."""


def _template(kind: str, *tokens: tuple[str, str]) -> str:
    """A recorded object with places to fill in."""
    text = (RECORDED / f"{kind}.json").read_text(encoding="utf-8").strip().replace("%", "%%")
    for recorded, place in tokens:
        assert recorded in text, recorded
        text = text.replace(recorded, place)
    return text


@dataclass
class World:
    """So many headless Services, so many to a namespace."""

    services: int = 10_000
    per_namespace: int = 500
    version: int = 100_000
    _flipped: set[int] = field(default_factory=set)

    def namespace(self, number: int) -> str:
        """Of a Service."""
        return f"scale-{number // self.per_namespace:02d}"

    @property
    def namespaces(self) -> list[str]:
        """All of them, sorted."""
        return [self.namespace(number) for number in range(0, self.services, self.per_namespace)]

    @staticmethod
    def name(number: int) -> str:
        """Of a Service."""
        return f"db-{number // _BLOCK:03d}{number % _BLOCK:02d}"

    def _fill(self, number: int) -> dict[str, object]:
        return {
            "name": self.name(number),
            "namespace": self.namespace(number),
            "uid": f"d6012409-a5c0-45b3-ba16-{number:012d}",
            "net": f"10.{number // _BLOCK}.{number % _BLOCK}.",
            "version": 8754 + number,
        }

    @cached_property
    def namespace_list(self) -> list[bytes]:
        """Namespace objects."""
        form = '{"metadata":{"name":"%s","uid":"n-%s","resourceVersion":"1"},"spec":{},"status":{"phase":"Active"}}'
        return [(form % (name, name)).encode() for name in self.namespaces]

    @cached_property
    def service_list(self) -> list[bytes]:
        """Service objects, in the order of etcd."""
        form = _template(
            "service",
            ("db-00496", "%(name)s"),
            ("scale-00", "%(namespace)s"),
            ("d6012409-a5c0-45b3-ba16-28d00aeb6183", "%(uid)s"),
            ('"resourceVersion":"8754"', '"resourceVersion":"%(version)s"'),
        )
        return [(form % self._fill(number)).encode() for number in range(self.services)]

    @cached_property
    def _slice_form(self) -> str:
        return _template(
            "endpointslice",
            ("db-00496", "%(name)s"),
            ("scale-00", "%(namespace)s"),
            ("172.16.31.", "%(net)s"),
            ("2dd59b93-8e56-4678-9022-7c0514d44ce0", "%(uid)s"),
            ('"resourceVersion":"8755"', '"resourceVersion":"%(version)s"'),
        )

    @cached_property
    def slice_list(self) -> list[bytes]:
        """EndpointSlice objects, in the order of etcd."""
        form = self._slice_form
        return [(form % self._fill(number)).encode() for number in range(self.services)]

    def slice_event(self, number: int) -> bytes:
        """A line of the watch: the second endpoint of a Service is not ready any more, or is again."""
        number %= self.services
        self._flipped ^= {number}
        self.version += 1
        text = self._slice_form % {**self._fill(number), "version": self.version}
        if number in self._flipped:
            text = text.replace('.1"],"conditions":{"ready":true,', '.1"],"conditions":{"ready":false,')
        return b'{"type":"MODIFIED","object":%s}\n' % text.encode()

    @cached_property
    def _pod_page(self) -> bytes:
        form = _template(
            "pod",
            ("coredns-54b8b5d4c4-jjkcl", "%(pod)s"),
            ("coredns-54b8b5d4c4-", "%(name)s-"),
            ("kube-system", "%(namespace)s"),
            ("622da369-42fe-4ae2-985d-7b4056acc21c", "d6012409-%(pod)s"),
            ("10.244.0.3", "10.@@.%(place)s"),
            ("fd00:244::3", "fd00:@@::%(place)s"),
        )
        pods = []
        for row in range(_BLOCK):
            for k in range(EACH):
                name = f"db-@@@{row:02d}"
                fill = {"name": name, "pod": f"{name}-{k}", "namespace": "@namespace@", "place": f"{row}.{k}"}
                pods.append((form % fill).replace(f"::{row}.{k}", f"::{row}:{k}"))
        return ",".join(pods).encode()

    def pods(self, page: int) -> bytes:
        """The pods of a page, with commas between."""
        filled = self._pod_page.replace(b"@@@", b"%03d" % page).replace(b"@@", b"%d" % page)
        return filled.replace(b"@namespace@", self.namespace(page * _BLOCK).encode())

    def pod_pages(self, namespace: str) -> range:
        """The pages that hold the pods of a namespace, or of all."""
        if not namespace:
            return range(max(1, self.services // _BLOCK))
        first = self.namespaces.index(namespace) * self.per_namespace // _BLOCK
        return range(first, first + max(1, self.per_namespace // _BLOCK))
