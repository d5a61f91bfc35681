"""Reading the cases from their tables, on SQLite and PostgreSQL."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select

from overrides.feedback_book import Place
from overrides.feedback_design import ScoredCase
from overrides.feedback_made import FeedbackExportRow
from overrides.first_views import StatedView
from overrides.instants import instant_text, parse_instant
from overrides.reading import (
    ActRow,
    BoardFact,
    CaseFile,
    CaseFilter,
    CaseRow,
    ChangeRow,
    DecisionRow,
    FeedbackFact,
    OutcomeRow,
    RowPage,
)
from overrides.stores.case_changes import changes
from overrides.stores.case_facts import board_facts, facts_of, feedback_facts, touched
from overrides.stores.case_lists import (
    counted,
    cursor_of,
    held_query,
    narrowed,
    page_limit,
    page_rows,
    search_query,
)
from overrides.stores.case_rows import (
    act_row,
    case_row,
    decision_row,
    event_in,
    export_row,
    outcome_row,
)
from overrides.stores.case_state import as_case
from overrides.stores.case_tables import ACTS, COUNTS, DECISIONS, EXPORTS, FILES, OUTCOMES
from overrides.stores.closed_cases import closed_places, scored_cases
from overrides.stores.engine import reading
from overrides.stores.first_views import first_views
from overrides.stores.list_order import list_order
from overrides.stores.questions import surprises
from overrides.stores.reading import EVENTS
from overrides.surprises import Surprises
from overrides.values import CaseStatus, Decision

APPLICATION_KEYS_MAX = 500

_BODIES_OF_DECISIONS = select(EVENTS.c.body).join(
    DECISIONS, (DECISIONS.c.log == EVENTS.c.log) & (DECISIONS.c.seq == EVENTS.c.seq)
)
_ACTS = select(ACTS, EVENTS.c.body).join(
    EVENTS, (ACTS.c.log == EVENTS.c.log) & (ACTS.c.seq == EVENTS.c.seq)
)


class SqlCaseBook:
    """A ``FeedbackBook`` over one log of a database."""

    def __init__(self, engine: Engine, *, log: str) -> None:
        self._engine = engine
        self._log = log

    def case(self, case_ref: str) -> CaseFile | None:
        """One case whole."""
        with reading(self._engine) as connection:
            row = (
                connection.execute(select(FILES).where(FILES.c.case_ref == case_ref))
                .mappings()
                .first()
            )
            if row is None:
                return None
            decision = _decision(connection, row["decision_id"])
        if decision is None:
            return None
        proposed_at = json.loads(row["proposal"] or "{}").get("at")
        return CaseFile(
            case=as_case(row),
            row=case_row(row),
            decision=decision,
            proposed_at=parse_instant(proposed_at) if proposed_at else None,
        )

    def rows(
        self, wanted: CaseFilter, now: datetime, *, cursor: str = "", limit: int = 50
    ) -> RowPage:
        """A page of cases; ``ValueError`` for a cursor that no page gave."""
        with reading(self._engine) as connection:
            rows, following = page_rows(connection, wanted, now, cursor, limit)
        return RowPage(rows=tuple(case_row(row) for row in rows), next_cursor=following)

    def search(
        self, prefix: str, *, branch: str | None = None, cursor: str = "", limit: int = 50
    ) -> RowPage:
        """Cases whose reference or branch begins so, newest first."""
        with reading(self._engine) as connection:
            known = connection.execute(select(COUNTS.c.branch).distinct()).scalars()
            branches = sorted(name for name in known if name.startswith(prefix))
        query = search_query(prefix, branch, branches, cursor, limit)
        return self._page(query, limit, ("case_ref",))

    def count(self, wanted: CaseFilter, now: datetime, *, at_most: int | None = None) -> int:
        """How many cases the filter keeps; rows looked at one by one only up to ``at_most``."""
        with reading(self._engine) as connection:
            return int(connection.execute(counted(wanted, now, at_most)).scalar_one())

    def counts(
        self, *, branch: str | None = None, bundle: str | None = None
    ) -> Mapping[CaseStatus, int]:
        """How many cases stand in each state, every state named."""
        query = select(COUNTS.c.status, func.sum(COUNTS.c.cases)).group_by(COUNTS.c.status)
        found = dict.fromkeys(CaseStatus, 0)
        with reading(self._engine) as connection:
            for status, cases in connection.execute(narrowed(query, branch, bundle)):
                found[CaseStatus(status)] = int(cases)
        return found

    def branches(self) -> tuple[str, ...]:
        """Names of the branches that have cases, in order."""
        with reading(self._engine) as connection:
            known = connection.execute(select(COUNTS.c.branch).distinct()).scalars()
            return tuple(sorted(name for name in known if name))

    def applications(self, keys: Sequence[str]) -> tuple[CaseRow, ...]:
        """Cases of these application keys (one per bundle)."""
        if len(keys) > APPLICATION_KEYS_MAX:
            msg = f"{len(keys)} applications at once, {APPLICATION_KEYS_MAX} are allowed"
            raise ValueError(msg)
        query = select(FILES).where(FILES.c.application_key.in_(list(keys)))
        return self._case_rows(query.order_by(FILES.c.opened_at, FILES.c.case_ref))

    def by_application(self, keys: Sequence[str]) -> dict[str, CaseRow]:
        """The same by key; a key without a case is absent."""
        rows = {row.case_ref: row for row in self.applications(keys)}
        query = select(FILES.c.application_key, FILES.c.case_ref)
        query = query.where(FILES.c.application_key.in_(list(keys)))
        with reading(self._engine) as connection:
            found = connection.execute(query).all()
        return {key: rows[case_ref] for key, case_ref in found if case_ref in rows}

    def acts(self, case_ref: str) -> tuple[ActRow, ...]:
        """Every event of a case in ledger order, outcomes left out."""
        query = _ACTS.where(ACTS.c.case_ref == case_ref).order_by(ACTS.c.seq)
        with reading(self._engine) as connection:
            return tuple(
                act_row(row, event_in(row["body"])) for row in connection.execute(query).mappings()
            )

    def decisions(self, case_ref: str) -> tuple[DecisionRow, ...]:
        """Every decision made on a case, the first first."""
        query = _BODIES_OF_DECISIONS.where(DECISIONS.c.case_ref == case_ref)
        with reading(self._engine) as connection:
            bodies = connection.execute(query.order_by(DECISIONS.c.seq)).scalars().all()
        return tuple(decision_row(event_in(body)) for body in bodies)

    def decision(self, decision_id: str) -> DecisionRow | None:
        """One decision."""
        with reading(self._engine) as connection:
            return _decision(connection, decision_id)

    def linked(self, case_ref: str, *, limit: int = 20) -> tuple[CaseRow, ...]:
        """Other cases of the same applicant, newest first."""
        subject = select(FILES.c.subject).where(FILES.c.case_ref == case_ref).scalar_subquery()
        query = (
            select(FILES)
            .where(FILES.c.subject == subject, FILES.c.case_ref != case_ref)
            .order_by(FILES.c.opened_at.desc(), FILES.c.case_ref.desc())
            .limit(page_limit(limit))
        )
        return self._case_rows(query)

    def outcomes(self, case_ref: str) -> tuple[OutcomeRow, ...]:
        """Every observation of a case in ledger order, corrected ones too."""
        query = select(OUTCOMES).where(OUTCOMES.c.case_ref == case_ref).order_by(OUTCOMES.c.seq)
        with reading(self._engine) as connection:
            return tuple(outcome_row(row) for row in connection.execute(query).mappings())

    def approved(
        self, bundle: str, by: datetime, *, limit: int = 100
    ) -> tuple[tuple[CaseRow, tuple[OutcomeRow, ...]], ...]:
        """Cases of a bundle approved by then, the latest first, each with its observations."""
        decided = CaseStatus.DECIDED.value
        first = list_order({"status": decided, "closed_at": instant_text(by)})
        query = (
            select(FILES)
            .where(
                FILES.c.status == decided,
                FILES.c.list_order >= first,
                FILES.c.bundle == bundle,
                FILES.c.final == Decision.APPROVE.value,
            )
            .order_by(FILES.c.list_order, FILES.c.case_ref)
            .limit(page_limit(limit))
        )
        rows = self._case_rows(query)
        seen: dict[str, list[OutcomeRow]] = {row.case_ref: [] for row in rows}
        observed = select(OUTCOMES).where(OUTCOMES.c.case_ref.in_(seen)).order_by(OUTCOMES.c.seq)
        with reading(self._engine) as connection:
            for row in connection.execute(observed).mappings():
                seen[row["case_ref"]].append(outcome_row(row))
        return tuple((row, tuple(seen[row.case_ref])) for row in rows)

    def held(
        self, now: datetime, *, branch: str | None = None, limit: int = 200
    ) -> tuple[CaseRow, ...]:
        """Cases with a running lease, those of one holder together, most urgent target first."""
        return self._case_rows(held_query(branch, now, limit))

    def claims_of(self, person: str) -> tuple[str, ...]:
        """References of the cases whose last claim is this person's and was not given back."""
        query = select(FILES.c.case_ref).where(FILES.c.claim_person == person)
        with reading(self._engine) as connection:
            return tuple(connection.execute(query.order_by(FILES.c.case_ref)).scalars())

    def changes(self, after: int, *, limit: int = 100) -> tuple[ChangeRow, ...]:
        """What changed in the ledger after this place, in order.

        Leases are no change, and neither are a decision that was undone, the act that came to it
        and its undoing.
        """
        with reading(self._engine) as connection:
            return changes(connection, self._log, after, page_limit(limit))

    def board_facts(
        self, as_of: datetime, *, bundle: str | None = None, since: datetime | None = None
    ) -> Iterator[BoardFact]:
        """Every case opened by ``as_of`` (and from ``since`` on), as it stood then."""
        with reading(self._engine) as connection:
            yield from board_facts(connection, self._log, as_of, bundle=bundle, since=since)

    def facts_of(self, cases: Sequence[str], as_of: datetime, bundle: str) -> Iterator[BoardFact]:
        """The same of those of these cases that are of a bundle."""
        with reading(self._engine) as connection:
            yield from facts_of(connection, self._log, as_of, cases, bundle)

    def touched(self, after: int, to: int) -> frozenset[str]:
        """Cases that entries from the place ``after`` up to and without ``to`` are about."""
        with reading(self._engine) as connection:
            return touched(connection, self._log, after, to)

    def closed_places(self, as_of: datetime, *, bundle: str | None = None) -> list[Place]:
        """Every case closed by ``as_of``, in the order of closing; the same cut, the same cases."""
        with reading(self._engine) as connection:
            return closed_places(connection, self._log, as_of, bundle)

    def feedback_facts(
        self, as_of: datetime, *, bundle: str | None = None, places: Sequence[Place] | None = None
    ) -> Iterator[FeedbackFact]:
        """What is known of them by then, in that order; of those at some places where given."""
        with reading(self._engine) as connection:
            if places is None:
                places = closed_places(connection, self._log, as_of, bundle)
            yield from feedback_facts(connection, self._log, as_of, places)

    def scored_cases(self, as_of: datetime, *, bundle: str | None = None) -> Iterator[ScoredCase]:
        """The same cases in any order, with what is needed of all of them at once."""
        with reading(self._engine) as connection:
            yield from scored_cases(connection, self._log, as_of, bundle=bundle)

    def surprises(self, bundle: str, *, limit: int = 2000) -> Surprises:
        """How often each reason surprised people, of the latest times reasons were shown."""
        with reading(self._engine) as connection:
            return surprises(connection, self._log, bundle, limit)

    def first_views(
        self, bundle: str, as_of: datetime, *, limit: int = 2000
    ) -> tuple[StatedView, ...]:
        """The latest first views on cases of a bundle by then, the newest first."""
        with reading(self._engine) as connection:
            return first_views(connection, self._log, bundle, as_of, limit)

    def feedback_exports(
        self, *, bundle: str | None = None, limit: int = 50
    ) -> tuple[FeedbackExportRow, ...]:
        """Feedback sets made so far, newest first."""
        query = select(EXPORTS).where(EXPORTS.c.log == self._log)
        if bundle is not None:
            query = query.where(EXPORTS.c.bundle == bundle)
        query = query.order_by(EXPORTS.c.seq.desc()).limit(page_limit(limit))
        with reading(self._engine) as connection:
            return tuple(export_row(row) for row in connection.execute(query).mappings())

    def _page(self, query: Select[Any], limit: int, keys: Sequence[str]) -> RowPage:
        """The rows of a query for one more than a page holds; ``keys`` make the cursor."""
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        cursor = ""
        if len(rows) > limit:
            rows = rows[:limit]
            cursor = cursor_of(*(rows[-1][key] for key in keys))
        return RowPage(rows=tuple(case_row(row) for row in rows), next_cursor=cursor)

    def _case_rows(self, query: Select[Any]) -> tuple[CaseRow, ...]:
        """Rows of a short list."""
        with reading(self._engine) as connection:
            return tuple(case_row(row) for row in connection.execute(query).mappings())


def _decision(connection: Connection, decision_id: str) -> DecisionRow | None:
    """One decision, from its entry in the ledger."""
    query = _BODIES_OF_DECISIONS.where(DECISIONS.c.decision_id == decision_id)
    body = connection.execute(query).scalars().first()
    return None if body is None else decision_row(event_in(body))
