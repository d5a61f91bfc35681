"""A watch counts each month once, as declared beforehand, and says nothing its entries do not."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.analysis.sequential import Declared, monitored
from overrides.errors import NoAuthority
from overrides.journal import Decided
from overrides.values import Actor, Role
from overrides.watches import Cohort, Plan, Statistic, Watch, Watches, month_after
from overrides.watching import decide_look, decide_proposal, decide_watch
from overrides.watching_errors import WatchRuns, WatchUndeclarable
from tests.overrides.test_training import event_of

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
RISK = Actor("p-risk", "Lena", Role.RISK, "")
HOST = Actor("host", "host", Role.ADMIN, "")
NAME, SHA = "german-credit", "a" * 64
IDS = count()
LOANS = st.lists(st.tuples(st.floats(0.02, 0.9), st.booleans()), max_size=6)


def new_id() -> str:
    return f"w-{next(IDS)}"


def taken_in(watches: Watches, decided: Decided) -> Watches:
    """The register once the entries are recorded."""
    return watches.after(event_of(draft, NOW) for draft in decided.drafts)


def declared(plan: Plan | None = None, sha256: str = SHA, before: Watches | None = None) -> Watches:
    """A register with one more declaration."""
    known = before or Watches()
    return taken_in(
        known, decide_watch(known, RISK, (NAME, sha256), plan or Plan(), NOW, new_id, "why")
    )


def held(watches: Watches) -> Watch:
    """The watch in force."""
    found = watches.held(NAME)
    assert found is not None
    return found


def looked(watches: Watches, outcomes: Iterable[tuple[float, bool]]) -> Watches:
    """The register after the next month's look."""
    watch = held(watches)
    cohort = Cohort(watch.next_month, tuple(outcomes))
    return taken_in(watches, decide_look(watches, HOST, watch, cohort, new_id))


@given(st.lists(LOANS, min_size=1, max_size=5))
def test_looks_one_by_one_say_what_all_cohorts_together_say(
    cohorts: list[list[tuple[float, bool]]],
) -> None:
    watches = declared()
    for cohort in cohorts:
        watches = looked(watches, cohort)
    found = [look.e_value for look in held(watches).looks]
    assert found == pytest.approx(monitored(cohorts, Declared()), rel=1e-9)


@pytest.mark.parametrize("lag", [0, 1, 2, 13])
@pytest.mark.parametrize("now", [NOW, datetime(2026, 12, 31, 23, 59, tzinfo=UTC)])
def test_no_month_counts_that_had_closed_when_the_watch_was_declared(
    lag: int, now: datetime
) -> None:
    plan = Plan(lag_months=lag)
    first = plan.first(now)
    assert plan.closes(first) > now
    assert plan.closes(month_after(first, -1)) <= now


def test_a_month_is_looked_at_once_its_window_and_lag_have_passed_and_only_once() -> None:
    watches = declared()
    watch = held(watches)
    assert watch.due(NOW) == ()
    soon = watch.plan.closes(watch.first)
    assert watch.due(soon) == (watch.first,)
    later = watch.plan.closes(month_after(watch.first, 2))
    assert len(watch.due(later)) == 3
    again = decide_look(looked(watches, []), HOST, watch, Cohort(watch.first, ()), new_id)
    assert again.drafts == (), "another process was there first"


def test_a_version_is_watched_once_and_the_next_version_anew() -> None:
    watches = declared()
    with pytest.raises(WatchRuns):
        declared(Plan(odds=2.0), before=watches)
    watches = declared(sha256="b" * 64, before=looked(watches, [(0.1, True)]))
    assert held(watches).looks == ()


def test_who_neither_owns_nor_controls_a_model_declares_nothing() -> None:
    officer = replace(RISK, role=Role.DATA_SCIENTIST)
    with pytest.raises(NoAuthority):
        decide_watch(Watches(), officer, (NAME, SHA), Plan(), NOW, new_id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"odds": 1.0},
        {"odds": float("nan")},
        {"shock": -1.0},
        {"alarm": 0.06},
        {"alarm": 0.0},
        {"alarm": float("nan")},
        {"lag_months": 25},
        {"statistics": ()},
        {"statistics": (Statistic.CALIBRATION,) * 2},
    ],
)
def test_what_cannot_be_declared_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WatchUndeclarable):
        Plan(**wrong)


def test_retraining_is_proposed_once_and_only_after_an_alarm() -> None:
    made = ("c" * 64, "set-1", 40)
    quiet = looked(declared(), [(0.1, False)])
    assert decide_proposal(quiet, HOST, held(quiet), made, new_id).drafts == ()
    fired = looked(quiet, [(0.05, True)] * 30)
    alarm = held(fired).alarm
    assert alarm is not None
    proposed = decide_proposal(fired, HOST, held(fired), made, new_id)
    (draft,) = proposed.drafts
    assert draft.cause == (held(fired).event_id, alarm.event_id)
    after = taken_in(fired, proposed)
    proposal = held(after).proposal
    assert proposal is not None
    assert (proposal.manifest_sha256, proposal.folder, proposal.rows) == made
    assert decide_proposal(after, HOST, held(after), made, new_id).drafts == ()


def test_one_statistic_alone_is_watched_where_only_that_was_declared() -> None:
    plan = Plan(statistics=(Statistic.CALIBRATION,))
    (look,) = held(looked(declared(plan), [(0.1, True)])).looks
    assert set(look.sums) == {"calibration"}


def test_months_are_counted_over_the_end_of_a_year() -> None:
    assert month_after(date(2025, 12, 31), 1) == date(2026, 1, 1)
    assert month_after(date(2026, 1, 15), -13) == date(2024, 12, 1)
