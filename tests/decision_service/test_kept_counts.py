"""A report that takes long is shown as it was last counted, says so, and is counted anew beside."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pytest

from decision_service.errors import NotReady
from decision_service.kept_counts import (
    AT_ONCE_ENTRIES,
    AT_ONCE_SECONDS,
    FRESH_SECONDS,
    REST,
    KeptCounts,
)
from ui.views import BoardView

DAY = datetime(2026, 3, 1, tzinfo=UTC)
LONG = 4 * AT_ONCE_SECONDS


@dataclass
class Counter:
    """A report whose counting takes ``seconds``; its title says how often it was counted."""

    seconds: float = LONG
    now: float = 0.0
    made: int = 0
    begun: list[Callable[[], None]] = field(default_factory=list)

    def kept(self) -> KeptCounts:
        """Nothing counted yet; both its clocks are this one's."""
        clock = partial(getattr, self, "now")
        return KeptCounts(
            begin=self.begun.append, monotonic=clock, processor=clock, first_wait_s=0.0
        )

    def count(self) -> BoardView:
        """Count, which takes its time."""
        self.made += 1
        self.now += self.seconds
        return BoardView(
            bundle=f"count {self.made}", bundles=(), as_of=DAY, simulated=False, sections=()
        )

    def look(self, counts: KeptCounts, size: int, name: str = "board") -> tuple[str, int]:
        """What is shown: which count, and how many entries it does not hold."""
        view = counts.view(name, "credit", size, self.count)
        return view.bundle, view.later_entries


def test_a_quick_report_is_counted_for_each_look() -> None:
    counter = Counter(seconds=AT_ONCE_SECONDS)
    counts = counter.kept()
    assert [counter.look(counts, size) for size in (5, 6, 6)] == [
        ("count 1", 0),
        ("count 2", 0),
        ("count 3", 0),
    ]
    assert counter.begun == []


def test_after_very_many_entries_nobody_waits_for_a_report_that_was_quick() -> None:
    counter = Counter(seconds=AT_ONCE_SECONDS)
    counts = counter.kept()
    counter.look(counts, 5)
    counter.now += REST * LONG
    later = AT_ONCE_ENTRIES + 1
    assert counter.look(counts, 5 + later) == ("count 1", later)
    assert len(counter.begun) == 1


def test_a_long_one_is_shown_as_last_counted_with_what_came_later_and_counted_anew_once() -> None:
    counter = Counter()
    counts = counter.kept()
    assert counter.look(counts, 5) == ("count 1", 0)
    counter.now += REST * LONG
    assert counter.look(counts, 8) == ("count 1", 3)
    assert counter.look(counts, 9) == ("count 1", 4)
    (work,) = counter.begun
    work()
    assert counter.look(counts, 9) == ("count 2", 1), "it was begun at 8 entries"


def test_counting_takes_a_tenth_of_the_time_at_most_once_every_case_was_read() -> None:
    counter = Counter()
    counts = counter.kept()
    counter.look(counts, 5)
    counter.look(counts, 6)
    counter.begun.pop()()
    counter.now += REST * LONG - 0.1
    assert counter.look(counts, 7) == ("count 2", 1)
    assert counter.begun == []
    counter.now += 0.2
    counter.look(counts, 7)
    assert len(counter.begun) == 1


def test_without_later_entries_only_age_asks_for_another_count() -> None:
    counter = Counter()
    counts = counter.kept()
    counter.look(counts, 5)
    counter.now += FRESH_SECONDS - 1
    counter.look(counts, 5)
    assert counter.begun == []
    counter.now += 1
    counter.look(counts, 5)
    assert len(counter.begun) == 1


def test_each_report_and_bundle_is_kept_for_itself() -> None:
    counter = Counter()
    counts = counter.kept()
    assert counter.look(counts, 5) == ("count 1", 0)
    assert counter.look(counts, 5, "overrides") == ("count 2", 0)


def test_a_count_that_fails_leaves_the_last_one_and_may_begin_again() -> None:
    counter = Counter()
    counts = counter.kept()
    counter.look(counts, 5)
    counter.now += REST * LONG

    def broken() -> BoardView:
        raise OSError

    assert counts.view("board", "credit", 6, broken).bundle == "count 1"
    counter.begun.pop()()
    assert counter.look(counts, 6) == ("count 1", 1)
    assert len(counter.begun) == 1


def test_a_first_count_that_fails_is_its_lookers_error_and_nothing_is_kept() -> None:
    counter = Counter()
    counts = counter.kept()

    def broken() -> BoardView:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 (the class is all of it)
        counts.view("board", "credit", 5, broken)
    assert counter.look(counts, 5) == ("count 1", 0)


def test_whoever_looks_during_a_long_first_count_is_told_so() -> None:
    counter = Counter()
    counts = counter.kept()

    def looked_at_meanwhile() -> BoardView:
        with pytest.raises(NotReady, match="counted for the first time"):
            counter.look(counts, 5)
        return counter.count()

    assert counts.view("board", "credit", 5, looked_at_meanwhile).bundle == "count 1"
