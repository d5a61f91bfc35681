"""Lots are handed to several workers, and what they came to is written down one at a time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

import pytest

from tests.evidence import working
from tests.evidence.lots import Lot, Part, Tally
from tests.evidence.results import Found, LotDone

LOTS, JOBS = 40, 4


def nothing(_: Lot) -> Tally:
    """What a lot does where its worker only pretends."""
    raise AssertionError


PRETENDED = Part("pretended", "nothing", "units", nothing, LOTS, LOTS, 1, 1, 1.0)


@contextmanager
def at_once(*_: object) -> Iterator[Callable[[int, int], LotDone]]:
    """A worker that needs no time."""
    yield lambda number, units: LotDone(number, units, units, 0.0)


def test_whoever_watches_is_told_one_thing_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "worker", at_once)
    writing, told = Lock(), []

    def watch(found: Found) -> None:
        assert writing.acquire(blocking=False), "two write the same file at once"
        time.sleep(0.002)
        told.append(found.units)
        writing.release()

    found = working.work(PRETENDED, Found("pretended", 1, ""), LOTS, jobs=JOBS, watch=watch)
    assert found.units >= LOTS
    assert told == sorted(told)
    assert told[-1] == found.units
