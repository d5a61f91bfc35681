"""Two groups are compared as another library and the textbooks compare them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from overrides.analysis.disparity import (
    FourFold,
    fisher,
    impact_ratio,
    mantel_haenszel,
    odds_ratio,
    standardised_difference,
)

COUNTS = st.integers(0, 40)
TABLES = st.builds(FourFold, COUNTS, COUNTS, COUNTS, COUNTS)


def test_the_golden_numbers() -> None:
    found = impact_ratio(FourFold(120, 180, 250, 250))
    assert found is not None
    assert found.ratio == pytest.approx(0.80, abs=1e-4)
    assert found.interval == pytest.approx((0.679, 0.9426), abs=1e-4)
    assert found.z == pytest.approx(-2.7463, abs=1e-4)
    assert standardised_difference((612, 40, 300), (630, 44, 500)) == pytest.approx(
        -0.4231, abs=1e-4
    )
    common = mantel_haenszel([FourFold(6, 94, 12, 88), FourFold(10, 40, 30, 70)])
    assert common is not None
    assert common.odds_ratio == pytest.approx(0.5357, abs=1e-4)
    assert common.p == pytest.approx(0.0526, abs=1e-4)
    assert fisher(FourFold(3, 57, 18, 72)) == pytest.approx(0.0146, abs=1e-4)


@given(TABLES)
def test_fishers_p_is_that_of_another_library(table: FourFold) -> None:
    rows = [[table.with_it, table.without], [table.other_with, table.other_without]]
    assert fisher(table) == pytest.approx(stats.fisher_exact(rows).pvalue, abs=1e-9)


@given(TABLES)
def test_an_odds_ratio_has_its_log_interval_or_is_none(table: FourFold) -> None:
    found = odds_ratio(table)
    cells = [table.with_it, table.without, table.other_with, table.other_without]
    assert (found is None) == (0 in cells)
    if found is not None:
        logs = stats.contingency.odds_ratio([cells[:2], cells[2:]], kind="sample")
        assert found[0] == pytest.approx(logs.statistic)
        assert found[1] == pytest.approx(tuple(logs.confidence_interval(0.95)), rel=1e-5)


@given(st.lists(TABLES, min_size=1, max_size=5))
def test_the_common_odds_ratio_is_its_definition_stratum_by_stratum(
    tables: list[FourFold],
) -> None:
    found = mantel_haenszel(tables)
    telling = [t for t in tables if t.of and t.other_of and 0 < t.with_it + t.other_with < t.total]
    above = sum(t.with_it * t.other_without / t.total for t in telling)
    below = sum(t.without * t.other_with / t.total for t in telling)
    if found is None:
        assert not above * below
        return
    assert found.odds_ratio == pytest.approx(above / below)
    # Cochran's chi-squared, from the hypergeometric distribution of each stratum.
    laws = [stats.hypergeom(t.total, t.with_it + t.other_with, t.of) for t in telling]
    gap = sum(t.with_it - law.mean() for t, law in zip(telling, laws, strict=True))
    spread = sum(law.var() for law in laws)
    assert found.p == pytest.approx(stats.chi2.sf(gap * gap / spread, 1), abs=1e-9)
    low, high = found.interval
    assert low < found.odds_ratio < high
    assert found.of == sum(t.total for t in telling)


def test_one_stratum_gives_woolfs_interval() -> None:
    table = FourFold(12, 30, 20, 15)
    common, plain = mantel_haenszel([table]), odds_ratio(table)
    assert common is not None
    assert plain is not None
    assert common.interval == pytest.approx(plain[1])


@pytest.mark.parametrize(
    ("table", "sufficient"),
    [
        (FourFold(5, 25, 5, 25), True),
        (FourFold(4, 26, 5, 25), False),
        (FourFold(5, 24, 5, 25), False),
        (FourFold(5, 25, 26, 4), False),
    ],
)
def test_small_cells_say_nothing(table: FourFold, *, sufficient: bool) -> None:
    assert table.sufficient is sufficient


def test_four_fifths_is_flagged_only_where_it_is_certain() -> None:
    few, many = impact_ratio(FourFold(6, 9, 10, 10)), impact_ratio(FourFold(600, 900, 1000, 1000))
    assert few is not None
    assert many is not None
    assert few.ratio == many.ratio == pytest.approx(0.8)
    assert not few.flagged
    assert impact_ratio(FourFold(50, 950, 500, 500)).flagged  # type: ignore[union-attr]
    assert impact_ratio(FourFold(0, 10, 5, 5)) is None


def test_a_difference_without_spread_is_none() -> None:
    assert standardised_difference((1.0, 0.0, 5), (2.0, 0.0, 5)) is None
    assert standardised_difference((1.0, 0.0, 1), (2.0, 0.0, 1)) is None
    found = standardised_difference((1.0, 1.0, 9), (2.0, 1.0, 9))
    assert found is not None
    assert math.isclose(found, -1)
