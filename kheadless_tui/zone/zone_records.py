"""The records that must exist for a Service, and for the whole zone, in the order of a zone file.

They are what queries give (a transfer differs, see transfer.py): weights count the pairs of all slices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kheadless_tui.model.objects import EndpointSlice, ObjectKey, Service
from kheadless_tui.model.remembered import remembered
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.answering import apex
from kheadless_tui.zone.answering.a_aaaa import Made, address_records
from kheadless_tui.zone.answering.ptr import pointer_records
from kheadless_tui.zone.answering.soa import soa_record
from kheadless_tui.zone.answering.srv import srv_records
from kheadless_tui.zone.answering.ttl import client_ttl
from kheadless_tui.zone.naming.names import MAX_LABEL, absolute, fault, natural, service_name
from kheadless_tui.zone.naming.zones import zone_of
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.objects.endpoint_slices import SliceAddress, slice_addresses
from kheadless_tui.zone.objects.pairs import Pair, endpoint_pairs, service_pairs
from kheadless_tui.zone.objects.watched import Watched
from kheadless_tui.zone.record import ElsewhereRecord, PredictedRecord, Question, Record, Source, WithheldRecord
from kheadless_tui.zone.rewritten_records import answered_records, rewritten_away
from kheadless_tui.zone.serving.config import OtherBlock, ZoneConfig
from kheadless_tui.zone.serving.dns_service import dns_service
from kheadless_tui.zone.serving.elsewhere import block_for, closed_by


@remembered
def service_records(snapshot: Snapshot, service: Service, config: ZoneConfig) -> tuple[PredictedRecord, ...]:
    """The records of a Service, in zone order.

    First the Service's own name (A, AAAA, SRV, then SRV by port), then each endpoint's name (A, AAAA, SRV), PTR last.
    A Service that the server does not see has none; an ExternalName has its alias. Each name's records are those of
    the server block that it comes to; names that come to one without the plugin have none.
    """
    if _is_alone(config):
        return _alone(snapshot, service, config)[0]
    found = [
        item
        for block, items in _by_block(snapshot, service, config)
        for item in answered_records(items, snapshot, block, config)
    ]
    return tuple(sorted(found, key=lambda item: item.record.type == "PTR"))


def elsewhere_records(snapshot: Snapshot, service: Service, config: ZoneConfig) -> tuple[ElsewhereRecord, ...]:
    """The records of a Service that are not served: their names come to another server block, or are rewritten.

    Nor are those at names that no message can carry, such as that of a port whose name takes up a whole label.
    """
    if _is_alone(config):
        return _alone(snapshot, service, config)[1]
    found = [*_unaskable(_made_of_block(Watched(snapshot, config), service, config.zone))]
    for item in _of_block(Watched(snapshot, config), service, config.zone):
        block = block_for(Question(item.record.name, item.record.type), config)
        if isinstance(block, OtherBlock):
            found.append(ElsewhereRecord(item, f"answered by the server block at {block.where}"))
        elif block is None:
            found.append(ElsewhereRecord(item, "no server block is for the name"))
        elif where := closed_by(Question(item.record.name, item.record.type), block):
            found.append(ElsewhereRecord(item, f"hosts at {where} answers SERVFAIL, as it has no fallthrough"))
    for block, items in _by_block(snapshot, service, config):
        found += rewritten_away(items, snapshot, block, config)
    return tuple(found)


@remembered
def _alone(
    snapshot: Snapshot, service: Service, config: ZoneConfig
) -> tuple[tuple[PredictedRecord, ...], tuple[ElsewhereRecord, ...]]:
    """The records of a Service in a zone that one server block serves, and those that nobody can ask for."""
    made = _made_of_block(Watched(snapshot, config), service, config.zone)
    withheld = tuple(_unaskable(made))
    return (tuple(item for item in made if not _flaw(item.record)) if withheld else made), withheld


def _unaskable(items: Iterable[PredictedRecord]) -> Iterator[ElsewhereRecord]:
    for item in items:
        if flaw := _flaw(item.record):
            yield ElsewhereRecord(item, f"the name cannot be asked for: it holds {flaw}")


def _flaw(record: Record) -> str:
    """Why a record's name can be in no message; a name no longer than a label may be is not looked into."""
    return fault(record.name) if len(record.name) > MAX_LABEL else ""


def _by_block(
    snapshot: Snapshot, service: Service, config: ZoneConfig
) -> Iterator[tuple[ZoneConfig, list[PredictedRecord]]]:
    """What each server block makes of the names that come to it, before it rewrites any."""
    for block in (config, *config.others):
        items = _of_block(Watched(snapshot, block), service, config.zone)
        yield block, [item for item in items if _comes_to(item.record, config) is block]


def _is_alone(config: ZoneConfig) -> bool:
    """Whether all names of the zone, and addresses for PTR, come to one server block as they are."""
    if config.others or config.other_blocks or config.rewrites or config.hosts:
        return False
    served = config.server_zones
    return not served or all(zone_of(zone, served) for zone in (config.zone, *config.reverse_zones))


def _comes_to(record: Record, config: ZoneConfig) -> ZoneConfig | OtherBlock | None:
    """The server block that answers for a record's name; ``None`` when it does so out of another zone."""
    question = Question(record.name, record.type)
    block = block_for(question, config)
    if not isinstance(block, ZoneConfig):
        return block
    if record.type != "PTR" and zone_of(record.name, block.zones) != config.zone:
        return None
    return None if closed_by(question, block) else block


def _of_block(seen: Watched, service: Service, zone: str) -> tuple[PredictedRecord, ...]:
    """What one server block makes of a Service in a zone, be it asked for it or not, at names that can be asked for."""
    return tuple(item for item in _made_of_block(seen, service, zone) if not _flaw(item.record))


def _made_of_block(seen: Watched, service: Service, zone: str) -> tuple[PredictedRecord, ...]:
    """The same at any names."""
    config, key = seen.config, service.key
    if seen.service(key) is None or not seen.namespace(key.namespace):
        return ()
    name = service_name(key, zone)
    ttl = client_ttl(config, name=name)
    if service.type == "ExternalName":
        return tuple(_alias(service, name, ttl))
    slices = seen.slices_of(key)
    by_endpoint = sorted(endpoint_pairs(key, slices, config, zone), key=lambda pair: natural(pair.target))
    own = by_endpoint if service.headless else list(service_pairs(service, zone))
    if config.ignore_empty_service and not service.headless and not by_endpoint:
        return ()
    made = [*_own_name(name, own, ttl), *_endpoint_names(by_endpoint, ttl)]
    return (*(_predicted(item) for item in made), *_pointers(seen, key, [*own, *by_endpoint]))


@remembered
def withheld_records(snapshot: Snapshot, service: Service, config: ZoneConfig) -> tuple[WithheldRecord, ...]:
    """The A and AAAA records that endpoints would have were they in DNS, with the reason why they are not.

    For a headless Service those of its own name come first, then those of the endpoints' names. An address that
    another slice of the Service holds as ready is not withheld. Where another server block answers for the name in
    place of the plugin, or the name is rewritten, the ready ones are withheld as well.
    """
    if _is_alone(config):
        return _withheld(Watched(snapshot, config), service, config.zone)
    found = [
        item
        for block in (config, *config.others)
        for item in _withheld(Watched(snapshot, block), service, config.zone)
        if _comes_to(item.record, config) is block
    ]
    for item, reason in ((each.item, each.reason) for each in elsewhere_records(snapshot, service, config)):
        if item.endpoint is not None and item.record.type in ("A", "AAAA"):
            found.append(WithheldRecord(item.record, service.key, item.endpoint, item.source, reason))
    return tuple(found)


def _withheld(seen: Watched, service: Service, zone: str) -> tuple[WithheldRecord, ...]:
    config, key = seen.config, service.key
    if seen.service(key) is None or service.type == "ExternalName":
        return ()
    name = service_name(key, zone)
    ttl = client_ttl(config, name=name)
    slices = seen.slices_of(key)
    served = {(place.name, place.address) for item in slices for place in slice_addresses(item, config)}
    own: dict[str, WithheldRecord] = {}
    named: dict[tuple[str, str], WithheldRecord] = {}
    for place in sorted(_not_ready(slices, config), key=lambda place: natural(place.name)):
        found = canonical(place.address)
        if found is None or (place.name, place.address) in served or (place.name, place.address) in named:
            continue
        reason = "terminating" if place.ref.terminating else "not ready"
        if service.headless:
            record = Record(name, ttl, *found)
            own.setdefault(place.address, WithheldRecord(record, key, place.ref, place.source, reason))
        record = Record(f"{place.name}.{name}", ttl, *found)
        named[place.name, place.address] = WithheldRecord(record, key, place.ref, place.source, reason)
    return (*own.values(), *named.values())


def _not_ready(slices: Iterable[EndpointSlice], config: ZoneConfig) -> Iterator[SliceAddress]:
    for item in slices:
        yield from slice_addresses(item, config, ready=False)


def all_records(snapshot: Snapshot, config: ZoneConfig) -> Iterator[PredictedRecord]:
    """Every record of the zone, lazily: the apex, then all Services by namespace and name."""
    yield from apex_records(snapshot, config)
    for namespace in snapshot.namespaces:
        for service in snapshot.services(namespace):
            yield from service_records(snapshot, service, config)


def apex_records(snapshot: Snapshot, config: ZoneConfig) -> Iterator[PredictedRecord]:
    """The records at the top of the zone: SOA, NS, the name servers' ns.dns and dns-version."""
    if _is_alone(config):
        yield from _apex(snapshot, config, config.zone)
        return
    for block in (config, *config.others):
        items = (item for item in _apex(snapshot, block, config.zone) if _comes_to(item.record, config) is block)
        yield from answered_records(items, snapshot, block, config)


def _apex(snapshot: Snapshot, config: ZoneConfig, zone: str) -> Iterator[PredictedRecord]:
    seen = Watched(snapshot, config)
    ttl = client_ttl(config, name=zone)
    server, corefile = Source("Service", dns_service(snapshot)), Source("Corefile", ObjectKey("", config.source))
    soa = soa_record(zone, config)
    yield PredictedRecord(msgspec.structs.replace(soa, ttl=client_ttl(config, soa.ttl)), None, None, corefile)
    servers = apex.name_servers(seen, zone) or []
    for record in apex.ns_records(servers, zone, ttl)[0]:
        source = next((item.source for item in servers if item.name == record.data), None)
        yield PredictedRecord(record, None, None, source or server)
    unknown = apex.own_address_unknown(seen)
    for item in servers:
        record = Record(f"ns.dns.{zone}", ttl, item.family, item.address)
        yield PredictedRecord(record, None, None, item.source or server, unknown=unknown)
    version = apex.version_record(f"dns-version.{zone}")
    yield PredictedRecord(msgspec.structs.replace(version, ttl=client_ttl(config, version.ttl)), None, None, corefile)


def _own_name(name: str, pairs: Sequence[Pair], ttl: int) -> Iterator[Made]:
    yield from _hosts(name, pairs, ttl)
    yield from srv_records(name, pairs, ttl)[0]
    by_port: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        if pair.port.name:
            by_port.setdefault((pair.port.name.lower(), pair.port.protocol.lower()), []).append(pair)
    for (port, protocol), own in by_port.items():
        yield from srv_records(f"_{port}._{protocol}.{name}", own, ttl)[0]


def _endpoint_names(pairs: Iterable[Pair], ttl: int) -> Iterator[Made]:
    by_name: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair.endpoint is not None and pair.endpoint.hostname and "." not in pair.endpoint.hostname:
            by_name.setdefault(pair.target, []).append(pair)
    for name, own in by_name.items():
        yield from _hosts(name, own, ttl)
        yield from srv_records(name, own, ttl)[0]


def _hosts(name: str, pairs: Sequence[Pair], ttl: int) -> Iterator[Made]:
    """A, AAAA and, for slices of addressType FQDN, aliases."""
    for family in ("A", "AAAA"):
        yield from address_records(name, pairs, family, ttl)
    for target in dict.fromkeys(pair.host for pair in pairs if pair.is_alias):
        same = [other for other in pairs if other.host == target]
        yield Made(Record(name, ttl, "CNAME", absolute(target)), same[0], same)


def _pointers(seen: Watched, key: ObjectKey, pairs: Iterable[Pair]) -> Iterator[PredictedRecord]:
    if not seen.config.reverse_zones:
        return
    addresses = dict.fromkeys(found[1] for pair in pairs if (found := canonical(pair.host)) is not None)
    for address in addresses:
        for record, pointer in pointer_records(seen, address):
            if pointer.service == key:
                yield PredictedRecord(record, key, pointer.endpoint, pointer.source, pointer.also_from)


def _alias(service: Service, name: str, ttl: int) -> Iterator[PredictedRecord]:
    target = service.spec.external_name or ""
    if target and canonical(target) is None:
        source = Source("Service", service.key, "spec.externalName")
        yield PredictedRecord(Record(name, ttl, "CNAME", absolute(target)), service.key, None, source)


def _predicted(made: Made) -> PredictedRecord:
    return PredictedRecord(made.record, made.pair.service, made.pair.endpoint, made.pair.source, made.also_from)
