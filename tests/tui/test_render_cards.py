"""Answers, findings, write plans and vantage points as lines."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from kheadless_tui.cluster.gate import Action, WritePlan
from kheadless_tui.cluster.rights.access import Right
from kheadless_tui.cluster.state import Forbidden, Live, Offline, Reading, Scope, Unauthorized
from kheadless_tui.diagnose.finding import Fact
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.tui.known.notices import nothing_selected, trouble
from kheadless_tui.tui.known.view import ServiceView
from kheadless_tui.tui.render.answers import answer_card, answer_heads, answers_layout
from kheadless_tui.tui.render.findings import FindingCard, findings_layout
from kheadless_tui.tui.render.plan import first_word, manifest_lines, plan_lines
from kheadless_tui.tui.render.vantages import Rights, vantage_choices, vantages_layout
from kheadless_tui.tui.text.notes import Note, note_for
from kheadless_tui.tui.text.row import Row
from kheadless_tui.zone.record import Question
from tests.tui import probing
from tests.tui.probing import probed, view_of
from tests.tui.worlds import (
    KEY,
    PANEL_WIDTHS,
    check_text,
    drawn,
    endpoint,
    healthy,
    pod,
    service,
    slice_of,
    troubled,
    world,
)

DIFFERING = {
    ("@", "A"): probing.without("10.244.2.18"),
    ("web-1", "A"): probing.denied,
    ("web-2", "A"): probing.with_extra("10.244.7.7"),
    ("web-2", "AAAA"): probing.silent(),
}


def answer_rows(view: ServiceView, *opened: str) -> list[Row]:
    return [Row(head.id, answer_card(view, head) if head.subject in opened else head) for head in answer_heads(view)]


@pytest.mark.parametrize("columns", PANEL_WIDTHS)
@pytest.mark.parametrize(
    ("case", "opened"),
    [("match", ("@ A", "_web._tcp SRV")), ("differs", ("@ A", "web-1 A", "web-2 A", "web-2 AAAA"))],
)
def test_answers_at_the_usual_widths(case: str, opened: tuple[str, ...], columns: int) -> None:
    view = probed(view_of(healthy()), DIFFERING if case == "differs" else None)
    rows = answer_rows(view, *opened)
    layout = answers_layout(rows, PANEL_WIDTHS[columns])
    text = drawn(layout, rows)
    assert max(len(line) for line in text.splitlines()) <= PANEL_WIDTHS[columns]
    check_text(f"answers-{case}-{columns}", text)


def test_an_answer_says_question_server_rcode_ttl_pods_time_verdicts_and_the_equal_command() -> None:
    view = probed(view_of(healthy()))
    head = next(head for head in answer_heads(view) if head.subject == "@ A")
    assert head.place == ("pod/web-0:nginx, by nc", "10.96.0.10 over TCP")
    assert (head.verdict, head.rcode, head.ms) == ("match", "NOERROR", "3.1 ms")
    card = answer_card(view, head)
    assert [(line.ttl, line.data, line.pod, line.verdict) for line in card.lines] == [
        ("30", "10.244.1.17", "web-0", "match"),
        ("30", "10.244.2.18", "web-1", "match"),
        ("30", "10.244.3.19", "web-2", "match"),
    ]
    words = shlex.split(card.equals.replace("\\\n", ""))
    assert words[:2] == ["kubectl", "exec"]
    assert {"nginx-headless.shop.svc.cluster.local.", "web-0"} <= set(words)


def test_the_command_on_the_screen_is_the_whole_command() -> None:
    view = probed(view_of(healthy()))
    rows = answer_rows(view, "@ A")
    card = rows[0].value
    for width in (40, 52, 88):
        lines = [line.plain for line in answers_layout(rows, width).lines(rows[0])]
        start = next(number for number, line in enumerate(lines) if line.startswith("equals"))
        beside = lines[start] != "equals"
        shown = "\n".join(line[8 if beside else 0 :] for line in lines[start + (not beside) :] if line)
        assert shlex.split(shown.replace("\\\n", "")) == shlex.split(card.equals.replace("\\\n", ""))  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [24, 32, 52, 88])
def test_no_verdict_and_no_data_of_an_answer_is_cut_by_long_names(width: int) -> None:
    view = probed(view_of(healthy()), DIFFERING)
    head = next(head for head in answer_heads(view) if head.subject == "@ A")
    card = answer_card(view, head)
    pod, target = f"{'orders-queue-' * 4}0", f"0 25 80 {'orders-queue-' * 4}0.queue.shop.svc.cluster.local."
    long = replace(card, lines=tuple(replace(line, pod=pod, data=target) for line in card.lines))
    rows = [Row(head.id, long)]
    lines = [line.plain for line in answers_layout(rows, width).lines(rows[0])]
    records = lines[next(n for n, line in enumerate(lines) if line.startswith("answer")) :]
    assert max(map(len, records[: 2 * len(card.lines)])) <= width
    assert sum(line.endswith(("✓ match", "- missing")) for line in records) == len(card.lines)
    assert "".join(line[8:].strip() for line in records).replace(" ", "").count(target.replace(" ", "")) == 3


def test_what_is_missing_from_an_answer_stands_in_it_with_its_verdict() -> None:
    view = probed(view_of(healthy()), DIFFERING)
    heads = {head.subject: head for head in answer_heads(view)}
    assert heads["@ A"].verdict == "missing"
    lines = {line.data: line for line in answer_card(view, heads["@ A"]).lines}
    assert (lines["10.244.2.18"].verdict, lines["10.244.2.18"].ttl) == ("missing", "–")
    assert heads["web-2 AAAA"].verdict == "unanswered"
    assert answer_card(view, heads["web-2 AAAA"]).status == "no reply in 3 s (asked twice)"


def test_answers_of_an_earlier_probe_stay_for_what_was_not_asked_again() -> None:
    first = probed(view_of(healthy()), DIFFERING)
    assert first.last_probe is not None
    one = probed(view_of(healthy()), subject="web-1 A", number=2).last_probe
    assert one is not None
    assert one.result is not None
    assert one.comparison is not None
    only = tuple(
        seen
        for seen in one.result.observations
        if seen.question.name.startswith("web-1.") and seen.question.type == "A"
    )
    rows = tuple(row for row in one.comparison.rows if row.question == only[0].question)
    one = replace(
        one,
        result=replace(one.result, observations=only),
        comparison=replace(one.comparison, rows=rows),
        earlier=(first.last_probe,),
    )
    heads = {head.subject: head for head in answer_heads(view_of(healthy(), last_probe=one))}
    assert heads["web-1 A"].verdict == "match", "asked again"
    assert heads["@ A"].verdict == "missing", "not asked again"


def test_opened_findings_at_the_usual_widths() -> None:
    snapshot = world(
        service("nginx-headless"),
        slice_of("nginx-headless", "s", [endpoint(f"10.244.0.{n}", f"web-{n}", ready=False) for n in (1, 2)]),
        *(pod(f"web-{n}", f"10.244.0.{n}", ready=False) for n in (1, 2)),
    )
    findings = view_of(snapshot).findings
    assert findings
    for columns, width in PANEL_WIDTHS.items():
        for opened in (True, False):
            rows = [Row(finding.code, FindingCard(finding, opened)) for finding in findings]
            text = drawn(findings_layout(rows, width), rows)
            assert findings[0].code in text
            assert max(len(line) for line in text.splitlines()) <= width
            if opened:
                for label in ("cause", "fields", "rule", "fix", "try", "read"):
                    assert f"\n{label}" in text, f"{label} at {columns}"
                assert findings[0].link in "".join(text.replace("\nread", "").split()), "whole, in one line or in two"


def test_an_address_to_read_stays_in_one_piece_where_a_line_holds_it() -> None:
    finding = replace(view_of(troubled()).findings[0], link="https://example.org/" + "x" * 60)
    for width, lines in ((100, ["read    " + finding.link]), (82, ["read", finding.link])):
        rows = [Row("it", FindingCard(finding, opened=True))]
        shown = drawn(findings_layout(rows, width), rows).splitlines()
        assert [line for line in shown if line.startswith(("read", "https:"))] == lines


def test_a_long_value_of_one_field_does_not_tear_the_others_apart() -> None:
    facts = (
        Fact("Service shop/web", "spec.selector", "app=web"),
        Fact("Pod shop/web-0", "metadata.labels", ",".join(f"example.org/label-{n}=value-{n}" for n in range(4))),
    )
    finding = replace(view_of(troubled()).findings[0], fields=facts)
    rows = [Row("it", FindingCard(finding, opened=True))]
    shown = drawn(findings_layout(rows, 75), rows).splitlines()
    start = next(number for number, line in enumerate(shown) if line.startswith("fields"))
    assert shown[start : start + 4] == [
        "fields  Service shop/web  spec.selector    app=web",
        "        Pod shop/web-0    metadata.labels",
        "          example.org/label-0=value-0, example.org/label-1=value-1,",
        "          example.org/label-2=value-2, example.org/label-3=value-3",
    ]


def test_the_command_of_a_finding_reaches_the_cluster_that_is_shown() -> None:
    finding = view_of(troubled()).findings[0]
    assert finding.command.startswith("kubectl -n shop ")
    rows = [Row("it", FindingCard(finding, True, ("--context", "my prod", "--as", "oncall")))]
    shown = " ".join(line.strip() for line in drawn(findings_layout(rows, 200), rows).splitlines())
    assert "try     kubectl --context 'my prod' --as oncall -n shop get " in shown


PLAN = WritePlan(
    title="Create a temporary pod in shop?",
    actions=(
        Action("create", "Pod kheadless-probe-7f3k2 in shop on prod-eu1", ("image busybox:1.28, IfNotPresent",)),
        Action("then", "exec nc 10.96.0.10 53 in it: 25 questions"),
        Action("removed", "when the answers are in, on quit, on a lost SSH session"),
    ),
    rights=(("create pods", True), ("create pods/exec", None), ("delete pods", False)),
    equals=(
        'printf %s \'{\n "kind": "Pod"\n}\' |\n  kubectl create -n shop -f -',
        "kubectl exec -i -n shop kheadless-probe-7f3k2 -- nc 10.96.0.10 53",
    ),
    instead="exec in pod/orders-api-7d9f8b6c54-x2lkq creates nothing: --from pod/orders-api-7d9f8b6c54-x2lkq",
    manifest='{\n "kind": "Pod"\n}',
)


@pytest.mark.parametrize("width", [60, 74, 94])
def test_the_question_before_a_write(width: int) -> None:
    lines = [line.plain for line in plan_lines(PLAN, width)]
    assert max(len(line) for line in lines) <= width
    check_text(f"plan-{width}", "\n".join(lines) + "\n")


def test_the_whole_command_with_the_manifest_can_be_pasted() -> None:
    text = "\n".join(line.plain for line in manifest_lines(PLAN, 74))
    assert text == "\n\n".join(PLAN.equals)
    assert first_word(PLAN) == "create"


def test_what_goes_into_kubectl_debug_is_a_file_in_the_question_and_whole_in_the_manifest() -> None:
    command = (
        "printf %s '{\n \"securityContext\": {}\n}' |\n  kubectl debug -n shop web-0 --custom=/dev/stdin -- sleep 1"
    )
    plan = replace(PLAN, equals=(command,))
    assert "kubectl debug -n shop web-0 --custom=probe.json -- sleep 1" in " ".join(
        line.plain for line in plan_lines(plan, 94)
    )
    assert command in "\n".join(line.plain for line in manifest_lines(plan, 94))


def test_no_address_is_cut_in_the_list_of_answers() -> None:
    view = probed(view_of(healthy()))
    long = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"
    head = answer_heads(view)[0]
    name = f"{'.'.join(reversed(''.join(part.zfill(4) for part in long.split(':'))))}.ip6.arpa."
    asked = replace(head, question=Question(name, "PTR"), subject=f"{long} PTR", id="long")
    rows = [Row(asked.id, asked), Row(head.id, head)]
    for width in (52, 53, 60, 70, 88):
        layout = answers_layout(rows, width)
        lines = drawn(layout, rows).splitlines()
        assert long in lines[0]
        assert max(map(len, lines)) <= width


def test_a_plan_cannot_move_the_cursor() -> None:
    plan = WritePlan("Create \x1b[2J?", (Action("create", "pod \x1b]0;x\x07"),), equals=("kubectl \x1b[1m",))
    text = "".join(line.plain for line in (*plan_lines(plan, 60), *manifest_lines(plan, 60)))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_places_name_what_is_known_and_why_one_cannot_be_used() -> None:
    refused = Rights(execute=Right(True), extend=Right(False), create=Right(None), forward=Right(False))
    choices = {item.spec: item for item in vantage_choices(troubled(), KEY, "busybox:1.28", refused)}
    assert next(iter(choices)) == "auto"
    assert choices["pod/web-0"].refused == ""
    assert "own, ready, nginx" in choices["pod/web-0"].known
    assert choices["pod/web-2"].refused == "is being deleted"
    assert "ImagePullBackOff" in choices["pod/web-10"].refused
    assert "debug/web-10" not in choices, "nothing runs in it"
    assert choices["debug/web-0"].refused == "no right: patch pods/ephemeralcontainers"
    assert choices["new"].refused == "", "what is not known to be refused is offered"
    assert choices["coredns"].refused == "no right: get pods/portforward"
    readonly = vantage_choices(troubled(), KEY, "busybox:1.28", Rights(), readonly=True)
    assert {item.refused for item in readonly} == {"read-only"}


@pytest.mark.parametrize("width", [75, 97])
def test_the_list_of_places(width: int) -> None:
    rights = Rights(execute=Right(True), extend=Right(False))
    choices = vantage_choices(troubled(), KEY, "registry.example.com/team/busybox:1.28", rights)
    rows = [Row(item.spec, item) for item in choices]
    text = drawn(vantages_layout(rows, width), rows)
    assert "no right: patch pods/ephemeralcontainers" in text
    assert max(len(line) for line in text.splitlines()) <= width
    check_text(f"vantages-{width}", text)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (None, "reading pods of shop"),
        (Reading(1000), "reading pods of shop: 1,000 so far"),
        (Forbidden("list", "pods", "shop", "no"), "You may not list pods in shop."),
        (Offline(0, 5, "The API server refuses connections."), "The API server refuses connections (since "),
        (Unauthorized(0, "Your login has expired."), "Your login has expired (since "),
        (Live(0, undecodable=2), "2 of the pods could not be decoded and are left out."),
    ],
)
def test_every_state_of_reading_has_words_of_its_own(state: object, text: str) -> None:
    note = note_for(state, "pods", "shop")  # type: ignore[arg-type]
    assert note is not None
    assert note.text.startswith(text)


def test_nothing_is_said_when_all_is_well() -> None:
    assert note_for(Live(0), "pods", "shop") is None


def test_a_remark_is_wrapped_beside_its_sign() -> None:
    lines = [line.plain for line in Note("one two three", "attention", more=("four five",)).lines(9)]
    assert lines == ["! one two", "  three", "  four", "  five"]


def test_what_has_been_read_again_already_is_not_said_to_be_of_then() -> None:
    away = Offline(0, 5, "no answer")
    for services, expected in (
        (away, "Shown is what was true then. ctrl-r tries now."),
        (Live(9), "The EndpointSlices shown are of then, the others of now. ctrl-r tries now."),
    ):
        note = trouble(away, {("services", ""): services, ("endpointslices", ""): away}, "shop")
        assert note is not None
        assert note.more[0] == expected


def test_who_may_get_but_not_list_is_told_that_naming_a_service_helps() -> None:
    refused = Forbidden("list", "services", "shop", "no")
    reads = {("services", "shop"): refused}
    _, note = nothing_selected(Snapshot(), refused, reads, Scope(("shop",)), "", "")
    assert note.text == "You may not list Services in shop."
    assert "kheadless-tui NAME opens a Service that you may get" in note.more[1]
