"""Agreement of several raters is what the textbooks say it is."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.analysis.agreement import fleiss_kappa, krippendorff_alpha

ROWS = ("11100101", "11000101", "10100111")


def test_the_golden_numbers_of_three_raters() -> None:
    assert fleiss_kappa(ROWS) == pytest.approx(0.4857, abs=1e-4)
    assert krippendorff_alpha(ROWS) == pytest.approx(0.5071, abs=1e-4)


def test_missing_ratings_are_left_out_pair_by_pair() -> None:
    rows: list[list[str | None]] = [list(row) for row in ROWS]
    rows[2][1] = rows[1][6] = None  # the third rater's second case, the second rater's seventh
    assert krippendorff_alpha(rows) == pytest.approx(0.625, abs=1e-4)


def test_nothing_to_compare_is_no_agreement() -> None:
    assert krippendorff_alpha([["a", None], [None, "b"]]) is None
    assert krippendorff_alpha([["a", "a"], ["a", "a"]]) is None
    assert fleiss_kappa([["a", "b"]]) is None
    assert fleiss_kappa([["a", "a"], ["a", "a"]]) is None


def plain_alpha(rows: list[list[int | None]]) -> float | None:
    """The definition, pair by pair, with no table of coincidences."""
    cases = [[r for r in case if r is not None] for case in zip(*rows, strict=True)]
    cases = [case for case in cases if len(case) > 1]
    values = [r for case in cases for r in case]
    pairs = list(permutations(values, 2))
    expected = sum(a != b for a, b in pairs)
    if not expected:
        return None
    within: float = sum(
        sum(a != b for a, b in permutations(case, 2)) / (len(case) - 1) for case in cases
    )
    found: float = 1 - (within / len(values)) / (expected / len(pairs))
    return found


@given(
    st.integers(2, 4).flatmap(
        lambda raters: st.lists(
            st.lists(st.sampled_from([0, 1, 2, None]), min_size=raters, max_size=raters),
            min_size=1,
            max_size=8,
        )
    )
)
def test_alpha_is_its_definition_pair_by_pair(cases: list[list[int | None]]) -> None:
    rows = [list(row) for row in zip(*cases, strict=True)]
    found, plain = krippendorff_alpha(rows), plain_alpha(rows)
    assert (found is None) == (plain is None)
    if found is not None:
        assert found == pytest.approx(plain)
