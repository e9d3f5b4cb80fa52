"""The ``records`` command: predicted records as a table, JSON, YAML, a master file or bare names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kheadless_tui.report import names
from kheadless_tui.report.document import Document, dump
from kheadless_tui.report.masterfile import master_file
from kheadless_tui.report.medium import PIPE, Medium
from kheadless_tui.report.plain import printable
from kheadless_tui.report.table import Column, Table
from kheadless_tui.report.table import render as render_table
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.record import EndpointRef, PredictedRecord, WithheldRecord

SCHEMA = "kheadless/records/1"


def render(records: Iterable[PredictedRecord], config: ZoneConfig, output: str, medium: Medium = PIPE) -> str:
    """The records in one of the outputs ``table``, ``json``, ``yaml``, ``zone`` and ``name``; in the order given."""
    kept = list(records)
    if output == "table":
        return table(kept, config, medium)
    if output == "zone":
        return master_file((item.record for item in kept), config)
    if output == "name":
        unique = dict.fromkeys(item.record.name for item in kept)
        return "".join(f"{printable(name)}\n" for name in unique)
    return dump(document(kept, config), output)


def document(records: Iterable[PredictedRecord], config: ZoneConfig) -> Document:
    """The document of schema ``kheadless/records/1``."""
    return {
        "schema": SCHEMA,
        "zone": config.zone,
        "source": config.source,
        "notes": [str(note) for note in config.notes],
        "records": [_record_document(item) for item in records],
    }


def table(records: Sequence[PredictedRecord], config: ZoneConfig, medium: Medium) -> str:
    """A table: in a pipe one line says everything of a record, on a terminal each Service has a table of its own."""
    if medium.width is None:
        return _plain_table(records, medium)
    groups: dict[str, list[PredictedRecord]] = {}
    for item in records:
        groups.setdefault(str(item.service) if item.service else "", []).append(item)
    tables = (_service_table(group, config) for group in groups.values())
    return "\n".join(render_table(one, medium) for one in tables)


def withheld_note(withheld: Iterable[WithheldRecord]) -> str:
    """One line a Service on what is kept out of DNS and why, for stderr; empty when nothing is."""
    lines: dict[str, dict[str, list[str]]] = {}
    for item in withheld:
        reasons = lines.setdefault(str(item.service), {})
        endpoints = reasons.setdefault(item.reason, [])
        endpoint = item.endpoint.pod or item.endpoint.address
        if endpoint not in endpoints:
            endpoints.append(endpoint)
    return "".join(
        printable(f"{service}: not in DNS: " + "; ".join(f"{', '.join(who)} ({why})" for why, who in reasons.items()))
        + "\n"
        for service, reasons in lines.items()
    )


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
    return {
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
