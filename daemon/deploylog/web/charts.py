"""Charts as SVG, made here: no script and no request. What they show stands in a table beside them as well.

Colours come from the style sheet by class, so that light and dark hold for them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 260, 50, 34, 24


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, and its parts from the bottom up, each with the class that colours it."""

    label: str
    parts: tuple[tuple[str, float], ...]

    @property
    def total(self) -> float:
        return sum(value for _, value in self.parts)


def bars(title: str, series: Sequence[Bar], highest: float = 0) -> Markup:
    """Upright bars over a scale from 0 to `highest`, or to a round number above the tallest."""
    top = highest or _round_above(max((one.total for one in series), default=0))
    inner = HEIGHT - BOTTOM - TOP
    step = (WIDTH - LEFT) / max(len(series), 1)
    width = min(step * 0.62, 56)
    drawn = [_grid(top, inner)]
    for place, one in enumerate(series):
        x = LEFT + step * place + (step - width) / 2
        y = float(TOP + inner)
        for css, value in one.parts:
            tall = inner * value / top
            y -= tall
            if value:
                drawn.append(
                    Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>').format(
                        css, x, y, width, tall
                    )
                )
        if one.total:
            drawn.append(_text(x + width / 2, y - 3, f"{one.total:g}", "value"))
        drawn.append(_text(x + width / 2, HEIGHT - 8, one.label, "label"))
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, title, Markup("").join(drawn)
    )


def _grid(top: float, inner: int) -> Markup:
    lines = []
    for share in (0.0, 0.5, 1.0):
        y = TOP + inner * (1 - share)
        lines.append(Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(LEFT, WIDTH, y, y))
        lines.append(
            Markup('<text class="scale" x="{}" y="{:.1f}" text-anchor="end">{:g}</text>').format(
                LEFT - 6, y + 6, top * share
            )
        )
    return Markup("").join(lines)


def _text(x: float, y: float, words: str, css: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>').format(
        css, x, y, escape(words)
    )


def _round_above(value: float) -> float:
    """2, 4, 10, 20, 40, 100 …: halves of it are whole numbers."""
    scale = 1.0
    while True:
        for step in (2, 4, 6, 10):
            if value <= step * scale:
                return step * scale
        scale *= 10
