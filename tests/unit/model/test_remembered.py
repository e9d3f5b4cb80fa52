"""Results that are kept: for the same objects, not for equal ones, and only the last few."""

from __future__ import annotations

from kheadless_tui.model.remembered import KEPT, remembered


def test_the_same_objects_are_not_looked_at_twice_and_equal_ones_are() -> None:
    asked: list[tuple[object, ...]] = []

    @remembered
    def size(items: tuple[list[int], ...], name: str) -> int:
        asked.append((items, name))
        return len(items)

    one, equal = [1], [1]
    assert size((one,), "a") == size((one,), "".join(["a"])) == 1
    assert len(asked) == 1, "another tuple of the same objects, and a text of the same letters"
    size((equal,), "a")
    size((one, one), "a")
    size((one,), "b")
    assert len(asked) == 4
    for number in range(KEPT):
        size((one,), f"other {number}")
    size((one,), "a")
    assert len(asked) == 5 + KEPT, "the oldest is forgotten"
