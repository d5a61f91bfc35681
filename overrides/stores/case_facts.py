"""Facts for the shared numbers and for feedback sets: every case as it stood at a cut.

The cut is a place in the ledger: everything recorded by ``as_of`` counts and nothing later does,
so the same cut gives the same facts whenever it is asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, FromClause, Select, func, select

from overrides.appeals import ENDS, REOPENED, appeals_in, is_appeal
from overrides.cases import OPEN_STATES
from overrides.feedback_book import Place
from overrides.feedback_columns import AT_ONCE, HUMAN_ACTS
from overrides.instants import instant_text
from overrides.journal import Committed
from overrides.labels import Ending, Observation
from overrides.reading import ActRow, BoardFact, FeedbackFact
from overrides.stores.case_rows import (
    act_row,
    decision_or_none,
    decision_row,
    event_in,
    instant_or_none,
    side_or_none,
    stored_instant,
)
from overrides.stores.case_state import Row
from overrides.stores.case_tables import ACTS, DECISIONS, FILES, OUTCOMES
from overrides.stores.reading import EVENTS
from overrides.values import CaseStatus, Money, OutcomeKind, Recommendation

_BATCH = AT_ONCE
STREAMED = {"yield_per": 10_000}
_NOTHING: tuple[str, tuple[Observation, ...]] = ("\U0010ffff", ())  # behind every reference
_OBSERVATION_COLUMNS = (
    *("case_ref", "kind", "value", "observed_at", "months_on_book", "seq"),
    "account",
)
_OPEN = sorted(status.value for status in OPEN_STATES)
_ACT_COLUMNS = (
    *("seq", "status", "final", "side", "code", "by_person", "reviewer", "approver"),
    *("closed_at", "decision_id", "case_ref"),
)
_DECISION_COLUMNS = (
    *("recommendation", "probability", "reliable", "amount_minor", "currency", "branch"),
    *("received_at", "completed_at", "due_at", "random_accept"),
)


def board_facts(
    connection: Connection,
    log: str,
    as_of: datetime,
    *,
    bundle: str | None = None,
    since: datetime | None = None,
) -> Iterator[BoardFact]:
    """Every case opened by ``as_of``, by its reference."""
    query = standing_query(log, as_of, bundle)
    if since is not None:
        query = query.where(FILES.c.opened_at >= instant_text(since))
    yield from _facts(connection, log, as_of, query)


def facts_of(
    connection: Connection, log: str, as_of: datetime, refs: Sequence[str], bundle: str
) -> Iterator[BoardFact]:
    """The same of these cases, whatever others there are, by their reference."""
    ordered = sorted(refs)
    for start in range(0, len(ordered), _BATCH):
        some = ordered[start : start + _BATCH]
        yield from _facts(connection, log, as_of, standing_query(log, as_of, bundle, some), some)


def touched(connection: Connection, log: str, after: int, to: int) -> frozenset[str]:
    """Cases that entries from the place ``after`` up to and without ``to`` are about."""
    found: set[str] = set()
    for table in (ACTS, OUTCOMES):
        query = select(table.c.case_ref).where(
            table.c.log == log, table.c.seq >= after, table.c.seq < to
        )
        found.update(connection.execute(query.distinct()).scalars())
    return frozenset(found)


def _facts(
    connection: Connection,
    log: str,
    as_of: datetime,
    query: Select[Any],
    refs: Sequence[str] | None = None,
) -> Iterator[BoardFact]:
    """What a query over standing cases found, with what the books said of each."""
    observed = _observations(connection, log, as_of, refs)
    changed = _changed(connection, log, as_of, refs)
    contested = _contested(connection, log, as_of, changed)
    ref, seen = next(observed, _NOTHING)
    rows = connection.execute(query.order_by(ACTS.c.case_ref), execution_options=STREAMED)
    for row in rows.mappings():  # both come in the order of references
        while ref < row["case_ref"]:
            ref, seen = next(observed, _NOTHING)
        fact = _fact(row, seen if ref == row["case_ref"] else ())
        countered = ("counter_offered", row["case_ref"], row["decision_id"]) in changed
        corrected = ("input_corrected", row["case_ref"], "") in changed
        appeal = contested.get(row["case_ref"], "")
        if countered or corrected or appeal:
            fact = replace(fact, countered=countered, corrected=corrected, appeal=appeal)
        yield fact


def feedback_facts(
    connection: Connection, log: str, as_of: datetime, closed: Sequence[Place]
) -> Iterator[FeedbackFact]:
    """The closed cases at these places, with decision and acts of each, read some at a time."""
    for start in range(0, len(closed), _BATCH):
        places = {last: first for first, last in closed[start : start + _BATCH]}
        query = _named(None).where(ACTS.c.log == log, ACTS.c.seq.in_(list(places)))
        rows = connection.execute(query).mappings().all()
        batch = sorted(rows, key=lambda row: places[row["seq"]])
        refs = [row["case_ref"] for row in batch]
        observed = dict(_observations(connection, log, as_of, refs))
        acts = _acts(connection, log, as_of, refs)
        entries = _entries(connection, log, [row["decision_seq"] for row in batch])
        for row in batch:
            body, leaf_hash = entries[row["decision_seq"]]
            event = event_in(body)
            yield FeedbackFact(
                fact=_fact(row, observed.get(row["case_ref"], ())),
                decision=decision_row(event),
                entry=Committed(event.seq, event.event_id, leaf_hash, event.commit),
                decided_seq=places[row["seq"]],
                acts=acts.get(row["case_ref"], ()),
            )


def standing_query(
    log: str, as_of: datetime, bundle: str | None, refs: Sequence[str] | None = None
) -> Select[Any]:
    """The last act on each case by ``as_of``, or on these, and the decision that stood then."""
    acts = select(func.max(ACTS.c.seq).label("seq")).where(
        ACTS.c.log == log, ACTS.c.at <= instant_text(as_of)
    )
    if refs is not None:
        acts = acts.where(ACTS.c.case_ref.in_(refs))
    last = acts.group_by(ACTS.c.case_ref).subquery()
    return _named(bundle, last.join(ACTS, (ACTS.c.seq == last.c.seq) & (ACTS.c.log == log)))


def _named(bundle: str | None, acts: FromClause = ACTS) -> Select[Any]:
    """Acts with their case and the decision that stood then."""
    query = select(
        *(ACTS.c[name] for name in _ACT_COLUMNS),
        *(DECISIONS.c[name] for name in _DECISION_COLUMNS),
        DECISIONS.c.seq.label("decision_seq"),
        FILES.c.bundle,
        FILES.c.opened_at,
        FILES.c.simulated,
    ).select_from(
        acts.join(DECISIONS, DECISIONS.c.decision_id == ACTS.c.decision_id).join(
            FILES, FILES.c.case_ref == ACTS.c.case_ref
        )
    )
    return query if bundle is None else query.where(FILES.c.bundle == bundle)


def _acts(
    connection: Connection, log: str, as_of: datetime, refs: Sequence[str]
) -> Mapping[str, tuple[ActRow, ...]]:
    """What people decided on each of these cases by ``as_of``, in order.

    Of a contested case with every end of it, whoever it was by.
    """
    acts = _acts_of(connection, log, as_of, refs, HUMAN_ACTS)
    contested = [ref for ref, some in acts.items() if any(is_appeal(act) for act in some)]
    if not contested:
        return acts
    return {**acts, **_acts_of(connection, log, as_of, contested, HUMAN_ACTS | ENDS)}


def _acts_of(
    connection: Connection,
    log: str,
    as_of: datetime,
    refs: Sequence[str],
    kinds: frozenset[str],
) -> dict[str, tuple[ActRow, ...]]:
    """Acts of these kinds on each of these cases by ``as_of``, in order."""
    query = (
        select(ACTS, EVENTS.c.body)
        .join(EVENTS, (ACTS.c.log == EVENTS.c.log) & (ACTS.c.seq == EVENTS.c.seq))
        .where(
            ACTS.c.log == log,
            ACTS.c.case_ref.in_(refs),
            ACTS.c.at <= instant_text(as_of),
            ACTS.c.type.in_(sorted(kinds)),
        )
        .order_by(ACTS.c.case_ref, ACTS.c.seq)
    )
    rows = connection.execute(query).mappings()
    return {
        case_ref: tuple(act_row(row, event_in(row["body"])) for row in group)
        for case_ref, group in groupby(rows, key=lambda row: str(row["case_ref"]))
    }


def _changed(
    connection: Connection, log: str, as_of: datetime, refs: Sequence[str] | None
) -> frozenset[tuple[str, str, str]]:
    """Offers with the decision they are of, corrected and reopened cases: kind, case, decision."""
    query = select(ACTS.c.type, ACTS.c.case_ref, ACTS.c.decision_id).where(
        ACTS.c.log == log,
        ACTS.c.at <= instant_text(as_of),
        ACTS.c.type.in_(("counter_offered", "input_corrected", REOPENED)),
    )
    if refs is not None:
        query = query.where(ACTS.c.case_ref.in_(refs))
    return frozenset(
        (kind, case_ref, decision_id if kind == "counter_offered" else "")
        for kind, case_ref, decision_id in connection.execute(query)
    )


def _contested(
    connection: Connection, log: str, as_of: datetime, changed: frozenset[tuple[str, str, str]]
) -> Mapping[str, str]:
    """What the latest appeal came to, of each case that an applicant contested."""
    found, reopened = {}, sorted({ref for kind, ref, _ in changed if kind == REOPENED})
    for start in range(0, len(reopened), _BATCH):
        some = reopened[start : start + _BATCH]
        for ref, acts in _acts_of(connection, log, as_of, some, ENDS | {REOPENED}).items():
            if appeals := appeals_in(acts):
                found[ref] = appeals[-1].result.value
    return found


def _observations(
    connection: Connection, log: str, as_of: datetime, refs: Sequence[str] | None = None
) -> Iterator[tuple[str, tuple[Observation, ...]]]:
    """What the books had said by ``as_of`` of each case, or of these, by reference."""
    query = (
        select(*(OUTCOMES.c[name] for name in _OBSERVATION_COLUMNS))
        .where(OUTCOMES.c.log == log, OUTCOMES.c.at <= instant_text(as_of))
        .order_by(OUTCOMES.c.case_ref, OUTCOMES.c.seq)
    )
    if refs is not None:
        query = query.where(OUTCOMES.c.case_ref.in_(refs))
    rows = connection.execute(query, execution_options=STREAMED)
    for case_ref, group in groupby(rows, key=itemgetter(0)):
        yield (
            case_ref,
            tuple(
                Observation(
                    kind=OutcomeKind(kind),
                    value=value,
                    observed_at=stored_instant(observed_at),
                    months_on_book=months,
                    seq=seq,
                    account=account,
                )
                for _, kind, value, observed_at, months, seq, account in group
            ),
        )


def _entries(
    connection: Connection, log: str, places: Sequence[int]
) -> Mapping[int, tuple[bytes, bytes]]:
    """Bytes and leaf hash of the entries at these places."""
    query = select(EVENTS.c.seq, EVENTS.c.body, EVENTS.c.leaf_hash).where(
        EVENTS.c.log == log, EVENTS.c.seq.in_(sorted(set(places)))
    )
    return {seq: (bytes(body), bytes(leaf)) for seq, body, leaf in connection.execute(query)}


def _fact(row: Row, observations: tuple[Observation, ...]) -> BoardFact:
    """One case as it stood after its last act."""
    probability = row["probability"]
    return BoardFact(
        case_ref=row["case_ref"],
        bundle=row["bundle"],
        branch=row["branch"],
        amount=Money(row["amount_minor"], row["currency"]),
        recommendation=Recommendation(row["recommendation"]),
        probability=None if probability is None else float(probability),
        reliable=bool(row["reliable"]),
        opened_at=stored_instant(row["opened_at"]),
        received_at=instant_or_none(row["received_at"]),
        completed_at=instant_or_none(row["completed_at"]),
        due_at=instant_or_none(row["due_at"]),
        ending=Ending(
            status=CaseStatus(row["status"]),
            decision=decision_or_none(row["final"]),
            at=instant_or_none(row["closed_at"]),
            random_accept=bool(row["random_accept"]),
        ),
        by_person=bool(row["by_person"]),
        side=side_or_none(row["side"]),
        code=row["code"],
        reviewer=row["reviewer"],
        approver=row["approver"],
        observations=observations,
        simulated=bool(row["simulated"]),
    )
