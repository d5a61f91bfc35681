"""Queries for lists of cases: filters, orders, cursors. Never an OFFSET, always a limit."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select, tuple_

from overrides.cases import OPEN_STATES
from overrides.instants import instant_text
from overrides.reading import PAGE_ROWS_MAX, CaseFilter
from overrides.stores.case_tables import COUNTS, FILES
from overrides.stores.standing import CLOSED
from overrides.values import CaseStatus

_LAST_CHARACTER = "\U0010ffff"
_IS_OPEN = FILES.c.list_order < CLOSED


def page_query(wanted: CaseFilter, now: datetime, cursor: str, limit: int) -> Select[Any]:
    """Rows of one page and one more, which says whether there is another page."""
    query = select(FILES).where(*conditions(wanted, now))
    if cursor:
        here = tuple_(FILES.c.list_order, FILES.c.case_ref)
        query = query.where(here > read_cursor(cursor, 2))
    return query.order_by(FILES.c.list_order, FILES.c.case_ref).limit(page_limit(limit) + 1)


def search_query(
    prefix: str, branch: str | None, branches: Sequence[str], cursor: str, limit: int
) -> Select[Any]:
    """Cases whose reference begins so, or of one of these branches, newest reference first."""
    by_ref = and_(FILES.c.case_ref >= prefix, FILES.c.case_ref < prefix + _LAST_CHARACTER)
    found = or_(by_ref, FILES.c.branch.in_(branches)) if branches else by_ref
    query = select(FILES).where(found)
    if branch is not None:
        query = query.where(FILES.c.branch == branch)
    if cursor:
        query = query.where(FILES.c.case_ref < read_cursor(cursor, 1)[0])
    return query.order_by(FILES.c.case_ref.desc()).limit(page_limit(limit) + 1)


def conditions(wanted: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    """The filter as conditions on ``case_file``."""
    found = [*_held(wanted, now), *_placed(wanted)]
    if wanted.open_to is not None:
        found.append(
            or_(FILES.c.proposal_person.is_(None), FILES.c.proposal_person != wanted.open_to)
        )
        named = json.dumps(wanted.open_to)
        found.append(not_(FILES.c.excluded.contains(named, autoescape=True)))
    return found


def _held(wanted: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    """By whose lease runs."""
    instant = instant_text(now)
    if wanted.holder is not None:
        return [FILES.c.claim_person == wanted.holder, FILES.c.claim_until > instant]
    if wanted.free:
        return [or_(FILES.c.claim_until.is_(None), FILES.c.claim_until <= instant)]
    return []


def _placed(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    """By state, branch, queue and bundle.

    An index serves one equality and then the order of the list. Where a narrower column leads,
    the wider ones are wrapped, so that no planner without statistics is tempted by their index.
    """
    leads = wanted.holder is not None or (wanted.queue is not None and wanted.branch is None)
    found: list[ColumnElement[bool]] = []
    statuses = wanted.statuses or OPEN_STATES
    if statuses <= OPEN_STATES:
        found.append(_IS_OPEN)
    if len(statuses) == 1:
        status = _wide(FILES.c.status) if leads else FILES.c.status
        found.append(status == next(iter(statuses)).value)
    elif statuses not in (OPEN_STATES, frozenset(CaseStatus)):
        found.append(_wide(FILES.c.status).in_(sorted(status.value for status in statuses)))
    if wanted.branch is not None:
        branch = _wide(FILES.c.branch) if wanted.holder is not None else FILES.c.branch
        found.append(branch == wanted.branch)
    if wanted.queue is not None:
        queue = FILES.c.queue if leads and wanted.holder is None else _wide(FILES.c.queue)
        found.append(queue == wanted.queue)
    if wanted.bundle is not None:
        found.append(FILES.c.bundle == wanted.bundle)
    return found


def _wide(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column's value, out of reach of its indexes."""
    return func.coalesce(column, "")


def counted(wanted: CaseFilter, now: datetime) -> Select[Any]:
    """The number of cases: from the kept counts wherever they can tell."""
    if wanted.holder is not None or wanted.open_to is not None:
        return select(func.count()).select_from(FILES).where(*conditions(wanted, now))
    statuses = sorted(status.value for status in wanted.statuses or OPEN_STATES)
    kept = select(func.coalesce(func.sum(COUNTS.c.cases), 0)).where(COUNTS.c.status.in_(statuses))
    kept = narrowed(kept, wanted.branch, wanted.bundle)
    if wanted.queue is not None:
        kept = kept.where(COUNTS.c.queue == wanted.queue)
    if not wanted.free:
        return kept
    somebody = replace(wanted, free=False, holder="")
    held = (
        select(func.count())
        .select_from(FILES)
        .where(
            FILES.c.claim_person > "", FILES.c.claim_until > instant_text(now), *_placed(somebody)
        )
    )
    return select(kept.scalar_subquery() - held.scalar_subquery())


def narrowed(query: Select[Any], branch: str | None, bundle: str | None) -> Select[Any]:
    """The kept counts of one branch, one bundle, or both."""
    if branch is not None:
        query = query.where(COUNTS.c.branch == branch)
    if bundle is not None:
        query = query.where(COUNTS.c.bundle == bundle)
    return query


def page_limit(limit: int) -> int:
    """Rows on a page; ``ValueError`` for none or too many."""
    if not 0 < limit <= PAGE_ROWS_MAX:
        msg = f"a page has 1 to {PAGE_ROWS_MAX} rows, not {limit}"
        raise ValueError(msg)
    return limit


def cursor_of(*keys: str) -> str:
    """Where the next page begins, as text for an address."""
    return urlsafe_b64encode(json.dumps(keys).encode()).decode().rstrip("=")


def read_cursor(cursor: str, keys: int) -> tuple[str, ...]:
    """The keys in a cursor; ``ValueError`` for one that no page gave."""
    try:
        found = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (NotBase64, ValueError):
        found = None
    good = (
        isinstance(found, list)
        and len(found) == keys
        and all(isinstance(key, str) and "\0" not in key for key in found)
    )
    if not good:
        msg = "no page gave this cursor"
        raise ValueError(msg)
    return tuple(found)
