"""``records``: the DNS records that must exist for headless Services."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from kheadless_tui.commands import running
from kheadless_tui.commands.names import service_key
from kheadless_tui.commands.source import (
    Source,
    connect,
    from_cluster,
    from_files,
    tell,
    tell_findings,
    tell_served,
    with_pods,
)
from kheadless_tui.errors import UsageError
from kheadless_tui.model.objects import Service
from kheadless_tui.report import records as report
from kheadless_tui.report.medium import Medium
from kheadless_tui.zone.record import WithheldRecord
from kheadless_tui.zone.zone_records import all_records, elsewhere_records, service_records, withheld_records


def run(arguments: argparse.Namespace) -> int:
    """Print the records; the exit status is 0 also when there are none, as that is what must be."""
    if arguments.filenames:
        return _show(from_files(arguments), arguments, in_files=True)
    return running.run(_live(arguments))


async def _live(arguments: argparse.Namespace) -> int:
    connection = await connect(arguments)
    default = arguments.namespace or connection.namespace
    keys = [service_key(text, default) for text in arguments.services]
    named = {key.namespace for key in keys} or {default}
    async with from_cluster(arguments, connection, () if arguments.all_namespaces else named, keys) as source:
        looked_into = named if arguments.services or not arguments.all_namespaces else ()
        return _show(await with_pods(source, looked_into), arguments, in_files=False)


def _show(source: Source, arguments: argparse.Namespace, *, in_files: bool) -> int:
    if arguments.all and arguments.services:
        raise UsageError("--all and names of Services cannot be given together", hint="one or the other")
    snapshot, config = source.snapshot, source.config
    withheld: list[WithheldRecord] = []
    if arguments.all:
        found = list(all_records(snapshot, config))
        services: Sequence[Service] = [each for name in snapshot.namespaces for each in snapshot.services(name)]
    else:
        services = _services(source, arguments, in_files=in_files)
        found = [record for service in services for record in service_records(snapshot, service, config)]
        withheld = [record for service in services for record in withheld_records(snapshot, service, config)]
    elsewhere = [record for service in services for record in elsewhere_records(snapshot, service, config)]
    whole = {name for name in snapshot.namespaces if snapshot.knows_all("EndpointSlice", name)}
    unknown = [each.key for each in services if each.headless and each.namespace not in whole]
    sys.stdout.write(report.render(found, config, arguments.output, Medium.of(sys.stdout), elsewhere, unknown))
    tell_served(config, f"{len(found)} records; ")
    told = (report.withheld_note(withheld, elsewhere), report.unknown_note(unknown), report.uncertain_note(found))
    sys.stderr.write("".join(told))
    return 0


def _services(source: Source, arguments: argparse.Namespace, *, in_files: bool) -> Sequence[Service]:
    """The Services that were named, or the headless ones of the scope; those without a record are told about."""
    snapshot = source.snapshot
    if arguments.services:
        services = [source.service(service_key(text, source.namespace)) for text in arguments.services]
    else:
        everywhere = arguments.all_namespaces or (in_files and arguments.namespace is None)
        services = snapshot.headless_services(None if everywhere else source.namespace)
        if not services:
            _tell_none(source, None if everywhere else source.namespace)
    for service in services:
        empty = not service_records(snapshot, service, source.config)
        if empty and in_files and not snapshot.slices_of(service.key):
            tell(
                f"{service.key} has no record: the files hold no EndpointSlice of it, and DNS is made from those alone "
                "(kubectl get services,endpointslices -o yaml has them)"
            )
        if empty or arguments.services:
            tell_findings(source, service)
    return services


def _tell_none(source: Source, namespace: str | None) -> None:
    scope = source.snapshot.namespaces if namespace is None else [namespace]
    others = sum(len(source.snapshot.services(name)) for name in scope)
    where = "in any namespace that was read" if namespace is None else f"in {namespace}"
    tell(f"no headless Service {where} ({others} other Services); -A reads all namespaces, --all shows the whole zone")
