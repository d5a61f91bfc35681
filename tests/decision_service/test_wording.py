"""Chances and distances are said so that a reader can tell a score from its cut-off."""

import pytest

from decision_service.wording import band, distance, odds


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.18, "11 of 100 on the passing side of the cut-off for approval"),
        (0.29, "exactly at the cut-off for approval, which passes"),
        (0.291, "0.1 of 100 beyond the cut-off for approval and 21 of 100 short of decline"),
        (0.2900004, "0.00004 of 100 beyond the cut-off for approval"),
        (0.5, "exactly at the cut-off for decline, which leaves it to a person"),
        (0.6, "10 of 100 beyond the cut-off for decline"),
    ],
)
def test_a_distance_is_said_in_applications_of_a_hundred(probability: float, words: str) -> None:
    assert words in distance(probability, 0.29, 0.5)


def test_a_score_beyond_the_cutoff_never_reads_like_the_cutoff() -> None:
    assert "about 29.1 to go bad" in odds(0.291, 0.29, 0.5)
    assert (band(0.291, 0.29, 0.5), band(0.18, 0.29, 0.5)) == ("29.1 of 100", "18 of 100")
    assert (band(None), odds(None)) == ("no score", "There is no score for this application.")
