"""Queries for lists of cases: filters, orders, cursors. Never an OFFSET, always a limit."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select, tuple_

from overrides.cases import OPEN_STATES
from overrides.instants import instant_text
from overrides.reading import PAGE_ROWS_MAX, CaseFilter, Order
from overrides.stores.case_tables import COUNTS, FILES

_SORT = {Order.URGENT: FILES.c.due_sort, Order.NEWEST: FILES.c.opened_at}
_LAST_CHARACTER = "\U0010ffff"


def page_query(wanted: CaseFilter, now: datetime, cursor: str, limit: int) -> Select[Any]:
    """Rows of one page and one more, which says whether there is another page."""
    sort = _SORT[wanted.order]
    query = select(FILES).where(*conditions(wanted, now))
    if cursor:
        place = read_cursor(cursor, 2)
        here = tuple_(sort, FILES.c.case_ref)
        query = query.where(here > place if wanted.order is Order.URGENT else here < place)
    keys = (sort, FILES.c.case_ref)
    order = keys if wanted.order is Order.URGENT else tuple(key.desc() for key in keys)
    return query.order_by(*order).limit(page_limit(limit) + 1)


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
    found = [_status_condition(wanted)]
    for column in ("bundle", "branch", "queue"):
        value = getattr(wanted, column)
        if value is not None:
            found.append(FILES.c[column] == value)
    instant = instant_text(now)
    if wanted.holder is not None:
        found.append(FILES.c.claim_person == wanted.holder)
        found.append(FILES.c.claim_until > instant)
    if wanted.free:
        found.append(or_(FILES.c.claim_until.is_(None), FILES.c.claim_until <= instant))
    if wanted.open_to is not None:
        found.append(
            or_(FILES.c.proposal_person.is_(None), FILES.c.proposal_person != wanted.open_to)
        )
        named = json.dumps(wanted.open_to)
        found.append(not_(FILES.c.excluded.contains(named, autoescape=True)))
    return found


def _status_condition(wanted: CaseFilter) -> ColumnElement[bool]:
    """One equality wherever it can be one: that is what the indexes begin with."""
    statuses = wanted.statuses or OPEN_STATES
    if statuses == OPEN_STATES:
        return FILES.c.is_open == True  # noqa: E712 - SQL
    if len(statuses) == 1:
        return FILES.c.status == next(iter(statuses)).value
    return FILES.c.status.in_(sorted(status.value for status in statuses))


def counted(wanted: CaseFilter) -> Select[Any] | None:
    """The number of cases from the kept counts, where the filter asks nothing else."""
    if wanted.queue is not None or wanted.holder is not None or wanted.open_to is not None:
        return None
    if wanted.free:
        return None
    statuses = sorted(status.value for status in wanted.statuses or OPEN_STATES)
    query = select(func.coalesce(func.sum(COUNTS.c.cases), 0))
    return narrowed(query.where(COUNTS.c.status.in_(statuses)), wanted.branch, wanted.bundle)


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
