"""Why a Service has no endpoint with the port and the protocol that a name asks for."""

from __future__ import annotations

from kheadless_tui.model.objects import Service
from kheadless_tui.zone.explanations.reasons import Case, Reason, listed
from kheadless_tui.zone.naming.names import service_name
from kheadless_tui.zone.objects.endpoint_slices import NO_PORT, Port, slice_addresses, slice_ports
from kheadless_tui.zone.objects.pairs import port_matches, ports_of
from kheadless_tui.zone.record import Fact, Source


def reason(case: Case, service: Service) -> Reason:
    """Why no endpoint of a Service has the port and protocol that the name asks for."""
    request = case.request
    headless = service.headless
    ports = _slice_ports(case) if headless else list(ports_of(service.ports))
    asked = f"{request.port or 'any'}/{request.protocol.upper() or 'any'}"
    kind = "slices" if headless else "Service"
    there = [_port_text(port) for port in ports if port.number != NO_PORT or port.name]
    text = f"Service {case.key} has no port {asked}"
    if "_" not in case.asked.name:
        text += " (two labels in front of a Service are read as port and protocol)"
    same = next((port for port in ports if request.port and port.name.lower() == request.port), None)
    if same is not None:
        told = f"{text}: port {same.name} is over {same.protocol}, not {request.protocol.upper()}"
        return Reason("port-protocol", told, _port_facts(case, headless))
    if not there:
        return Reason("no-ports", f"{text}: it has no ports at all", _port_facts(case, headless))
    if not request.port:
        told = f"{text}: none is over {request.protocol.upper()}, the ports of the {kind} are {listed(there)}"
        return Reason("port-protocol", told, _port_facts(case, headless))
    if headless and any(port_matches(port, request) for port in ports_of(service.ports)):
        told = f"{text}: spec.ports names it, but the EndpointSlices count, and they have {listed(there)}"
        return Reason("port-not-in-slice", told, _port_facts(case, headless))
    if all(not port.name for port in ports):
        name = service_name(case.key, case.zone)
        told = f"{text}: its port has no name, so no _PORT._PROTOCOL name exists; SRV of {name} gives {listed(there)}"
        return Reason("port-unnamed", told, _port_facts(case, headless))
    return Reason("port-missing", f"{text}: the ports of the {kind} are {listed(there)}", _port_facts(case, headless))


def _slice_ports(case: Case) -> list[Port]:
    found = (
        port
        for item in case.slices
        if any(True for _ in slice_addresses(item, case.config))
        for port in slice_ports(item)
    )
    return list(dict.fromkeys(found))


def _port_text(port: Port) -> str:
    if port.number == NO_PORT and not port.name:
        return "none"
    number = "" if port.number == NO_PORT else f" {port.number}"
    return f"{port.name or 'unnamed'}/{port.protocol}{number}"


def _port_facts(case: Case, headless: bool) -> tuple[Fact, ...]:
    if not headless:
        service = case.service
        ports = ports_of(service.ports) if service is not None else ()
        return (case.fact("Service", "spec.ports", ", ".join(map(_port_text, ports))),)
    return tuple(
        Fact(Source("EndpointSlice", item.key, "ports"), ", ".join(map(_port_text, slice_ports(item))))
        for item in case.slices
    )
