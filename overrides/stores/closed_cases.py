"""Closed cases at a cut: where each lies in the ledger, and what a set's design needs of it."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, select

from overrides.cases import OPEN_STATES
from overrides.feedback_book import Place
from overrides.feedback_design import ScoredCase
from overrides.instants import instant_text
from overrides.stores.case_facts import STREAMED, standing_query
from overrides.stores.case_rows import stored_instant
from overrides.stores.case_tables import ACTS, DECISIONS, FILES
from overrides.values import Decision

_OPEN = sorted(status.value for status in OPEN_STATES)


def scored_cases(
    connection: Connection, log: str, as_of: datetime, *, bundle: str | None = None
) -> Iterator[ScoredCase]:
    """Every case closed by ``as_of``, in any order."""
    query = standing_query(log, as_of, bundle).where(ACTS.c.status.not_in(_OPEN))
    wanted = query.with_only_columns(
        FILES.c.bundle,
        DECISIONS.c.recommendation,
        DECISIONS.c.probability,
        ACTS.c.final,
        ACTS.c.closed_at,
        maintain_column_froms=True,
    ).where(ACTS.c.closed_at.is_not(None))
    rows = connection.execute(wanted, execution_options=STREAMED)
    for name, recommendation, probability, final, closed_at in rows:
        approved = None if final is None else final == Decision.APPROVE
        at = stored_instant(closed_at)
        yield ScoredCase(name, recommendation, probability, approved, at)


def closed_places(
    connection: Connection, log: str, as_of: datetime, bundle: str | None
) -> list[Place]:
    """Of each closed case: the first act since it was last open, and its last; in order."""
    query = (
        select(ACTS.c.case_ref, ACTS.c.seq, ACTS.c.status)
        .where(ACTS.c.log == log, ACTS.c.at <= instant_text(as_of))
        .order_by(ACTS.c.seq)
    )
    if bundle is not None:
        query = query.join(FILES, FILES.c.case_ref == ACTS.c.case_ref)
        query = query.where(FILES.c.bundle == bundle)
    places: dict[str, Place] = {}
    for case_ref, seq, status in connection.execute(query, execution_options=STREAMED):
        if status in OPEN_STATES:
            places.pop(case_ref, None)
        else:
            places[case_ref] = (places[case_ref][0] if case_ref in places else seq, seq)
    return sorted(places.values())
