"""What is measured is what is named."""

from benchmarks.verifier import timed

BALLAST_BYTES = 200 << 20


def test_a_program_s_memory_is_measured_without_that_of_who_started_it() -> None:
    ballast = b"x" * BALLAST_BYTES
    seconds, megabytes, code = timed(["-c", "raise SystemExit(3)"])
    assert code == 3
    assert 0 < seconds < 30
    assert 1 < megabytes < len(ballast) / (1 << 20) / 2
