"""What is said of a Service in one sentence above its panels, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from kheadless_tui.cluster.state import Forbidden, Live, Offline, Polled, Reading, ReadState, Scope, Unauthorized
from kheadless_tui.model.objects import ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.tui.known.probed import record_key
from kheadless_tui.tui.known.refused import Reads, unread_text
from kheadless_tui.tui.text.ages import clock, milliseconds
from kheadless_tui.tui.text.cells import clean, width_of
from kheadless_tui.tui.text.notes import RULE, Note, note_for, polled_text, queued, undecoded
from kheadless_tui.tui.text.roles import BAD, GOOD, MUTED, UNKNOWN, WARN
from kheadless_tui.zone.record import PredictedRecord

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.probe.comparison.compare import Comparison
    from kheadless_tui.probe.comparison.diagnosis import Diagnosis
    from kheadless_tui.probe.matrix.layers import Matrix
    from kheadless_tui.tui.known.probed import ProbeRecord
    from kheadless_tui.tui.known.serving import Served
    from kheadless_tui.tui.known.view import ServiceView

LOG_IN = "Log in again in another terminal; ctrl-r tries now."
"""What helps where the credential is not accepted; a token file that changes is seen by itself."""

_SIGN = {
    "error": ("error", BAD),
    "warning": ("attention", WARN),
    "ok": ("match", GOOD),
    "unknown": ("unanswered", UNKNOWN),
    "hint": ("hint", MUTED),
    "": ("", MUTED),
}
"""Severity of a Service to sign and role."""


def service_title(snapshot: Snapshot, service: Service, room: int) -> str:
    """``nginx-headless · shop · headless · IPv4+IPv6 · web 80/TCP · StatefulSet web``; the families give way first."""
    whole = _title(snapshot, service, families=True)
    return whole if width_of(whole) <= room else _title(snapshot, service, families=False)


def _title(snapshot: Snapshot, service: Service, *, families: bool) -> str:
    parts = [service.name, service.namespace, "headless"]
    if families and service.spec.ip_families:
        parts.append("+".join(service.spec.ip_families))
    ports = [f"{port.name or ''} {port.port}/{port.protocol or 'TCP'}".strip() for port in service.ports]
    if ports:
        parts.append(", ".join(ports))
    governed = [
        item.name for item in snapshot.stateful_sets(service.namespace) if item.spec.service_name == service.name
    ]
    if governed:
        parts.append(f"StatefulSet {', '.join(governed)}")
    if service.publishes_not_ready:
        parts.append("publishes not-ready addresses")
    return clean(" · ".join(parts))


def title_of(view: ServiceView, room: int) -> str:
    """The title of the Service, and of when it is where that is not now."""
    if not isinstance(view.link, (Offline, Polled)):
        return service_title(view.snapshot, view.service, room)
    as_of = view.link.since if isinstance(view.link, Offline) else view.link.listed
    when = f" · as of {clock(as_of)} · "
    name, _, rest = service_title(view.snapshot, view.service, room - width_of(when)).partition(" · ")
    return f"{name}{when}{rest}"


def severity(known: str, probe: ProbeRecord | None, predicted: Collection[PredictedRecord]) -> str:
    """The worse of what the findings say (``error``, ``warning`` or less) and of the last probe's verdict.

    A match says nothing of records that have come since.
    """
    worst = known if known in ("error", "warning") else ""
    finished = _last_answered(probe)
    if finished is None or finished.comparison is None:
        return worst
    if not finished.comparison.rows:
        return worst or "unknown"
    if finished.comparison.verdict == "match":
        return worst or ("ok" if not finished.subject and is_of_now(finished, predicted) else "")
    return "error" if finished.comparison.verdict == "differs" else worst or "unknown"


def _last_answered(probe: ProbeRecord | None) -> ProbeRecord | None:
    """The last probe that came to a reply; one that was stopped before says nothing."""
    for finished in probe.finished if probe is not None else ():
        if finished.comparison is not None and (finished.comparison.rows or finished.comparison.unjudged):
            return finished
    return None


def is_of_now(probe: ProbeRecord, predicted: Collection[PredictedRecord]) -> bool:
    """Whether the records that must exist now were judged by a probe, and those that it judged are still right."""
    if probe.comparison is None or not covers(probe.comparison, predicted):
        return False
    return not probe.questions_changed(record_key(item.record) for item in predicted)


def covers(comparison: Comparison, predicted: Iterable[PredictedRecord]) -> bool:
    """Whether all records that must exist now were judged then."""
    asked = {(row.record.name, row.record.type, row.record.data) for row in comparison.rows}
    return all((item.record.name, item.record.type, item.record.data) in asked for item in predicted)


def sentence_of(view: ServiceView) -> tuple[Note, ...]:
    """The one sentence: what is wrong or else the verdict; where it was asked from, and when.

    Returns:
        Forms of it, the fullest first.
    """
    known, text = view.sentence
    worst = severity(known, view.last_probe, view.predicted)
    sign, role = _SIGN[worst]
    verdicts = verdicts_of(view)
    if not verdicts:
        sign, role = _SIGN[worst or known] if known in _SIGN else (sign, role)
        probe = view.last_probe.unanswered if view.last_probe is not None else "not probed yet"
        return (Note(f"{text.rstrip('.')} · {probe}", sign, role),)
    if known in ("error", "warning"):
        dns = "DNS itself: " if worst != "ok" else ""
        return tuple(Note(text, sign, role, (f"{dns}{verdict}",)) for verdict in verdicts)
    return tuple(Note(verdict, sign, role) for verdict in verdicts)


def verdicts_of(view: ServiceView) -> tuple[str, ...]:
    """``match: 25 of 25 as predicted · asked from pod/web-0 over TCP, 49 ms, 04:30:55``, then shorter forms of it.

    Empty before the first answers.
    """
    probe = _last_answered(view.last_probe)
    if probe is None or probe.comparison is None or probe.result is None:
        return ()
    comparison = probe.comparison
    same = bool(probe.subject) or is_of_now(probe, view.predicted)
    again = "" if view.cannot_probe else ": p asks again"
    since = "" if same else f" · other records since{again}"
    last = view.last_probe or probe
    if last.state == "cancelled":
        since = f" · {'' if last is probe else 'asked again: '}{last.progress}{again}"
    if not comparison.rows:
        replies = len(comparison.unjudged)
        asked = f"{'one reply' if replies == 1 else f'{replies} replies'} that nothing is predicted for"
        return (f"{asked} · asked from {_places(probe.vantage, view)}, {clock(probe.started)}",)
    right = sum(row.verdict == "match" for row in comparison.rows)
    subject = f"{probe.subject}: " if probe.subject else ""
    verdicts = [f"{subject}{comparison.verdict}: {right} of {len(comparison.rows)} as predicted"]
    diagnosis = probe.diagnosis
    if diagnosis is not None and diagnosis.matrix.several:
        verdicts = [f"{subject}{comparison.verdict}: {text}" for text in _layers_texts(diagnosis)]
    where = _places(probe.vantage, view)
    over = " and ".join(sorted({item.transport.upper() for item in probe.result.observations if item.transport}))
    over = "" if diagnosis is not None and diagnosis.matrix.several else over
    took, when = milliseconds(probe.result.ms), clock(probe.started)
    fullest = f"asked from {where} over {over}, {took}" if over else f"asked from {where}, {took}"
    forms = [f"{words}, {when}{since}" for words in (fullest, f"asked from {where}, {took}", f"asked from {where}")]
    if since and last.state != "cancelled":
        forms.append(f"{where}, {when} · changed since{again}")
    return tuple(f"{verdict} · {form}" for verdict in verdicts for form in dict.fromkeys(forms))


def _layers_texts(diagnosis: Diagnosis) -> list[str]:
    """What all servers together come to: with what was asked of them, and shorter."""
    asked = f"{len(diagnosis.matrix.lines)} records at {_servers_text(diagnosis.matrix)}"
    if not diagnosis.headline:
        return [f"{asked} as predicted"]
    grave = [finding.title for finding in diagnosis.findings if finding.severity != "info"]
    first = f"{grave[0]}, and {len(grave) - 1} more" if len(grave) > 1 else grave[0]
    return [f"{diagnosis.headline} · {asked}", f"{first} · {asked}", first]


def _servers_text(matrix: Matrix) -> str:
    """``4 servers over TCP and UDP``."""
    servers = len({column.layer for column in matrix.columns})
    over = " and ".join(sorted({column.transport.upper() for column in matrix.columns}))
    return f"{'one server' if servers == 1 else f'{servers} servers'} over {over}"


def _places(vantages: str, view: ServiceView) -> str:
    """Vantage points without the name of a container that is the only one of its pod."""
    places = []
    for vantage in vantages.split(", "):
        place, _, container = vantage.partition(":")
        pod = view.snapshot.pod(ObjectKey(view.key.namespace, place.removeprefix("pod/")))
        alone = pod is not None and [item.name for item in pod.spec.containers or ()] == [container]
        places.append(place if alone else vantage)
    return ", ".join(places)


def heading_of(view: ServiceView, served: Served, room: int) -> tuple[str, tuple[Note, ...]]:
    """What stands above the panels of a Service: its title, and one note in forms of different length.

    Args:
        view: The Service.
        served: How the zone is served.
        room: Cells for the title.
    """
    note = trouble(view.link, view.reads, view.key.namespace, view.cannot_probe)
    if note is not None and not view.endpoints_known and (verdicts := verdicts_of(view)):
        note = replace(note, more=(*note.more, f"DNS itself: {verdicts[-1]}."))
    notes = (note,) if note is not None else sentence_of(view)
    more = (*reading_of(view.reads, view.key.namespace), *served.slips())
    notes = tuple(replace(note, more=(*(line for line in note.more if line not in more), *more)) for note in notes)
    return title_of(view, room), notes


def trouble(link: ReadState, reads: Reads, namespace: str, cannot_probe: str = "") -> Note | None:
    """What stands between the user and the truth of now: offline, not logged in, slices that may not be read.

    Args:
        link: The state of the connection.
        reads: The state of each list.
        namespace: Of what is shown.
        cannot_probe: Why DNS cannot be asked from there, as half a sentence; empty when it can.
    """
    if isinstance(link, Offline):
        return Note(
            f"{link.cause.rstrip('.')} (since {clock(link.since)}).",
            "attention",
            UNKNOWN,
            (
                f"{_of_then(reads, namespace)} ctrl-r tries now.",
                "Probing needs the API; the last answers are kept.",
            ),
        )
    if isinstance(link, Unauthorized):
        return Note(
            f"{link.cause.rstrip('.')} (since {clock(link.since)}).",
            "attention",
            UNKNOWN,
            (*(("Shown is what was true then.",) if link.whole else ()), LOG_IN),
        )
    slices = state_of(reads, "endpointslices", namespace)
    if isinstance(slices, Forbidden):
        return Note(
            "You may not list EndpointSlices here: what is in DNS cannot be predicted.",
            "attention",
            UNKNOWN,
            (f"Nor can DNS be asked: {cannot_probe}." if cannot_probe else "p asks DNS itself.", RULE),
        )
    services = state_of(reads, "services", namespace)
    for state, what in ((services, "Services"), (slices, "EndpointSlices")):
        if isinstance(state, (Live, Polled)) and state.left_out:
            return note_for(state, what, namespace)
    if isinstance(slices, Reading):
        return Note(
            f"reading EndpointSlices: {slices.objects:,} so far",
            "ellipsis",
            UNKNOWN,
            ("What is here can be opened; counts are partial.",),
        )
    return None


def _of_then(reads: Reads, namespace: str) -> str:
    """What of that which is shown was true then: all of it, or what has not been read again yet."""
    kinds = (("services", "Services"), ("endpointslices", "EndpointSlices"))
    live = {what: isinstance(state_of(reads, plural, namespace), Live) for plural, what in kinds}
    old = [what for what, again in live.items() if not again]
    if len(old) != 1:
        return "Shown is what was true then."
    return f"The {old[0]} shown are of then, the others of now."


def reading_of(reads: Reads, namespace: str) -> tuple[str, ...]:
    """What is said of Services and EndpointSlices that may not be watched, or could not be decoded."""
    kinds = (("services", "Services"), ("endpointslices", "EndpointSlices"))
    states = [(what, state_of(reads, plural, namespace)) for plural, what in kinds]
    return *undecoded(states), *_polling(states, namespace), *unread_text(reads, namespace)


def _polling(states: Iterable[tuple[str, ReadState | None]], namespace: str) -> tuple[str, ...]:
    """Of when they are."""
    found = {what: state for what, state in states if isinstance(state, Polled)}
    if not found:
        return ()
    if len(found) == 1 or len({state.by_name for state in found.values()}) > 1:
        return (*(f"{polled_text(state, what, namespace)}." for what, state in found.items()), RULE)
    oldest = min(found.values(), key=lambda state: state.listed)
    return f"{polled_text(oldest, ' and '.join(found), namespace)}.", RULE


def state_of(reads: Reads, plural: str, namespace: str) -> ReadState | None:
    """How reading a kind stands for a namespace, whether it is read by itself or with all others."""
    return reads.get((plural, namespace)) or reads.get((plural, ""))


def endpoint_name(view: ServiceView, member: str) -> str:
    """The DNS name of an endpoint of a Service, by its pod or address; empty for none."""
    found = next((entry for entry in view.endpoints if member and member in (entry.pod, *entry.addresses)), None)
    return f"{found.dns_names[0]}.{view.origin}" if found is not None and found.dns_names else ""


def _only_by_name(reads: Reads, namespace: str) -> bool:
    state = state_of(reads, "services", namespace)
    return isinstance(state, Polled) and state.by_name


def without_view(
    session: ClusterSession, where: str, filtered: str, gone: ObjectKey | None, when: float | None
) -> tuple[str, Note]:
    """Title and text of the right side while there is nothing of a Service to show.

    Args:
        session: The cluster.
        where: The namespace that the cursor is on, empty when the tree is empty.
        filtered: The filter that hides everything, if one does.
        gone: The Service that the cursor is on, though it is not there.
        when: Unix time of its deletion; ``None`` when there is none.
    """
    if gone is not None and when is not None:
        return deleted(gone, when)
    if session.waiting_for and not where:
        awaited = f"waiting for {clean(session.waiting_for)}"
        return "nothing selected", Note(awaited, "ellipsis", UNKNOWN, ("Nothing can be asked before it has answered.",))
    missing = [name for name in session.scope.namespaces if name in session.gone_namespaces]
    if missing and not session.scope.only and not where:
        there_is = f"There is no namespace {' and no namespace '.join(missing)}."
        goes = ":ns NAME looks at another one; one that is made anew appears by itself."
        return "nothing selected", Note(there_is, "attention", UNKNOWN, (goes,))
    known = session.snapshot, session.link, session.reads, session.scope
    return nothing_selected(*known, where, filtered, session.selector)


def deleted(key: ObjectKey, when: float) -> tuple[str, Note]:
    """Title and text of the right side while the cursor is on a Service that is gone."""
    sentence = f"Service {key} was deleted at {clock(when)}."
    return clean(str(key)), Note(sentence, "attention", UNKNOWN, ("Caches may hold its records for their TTL still.",))


def nothing_selected(
    snapshot: Snapshot, link: ReadState, reads: Reads, scope: Scope, namespace: str, filtered: str, selector: str = ""
) -> tuple[str, Note]:
    """Title and text of the right side while no Service is selected: why, and which key helps.

    Args:
        snapshot: What is known.
        link: The state of the connection.
        reads: The state of each list.
        scope: What is read.
        namespace: The namespace that the cursor is on, empty when the tree is empty.
        filtered: The filter that hides everything, if one does.
        selector: The labels by which Services are chosen.
    """
    chosen = f" with the labels {selector}" if selector else ""
    if namespace and not isinstance(state_of(reads, "services", namespace), Forbidden | None):
        count = len(snapshot.headless_services(namespace))
        others = len(snapshot.services(namespace)) - count
        services = "one headless Service" if count == 1 else f"{count:,} headless Services"
        services += chosen
        services += " that may be got by name" if _only_by_name(reads, namespace) else ""
        rest = f", and {others:,} with a cluster IP" if others else ""
        has = f"{namespace} has {services}{rest}."
        if (note := trouble(link, {}, "")) is not None:
            return f"namespace {namespace}", replace(note, more=(has, *note.more))
        return f"namespace {namespace}", Note(has, "", MUTED, (*reading_of(reads, namespace), "enter opens it."))
    title = "nothing selected"
    note = trouble(link, {}, "")
    if note is not None:
        # Nothing is shown of which it could be said of when it is.
        return title, replace(note, more=(LOG_IN if isinstance(link, Unauthorized) else "ctrl-r tries now.",))
    states = [state for (plural, _), state in reads.items() if plural == "services"]
    where = " and ".join(scope.namespaces) if scope.namespaces else "any namespace"
    forbidden = next((state for state in states if isinstance(state, Forbidden)), None)
    if forbidden is not None and all(isinstance(state, Forbidden) for state in states):
        said = f"You may not list Services in {where if scope.namespaces else 'all namespaces'}."
        ways = ":ns NAME looks at one that you may read; kheadless-tui NAME opens a Service that you may get."
        return title, Note(said, "attention", UNKNOWN, (forbidden.message, ways, f"{RULE} ctrl-r asks again."))
    if isinstance(link, Reading) or any(isinstance(state, Reading) for state in states):
        so_far = sum(state.objects for state in states if isinstance(state, Reading))
        more = (*queued(reads.values()), *unread_text(reads))
        return title, Note(f"reading Services: {so_far:,} so far", "ellipsis", UNKNOWN, more)
    if filtered:
        return title, Note(f"No Service matches /{filtered}.", "", MUTED, ("esc takes the filter away.",))
    others = sum(len(snapshot.services(name)) for name in snapshot.namespaces)
    have = f" ({others:,} have a cluster IP)" if others else ""
    if scope.only:
        goes = "You may not read all namespaces; :ns NAME reads another one."
    elif scope.namespaces:
        goes = "0 reads all namespaces, :ns NAME another one."
    else:
        goes = "kubectl create service clusterip NAME --clusterip=None makes one."
    refused = [name for (plural, name), state in reads.items() if plural == "services" and isinstance(state, Forbidden)]
    read = " and ".join(name for name in scope.namespaces if name not in refused) or where
    polled = next((state for state in states if isinstance(state, Polled)), None)
    live = "This screen is live: a new one appears by itself."
    if polled is not None:
        live = f"{polled_text(polled, 'Services', read)}."
    every = (":sel takes the labels away.",) if selector else ()
    more = (*unread_text(reads), *every, goes, live)
    return title, Note(f"No headless Service{chosen} in {read}{have}.", "", MUTED, more)
