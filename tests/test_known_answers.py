"""What others know to be true of the formats we share with them, one test each."""

import pytest

from tests.known_answers import CHECKS, Check, files_of, unaccounted
from tests.vectors import needs_vectors


@needs_vectors
@pytest.mark.parametrize("check", CHECKS, ids=[check.what for check in CHECKS])
def test_our_answers_are_those_that_are_known(check: Check) -> None:
    assert files_of(check), "it is about no file"
    if check.run is not None:
        assert check.run() > 0
    else:
        assert check.why_not


@needs_vectors
def test_every_file_of_known_answers_is_checked_or_left_out_for_a_reason() -> None:
    assert unaccounted() == []
