"""What the real cluster said when it was last asked, so that the lab is held against it without one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("recorded")
UPDATE = bool(os.environ.get("KHEADLESS_UPDATE_PARITY"))


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.json"


def recorded(name: str) -> Any:
    """The recorded answers of one test."""
    return json.loads(path_of(name).read_text(encoding="utf-8"))


def hold(name: str, target: str, found: dict[str, Any]) -> None:
    """Hold what a cluster says against the record; the real cluster makes it anew when it is told to.

    Raises:
        AssertionError: with every answer that differs.
    """
    if UPDATE and target == "real":
        FOLDER.mkdir(exist_ok=True)
        path_of(name).write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    wanted = recorded(name)
    differing = [key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key)]
    shown = "\n\n".join(f"== {key}\n-- record: {_text(wanted.get(key))}\n-- {target}: {_text(found.get(key))}"
                        for key in sorted(differing))  # fmt: skip
    assert not differing, f"{len(differing)} of {len(wanted)} differ\n{shown}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
