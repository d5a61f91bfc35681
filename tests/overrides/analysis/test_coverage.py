"""Intervals hold a planted truth about as often as they say; the whole run is a benchmark."""

import math
from functools import partial

import pytest

from benchmarks.coverage import COVERAGE_MIN, Trial, coverage, cutoff, observed, officers, share


@pytest.mark.parametrize(
    ("trial", "replications"),
    [
        (partial(observed, of=40, middle=0.25, spread=0.6), 60),
        (share, 500),
        (cutoff, 60),
        (officers, 30),
    ],
)
def test_intervals_hold_the_planted_truth(trial: Trial, replications: int) -> None:
    held, width, of = coverage(trial, replications, seed=11)
    margin = 3 * math.sqrt(COVERAGE_MIN * (1 - COVERAGE_MIN) / of)
    assert held >= COVERAGE_MIN - margin
    assert width > 0
