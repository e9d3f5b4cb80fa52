"""When each layer had a change: a bar for each, from the API to the application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from kheadless_tui.probe.convergence import MIXED, NEW, OLD, Point, Timeline
from kheadless_tui.tui.render.cards import Cards
from kheadless_tui.tui.text.cells import clean, cut, pad, shorten_all, width_of
from kheadless_tui.tui.text.roles import FRAME, GOOD, MUTED, TEXT, UNKNOWN, WARN
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import Signs

SCALES = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600)
"""Seconds that a whole bar may stand for."""
AT = 9
"""Cells of the time: ``14,870 ms``."""


def timeline_rows(timeline: Timeline) -> list[Row]:
    """A row for each layer."""
    return [Row(f"{point.layer.kind}/{point.layer.address}", point) for point in timeline.points]


def scale_of(timeline: Timeline) -> int:
    """Seconds that a whole bar stands for: the least of the scales that holds what has passed."""
    seconds = max([timeline.ms, *((point.new_at or 0.0) for point in timeline.points)]) / 1000
    return next((scale for scale in SCALES if scale >= seconds), SCALES[-1])


@dataclass(frozen=True, kw_only=True)
class TimelineLayout(Cards):
    """The bars at one width."""

    scale: int
    layer_width: int
    bar: int
    """Cells of a bar."""
    note: int
    """Cells for the note beside it; 0: it stands below."""
    short: tuple[tuple[str, str], ...]

    def card(self, row: Row) -> Sequence[Text]:
        """One layer, or a remark."""
        point = row.value
        assert isinstance(point, Point)
        done = point.new_at is not None
        sign, role = (self.signs.match, GOOD) if done else (self.signs.ellipsis, UNKNOWN)
        title = dict(self.short)[_title(point)]
        line = Text(f"{sign} ", role)
        line.append(pad(title, self.layer_width), TEXT)
        line.append(f"  {pad(f'{point.new_at:,.0f} ms' if done else 'not yet', AT, right=True)}  ", TEXT)
        line.append_text(self._bar(point))
        if not point.note:
            return (line,)
        if self.note:
            line.append(f"  {cut(clean(point.note), self.note - 2, self.signs.ellipsis)}", MUTED)
            return (line,)
        return (line, Text(f"    {cut(clean(point.note), self.width - 5, self.signs.ellipsis)}", MUTED))

    def _bar(self, point: Point) -> Text:
        """``──────●``: the old answer, both in turn, nothing, and from where on the new one."""
        cells = [(" ", MUTED)] * self.bar
        looks = {OLD: (self.signs.rule, WARN), MIXED: (self.signs.quiet, UNKNOWN)}
        for said in point.said:
            if said.state == NEW:
                continue
            look = looks.get(said.state, (self.signs.unanswered, UNKNOWN))
            for cell in range(self._cell(said.ms), self._cell(said.until) + 1):
                cells[cell] = look
        if point.new_at is not None:
            at = self._cell(point.new_at)
            cells = [*cells[:at], (self.signs.yes, GOOD), *[(" ", MUTED)] * (self.bar - at - 1)]
        text = Text()
        for sign, role in cells:
            text.append(sign, role)
        return text

    def _cell(self, ms: float) -> int:
        return min(self.bar - 1, max(0, int(ms / 1000 / self.scale * (self.bar - 1))))


def timeline_layout(rows: Sequence[Row], width: int, signs: Signs, timeline: Timeline | None) -> TimelineLayout:
    """The bars in a width: the note gives way first, then the names of layers are shortened."""
    points = [row.value for row in rows if isinstance(row.value, Point)]
    titles = [_title(point) for point in points]
    natural = max((width_of(title) for title in titles), default=5)
    layer_width = min(natural, max(16, width // 4))
    notes = max((width_of(clean(point.note)) for point in points), default=0)
    room = width - 2 - layer_width - 2 - AT - 2
    note = min(notes + 2, max(0, room - 31)) if notes and room - 31 >= 20 else 0
    bar = max(10, min(60, room - note - 1))
    scale = scale_of(timeline) if timeline is not None else SCALES[0]
    short = tuple(shorten_all(titles, layer_width, signs.ellipsis).items())
    ruler = _ruler(bar, scale)
    heading = Text(pad(f"  {pad('LAYER', layer_width)}  {pad('NEW AT', AT, right=True)}  {ruler}", width), MUTED)
    if note:
        heading = Text(f"  {pad('LAYER', layer_width)}  {pad('NEW AT', AT, right=True)}  {ruler}  NOTE", MUTED)
    return TimelineLayout(width, signs, heading, scale=scale, layer_width=layer_width, bar=bar, note=note, short=short)


def _title(point: Point) -> str:
    layer = point.layer
    address = f" {layer.address}" if layer.name and layer.address and layer.address not in layer.name else ""
    return clean(f"{layer.title}{address if layer.kind in ('vip', 'cache', 'kube-dns') else ''}")


def _ruler(bar: int, scale: int) -> str:
    """``0         5         10        15 s``."""
    half = pad(f"{scale / 2:g}", bar // 2)
    return pad(pad("0", bar // 2) + half, bar - len(f"{scale} s"))[: bar - len(f"{scale} s")] + f"{scale} s"


LEGEND = "{new} new  {old} old answer  {mixed} mixed  {silent} nothing"


def legend(signs: Signs) -> Text:
    """What the signs of a bar mean."""
    words = LEGEND.format(new=signs.yes, old=signs.rule, mixed=signs.quiet, silent=signs.unanswered)
    return Text(words, FRAME)


def worst_text(timeline: Timeline) -> str:
    """``worst: node-local, 14.9 s after the API``; while it goes on, what is waited for."""
    if timeline.superseded:
        return "another change came before all layers had this one"
    worst = timeline.worst
    if worst is None or worst.new_at is None:
        waiting = timeline.waiting()
        return f"waiting for {', '.join(waiting)}" if waiting else ""
    return f"worst: {worst.layer.title}, {worst.new_at / 1000:.1f} s after the API"
