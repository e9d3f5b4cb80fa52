"""Finds the style sheets, in an installed wheel and in a checkout."""

from __future__ import annotations

from pathlib import Path

SHEETS = ("base.tcss", "layout.tcss", "widgets.tcss", "panels.tcss", "ansi.tcss")
"""The sheets in the order in which they apply; a later one overrides an earlier one."""


def style_sheets() -> list[Path]:
    """Paths of all style sheets.

    A wheel carries them inside the package (pyproject.toml, force-include); in a checkout, and so in an editable
    install, they lie beside it.

    Raises:
        FileNotFoundError: the installation is damaged: neither place has them.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "styles", package.parent / "styles"):
        if all((folder / sheet).is_file() for sheet in SHEETS):
            return [folder / sheet for sheet in SHEETS]
    raise FileNotFoundError(f"the style sheets {', '.join(SHEETS)} are neither in {package} nor beside it")
