"""What is on the screen of the running program, as a person sees it."""

from __future__ import annotations

from typing import Any

from textual.app import App


def screen_lines(app: App[Any]) -> list[str]:
    """The rows of the screen; of one that was not drawn yet an empty one."""
    width, height = app.size
    # Private, and the one place where it is used: Textual's public ways to the screen are a picture of it (SVG), in
    # which a row is no longer a row, and the lines of single widgets, which do not tell what covers what.
    strips = [strip.crop(0, width) for strip in app.screen._compositor.render_strips()]
    return ["".join(segment.text for segment in strip) for strip in strips[:height]] or [""]


def screen_text(app: App[Any]) -> str:
    """The same in one piece."""
    return "\n".join(screen_lines(app))
