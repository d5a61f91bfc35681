"""Chances and distances are said so that a reader can tell a score from its cut-off."""

import pytest

from decision_service.wording import band, distance, odds
from explain.bundle import describe
from explain.declared.calibrated import NO_SAMPLE, NOT_BORNE_OUT, OUTSIDE
from tests.sample_models.trained import sample_bundles


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.18, "11 percentage points on the passing side of the cut-off for approval"),
        (0.29, "exactly at the cut-off for approval, which passes"),
        (
            0.291,
            "0.1 percentage points beyond the cut-off for approval and 21 percentage points",
        ),
        (0.2900004, "0.00004 percentage points beyond the cut-off for approval"),
        (0.5, "exactly at the cut-off for decline, which leaves it to a person"),
        (0.6, "10 percentage points beyond the cut-off for decline"),
    ],
)
def test_a_distance_is_said_in_percentage_points(probability: float, words: str) -> None:
    assert words in distance(probability, 0.29, 0.5)


def test_a_score_beyond_the_cutoff_never_reads_like_the_cutoff() -> None:
    assert "score is 29.1\N{NO-BREAK SPACE}%" in odds(0.291, 0.29, 0.5)
    told = (band(0.291, 0.29, 0.5), band(0.18, 0.29, 0.5))
    assert told == ("29.1\N{NO-BREAK SPACE}%", "18\N{NO-BREAK SPACE}%")
    assert (band(None), odds(None)) == ("no score", "There is no score for this application.")


def test_a_count_of_a_hundred_is_told_only_where_loans_bore_it_out() -> None:
    bundle = describe(sample_bundles() / "german-credit")
    held = next(found for found in bundle.calibrated if found.holds)
    told = odds(held.expected, 0.29, 0.5, bundle=bundle)
    assert f" of 100 to {bundle.outcome_spec.in_words}." in told
    assert f"Among {held.loans} loans" in told
    assert f"{held.observed * 100:.0f} of 100 (95 %" in told
    beyond = odds(bundle.calibrated[-1].high + 0.001, 0.29, 0.5, bundle=bundle)
    assert "of 100 to" not in beyond
    assert OUTSIDE in beyond
    bundle.calibrated = (held._replace(observed=0.99, interval=(0.95, 1.0)),)
    wrong = odds(held.expected, 0.29, 0.5, bundle=bundle)
    assert "of 100 to" not in wrong
    assert NOT_BORNE_OUT in wrong
    bundle.calibrated = ()
    bare = odds(held.expected, 0.29, 0.5, bundle=bundle)
    assert "of 100 to" not in bare
    assert NO_SAMPLE in bare
