"""A Service with two pods, its records in zone order, and an apex, as the renderers get them."""

from __future__ import annotations

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.zone.record import EndpointRef, PredictedRecord, Record, Source
from kheadless_tui.zone.serving.config import ZoneConfig

WEB = ObjectKey("shop", "web")
ORIGIN = "web.shop.svc.cluster.local."
CONFIG = ZoneConfig(zones=("cluster.local.", "in-addr.arpa."), ttl=30, source="Corefile ./Corefile", ttl_known=True)
SLICE = Source("EndpointSlice", ObjectKey("shop", "web-x7k2p"), "endpoints[0]")


def endpoint(number: int) -> EndpointRef:
    return EndpointRef(
        pod=f"web-{number}",
        address=f"10.244.1.{17 + number}",
        ready=True,
        serving=True,
        terminating=False,
        node="node-a",
        hostname=f"web-{number}",
    )


def predicted(name: str, type_: str, data: str, number: int | None = None) -> PredictedRecord:
    ref = None if number is None else endpoint(number)
    return PredictedRecord(Record(name, 30, type_, data), WEB, ref, SLICE)


RECORDS = (
    predicted(ORIGIN, "A", "10.244.1.17", 0),
    predicted(ORIGIN, "A", "10.244.1.18", 1),
    predicted(ORIGIN, "SRV", f"0 50 80 web-0.{ORIGIN}", 0),
    predicted(f"_http._tcp.{ORIGIN}", "SRV", f"0 50 80 web-0.{ORIGIN}", 0),
    predicted(f"web-0.{ORIGIN}", "A", "10.244.1.17", 0),
    predicted("17.1.244.10.in-addr.arpa.", "PTR", f"web-0.{ORIGIN}", 0),
)
