"""A calibration sample in a bundle, and the bounds that it gives a probability."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from explain.bundle import Bundle, describe
from explain.changes.uncertainty import SUPPORT_MIN, VennAbers, isotonic
from explain.declared.bundle_files import seal
from explain.declared.calibration import Matured, read_calibration
from explain.errors import BundleInvalid

GOOD = [{"probability": "0.1", "bad": "0"}, {"probability": "0.9", "bad": "1"}] * 50


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ([], "columns must be probability and bad"),
        ([{"chance": "0.1", "bad": "0"}], "columns must be probability and bad"),
        ([{**GOOD[0], "sex": "1"}], "columns must be probability and bad"),
        ([*GOOD, {"probability": "1.5", "bad": "0"}], "row 100: probability: give a number"),
        ([*GOOD, {"probability": "nan", "bad": "0"}], "row 100: probability: give a number"),
        ([*GOOD, {"probability": "", "bad": "0"}], "row 100: probability: give a number"),
        ([*GOOD, {"probability": "0.5", "bad": "yes"}], "row 100: bad: give 1"),
        (GOOD[:99], "has 99 rows: give 100 to 10000"),
        (GOOD * 101, "has 10100 rows: give 100 to 10000"),
        (GOOD[:1] * 100, "good and bad loans are both needed"),
    ],
)
def test_a_calibration_sample_that_says_nothing_is_refused_with_its_cure(
    table: list[dict[str, str | None]], why: str
) -> None:
    _, (problem,) = read_calibration("calibration.csv", table)
    assert problem.startswith("calibration.csv")
    assert why in problem


def test_the_sample_bundles_bring_every_development_loan(bundle: Bundle) -> None:
    assert len(bundle.calibration) == 500
    assert sum(loan.bad for loan in bundle.calibration) == 150
    assert "fitted without its fold" in bundle.calibration_population


def test_a_bundle_names_the_file_and_whose_loans_are_in_it(folder: Path) -> None:
    text = (folder / "model.yaml").read_text()
    without = re.sub(r'"calibration_population": "[^"]*"', '"background": "reference.csv"', text)
    (folder / "model.yaml").write_text(without)
    seal(folder, "german-credit")
    with pytest.raises(BundleInvalid, match="calibration_population says"):
        describe(folder)
    (folder / "model.yaml").write_text(text)
    (folder / "calibration.csv").write_text("probability,bad\n0.5,1\n")
    seal(folder, "german-credit")
    with pytest.raises(BundleInvalid, match="has 1 rows"):
        describe(folder)


LOANS = st.lists(
    st.builds(Matured, st.integers(0, 10).map(lambda n: n / 10), st.booleans()),
    min_size=1,
    max_size=30,
)


@given(LOANS, st.integers(-1, 21).map(lambda n: min(max(n / 20, 0.0), 1.0)))
@settings(max_examples=60)
def test_the_bounds_are_what_isotonic_regression_by_another_library_gives(
    loans: list[Matured], probability: float
) -> None:
    found = VennAbers(loans).of(probability)
    expected = []
    for outcome in (0.0, 1.0):
        scores = [loan.probability for loan in loans] + [probability]
        labels = [float(loan.bad) for loan in loans] + [outcome]
        fitted = IsotonicRegression().fit(scores, labels)
        expected.append(float(fitted.predict([probability])[0]))
    assert [found.low, found.high] == pytest.approx(expected, abs=1e-9)
    assert 0.0 <= found.low <= found.high <= 1.0
    assert found.of == len(loans)
    assert found.at_most == sum(loan.probability <= probability for loan in loans)
    assert found.at_least == sum(loan.probability >= probability for loan in loans)


def test_pooling_keeps_shares_in_order_and_their_total() -> None:
    assert isotonic([(1, 1), (1, 0), (2, 1), (1, 1)]) == [0.5, 0.5, 0.5, 1.0]
    assert isotonic([(4, 4)]) == [1.0]


def test_on_simulated_loans_the_bounds_hold_the_truth_where_the_model_does_not() -> None:
    """The model says half of the truth; the bounds come near the truth, and narrow with loans."""
    chance = random.Random(3)

    def loans(count: int) -> list[Matured]:
        truths = [chance.uniform(0.05, 0.95) for _ in range(count)]
        return [Matured(truth / 2, chance.random() < truth) for truth in truths]

    few, many = VennAbers(loans(200)), VennAbers(loans(5000))
    for probability in (0.1, 0.2, 0.3, 0.4):
        narrow, wide = many.of(probability), few.of(probability)
        assert narrow.high - narrow.low <= wide.high - wide.low
        assert narrow.low - 0.1 <= 2 * probability <= narrow.high + 0.1
        assert not narrow.low <= probability <= narrow.high, "the model is wrong, and it shows"


def test_one_of_the_two_bounds_is_calibrated_over_applicants() -> None:
    """The promise of the method: the bound of the outcome that came is right on average."""
    chance = random.Random(11)
    told, came = 0.0, 0
    for _ in range(400):
        scores = [chance.random() for _ in range(61)]
        outcomes = [chance.random() < score**3 for score in scores]
        *before, (score, outcome) = zip(scores, outcomes, strict=True)
        bounds = VennAbers([Matured(*one) for one in before]).of(score)
        told += bounds.high if outcome else bounds.low
        came += outcome
    assert told / 400 == pytest.approx(came / 400, abs=0.04)


def test_a_score_beyond_the_outcomes_is_not_supported() -> None:
    loans = [Matured(n / 1000, n % 7 == 0) for n in range(200)]
    bounds = VennAbers(loans)
    assert bounds.of(0.1).supported
    assert not bounds.of(0.199).supported
    assert not bounds.of(0.9).supported
    assert bounds.of(0.9).at_least == 0
    assert bounds.of(0.18).at_least == SUPPORT_MIN
    assert bounds.of(0.18).supported
