"""Prediction at the size of a big cluster: ``python -m tests.bench.bench_zone [SERVICES [ENDPOINTS_EACH]]``.

Prints a table, in CPU time: the cost of each record, of one change, of one question, and what of that grows with the
cluster (the same is measured at a tenth of the size). Nothing here asserts a time.
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable
from itertools import count

from kheadless_tui.model.objects import (
    Conditions,
    Endpoint,
    EndpointPort,
    EndpointSlice,
    Meta,
    Namespace,
    ObjectKey,
    Service,
    ServicePort,
    ServiceSpec,
    TargetRef,
)
from kheadless_tui.model.snapshot import SnapshotBuilder
from kheadless_tui.zone.naming.reverse_names import reverse_name
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.zone_records import all_records, service_records

SERVICES, EACH, NAMESPACES = 10_000, 10, 100
CONFIG = ZoneConfig(zones=("cluster.local.", "in-addr.arpa.", "ip6.arpa."), ttl=30)
_REPEATS = 200


def address(number: int) -> str:
    """The address of the endpoint of a number."""
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def slice_of(service: int, each: int, *, ready: int | None = None) -> EndpointSlice:
    """The slice of a Service; the endpoint of that place is not ready."""
    endpoints = [
        Endpoint(
            [address(service * each + place)],
            Conditions(place != ready, place != ready, False),
            f"pod-{place}",
            f"node-{place}",
            "eu-a",
            TargetRef("Pod", f"pod-{place}"),
        )
        for place in range(each)
    ]
    ports = [EndpointPort("http", 8080, "TCP")]
    labels = {"kubernetes.io/service-name": f"svc-{service}"}
    return EndpointSlice(
        Meta(f"svc-{service}-x", f"ns-{service % NAMESPACES}", labels=labels), "IPv4", endpoints, ports
    )


def build(services: int, each: int) -> SnapshotBuilder:
    """A cluster of headless Services."""
    builder = SnapshotBuilder()
    builder.namespaces_known = True
    for number in range(NAMESPACES):
        builder.put(Namespace(Meta(f"ns-{number}")))
    spec = ServiceSpec("ClusterIP", "None", ["None"], {"app": "x"}, [ServicePort(80, "http", "TCP", 8080)])
    for number in range(services):
        builder.put(Service(Meta(f"svc-{number}", f"ns-{number % NAMESPACES}"), spec))
        builder.put(slice_of(number, each))
    return builder


def microseconds(action: Callable[[int], object], repeats: int = _REPEATS) -> float:
    """The median cost of an action."""
    taken = []
    for number in range(repeats):
        start = time.process_time()
        action(number)
        taken.append(time.process_time() - start)
    return sorted(taken)[repeats // 2] * 1e6


def measure(services: int, each: int) -> dict[str, str]:
    """All figures for one size."""
    gc.collect()
    tracemalloc.start()
    start = time.process_time()
    builder = build(services, each)
    snapshot = builder.freeze()
    built = time.process_time() - start
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    gc.freeze()
    keys = [ObjectKey(f"ns-{number % NAMESPACES}", f"svc-{number}") for number in range(services)]
    some = [keys[number * 7919 % services] for number in range(_REPEATS)]

    start = time.process_time()
    records = sum(1 for _ in all_records(snapshot, CONFIG))
    whole = time.process_time() - start

    def records_of(number: int) -> object:
        service = snapshot.service(some[number])
        assert service is not None
        return service_records(snapshot, service, CONFIG)

    turn = count()

    def change(number: int) -> object:
        builder.put(slice_of(number * 7919 % services, each, ready=next(turn) % each))
        changed = builder.freeze()
        service = changed.service(some[number])
        assert service is not None
        return service_records(changed, service, CONFIG)

    def asked(form: str, kind: str) -> Callable[[int], object]:
        def ask(number: int) -> object:
            key = some[number]
            return resolve(
                snapshot, Question(form.format(f"{key.name}.{key.namespace}.svc.cluster.local."), kind), CONFIG
            )

        return ask

    def who_has(number: int) -> object:
        name = reverse_name(address(number * 7919 % (services * each)))
        return resolve(snapshot, Question(name, "PTR"), CONFIG)

    figures = {
        "records": f"{records:,}",
        "memory of the snapshot, MB": f"{held / 1e6:.0f}",
        "building it, s (tracing memory)": f"{built:.1f}",
        "every record, us each": f"{whole / records * 1e6:.2f}",
        "records of one Service, us": f"{microseconds(records_of):.0f}",
        "change a slice, freeze, its Service's records, us": f"{microseconds(change):.0f}",
        "predict A of a Service, us": f"{microseconds(asked('{}', 'A')):.0f}",
        "predict SRV of a port, us": f"{microseconds(asked('_http._tcp.{}', 'SRV')):.0f}",
        "predict A of an endpoint, us": f"{microseconds(asked('pod-3.{}', 'A')):.0f}",
        "predict a name that is not there, and why, us": f"{microseconds(asked('nobody.{}', 'A')):.0f}",
        "who has an address (PTR), us": f"{microseconds(who_has):.0f}",
    }
    gc.unfreeze()
    return figures


def main() -> None:
    """Print the table."""
    services = int(sys.argv[1]) if len(sys.argv) > 1 else SERVICES
    each = int(sys.argv[2]) if len(sys.argv) > 2 else EACH
    small = measure(max(1, services // 10), each)
    large = measure(services, each)
    heads = (f"{max(1, services // 10):,} x {each}", f"{services:,} x {each}")
    print(f"{'Services x endpoints':52}{heads[0]:>16}{heads[1]:>16}")
    for name, figure in large.items():
        print(f"{name:52}{small[name]:>16}{figure:>16}")


if __name__ == "__main__":
    main()
