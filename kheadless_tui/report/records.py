"""The ``records`` command: predicted records as a table, JSON, YAML, a master file or bare names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.report import names
from kheadless_tui.report.document import Document, dump
from kheadless_tui.report.masterfile import master_file
from kheadless_tui.report.medium import PIPE, Medium
from kheadless_tui.report.plain import printable
from kheadless_tui.report.table import Column, Table
from kheadless_tui.report.table import render as render_table
from kheadless_tui.zone.explanations.reasons import listed
from kheadless_tui.zone.record import ElsewhereRecord, EndpointRef, PredictedRecord, WithheldRecord
from kheadless_tui.zone.serving.config import ZoneConfig

SCHEMA = "kheadless/records/1"


def render(
    records: Iterable[PredictedRecord],
    config: ZoneConfig,
    output: str,
    medium: Medium = PIPE,
    elsewhere: Iterable[ElsewhereRecord] = (),
    unknown: Iterable[ObjectKey] = (),
) -> str:
    """The records in one of the outputs ``table``, ``json``, ``yaml``, ``zone`` and ``name``; in the order given."""
    kept = list(records)
    if output == "table":
        return table(kept, config, medium)
    if output == "zone":
        return master_file((item.record for item in kept), config)
    if output == "name":
        unique = dict.fromkeys(item.record.name for item in kept)
        return "".join(f"{printable(name)}\n" for name in unique)
    return dump(document(kept, config, elsewhere, unknown), output)


def document(
    records: Iterable[PredictedRecord],
    config: ZoneConfig,
    elsewhere: Iterable[ElsewhereRecord] = (),
    unknown: Iterable[ObjectKey] = (),
) -> Document:
    """The document of schema ``kheadless/records/1``.

    Two keys are there only where they hold something: ``elsewhere``, records whose names the kubernetes plugin is not
    asked for, and ``unknown``, Services whose EndpointSlices were not read, so that their records are not known. A
    record has ``unknown`` only where not every server may have it.
    """
    found: Document = {
        "schema": SCHEMA,
        "zone": config.zone,
        "source": config.source,
        "notes": [str(note) for note in config.notes],
        "records": [_record_document(item) for item in records],
    }
    taken = [_record_document(each.item) | {"reason": each.reason} for each in elsewhere]
    unread = [str(key) for key in unknown]
    return found | ({"elsewhere": taken} if taken else {}) | ({"unknown": unread} if unread else {})


def table(records: Sequence[PredictedRecord], config: ZoneConfig, medium: Medium) -> str:
    """A table: in a pipe one line says everything of a record, on a terminal each Service has a table of its own."""
    if medium.width is None:
        return _plain_table(records, medium)
    groups: dict[str, list[PredictedRecord]] = {}
    for item in records:
        groups.setdefault(str(item.service) if item.service else "", []).append(item)
    tables = (_service_table(group, config) for group in groups.values())
    return "\n".join(render_table(one, medium) for one in tables)


def unknown_note(unknown: Iterable[ObjectKey]) -> str:
    """One line a namespace on the Services whose records are not known, for stderr; empty where all are."""
    by_namespace: dict[str, list[str]] = {}
    for key in unknown:
        by_namespace.setdefault(key.namespace, []).append(key.name)
    return "".join(
        printable(f"{namespace}: not known, as its EndpointSlices were not read: the records of {listed(services)}")
        + "\n"
        for namespace, services in by_namespace.items()
    )


def uncertain_note(records: Iterable[PredictedRecord]) -> str:
    """One line for each thing that is not known of the records, for stderr; empty where all is."""
    by_reason: dict[str, dict[str, None]] = {}
    for item in records:
        if item.unknown:
            by_reason.setdefault(item.unknown, {})[f"{item.record.name} {item.record.type}"] = None
    return "".join(printable(f"not certain: {listed(list(who))}: {why}") + "\n" for why, who in by_reason.items())


def withheld_note(withheld: Iterable[WithheldRecord], elsewhere: Iterable[ElsewhereRecord] = ()) -> str:
    """One line a Service on what is kept out of DNS and why, for stderr; empty when nothing is.

    Endpoints are told by their pods, names that are answered elsewhere by themselves.
    """
    lines: dict[str, dict[str, dict[str, None]]] = {}

    def told(service: str, reason: str, who: str) -> None:
        lines.setdefault(service, {}).setdefault(reason, {})[who] = None

    taken = list(elsewhere)
    by_name = {each.reason for each in taken}
    for item in withheld:
        if item.reason not in by_name:
            told(str(item.service), item.reason, item.endpoint.pod or item.endpoint.address)
    for each in taken:
        told(str(each.item.service), each.reason, each.item.record.name)
    return "".join(
        printable(
            f"{service}: not in DNS: "
            + "; ".join(f"{_who(who, why in by_name)} ({why})" for why, who in reasons.items())
        )
        + "\n"
        for service, reasons in lines.items()
    )


def _who(told: Iterable[str], shortened: bool) -> str:
    return listed(list(told)) if shortened else ", ".join(told)


def _plain_table(records: Sequence[PredictedRecord], medium: Medium) -> str:
    columns = (
        Column("NAME"),
        Column("TTL", right=True),
        Column("TYPE"),
        Column("DATA"),
        Column("POD"),
        Column("SERVICE"),
        Column("FROM"),
    )
    rows = [
        (
            item.record.name,
            str(item.record.ttl),
            item.record.type,
            item.record.data,
            _pod(item.endpoint),
            str(item.service) if item.service else "",
            str(item.source),
        )
        for item in records
    ]
    return render_table(Table(columns, rows), medium)


def _service_table(records: Sequence[PredictedRecord], config: ZoneConfig) -> Table:
    key = records[0].service
    suffix = f"{key.name}.{key.namespace}.svc.{config.zone}" if key else config.zone
    heading = f"{suffix} {_count(len(records))}" if key else f"{suffix} {_count(len(records))} of no Service"
    columns = (
        Column("NAME", folds=True),
        Column("TTL", right=True),
        Column("TYPE"),
        Column("DATA", folds=True),
        Column("POD", folds=True),
    )
    rows = [
        (
            names.owner(item.record, suffix),
            str(item.record.ttl),
            item.record.type,
            names.data(item.record, suffix),
            _pod(item.endpoint),
        )
        for item in records
    ]
    return Table(columns, rows, title=heading)


def _count(number: int) -> str:
    return f"{number} record" if number == 1 else f"{number} records"


def _pod(endpoint: EndpointRef | None) -> str:
    return (endpoint.pod or "") if endpoint else ""


def _record_document(item: PredictedRecord) -> Document:
    record = item.record
    found: Document = {
        "name": record.name,
        "ttl": record.ttl,
        "type": record.type,
        "data": record.data,
        "service": str(item.service) if item.service else None,
        "endpoint": _endpoint_document(item.endpoint),
        "from": str(item.source),
        "field": item.source.field or None,
        "sources": [{"from": str(source), "field": source.field or None} for source in item.sources],
    }
    return found | ({"unknown": item.unknown} if item.unknown else {})


def _endpoint_document(endpoint: EndpointRef | None) -> Document | None:
    if endpoint is None:
        return None
    return {
        "pod": endpoint.pod,
        "address": endpoint.address,
        "ready": endpoint.ready,
        "serving": endpoint.serving,
        "terminating": endpoint.terminating,
        "node": endpoint.node,
    }
