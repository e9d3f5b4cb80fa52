"""Why an answer is as it is: the rule as data, the fields that decided, and one sentence for people.

What a name lacks is explained where its rule lives: why_names.py for names, namespaces and Services,
why_endpoints.py for endpoints and ports, why_address.py for PTR. Explanations use StatefulSets, Pods and Endpoints
where the snapshot has them and are true where it has not. Nothing here decides an answer.
"""

from __future__ import annotations

from collections.abc import Iterable

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.zone.answering.apex import is_default_ns
from kheadless_tui.zone.explanations import why_address, why_endpoints, why_names
from kheadless_tui.zone.explanations.reasons import Case, Reason, counted, listed, owner_of, zones_fact
from kheadless_tui.zone.naming.name_parsing import POD
from kheadless_tui.zone.naming.reverse_names import address_of_reverse
from kheadless_tui.zone.naming.zones import is_below
from kheadless_tui.zone.record import Fact, Question, Source, Step
from kheadless_tui.zone.serving.config import NextZone, ZoneConfig

_EMPTY = {
    "alias-to-itself": "leads to its own name or below it",
    "alias-loop": "leads back to itself by way of other aliases",
    "alias-too-long": "is behind a chain of more than 11 aliases",
    "alias-target-missing": "leads to a name of the cluster's zone that does not exist",
    "alias-target-empty": "leads to a name that has no records of this type",
    "alias-no-reply": "leads to a name outside the zone for which there was no reply",
}


def step(case: Case, rule: str, rcode: str) -> Step:
    """The step that tells what decided.

    Args:
        case: the question and what came of it.
        rule: the rule that made the answer negative, empty for a positive one or plain NODATA.
        rcode: of the reply, empty when the question falls through.
    """
    reason = _reason(case, rule, rcode)
    text = reason.why
    if not rcode:
        text += f"; fallthrough hands the question on: {_behind(case.asked, case.config)}"
    return Step(case.asked.name, rcode, text, reason.rule, reason.facts or (zones_fact(case.config),))


def no_reply(asked: Question, rule: str, detail: str, config: ZoneConfig) -> str:
    """Why the kubernetes plugin itself sends no reply."""
    if rule == "name-unsendable":
        return f"nobody can ask for this name: it holds {detail}"
    if rule == "reply-unsendable":
        return f"the server has an answer that it cannot send, so that the client waits in vain: {detail}"
    if rule == "transfer-unsendable":
        return f"the zone holds a name that cannot be sent, and the whole transfer fails because of it: {detail}"
    if rule == "hosts-closed":
        return f"hosts ({detail}) has no fallthrough for {asked.name}: it answers SERVFAIL for what it does not have"
    if rule == "other-server-block":
        return f"another server block answers in place of the cluster's zone: {detail}"
    zones = ", ".join(config.zones)
    if rule == "no-server-block":
        return f"no server block of {config.source} is for {asked.name}: all are for {', '.join(_served(config))}"
    if rule == "rewritten-unsendable":
        return f"the name is changed into one that cannot be looked up: {detail}"
    return f"{asked.name} is in none of the cluster's zones ({zones}): {_behind(asked, config)}"


def no_reply_facts(rule: str, config: ZoneConfig) -> tuple[Fact, ...]:
    """What of the Corefile decided that; nothing where the name alone did."""
    if rule.endswith("unsendable"):
        return ()
    if rule in ("no-server-block", "other-server-block"):
        corefile = Source("Corefile", ObjectKey("", config.source), "server blocks")
        return (Fact(corefile, ", ".join(_served(config))),)
    return (zones_fact(config),)


def _served(config: ZoneConfig) -> list[str]:
    """The zones of all server blocks."""
    own = (zone for each in (config, *config.others) for zone in each.server_zones)
    return list(dict.fromkeys((*own, *(block.zone for block in config.other_blocks))))


def is_handed_on(name: str, config: ZoneConfig) -> bool:
    """Whether a plugin behind may answer for a name, or whether that is not known (plugin.go NextOrFailure)."""
    return config.next_zones is None or bool(_holding(name, config.next_zones))


def _holding(name: str, zones: Iterable[NextZone]) -> list[NextZone]:
    """Those of the zones behind that hold a name."""
    low = name.lower()
    return [
        each
        for each in zones
        if is_below(low, each.zone) and (low == each.zone or not any(is_below(low, other) for other in each.excepted))
    ]


def _behind(asked: Question, config: ZoneConfig) -> str:
    if not is_handed_on(asked.name, config):
        return "no plugin is left to answer it, which is SERVFAIL"
    plugins = config.next_plugins
    if config.next_zones is not None:
        plugins = tuple(dict.fromkeys(each.plugin for each in _holding(asked.name, config.next_zones)))
    return f"{' and '.join(plugins) or 'the next plugin'} answers"


def _reason(case: Case, rule: str, rcode: str) -> Reason:
    if rcode == "NOERROR":
        return _found(case) if case.answer else _nothing(case, rule)
    if rule == "not-synced":
        return Reason(rule, "the DNS server has not read the cluster's objects yet: misses are SERVFAIL until then")
    if rule == "transfer-refused":
        fact = Fact(Source("Corefile", ObjectKey("", case.config.source), "transfer"), "missing")
        return Reason(rule, f"no transfer plugin lets anybody transfer {case.zone}", (fact,))
    if rule == "address-unknown":
        return why_address.reason(case, address_of_reverse(case.asked.name.lower()))
    if rule in ("no-endpoint", "port-missing"):
        return why_endpoints.reason(case)
    return why_names.reason(case, rule)


# -- positive ------------------------------------------------------------------------------------------------------


def _found(case: Case) -> Reason:
    first = case.pairs[0] if case.pairs else None
    if first is None:
        return _found_without_pairs(case)
    facts = _pair_facts(case)
    if first.is_alias:
        return Reason("alias", f"{first.source} is an alias for {first.host}", facts)
    if first.service is None and case.request.branch != POD:
        return Reason("own-address", "the DNS server's own addresses, or those of the Service in front of it", facts)
    if first.service is None:
        where = "the address in the name" if first.source.kind == "Namespace" else f"{first.source} has this address"
        return Reason("pod-name", f"pods are served ({case.config.pods}): {where}", facts)
    if first.endpoint is None:
        return Reason("cluster-address", f"{first.source} has {listed(_hosts(case))}", facts)
    return _found_endpoints(case, facts)


def _pair_facts(case: Case) -> tuple[Fact, ...]:
    """Every address with the field that it comes from: an address of two slices is told of both."""
    return tuple(dict.fromkeys(Fact(pair.source, pair.host) for pair in case.pairs))


def _port_facts(case: Case) -> tuple[Fact, ...]:
    """The objects whose ports have no number, or that have none."""
    field = "ports" if case.pairs[0].endpoint is not None else "spec.ports"
    keys = dict.fromkeys((pair.source.kind, pair.source.key) for pair in case.pairs)
    return tuple(Fact(Source(kind, key, field), "no number") for kind, key in keys)


def _topology_facts(case: Case) -> tuple[Fact, ...]:
    """The topology zones that endpoints name."""
    return tuple(
        Fact(Source("EndpointSlice", item.key, f"endpoints[{number}].zone"), endpoint.zone or "missing")
        for item in case.slices
        for number, endpoint in enumerate(item.endpoints or ())
    )


def _found_endpoints(case: Case, facts: tuple[Fact, ...]) -> Reason:
    hosts = _hosts(case)
    slices = listed(list(dict.fromkeys(pair.source.key.name for pair in case.pairs)))
    if case.request.endpoint:
        pods = {pair.endpoint.pod for pair in case.pairs if pair.endpoint is not None and pair.endpoint.pod}
        of_pod = f" (pod {listed(sorted(pods))})" if pods else ""
        return Reason("endpoint", f"endpoint {case.request.endpoint}{of_pod} is ready in EndpointSlice {slices}", facts)
    service = case.service
    kind = "is headless" if service is None or service.headless else "has endpoints"
    port = f" with port {case.request.port or 'any'}" if case.request.protocol else ""
    text = f"Service {case.key} {kind}: {counted(len(hosts), 'ready address')}{port} in EndpointSlice {slices}"
    left = len(why_endpoints.not_ready(case))
    if left:
        text += f"; {left} not ready and left out"
    return Reason("endpoints", text, facts)


def _found_without_pairs(case: Case) -> Reason:
    record = case.answer[0]
    match record.type:
        case "PTR":
            return why_address.found(case, address_of_reverse(case.asked.name.lower()))
        case "SOA" if case.asked.type == "SOA":
            return Reason("zone", f"{case.zone} is a zone of the kubernetes plugin")
        case "NS":
            return Reason(
                "name-servers", "the Services in front of the DNS server's own addresses are its name servers"
            )
        case "TXT":
            return Reason("dns-version", "the version of the specification that is served")
    if case.asked.type in ("AXFR", "IXFR"):
        return Reason("transfer", f"the whole zone: {counted(len(case.answer), 'record')}")
    return Reason("own-address", "the DNS server's own addresses")


# -- nothing of the type -------------------------------------------------------------------------------------------


def _nothing(case: Case, rule: str) -> Reason:
    if rule in _EMPTY:
        alias = next((pair for pair in case.pairs if pair.is_alias), None)
        if alias is not None:
            facts = (Fact(alias.source, alias.host),)
            return Reason(rule, f"{alias.source} is an alias for {alias.host}, which {_EMPTY[rule]}", facts)
    if rule == "soa-below-zone":
        return Reason(
            rule, f"the SOA is at {case.zone} alone; below it the question is NODATA whether the name exists or not"
        )
    if rule == "own-address-unknown":
        return Reason(rule, "the DNS server's own addresses are not known: it has no endpoint that can be seen")
    if rule == "own-address-none":
        return Reason(rule, "the DNS server has no address of its own to name (the bind plugin hides plain addresses)")
    if is_default_ns(case.asked.name.lower(), case.zone):
        text = (
            f"every name that begins ns.dns.{case.zone} stands for the DNS server's own addresses, and for nothing else"
        )
        return Reason("name-server-name", text)
    if not case.pairs:
        return _empty_name(case)
    if case.asked.type in ("A", "AAAA"):
        return _other_family(case)
    if case.asked.type == "SRV":
        return _no_srv(case)
    return Reason("type-missing", f"{owner_of(case)} exists, and has no {case.asked.type} record", _pair_facts(case))


def _empty_name(case: Case) -> Reason:
    request = case.request
    if request.topology_zone:
        text = f"Service {case.key} has no ready endpoint in topology zone {request.topology_zone}"
        return Reason("zonal-empty", text, _topology_facts(case))
    if request.service and request.branch != POD:
        text = f"Service {case.key} has no cluster address yet (spec.clusterIP is empty)"
        return Reason("no-cluster-address", text, (case.fact("Service", "spec.clusterIP", "empty"),))
    if request.namespace:
        text = f"{case.asked.name} stands for namespace {request.namespace}: the name exists and holds no records"
        fact = Fact(Source("Namespace", ObjectKey("", request.namespace)), "exists")
        return Reason("namespace-name", text, (fact,))
    if case.asked.type == "NS" and case.asked.name.lower() == case.zone.lower():
        text = f"the name servers of {case.zone.lower()} are told only to who asks in lower case"
        return Reason("name-servers-case", text)
    return Reason(
        "inner-name", f"{case.asked.name} exists as the top of a branch and holds no {case.asked.type} record"
    )


def _other_family(case: Case) -> Reason:
    have = "IPv6" if case.asked.type == "A" else "IPv4"
    hosts = _hosts(case)
    facts = list(_pair_facts(case))
    text = f"{owner_of(case)} has {have} addresses only ({listed(hosts)}), so no {case.asked.type} record"
    service = case.service
    if service is not None and service.spec.ip_families:
        families = ", ".join(service.spec.ip_families)
        text += f"; spec.ipFamilies is {families}"
        facts.append(case.fact("Service", "spec.ipFamilies", families))
    return Reason("family-missing", text, tuple(facts))


def _no_srv(case: Case) -> Reason:
    if any(pair.is_alias for pair in case.pairs):
        return Reason("alias-without-srv", f"{owner_of(case)} is an alias, which has no SRV record", _pair_facts(case))
    port = (
        f"port {case.request.port} of {owner_of(case)} has no number"
        if case.request.port
        else (f"{owner_of(case)} has no port with a number")
    )
    return Reason("ports-missing", f"{port}, so no SRV record", _port_facts(case))


def _hosts(case: Case) -> list[str]:
    return list(dict.fromkeys(pair.host for pair in case.pairs))
