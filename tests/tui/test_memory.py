"""What is remembered from one run to the next: the file, and what the program makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kheadless_tui.tui.keys.memory import Memory, recall, remember, state_path
from kheadless_tui.tui.keys.places import Place, Trail
from tests.screen import screen_text
from tests.tui.conftest import FakeSession, shop, until
from tests.tui.test_shell_app import running, shows
from tests.tui.test_switching import header_has


def test_what_is_remembered_is_recalled_and_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.json"
    memory = Memory(["ns shop", "ctx prod"], {"prod": ["shop", "billing"]}, "name")
    remember(path, memory)
    remember(path, memory)
    assert recall(path) == memory
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"typed": 7}', b"\xff\xfe", b'{"typed": ["a"', b"null"])
def test_a_file_that_is_not_ours_is_as_good_as_none(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "state.json").write_bytes(text)
    assert recall(tmp_path / "state.json") == Memory()
    assert recall(tmp_path / "none") == Memory()


def test_what_no_user_typed_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    remember(path, Memory(["ns a", "\x1b[2Jx"], {"prod": ["shop", "Not A Name", *(f"n{n}" for n in range(20))]}))
    memory = recall(path)
    assert memory.typed == ["ns a"]
    assert memory.favourites["prod"] == ["shop", *(f"n{n}" for n in range(8))]


def test_where_nothing_can_be_written_nothing_is_lost_but_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remember(tmp_path / "file" / "state.json", Memory(["ns a"]))


def test_the_place_follows_the_specification() -> None:
    assert state_path({"XDG_STATE_HOME": "/x"}) == Path("/x/kheadless-tui/state.json")
    assert state_path({"XDG_STATE_HOME": "x", "HOME": "/h"}) == Path("/h/.local/state/kheadless-tui/state.json")


def test_digits_keep_their_meaning_and_the_last_one_goes_to_what_is_new() -> None:
    favourites = {"prod": [f"n{n}" for n in range(9)]}
    trail = Trail(Place("prod"), favourites)
    trail.arrive(Place("prod", ("other",)))
    assert trail.favourites("prod") == (*(f"n{n}" for n in range(8)), "other")
    assert favourites["prod"][-1] == "other"


async def test_the_next_run_has_the_digits_the_lines_and_the_order_of_the_last() -> None:
    memory = Memory()
    async with running(FakeSession(shop()), (120, 40), service="nginx-headless", memory=memory) as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("tab", "tab", "T")
        await until(pilot, shows(app, "TYPE ↑"))
        await pilot.press("colon", *"ns billing", "enter")
        await until(pilot, header_has(app, "ns billing"))
    assert memory == Memory(["ns billing"], {"prod-eu1": ["billing"]}, "type")
    async with running(FakeSession(shop()), (120, 40), service="nginx-headless", memory=memory) as (app, pilot):
        await until(pilot, shows(app, "TYPE ↑"))
        assert header_has(app, "0 all  1 billing")()
        await pilot.press("colon", "ctrl+p")
        await until(pilot, shows(app, ":ns billing"))
        assert "▸ billing" in screen_text(app), "nothing is hidden"
