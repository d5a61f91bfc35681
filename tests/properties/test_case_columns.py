"""What is counted from columns is what counting the cases one by one gives, and stays so."""

import tempfile
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision_service.board_counts import board_of, override_rates, turnaround
from decision_service.case_columns import CaseColumns
from decision_service.kept_cases import KeptCases
from decision_service.override_ground import HIGH, LOW, books_of
from decision_service.oversight_counts import (
    advised_by_people,
    by_month_end,
    by_queue,
    by_time_left,
)
from overrides import metrics, statistics
from overrides.analysis.oversight import advised
from overrides.analysis.verdicts import Loan, Terms, expected_of, value_of
from overrides.analysis.vintages import vintage_curve
from overrides.appeals import AppealResult
from overrides.errors import ActError, CaseError, OutcomeRefused
from overrides.labels import Ending, Observation, OutcomeDefinition
from overrides.reading import BoardFact
from overrides.statistics import Share, quantile
from overrides.stores.ledger_book import SqlLedgerBook
from overrides.taking_back import (
    Ended,
    ReopeningForm,
    ReopeningReason,
    decide_reopening,
    decide_undo,
)
from overrides.values import CaseStatus, Decision, Money, OutcomeKind, Recommendation
from tests.overrides.case_house import LOG, House, house_at
from tests.overrides.samples import MANAGER
from tests.overrides.test_metrics import AS_OF, DEFINITION, OPENED
from tests.properties.test_case_tables import PEOPLE, Step, acts, play

TERMS = Terms(0.1, 0.5)
BUNDLE = "german-credit"
DAYS = st.integers(0, 900).map(lambda days: timedelta(days=days))


@st.composite
def facts(draw: st.DrawFn, number: int = 0) -> BoardFact:
    """Any case, likely or not."""
    opened = (
        OPENED
        - timedelta(days=400)
        + draw(DAYS)
        + draw(st.sampled_from([timedelta(0), timedelta(hours=7)]))
    )
    status = draw(st.sampled_from([CaseStatus.DECIDED] * 6 + list(CaseStatus)))
    decision = draw(st.sampled_from(list(Decision))) if status is CaseStatus.DECIDED else None
    at = opened + timedelta(hours=draw(st.integers(0, 200)))
    is_open = status.value in {
        "in_review",
        "countered",
        "conflict",
        "incomplete",
    } or status.value.startswith("waiting")
    advice = draw(st.sampled_from(list(Recommendation)))
    side = {
        (Recommendation.DECLINE, Decision.APPROVE): LOW,
        (Recommendation.APPROVE, Decision.DECLINE): HIGH,
    }.get((advice, decision))  # type: ignore[arg-type] # None is in no pair
    seen = draw(
        st.lists(
            st.builds(
                Observation,
                kind=st.sampled_from(
                    [OutcomeKind.MAX_DAYS_PAST_DUE] * 4
                    + [
                        OutcomeKind.DISBURSED,
                        OutcomeKind.NOT_TAKEN,
                        OutcomeKind.WRITTEN_OFF,
                        OutcomeKind.FRAUD,
                        OutcomeKind.CLOSED_EARLY,
                    ]
                ),
                value=st.sampled_from(["0", "0", "40", "120"]),
                observed_at=DAYS.map(lambda days: at + days),
                months_on_book=st.sampled_from([None, 3, 12, 12, 13]),
                seq=st.integers(1, 9),
                account=st.sampled_from([0, 1, 2]),
            ),
            max_size=4,
        )
    )
    return BoardFact(
        case_ref=f"c{number}",
        bundle="b",
        branch=draw(st.sampled_from(["", "north", "south"])),
        amount=Money(draw(st.integers(0, 10**9)), draw(st.sampled_from(["EUR", "DEM"]))),
        recommendation=advice,
        probability=draw(st.sampled_from([None, 0.0, 0.1, 0.2, 0.31, 0.4, 0.77, 1.0])),
        reliable=draw(st.booleans()),
        opened_at=opened,
        received_at=draw(st.sampled_from([None, opened - timedelta(hours=3)])),
        completed_at=draw(st.sampled_from([None, opened - timedelta(hours=1)])),
        due_at=draw(st.sampled_from([None, *(opened + timedelta(hours=h) for h in (24, 90, 200))])),
        ending=Ending(
            status=status,
            decision=decision,
            at=None if is_open else at,
            random_accept=draw(st.booleans()),
        ),
        by_person=draw(st.booleans()),
        side=side,
        code=draw(st.sampled_from(["M01", "G03", ""])) if side else "",
        reviewer=draw(st.sampled_from(["", "p-1", "p-2"])),
        approver=draw(st.sampled_from(["", "p-1", "p-9"])),
        observations=tuple(seen),
        simulated=draw(st.booleans()),
        countered=draw(st.booleans()),
        corrected=draw(st.booleans()),
        appeal=draw(st.sampled_from(["", *AppealResult])),
    )


every_case = st.lists(facts(), max_size=40)


@settings(max_examples=30)
@given(every_case, st.sampled_from([1, 10_000]))
def test_each_number_is_that_of_the_plain_count(cases: list[BoardFact], cells_from: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statistics, "CELLS_FROM", cells_from)
        patch.setattr("decision_service.case_columns.CELLS_FROM", cells_from)
        columns = CaseColumns.of(cases, DEFINITION, AS_OF)
        assert board_of(columns) == metrics.board(cases, lambda _: DEFINITION, AS_OF)
        decided = [fact for fact in cases if fact.ending.decision is not None]
        rows = columns["decision"] > 0
        assert override_rates(columns, rows) == metrics.override_rates(decided)
        low = [fact for fact in decided if fact.side is LOW]
        assert turnaround(columns, rows & columns.against(LOW)) == metrics.turnaround(low, AS_OF)
        approved = [fact for fact in cases if fact.ending.decision is Decision.APPROVE]
        assert columns.curve(columns.approved()) == vintage_curve(approved, DEFINITION, AS_OF)
        check_books(columns, approved)


def check_books(columns: CaseColumns, approved: list[BoardFact]) -> None:
    """Matured approvals by how they came about, and what they brought."""
    matured = metrics.matured_approvals(approved, lambda _: DEFINITION, AS_OF)
    seen = [(fact, found.status == "OBSERVED_BAD") for fact, found in matured]
    own = [(fact, bad) for fact, bad in seen if not fact.ending.random_accept]
    books = books_of(columns)
    for places, plain in (
        (books.low, [pair for pair in own if pair[0].side is LOW and pair[0].code != "G03"]),
        (books.changed, [pair for pair in own if pair[0].side is LOW and pair[0].code == "G03"]),
        (books.chance, [pair for pair in seen if pair[0].ending.random_accept]),
    ):
        each = [(bad, fact.amount.minor, fact.amount.currency) for fact, bad in plain]
        assert columns.values(places, TERMS) == value_of(each, TERMS)
        loans = [Loan(fact.probability or 0.0, bad) for fact, bad in plain]
        assert columns.loans(places) == loans
        assert expected_of(columns.pool(places)) == expected_of(loans)


@settings(max_examples=30)
@given(every_case)
def test_rates_by_pressure_are_those_of_the_plain_count(cases: list[BoardFact]) -> None:
    columns = CaseColumns.of(cases, DEFINITION, AS_OF)
    looked = advised(cases)
    rows = advised_by_people(columns, columns["decision"] > 0)
    assert int(np.count_nonzero(rows)) == len(looked)
    assert by_time_left(columns, rows) == plain_rates(looked, time_left, LEFT)
    assert by_month_end(columns, rows) == plain_rates(looked, month_end, ENDS)
    assert by_queue(columns, rows) == plain_queues(looked, cases)


LEFT = [
    *("after it was due", "on the last day", "one to three days before"),
    *("more than three days before", "without a due date"),
]
ENDS = ["last 3 days of a month", "rest of the month"]


def time_left(fact: BoardFact) -> str:
    if fact.due_at is None or fact.ending.at is None:
        return LEFT[-1]
    left = fact.due_at - fact.ending.at
    return LEFT[sum(left >= timedelta(days=days) for days in (0, 1, 3))]


def month_end(fact: BoardFact) -> str:
    at = fact.ending.at
    assert at is not None
    return ENDS[at.day <= monthrange(at.year, at.month)[1] - 3]


def plain_rates(
    cases: Sequence[BoardFact], group: Callable[[BoardFact], str], order: Sequence[str]
) -> tuple[tuple[str, Share], ...]:
    of = Counter(map(group, cases))
    against = Counter(group(fact) for fact in cases if fact.side is not None)
    return tuple((name, Share(against[name], of[name])) for name in order)


def plain_queues(
    looked: Sequence[BoardFact], cases: Sequence[BoardFact]
) -> tuple[tuple[str, Share], ...]:
    """Each length counted over all cases of the branch."""
    lengths = {}
    for number, fact in enumerate(looked):
        at = fact.ending.at
        assert at is not None
        branch = [each for each in cases if each.branch == fact.branch]
        opened = sorted(each.opened_at for each in branch)
        closed = sorted(each.ending.at for each in branch if each.ending.at is not None)
        lengths[number] = bisect_right(opened, at) - bisect_left(closed, at)
    short, long = (quantile(list(lengths.values()), share) for share in (1 / 3, 2 / 3))
    if short is None or long is None:
        return ()
    words = [f"up to {short:.0f} open cases", f"more, up to {long:.0f}", f"more than {long:.0f}"]
    named = [words[(length > short) + (length > long)] for length in lengths.values()]
    of = Counter(named)
    against = Counter(
        word for word, fact in zip(named, looked, strict=True) if fact.side is not None
    )
    return tuple((word, Share(against[word], of[word])) for word in dict.fromkeys(words))


more = st.tuples(
    st.sampled_from(["reopen", "undo", "wait", "later", "ahead"]),
    st.integers(0, 30),
    st.sampled_from(PEOPLE),
    st.sampled_from(["approve", "decline"]),
    st.just(""),
)


def go_on(house: House, cases: list[str], step: Step) -> None:
    """One step more than a day at the desk has: ends taken back, time, and late news."""
    name, pick, actor, *_ = step
    if name == "wait":
        house.now += timedelta(days=30 * pick)
    if not cases or name == "wait":
        return
    ref = cases[pick % len(cases)]
    file, latest = house.book.case(ref), house.book.acts(ref)[-1]
    assert file is not None
    form = ReopeningForm(reason=ReopeningReason.ERROR_FOUND, note="It was the wrong applicant.")
    try:
        if name == "reopen":
            house.do(lambda _: decide_reopening(file.case, MANAGER, form, house.new_id))
        elif name == "undo":
            who = actor.ref  # type: ignore[attr-defined] # a step's third part is an actor
            ended = Ended(
                event_id=latest.event_id, version=file.case.version, person=who, proposal=None
            )
            house.do(lambda s: decide_undo(file.case, actor, ended, s.now, house.new_id))  # type: ignore[arg-type]
        else:
            at = house.now + timedelta(days=pick - 40 if name == "later" else pick)
            house.observe(ref, str(10 * pick), at=at, months=pick % 13 or None)
    except (CaseError, ActError, OutcomeRefused):
        return


@settings(max_examples=8)
@given(day=st.lists(acts | more, min_size=10, max_size=30))
def test_kept_columns_hold_what_reading_every_case_gives_however_the_history_goes(
    day: list[Step],
) -> None:
    definition = OutcomeDefinition(id="short", window_months=3)
    with (
        tempfile.TemporaryDirectory() as folder,
        house_at(f"sqlite:///{Path(folder) / 'day.sqlite3'}") as house,
    ):
        kept, cases = KeptCases(), [house.apply_for("approve", amount_minor=400_000)]
        ledger = SqlLedgerBook(house.engine, log=LOG, vault=house.vault)
        for number, step in enumerate(day):
            (go_on if step[0] in {"reopen", "undo", "wait", "later", "ahead"} else play)(
                house, cases, step
            )
            if number % 4 and number + 1 < len(day):
                continue
            with kept.now(BUNDLE, definition, house.book, ledger, house.now) as columns:
                fresh = CaseColumns.of(
                    house.book.board_facts(columns.as_of, bundle=BUNDLE), definition, columns.as_of
                )
                assert told(columns) == told(fresh)
                assert set(columns.refs) == set(cases)
                assert board_of(columns) == board_of(fresh)


def told(columns: CaseColumns) -> dict[str, object]:
    """Each case with all that is held of it, names in full."""
    named = {"code", "branch", "currency", "reviewer", "approver"}
    held = {
        name: columns.words(name, np.arange(len(columns)))
        if name in named
        else columns[name].tolist()
        for name in columns.of_each
    }
    return {
        ref: [repr(values[row]) for values in held.values()] for row, ref in enumerate(columns.refs)
    }
