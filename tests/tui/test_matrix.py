"""Servers by records: how it is drawn at each width, and the way to it by keys."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.comparison.compare import compare
from kheadless_tui.probe.matrix.layers import Layer, Matrix, build
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.questions import questions_for
from kheadless_tui.tui.known.view import ServiceView
from kheadless_tui.tui.render.matrix import MatrixCell, MatrixEntry, MatrixGroup, matrix_layout, matrix_rows
from kheadless_tui.tui.text.signs import ASCII, UNICODE
from kheadless_tui.tui.widgets import panel
from kheadless_tui.tui.widgets.answers_panel import AnswersPanel
from kheadless_tui.zone.record import Record
from kheadless_tui.zone.resolve import resolve
from tests.screen import screen_lines, screen_text
from tests.tui.conftest import until
from tests.tui.probing import view_of
from tests.tui.test_shell_app import drawn_at, shows
from tests.tui.test_shell_lab import on_lab
from tests.tui.worlds import PANEL_WIDTHS, check_text, drawn, healthy

LAYERS = (
    Layer("10.96.0.10", "vip", "kube-dns"),
    Layer("10.244.1.3", "replica", "coredns-54b8b5d4c4-h4n5w", "node-a"),
    Layer("10.244.2.5", "replica", "coredns-54b8b5d4c4-q8zrt", "node-b"),
    Layer("169.254.20.10", "cache", "node-local cache"),
)


def _is_new(record: Record) -> bool:
    return "10.244.3.19" in record.data or "web-2" in record.data + record.name or "3::13" in record.data


def broken(view: ServiceView) -> Matrix:
    """UDP to the cluster address is lost, and the second replica does not know web-2 yet."""
    questions = questions_for(view.predicted, names=(view.origin,))
    seen: list[Observation] = []
    for layer in LAYERS:
        for transport in ("udp", "tcp"):
            for question in questions:
                answer = resolve(view.snapshot, question, view.config)
                reply = Observation(
                    "pod/web-0:nginx", layer.address, transport, question, answer.rcode, answer=answer.answer, ms=1.9
                )
                if layer.name == "kube-dns" and transport == "udp":
                    reply = msgspec.structs.replace(reply, rcode="", answer=(), ms=None, error="no reply in 3 s")
                if layer.name.endswith("q8zrt"):
                    kept = tuple(record for record in reply.answer if not _is_new(record))
                    reply = msgspec.structs.replace(reply, answer=kept, rcode=reply.rcode if kept else "NXDOMAIN")
                seen.append(reply)
    answers = {question: resolve(view.snapshot, question, view.config) for question in questions}
    comparison = compare(view.predicted, answers, seen, ttl=view.config.ttl, ttl_known=True, pod_of=view.pod_of)
    return build(LAYERS, comparison, seen)


@pytest.mark.parametrize("columns", PANEL_WIDTHS)
def test_the_matrix_at_the_usual_widths(columns: int) -> None:
    view = view_of(healthy())
    matrix = broken(view)
    rows = matrix_rows(view, matrix, grouped=True)
    layout = matrix_layout(rows, PANEL_WIDTHS[columns], UNICODE, matrix)
    assert layout.heading is not None
    assert all(line.cell_len <= PANEL_WIDTHS[columns] for line in layout.heading.split("\n"))
    for row in rows:
        assert all(line.cell_len <= PANEL_WIDTHS[columns] for line in layout.lines(row)), row.id
    check_text(f"matrix-{columns}", drawn(layout, rows))


def test_no_address_and_no_verdict_is_cut_at_any_width() -> None:
    view = view_of(healthy())
    matrix = broken(view)
    rows = matrix_rows(view, matrix, grouped=False)
    assert [row.value.record for row in rows if isinstance(row.value, MatrixEntry)] == [
        line.record for line in matrix.lines
    ]
    for width in range(50, 200, 7):
        text = drawn(matrix_layout(rows, width, UNICODE, matrix), rows)
        assert "fd00:10:244:3::13" in text
        assert "? unanswered" in text
        assert not re.search(r"\d…|…\d+\.", text.splitlines()[1]), "addresses of servers"


def test_all_servers_tell_their_addresses_or_all_their_times() -> None:
    view = view_of(healthy())
    matrix = broken(view)
    rows = matrix_rows(view, matrix, grouped=True)
    far = replace(matrix.columns[-1].layer, address="169.254.120.100")
    longer = replace(
        matrix,
        columns=tuple(
            replace(column, layer=far) if column.layer.name == far.name else column for column in matrix.columns
        ),
    )
    for shown, told in (
        (matrix, "10.96.0.10   │ 10.244.1.3   │ 10.244.2.5   │ 169.254.20.10"),
        (longer, "1.9 ms       │ 1.9 ms       │ 1.9 ms       │ 1.9 ms"),
    ):
        assert told in str(matrix_layout(rows, 110, UNICODE, shown).heading)


def test_servers_lie_to_the_right_where_there_is_no_room_and_the_column_is_followed() -> None:
    view = view_of(healthy())
    matrix = broken(view)
    rows = matrix_rows(view, matrix, grouped=True)
    first, last = (matrix_layout(rows, 52, UNICODE, matrix, here=here) for here in (0, len(matrix.columns) - 1))
    assert first.hidden == 3
    assert "kube-dns" in str(first.heading)
    assert last.hidden == 0
    assert "node-local" in str(last.heading)


def test_a_step_leads_to_what_is_another_column_on_the_screen_and_the_worse_cell_is_the_one_told() -> None:
    view = view_of(healthy())
    matrix = broken(view)
    rows = matrix_rows(view, matrix, grouped=True)
    narrow, wide = (matrix_layout(rows, width, UNICODE, matrix) for width in (52, 164))
    assert [matrix.columns[layout.beside(+1)].layer.name for layout in (narrow, wide)] == [LAYERS[1].name, "kube-dns"]
    assert narrow.beside(-1) == wide.beside(-1) == 0
    assert all("❯kube-dns" in str(layout.heading) for layout in (narrow, wide))
    entry = next(row.value for row in rows if isinstance(row.value, MatrixEntry))
    over_udp_only = replace(entry, cells=tuple(replace(cell, verdict="match") for cell in entry.cells))
    lost = tuple(MatrixCell("unanswered") if number == 1 else cell for number, cell in enumerate(over_udp_only.cells))
    assert narrow.told(replace(entry, cells=lost)) == 1
    assert wide.told(replace(entry, cells=lost)) == 0


def test_groups_come_worst_first_and_each_is_named() -> None:
    view = view_of(healthy())
    rows = matrix_rows(view, broken(view), grouped=True)
    titles = [row.value.title for row in rows if isinstance(row.value, MatrixGroup)]
    assert titles[0].startswith("9 missing at coredns-54b8b5d4c4-q8zrt")
    assert len(titles) > 1


def test_what_another_answer_is_right_for_by_now_is_older_and_counts_no_more() -> None:
    view = view_of(healthy())
    whole = broken(view)
    gone = [line for line in whole.lines if line.question.name.startswith("web-1.") and line.question.type == "A"]
    matrix = whole.without({(line.question.name, "A") for line in gone})
    assert len(matrix.lines) == len(whole.lines) - len(gone)
    assert [column.total for column in matrix.columns] == [column.total - len(gone) for column in whole.columns]
    rows = matrix_rows(view, matrix, grouped=True, older=gone)
    assert isinstance(rows[-2].value, MatrixGroup)
    assert rows[-2].value.title == "1 of another prediction by now: p asks again"
    assert isinstance(rows[-1].value, MatrixEntry)
    assert {cell.verdict for cell in rows[-1].value.cells} == {"older"}
    without = matrix_rows(view, matrix, grouped=False)
    assert [row.value.title for row in without if isinstance(row.value, MatrixGroup)] == [
        "1 not asked yet: p asks again"
    ]


async def test_a_matrix_that_is_older_than_a_change_says_so() -> None:
    async with on_lab() as (lab, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.resize_terminal(120, 40)
        await pilot.press("m")
        await until(pilot, shows(app, "as predicted everywhere"))
        lab.set_ready("tutorial-1", "web-1", False)
        await until(pilot, shows(app, "of another prediction by now"))
        await until(pilot, shows(app, "since: p asks again"))
        assert "older" in screen_text(app)


async def test_servers_are_shown_while_a_record_is_still_marked_as_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel, "CHANGED_FOR", 600.0)
    async with on_lab() as (lab, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.resize_terminal(120, 40)
        lab.scale("tutorial-1", "web", 2)
        await until(pilot, shows(app, "2 of 2 in DNS"))
        await until(pilot, shows(app, "gone"))
        await pilot.press("m")
        await until(pilot, shows(app, "as predicted everywhere"))
        await pilot.press("m")
        await until(pilot, lambda: "as predicted everywhere" not in screen_text(app))


def test_ascii_has_a_word_for_every_state() -> None:
    view = view_of(healthy())
    matrix = broken(view)
    rows = matrix_rows(view, matrix, grouped=True)
    text = drawn(matrix_layout(rows, 164, ASCII, matrix), rows)
    assert text.isascii()
    assert "? unanswered" in text
    assert "- missing" in text


async def test_m_asks_every_server_and_shows_them_as_columns() -> None:
    async with on_lab() as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("m")
        record = ObjectKey("tutorial-1", "nginx-headless")
        await until(pilot, lambda: (last := app.flow.last(record)) is not None and last.diagnosis is not None)
        for size, hides in (((200, 50), False), ((120, 40), True), ((80, 24), False)):
            await pilot.resize_terminal(*size)
            await until(pilot, drawn_at(app, size))
            await until(pilot, shows(app, "UDP          TCP" if size[0] == 200 else "UDP+TCP"))
            await until(pilot, shows(app, "kube-dns"))
            await until(pilot, lambda hides=hides: (" → ━" in screen_text(app)) == hides)  # type: ignore[misc]
            await pilot.press("l")
            await until(pilot, lambda: "❯node-local" not in screen_text(app) or "❯TCP" in screen_text(app))
            await pilot.press(*"hhhh")
            await until(pilot, lambda: "❯node-local" in screen_text(app) and "❯TCP" not in screen_text(app))
        await pilot.press("tab")
        await until(pilot, lambda: app.screen.query_one(AnswersPanel).size.height >= 16)
        await pilot.press("shift+tab")
        await pilot.press("ctrl+z")
        await until(pilot, shows(app, "Nothing differs and nothing is withheld."))
        assert "0 · problems" in screen_text(app)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "Nothing differs" not in screen_text(app))
        await pilot.press("o")
        await until(pilot, lambda: "as predicted everywhere" not in screen_text(app))
        await pilot.press("m")
        await until(pilot, lambda: "UDP+TCP" not in screen_text(app) and "UDP          TCP" not in screen_text(app))
        assert any("VERDICT" in line for line in screen_lines(app))


async def test_what_cannot_be_asked_is_no_key_and_no_matrix_and_says_why() -> None:
    async with on_lab(readonly=True) as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("m")
        await until(pilot, shows(app, "m is off: read-only"))
        assert any("VERDICT" in line for line in screen_lines(app))
