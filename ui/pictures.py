"""Pictures drawn on the server as SVG: pushes on a score, a score and its cut-offs, intervals.

Positions are shares of the width and sizes are pixels, so that a picture fits any column without
scaling its lines. Nothing is said by colour alone: what raises risk is hatched and lies to the
right of the middle, what lowers it is plain and lies to the left, and the table beside it says the
sign. The hatch is drawn once per page, by ``patterns`` of parts.html. Every picture has such a
table, so a screen reader skips the drawing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ui.views import Bar, Figure
from ui.words import score_words

ROUND_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)


def _percent(share: float) -> str:
    return f"{100 * min(1.0, max(0.0, share)):.2f}%"


def _anchor(share: float) -> str:
    """Where a label grows from, so that it stays inside the picture."""
    if share < 0.15:  # noqa: PLR2004
        return "start"
    return "end" if share > 0.85 else "middle"  # noqa: PLR2004


def push_bar(contribution: float, largest: float) -> Markup:
    """One push on the score: right of the middle raises risk, left of it lowers risk.

    ``largest`` is the longest push of the same table, so that lengths can be compared.
    """
    length = 0.5 * min(1.0, abs(contribution) / largest) if largest > 0 else 0.0
    start = 0.5 if contribution >= 0 else 0.5 - length
    kind = "raises" if contribution >= 0 else "lowers"
    return Markup(
        '<svg class="push" height="16" aria-hidden="true" focusable="false">'
        '<line class="axis" x1="50%" x2="50%" y1="0" y2="16"/>'
        '<rect class="{}" x="{}" y="2" width="{}" height="12" rx="1.5"/></svg>'
    ).format(kind, _percent(start), _percent(length))


def largest_push(bars: Iterable[Bar]) -> float:
    """The length all bars of one table are measured against."""
    return max((abs(bar.contribution) for bar in bars), default=0.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A stretch of numbers laid over the width of a picture."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Where a value lies, 0 at the left edge and 1 at the right."""
        if self.high <= self.low:
            return 0.5
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def score_scale(probability: float | None, decline_above: float) -> Scale:
    """From nothing to a round share of 100 that leaves room beyond score and cut-off."""
    return _round_scale(max(probability or 0.0, decline_above) * 1.35)


def _round_scale(wanted: float) -> Scale:
    """From nothing to the next round share."""
    return Scale(0.0, next((top for top in ROUND_SHARES if wanted <= top), 1.0))


def score_line(probability: float | None, approve_up_to: float, decline_above: float) -> Markup:
    """The policy's bands from approve to decline, and where this score lies among them."""
    scale = score_scale(probability, decline_above)
    first, last = scale.share(approve_up_to), scale.share(decline_above)
    bands = [("approve", 0.0, first), ("refer", first, last), ("decline", last, 1.0)]
    parts = [Markup('<svg class="score-line" height="74" aria-hidden="true" focusable="false">')]
    for name, start, end in bands:
        if end > start:
            parts.append(
                Markup('<rect class="band band-{}" x="{}" y="30" width="{}" height="16"/>').format(
                    name, _percent(start), _percent(end - start)
                )
            )
    for cut in sorted({approve_up_to, decline_above}):
        at = scale.share(cut)
        parts.append(
            Markup(
                '<line class="cut" x1="{0}" x2="{0}" y1="26" y2="52"/>'
                '<text class="tick" x="{0}" y="68" text-anchor="{1}">{2:.3g}</text>'
            ).format(_percent(at), _anchor(at), cut * 100)
        )
    parts.append(_edge_ticks(scale, (first, last)))
    if probability is not None:
        parts.append(_marker(scale, probability, (approve_up_to, decline_above)))
    parts.append(Markup("</svg>"))
    return Markup().join(parts)


def _edge_ticks(scale: Scale, taken: Sequence[float]) -> Markup:
    """The numbers at both ends, where no cut-off's number stands in the way."""
    ends = [(0.0, "start", scale.low), (1.0, "end", scale.high)]
    return Markup().join(
        Markup('<text class="tick" x="{}" y="68" text-anchor="{}">{:.3g}</text>').format(
            _percent(at), anchor, value * 100
        )
        for at, anchor, value in ends
        if all(abs(at - other) > 0.12 for other in taken)  # noqa: PLR2004
    )


def _marker(scale: Scale, probability: float, cuts: Sequence[float]) -> Markup:
    """A needle with the score on it."""
    at = scale.share(probability)
    return Markup(
        '<line class="needle" x1="{0}" x2="{0}" y1="20" y2="50"/>'
        '<circle class="needle-head" cx="{0}" cy="38" r="6"/>'
        '<text class="score" x="{0}" y="14" text-anchor="{1}">{2}</text>'
    ).format(_percent(at), _anchor(at), score_words(probability, *cuts))


def interval_scale(figures: Iterable[Figure]) -> Scale | None:
    """One scale for figures that are all shares of one; nothing when they are not."""
    values = [value for figure in figures for value in _values(figure)]
    if not values or min(values) < 0 or max(values) > 1:
        return None
    return _round_scale(max(values) * 1.05)


def _values(figure: Figure) -> list[float]:
    found = (figure.low, figure.point, figure.high, figure.reference)
    return [value for value in found if value is not None]


def own_scale(figure: Figure) -> Scale:
    """A scale for one figure alone, with room at both ends."""
    values = _values(figure)
    low, high = min(values), max(values)
    room = (high - low) * 0.15 or abs(high) * 0.5 or 1.0
    return Scale(min(low - room, 0.0) if low < 0 else max(0.0, low - room), high + room)


def interval(figure: Figure, scale: Scale | None) -> Markup:
    """A figure as a dot in its interval, with a tick where the reference lies."""
    if figure.point is None:
        return Markup()
    scale = scale or own_scale(figure)
    parts = [Markup('<svg class="interval" height="22" aria-hidden="true" focusable="false">')]
    parts.append(Markup('<line class="axis" x1="0" x2="100%" y1="11" y2="11"/>'))
    if figure.reference is not None:
        at = _percent(scale.share(figure.reference))
        parts.append(
            Markup('<line class="reference" x1="{0}" x2="{0}" y1="1" y2="21"/>').format(at)
        )
    if figure.low is not None and figure.high is not None:
        ends = _percent(scale.share(figure.low)), _percent(scale.share(figure.high))
        parts.append(Markup('<line class="span" x1="{}" x2="{}" y1="11" y2="11"/>').format(*ends))
        parts.extend(
            Markup('<line class="span-end" x1="{0}" x2="{0}" y1="7" y2="15"/>').format(end)
            for end in ends
        )
    point = _percent(scale.share(figure.point))
    parts.append(Markup('<circle class="dot" cx="{}" cy="11" r="4.5"/></svg>').format(point))
    return Markup().join(parts)
