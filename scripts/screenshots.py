"""Make the pictures in screenshots/ from the embedded lab: the real program, driven by keys, drawn without a terminal.

Names and addresses are the same in every run, so that a picture changes when the program does. What was
measured is left as it was: a probe's time of day (in UTC) and the milliseconds of its answers differ.
"""

from __future__ import annotations

import asyncio
import html
import os
import random
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from textual.app import App
from textual.pilot import Pilot

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.switches.levers import Levers
from kheadless_tui.tui.app import HeadlessApp

FOLDER = Path(__file__).resolve().parent.parent / "screenshots"
TITLE = "kheadless-tui demo"
SPACE = "&#160;"
"""A space, as rich writes it into SVG."""
CELL_WIDTH = 12.2
"""Units that rich gives to a cell: 0.61 of its 20 units of height."""
PATIENCE = 15.0
"""Seconds that a picture may take to become what was asked for."""
STILL = 0.4
"""Seconds without a change after which a picture is done; panels that follow the cursor come after 0.15."""


@dataclass(frozen=True, slots=True)
class Step:
    """Keys to press, and what must be on the screen afterwards."""

    keys: tuple[str, ...]
    shows: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One file, and the way to what it shows."""

    name: str
    size: tuple[int, int]
    service: str
    begins: str
    """What is on the screen once the Service and its pods have been read."""
    steps: tuple[Step, ...] = ()
    vantage: str = "auto"


NGINX = "tutorial-1/nginx-headless"
PROBE = Step(("p",), "as predicted · asked from ")
SERVERS = Step(("m",), "servers · below")
PATH = Step(("s",), "ndots:5")
RECORDS = Step(("tab", "tab"), "━━ records")

PICTURES: tuple[Picture, ...] = (
    Picture("main-80x24", (80, 24), NGINX, "● web-2", (PROBE,)),
    Picture("main-120x40", (120, 40), NGINX, "3 of 3 in DNS", (PROBE, RECORDS)),
    Picture("main-200x50", (200, 50), NGINX, "3 of 3 in DNS", (PROBE, RECORDS)),
    Picture("finding-120x40", (120, 40), "tutorial-3/headless-svc", "0 of 0 in DNS"),
    Picture("confirm-80x24", (80, 24), NGINX, "● web-2", (Step(("p",), "temporary pod"),), vantage="new"),
    Picture("dual-stack-120x40", (120, 40), "dual-stack/peers", "in DNS", (PROBE, RECORDS)),
    Picture("help-80x24", (80, 24), NGINX, "● web-2", (Step(("question_mark",), "this panel"),)),
    Picture("servers-200x50", (200, 50), NGINX, "3 of 3 in DNS", (SERVERS,)),
    Picture("servers-120x40", (120, 40), NGINX, "3 of 3 in DNS", (SERVERS,)),
    Picture("path-120x40", (120, 40), NGINX, "3 of 3 in DNS", (Step(("j",), "web-0.nginx-headless."), PATH)),
    Picture("reach-120x40", (120, 40), NGINX, "3 of 3 in DNS", (Step(("r",), "3 of 3 reached"),)),
    Picture("probes-120x40", (120, 40), NGINX, "3 of 3 in DNS", (PROBE, PROBE, Step(("P",), "space marks two"))),
    Picture("command-80x24", (80, 24), NGINX, "● web-2", (Step(("colon",), "── commands"),)),
    Picture("lab-80x24", (80, 24), NGINX, "● web-2", (Step(("L",), "what can be broken"),)),
    Picture("external-120x40", (120, 40), "tutorial-2-mended/mysql-svc", "in DNS"),
)


async def main(names: Sequence[str]) -> int:
    """Make the pictures of these names, all of them when none is given."""
    unknown = set(names) - {picture.name for picture in PICTURES}
    if unknown:
        print(f"no picture is called {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        if names and picture.name not in names:
            continue
        with mock.patch("secrets.choice", random.Random(picture.name).choice):
            drawn = await draw(picture)
        path = FOLDER / f"{picture.name}.svg"
        path.write_text(drawn, encoding="utf-8")
        print(f"{path.relative_to(FOLDER.parent)}: {len(drawn.encode()) / 1024:.0f} KiB")
    return 0


async def draw(picture: Picture) -> str:
    """Run the program on a lab of its own and go to what the picture shows.

    Returns:
        The picture as SVG.
    """
    async with Lab.start(world="tutorials") as lab:
        connection = await asyncio.to_thread(
            load_connection, kubeconfig=lab.kubeconfig, context=None, request_timeout=10.0
        )
        app = HeadlessApp(
            ClusterSession(connection), service=picture.service, vantage=picture.vantage, levers=Levers(lab)
        )
        async with app.run_test(size=picture.size) as pilot:
            await reach(pilot, picture.begins)
            for step in picture.steps:
                await pilot.press(*step.keys)
                await reach(pilot, step.shows)
            return svg_of(app)


async def reach(pilot: Pilot[int], shows: str) -> None:
    """Wait until a text is on the screen and nothing changes any more.

    Raises:
        SystemExit: it did not come; the screen as it is then is shown.
    """
    before, since, begun = "", 0.0, time.monotonic()
    while True:
        await pilot.pause(0.02)
        text, now = text_of(pilot.app), time.monotonic()
        if text != before:
            before, since = text, now
        if shows in text and now - since >= STILL:
            return
        if now - begun > PATIENCE:
            raise SystemExit(f"{text}\n{shows!r} did not appear within {PATIENCE:.0f} s")


def text_of(app: App[int]) -> str:
    """What is on the screen, line by line."""
    width, height = app.size
    strips = [strip.crop(0, width) for strip in app.screen._compositor.render_strips()]
    return "\n".join("".join(segment.text for segment in strip) for strip in strips[:height])


def svg_of(app: App[int]) -> str:
    """The screen as SVG: the same for the same screen, readable by every viewer, and loading nothing from elsewhere."""
    drawn = app.export_screenshot(title=TITLE, simplify=True)
    drawn = re.sub(r"terminal-\d+", "t", drawn)  # a checksum that rich makes of all content
    drawn = re.sub(r"\s*@font-face \{.*?\}\n", "\n", drawn, flags=re.DOTALL)
    drawn = re.sub(r"[ \t]+$", "", drawn, flags=re.MULTILINE)
    return _TEXT.sub(_in_place, drawn)


_TEXT = re.compile(r'(<text [^>]*? x=")([\d.]+)(" y="[\d.]+" textLength=")[\d.]+("[^>]*>)([^<]*)(</text>)')


def _in_place(found: re.Match[str]) -> str:
    """Each piece between gaps for itself, at its own cell: some viewers drop leading spaces or have other widths."""
    begin, x, between, end, text, close = found.groups()
    spaced = html.unescape(text.replace(SPACE, " "))
    pieces = []
    for piece in re.finditer(r"\S+(?: \S+)*", spaced):
        start, length = float(x) + CELL_WIDTH * piece.start(), CELL_WIDTH * len(piece[0])
        words = html.escape(piece[0], quote=False).replace(" ", SPACE)
        pieces.append(f"{begin}{start:.7g}{between}{length:.7g}{end}{words}{close}")
    return "".join(pieces)


if __name__ == "__main__":
    os.environ.update(TZ="UTC", LC_ALL="C.UTF-8")
    time.tzset()
    sys.exit(asyncio.run(main(sys.argv[1:])))
