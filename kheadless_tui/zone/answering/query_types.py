"""Types: what a name has of the type that is asked for, from A to a transfer.

Sources: plugin/kubernetes/handler.go ServeDNS, kubernetes.go Services, plugin/backend_lookup.go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.zone.answering import apex
from kheadless_tui.zone.answering.decision_order import list_pairs
from kheadless_tui.zone.answering.external_name import AliasFollower, Followed
from kheadless_tui.zone.answering.ptr import pointers
from kheadless_tui.zone.answering.soa import soa_record
from kheadless_tui.zone.answering.srv import srv_records
from kheadless_tui.zone.answering.transfer import may_transfer, transfer
from kheadless_tui.zone.naming.name_parsing import Request, read_request
from kheadless_tui.zone.naming.names import absolute
from kheadless_tui.zone.naming.reverse_names import address_of_reverse
from kheadless_tui.zone.naming.zones import zone_of
from kheadless_tui.zone.objects.pairs import Listing, Pair
from kheadless_tui.zone.objects.watched import Watched
from kheadless_tui.zone.record import Answer, Question, Record


@dataclass(slots=True)
class Outcome:
    """What came of a question before it is cast into a reply."""

    answer: list[Record] = field(default_factory=list)
    additional: list[Record] = field(default_factory=list)
    missing: str = ""
    """The rule by which the name does not exist."""
    empty: str = ""
    """The rule by which a name that exists has nothing of the type, where it is a special one."""
    pairs: tuple[Pair, ...] = ()
    unknown: str = ""


class QueryTypes:
    """What the names of the plugin's zones have of each type; it keeps nothing between questions."""

    def __init__(self, seen: Watched, ask_server: Callable[[Question], Answer | None]) -> None:
        self.seen = seen
        self.config = seen.config
        self.ask_server = ask_server
        """The answer of the whole server to the target of an alias."""

    def outcome(self, asked: Question, zone: str) -> Outcome:
        """What a question of the zone comes to; the zone as the question writes it."""
        found = self._outcome(asked, zone)
        unread = self._unread(asked.name.lower(), zone, found.missing)
        if unread and unread not in found.unknown.split("; "):
            found.unknown = f"{found.unknown}; {unread}" if found.unknown else unread
        return found

    def _unread(self, name: str, zone: str, missing: str) -> str:
        """What was not read of that on which the outcome of a name in lower case depends; empty where all of it was."""
        snapshot = self.seen.snapshot
        if snapshot.whole is None and missing != "namespace-missing":
            return ""
        if missing == "address-unknown":
            known = snapshot.knows_all("EndpointSlice") and snapshot.knows_all("Service")
            return "" if known else "whether the address is one of a namespace that was not read"
        request = self.request(name, zone)
        namespace = request.namespace
        if missing == "pod-missing":
            known = snapshot.knows_all("Pod", namespace)
            text = f"whether a pod of {namespace} has this address: the Pods of {namespace} were not read"
            return "" if known else text
        if missing == "namespace-missing":
            if snapshot.namespaces_known:
                return ""
            told = "the list of Namespaces was not read" if snapshot.whole is not None else "no object given is in it"
            return f"whether namespace {namespace} exists: {told}"
        key = ObjectKey(namespace, request.service)
        if missing == "service-missing" and not snapshot.knows_all("Service", namespace):
            return f"whether there is a Service {key}: not all Services of {namespace} were read"
        service = self.seen.service(key)
        if service is None or not service.headless or self.config.noendpoints:
            return ""
        if snapshot.knows_all("EndpointSlice", namespace):
            return ""
        return f"which endpoints Service {key} has: the EndpointSlices of {namespace} were not read"

    def request(self, name: str, zone: str) -> Request:
        """The parts of a name in lower case."""
        return read_request(name, zone, multicluster=self._multicluster(zone), zonal=self.config.zonal)

    def _outcome(self, asked: Question, zone: str) -> Outcome:
        match asked.type:
            case "A" | "AAAA":
                return self._addresses(asked.name, zone, asked.type)
            case "SRV":
                return self._srv(asked, zone)
            case "PTR":
                return self._ptr(asked, zone)
            case "TXT":
                return self._txt(asked, zone)
            case "CNAME":
                return self._cname(asked, zone)
            case "SOA":
                return self._soa(asked, zone)
            case "NS" if asked.name.lower() == zone:
                return self._ns(zone)
            case "MX":
                return _of_listing(self._list(asked.name.lower(), zone, "MX"))
            case "AXFR" | "IXFR":
                return self._transfer(asked.name)
        found = self._addresses(asked.name, zone, "A")  # only to tell NODATA from NXDOMAIN
        return Outcome(missing=found.missing, empty="" if found.missing else "type-unserved", pairs=found.pairs)

    # -- types -------------------------------------------------------------------------------------------------

    def _addresses(self, owner: str, zone: str, family: str) -> Outcome:
        def list_name(name: str) -> Listing:
            return self._list(name, zone, family)

        def unread(name: str, missing: str) -> str:
            return self._unread(name, zone, missing)

        follower = AliasFollower(family, zone, self.config.ttl, list_name, unread, self.ask_server)
        found: Followed = follower.follow(owner)
        unknown = found.unknown
        if apex.is_default_ns(owner.lower(), zone):
            unknown = apex.own_address_unknown(self.seen)
        return Outcome(found.records, missing=found.missing, empty=found.dropped, pairs=found.pairs, unknown=unknown)

    def _srv(self, asked: Question, zone: str) -> Outcome:
        listing = self._list(asked.name.lower(), zone, "SRV")
        if listing.missing:
            return Outcome(missing=listing.missing)
        answer, additional = srv_records(asked.name, listing.pairs, self.config.ttl)
        return Outcome([item.record for item in answer], [item.record for item in additional], pairs=listing.pairs)

    def _ptr(self, asked: Question, zone: str) -> Outcome:
        address = address_of_reverse(asked.name.lower())
        if not address:
            return _of_listing(self._list_name(asked.name.lower(), zone))
        found = pointers(self.seen, address)
        records = [Record(asked.name, self.config.ttl, "PTR", item.target) for item in found]
        return Outcome(records, missing="" if records else "address-unknown")

    def _txt(self, asked: Question, zone: str) -> Outcome:
        name = asked.name.lower()
        if apex.is_version_name(name, zone):
            return Outcome([apex.version_record(asked.name)])
        listing = self._list_name(name, zone)
        if listing.pairs:
            return Outcome(pairs=listing.pairs)
        if not listing.missing and self.request(name, zone).topology_zone:
            return Outcome()
        return Outcome(missing=listing.missing or "txt-of-empty-name")

    def _cname(self, asked: Question, zone: str) -> Outcome:
        listing = self._list(asked.name.lower(), zone, "CNAME")
        first = listing.pairs[0] if listing.pairs else None
        if first is None or not first.is_alias:
            return Outcome(missing=listing.missing, pairs=listing.pairs, unknown=_which_slice_is_first(listing.pairs))
        alias = Record(asked.name, self.config.ttl, "CNAME", absolute(first.host))
        return Outcome([alias], pairs=listing.pairs, unknown=_which_slice_is_first(listing.pairs))

    def _soa(self, asked: Question, zone: str) -> Outcome:
        if asked.name == zone:
            return Outcome([soa_record(zone, self.config)])
        return Outcome(empty="soa-below-zone")

    def _ns(self, zone: str) -> Outcome:
        servers = apex.name_servers(self.seen, zone)
        if servers is None:
            return Outcome(empty="own-address-unknown", unknown=apex.own_address_unknown(self.seen))
        answer, additional = apex.ns_records(servers, zone, self.config.ttl)
        empty = "" if answer else "own-address-none"
        return Outcome(answer, additional, empty=empty, unknown=apex.own_address_unknown(self.seen))

    def _transfer(self, zone: str) -> Outcome:
        if not may_transfer(self.config):
            return Outcome(missing="transfer-refused")
        return Outcome(list(transfer(self.seen.snapshot, zone, self.config)))

    # -- what a name stands for --------------------------------------------------------------------------------

    def _list(self, name: str, zone: str, kind: str) -> Listing:
        """As the plugin's Services: ns.dns exists for every type that comes this way."""
        if not apex.is_default_ns(name, zone):
            return self._list_name(name, zone)
        servers = apex.name_servers(self.seen, zone) or []
        return Listing(tuple(apex.pair_of(item) for item in servers if item.family == kind))

    def _list_name(self, name: str, zone: str) -> Listing:
        request = self.request(name, zone)
        return list_pairs(self.seen, request, name, zone, multicluster=self._multicluster(zone))

    def _multicluster(self, zone: str) -> bool:
        return bool(zone_of(zone, self.config.multicluster))


def _which_slice_is_first(pairs: tuple[Pair, ...]) -> str:
    """Only the first pair can be the answer to CNAME, and CoreDNS keeps slices in no order (client-go's index)."""
    firsts: dict[ObjectKey, str] = {}
    for pair in pairs:
        firsts.setdefault(pair.source.key, absolute(pair.host) if pair.is_alias else "")
    outcomes = {target: f"CNAME {target}" if target else "NODATA" for target in firsts.values()}
    if len(outcomes) < 2:
        return ""
    names = " and ".join(sorted(key.name for key in firsts))
    return f"which of EndpointSlices {names} the server takes first: {' or '.join(sorted(outcomes.values()))}"


def _of_listing(listing: Listing) -> Outcome:
    return Outcome(missing=listing.missing, pairs=listing.pairs)
