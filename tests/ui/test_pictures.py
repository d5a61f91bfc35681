"""Pictures keep within their frame, tell size and sign truly, and carry no style."""

import re

from hypothesis import given
from hypothesis import strategies as st

from ui.pictures import (
    Scale,
    interval,
    interval_scale,
    largest_push,
    own_scale,
    push_bar,
    score_line,
    score_scale,
)
from ui.views import Bar, Figure

SHARE = st.floats(0, 1)
AMOUNT = st.floats(-50, 50, allow_nan=False)


def places(svg: str) -> list[float]:
    """Every position and width of a drawing, in percent."""
    return [float(number) for number in re.findall(r'"([\d.]+)%"', svg)]


def figure(**numbers: float) -> Figure:
    return Figure(label="", value="", interval="", denominator="", meaning="", **numbers)  # type: ignore[arg-type]


@given(AMOUNT, st.floats(0.001, 50))
def test_a_bar_stays_in_its_half(amount: float, largest: float) -> None:
    svg = push_bar(amount, largest)
    start, width = places(svg)[2:]
    assert start >= 0
    assert start + width <= 100.01
    assert (start >= 50) == (amount >= 0) or abs(start + width - 50) < 0.02
    assert ("raises" in svg) == (amount >= 0)


def test_bars_are_measured_against_the_longest() -> None:
    bars = [Bar(label="", value="", contribution=c) for c in (0.4, -0.8, 0.2)]
    assert largest_push(bars) == 0.8
    assert largest_push([]) == 0.0
    assert 'width="50.00%"' in push_bar(-0.8, 0.8)
    assert 'width="25.00%"' in push_bar(0.4, 0.8)
    assert 'width="0.00%"' in push_bar(0.0, 0.0)


@given(SHARE, SHARE, SHARE)
def test_the_score_lies_in_the_band_that_was_advised(p: float, a: float, b: float) -> None:
    approve, decline = sorted((a, b))
    scale = score_scale(p, decline)
    assert scale.low == 0
    assert scale.high >= min(1.0, max(p, decline))
    svg = score_line(p, approve, decline)
    assert all(0 <= place <= 100 for place in places(svg))
    if p <= approve:
        assert scale.share(p) <= scale.share(approve)
    if p > decline:
        assert scale.share(p) >= scale.share(decline)


def test_one_cut_off_makes_two_bands_and_no_score_no_needle() -> None:
    one = score_line(0.1, 0.2, 0.2)
    assert "band-refer" not in one
    assert one.count('class="cut"') == 1
    assert "needle" in one
    assert "needle" not in score_line(None, 0.2, 0.35)


@given(AMOUNT, AMOUNT, AMOUNT, AMOUNT)
def test_an_interval_holds_its_point_on_its_own_scale(
    a: float, b: float, c: float, r: float
) -> None:
    low, point, high = sorted((a, b, c))
    drawn = figure(low=low, point=point, high=high, reference=r)
    scale = own_scale(drawn)
    assert scale.low <= min(low, r)
    assert scale.high >= max(high, r)
    assert scale.share(low) <= scale.share(point) <= scale.share(high)
    assert all(0 <= place <= 100 for place in places(interval(drawn, None)))


def test_shares_are_laid_on_one_scale_and_other_numbers_are_not() -> None:
    shares = [figure(low=0.01, point=0.02, high=0.03), figure(point=0.04, reference=0.05)]
    assert interval_scale(shares) == Scale(0.0, 0.1)
    assert interval_scale([*shares, figure(point=1.2)]) is None
    assert interval_scale([]) is None
    assert interval(figure(low=0.1), None) == ""


def test_no_picture_carries_a_style_or_is_read_out() -> None:
    drawings = [
        push_bar(0.3, 0.5),
        score_line(0.3, 0.2, 0.35),
        interval(figure(low=0.1, point=0.2, high=0.3, reference=0.2), None),
    ]
    for svg in drawings:
        assert "style" not in svg
        assert 'aria-hidden="true"' in svg
        assert "{" not in svg
