from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.text import Text
from textual.app import App, ComposeResult

from kheadless_tui.tui.text.roles import role_variables
from kheadless_tui.tui.text.row import RowLayout
from kheadless_tui.tui.widgets.rows import LayoutMaker, Row, RowList, one_line

STYLES = Path(__file__).parents[2] / "styles"


def named(*names: str) -> list[Row]:
    return [Row(name, name) for name in names]


PLAIN = one_line(lambda row, width: Text(str(row.value)[:width]))
HEADED = one_line(lambda row, width: Text(str(row.value)[:width]), lambda width: Text("NAME"))


@dataclass(frozen=True)
class Tall:
    width: int
    heading: Text | None = None

    def heights(self, rows: Sequence[Row]) -> Sequence[int]:
        return [int(str(row.value)) for row in rows]

    def lines(self, row: Row) -> Sequence[Text]:
        return [Text(f"{row.id}.{line}") for line in range(int(str(row.value)))]


class ListApp(App[None]):
    CSS_PATH = str(STYLES / "panels.tcss")

    def __init__(self, layout: LayoutMaker, rows: Sequence[Row]) -> None:
        super().__init__()
        self.list = RowList(layout)
        self.initial = rows
        self.highlighted: list[str | None] = []
        self.selected: list[str] = []
        self.drawn: list[int] = []

    def get_css_variables(self) -> dict[str, str]:
        return role_variables(super().get_css_variables())

    def compose(self) -> ComposeResult:
        yield self.list

    def on_mount(self) -> None:
        self.list.set_rows(self.initial)
        self.list.focus()

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        self.highlighted.append(event.row_id)

    def on_row_list_selected(self, event: RowList.Selected) -> None:
        self.selected.append(event.row_id)

    def screen_lines(self) -> list[str]:
        return [self.list.render_line(y).text.rstrip() for y in range(self.list.size.height)]


async def test_cursor_moves_by_keys_and_is_seen_by_its_sign_and_by_reverse_video() -> None:
    app = ListApp(HEADED, named(*"abcdefgh"))
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.press("j", "down")
        assert app.screen_lines() == [" NAME", " a", " b", "❯c", " d"]
        assert all(s.style is not None and s.style.reverse for s in app.list.render_line(3))
        assert not any(s.style is not None and s.style.reverse for s in app.list.render_line(2))
        await pilot.press("G")
        assert app.screen_lines() == [" NAME", " e", " f", " g", "❯h"]
        await pilot.press("g", "pagedown", "enter")
        await pilot.pause()
        assert app.selected == [app.list.row_id] == ["d"]


async def test_without_focus_the_cursor_keeps_its_sign_alone() -> None:
    app = ListApp(PLAIN, named("a", "b"))
    async with app.run_test(size=(20, 5)) as pilot:
        app.list.blur()
        await pilot.pause()
        assert app.screen_lines()[:2] == ["❯a", " b"]
        assert not any(s.style is not None and s.style.reverse for s in app.list.render_line(0))


async def test_what_scrolls_is_not_drawn_a_second_time() -> None:
    drawn: set[str] = set()

    def draw(row: Row, width: int) -> Text:
        drawn.add(row.id)
        return Text(row.id)

    app = ListApp(one_line(draw), named(*"abcdefgh"))
    async with app.run_test(size=(20, 4)) as pilot:
        await pilot.press("j", "j", "j")
        drawn.clear()
        await pilot.press("j")
        assert app.screen_lines() == [" b", " c", " d", "❯e"]
        assert drawn == {"d", "e"}


async def test_what_was_drawn_is_drawn_anew_under_another_theme() -> None:
    app = ListApp(PLAIN, named("a", "b"))
    async with app.run_test(size=(20, 2)) as pilot:
        dark = app.list.render_line(1)
        app.theme = "textual-light"
        await pilot.pause()
        light = app.list.render_line(1)
        assert light.text == dark.text
        assert [segment.style for segment in light] != [segment.style for segment in dark]


async def test_cursor_and_screen_line_survive_rows_that_come_before() -> None:
    app = ListApp(PLAIN, named(*"defghijkl"))
    async with app.run_test(size=(20, 4)) as pilot:
        await pilot.press(*"jjjjj")
        assert app.screen_lines() == [" f", " g", " h", "❯i"]
        app.list.set_rows(named(*"abcdefghijkl"))
        await pilot.pause()
        assert app.screen_lines() == [" f", " g", " h", "❯i"]


@pytest.mark.parametrize(
    ("left", "cursor"), [("abefg", "e"), ("ab", "b"), ("xyz", "z")], ids=["next", "previous", "same place"]
)
async def test_cursor_of_a_row_that_is_gone_goes_to_the_nearest(left: str, cursor: str) -> None:
    app = ListApp(PLAIN, named(*"abcdefg"))
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.press("j", "j")
        app.list.set_rows(named(*left))
        await pilot.pause()
        assert app.list.row_id == cursor
        assert app.highlighted[-1] == cursor


async def test_rows_that_cannot_hold_the_cursor_are_stepped_over_but_scrolled_to() -> None:
    rows = [Row("note", "note", selectable=False), *named(*"abc"), Row("n2", "n2", selectable=False), *named("d")]
    app = ListApp(PLAIN, rows)
    async with app.run_test(size=(20, 3)) as pilot:
        await pilot.press("j", "j", "j")
        assert app.list.row_id == "d"
        await pilot.press("k", "k", "k")
        assert app.screen_lines() == [" note", "❯a", " b"]


async def test_rows_of_several_lines() -> None:
    app = ListApp(lambda rows, width: Tall(width), [Row("a", 2), Row("b", 6), Row("c", 1)])
    async with app.run_test(size=(20, 4)) as pilot:
        assert app.screen_lines() == ["❯a.0", " a.1", " b.0", " b.1"]
        await pilot.press("j")
        assert app.screen_lines() == ["❯b.0", " b.1", " b.2", " b.3"]
        await pilot.press("j", "j")
        assert app.screen_lines() == [" b.2", " b.3", " b.4", " b.5"], "a row taller than the view is read to its end"
        await pilot.press("j")
        assert app.list.row_id == "c"


class Counting(RowList):
    drawn: list[int]

    def render_line(self, y: int):  # type: ignore[no-untyped-def]
        self.drawn.append(y)
        return super().render_line(y)


async def test_only_changed_lines_are_painted() -> None:
    app = ListApp(PLAIN, ())
    app.list = counting = Counting(PLAIN)
    counting.drawn = []
    app.initial = named(*"abcdefgh")
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        counting.drawn.clear()
        counting.set_rows(named(*"abcdefgh"))
        await pilot.pause()
        assert counting.drawn == []
        counting.set_rows([Row(name, "B" if name == "b" else name) for name in "abcdefgh"])
        await pilot.pause()
        assert set(counting.drawn) == {1}
        counting.drawn.clear()
        await pilot.press("j")
        await pilot.pause()
        assert set(counting.drawn) == {0, 1}
        counting.drawn.clear()
        counting.set_marks({"h": "linked"})
        await pilot.pause()
        assert set(counting.drawn) == {7}


async def test_marks_stand_in_the_gutter() -> None:
    app = ListApp(PLAIN, named(*"abcd"))
    async with app.run_test(size=(20, 4)):
        app.list.set_marks({"a": "linked", "b": "linked", "c": "changed", "d": "marked"})
        assert app.screen_lines() == ["❯a", "•b", "▎c", "◆d"]


async def test_fifty_thousand_rows_draw_only_what_is_seen() -> None:
    rows = [Row(str(number), number) for number in range(50_000)]
    app = ListApp(PLAIN, ())
    app.list = counting = Counting(PLAIN)
    counting.drawn = []
    app.initial = rows
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.press("G")
        await pilot.pause()
        assert app.screen_lines()[-1] == "❯49999"
        assert len(counting.drawn) < 100
        counting.set_rows(rows[:-1])
        await pilot.pause()
        assert app.screen_lines()[-1] == "❯49998"


async def test_click_moves_and_a_click_on_the_cursor_opens() -> None:
    app = ListApp(HEADED, named(*"abc"))
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.click(RowList, offset=(3, 2))
        assert app.list.row_id == "b"
        await pilot.click(RowList, offset=(3, 2))
        await pilot.pause()
        assert app.selected == ["b"]
        await pilot.click(RowList, offset=(3, 0))
        assert app.list.row_id == "b", "the heading is no row"


async def test_rows_that_change_while_the_list_is_hidden_are_laid_out_when_it_is_shown() -> None:
    app = ListApp(lambda rows, width: Tall(width), [Row("a", 2), Row("b", 3)])
    async with app.run_test(size=(20, 6)) as pilot:
        app.list.display = False
        await pilot.pause()
        app.list.set_rows([Row("c", 1)])
        app.list.display = True
        await pilot.pause()
        assert app.screen_lines() == ["❯c.0", "", "", "", "", ""]
        app.list.display = False
        await pilot.pause()
        app.list.set_rows([Row("d", 2), Row("e", 2), Row("f", 2)])
        app.list.display = True
        await pilot.pause()
        assert [line.strip("❯ ") for line in app.screen_lines()] == ["d.0", "d.1", "e.0", "e.1", "f.0", "f.1"]


async def test_a_list_that_has_no_place_on_the_screen_lays_nothing_out() -> None:
    made: list[int] = []

    def layout(rows: Sequence[Row], width: int) -> RowLayout:
        made.append(len(rows))
        return Tall(width)

    app = ListApp(layout, [Row("a", 2)])
    async with app.run_test(size=(20, 6)) as pilot:
        app.list.display = False
        await pilot.pause()
        made.clear()
        app.list.set_rows([Row(str(number), 1) for number in range(1000)])
        app.list.relayout()
        await pilot.pause()
        assert made == []
        app.list.display = True
        await pilot.pause()
        assert made == [1000]
