"""Whether a background is the population that its bundle says it is."""

from ..bundle import Bundle
from ..declared.bundle_schema import POPULATIONS, Population
from ..values import probability_of

ROWS_MIN = 30
"""With fewer rows, which rows they happen to be decides who is told what."""

ROWS_WANTED = 300
"""From here on, other rows of the same population give nearly everybody the same reasons."""


def check_background(bundle: Bundle, population: Population) -> None:
    """Enough rows, and on the sides of the cut-off where the population's are.

    Those at or slightly above the passing score pass, with no less than half of the probability of
    bad at which one still passes. All applicants are on both sides.
    """
    rows = bundle.background
    assert len(rows) >= ROWS_MIN, f"it has {len(rows)} rows, fewer than {ROWS_MIN}"
    cutoff = float(bundle.policy_spec.approve_up_to)
    chances = [probability_of(raw, bundle.scale) for raw in bundle.score(rows)]
    for place, chance in enumerate(chances):
        if population == "passing":
            assert chance <= cutoff, f"row {place} does not pass: {chance:.4f} above {cutoff}"
            assert chance >= cutoff / 2, f"row {place} passes by far: {chance:.4f} of {cutoff}"
    if population == "all":
        passing = sum(chance <= cutoff for chance in chances)
        assert 0 < passing < len(chances), "all of its rows are on one side of the cut-off"


def background_in_words(bundle: Bundle, population: Population) -> str:
    """What the check holds the background to be."""
    count = len(bundle.background)
    wanted = "" if count >= ROWS_WANTED else f", {ROWS_WANTED} are recommended"
    return f"the background is {count} rows of {POPULATIONS[population]}{wanted}"
