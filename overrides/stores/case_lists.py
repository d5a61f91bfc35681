"""Queries for lists of cases: filters, orders, cursors. Never an OFFSET, always a limit.

A list has two stretches. Open cases whose law's limit is near come first, by that limit, from an
index of their own; all others follow by the text that ``standing.list_order`` made. What is near
is said once, on the first page, and goes along in the cursor, so that no case is lost or doubled
between two pages while time passes.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    func,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
)

from overrides.cases import OPEN_STATES
from overrides.instants import instant_text
from overrides.reading import PAGE_ROWS_MAX, CaseFilter
from overrides.stores.case_tables import COUNTS, FILES
from overrides.stores.list_order import OPEN
from overrides.urgency import LAW_NEAR, SOON, Urgency
from overrides.values import CaseStatus

_LAST_CHARACTER = "\U0010ffff"
_IS_OPEN = FILES.c.list_order < literal_column("'1'")  # as the partial index spells it
_NEAR, _OTHER = "1", "2"  # stretches of a list, in the order of the list
_STRETCHES = {_NEAR: FILES.c.limit_at, _OTHER: FILES.c.list_order}


def page_rows(
    connection: Connection, wanted: CaseFilter, now: datetime, cursor: str, limit: int
) -> tuple[list[RowMapping], str]:
    """Rows of one page, and where the next one begins: "" on the last page."""
    limit = page_limit(limit)
    near, begin = instant_text(now + LAW_NEAR), _NEAR
    here: tuple[str, ...] = ()
    if cursor:
        near, begin, *place = read_cursor(cursor, 4)
        here = tuple(place)
    found: list[tuple[str, RowMapping]] = []
    for name, column in _STRETCHES.items():
        if name < begin or len(found) > limit or _lacks(wanted, name):
            continue
        query = _stretch(wanted, now, near, name)
        order = _wide(column) if _is_small(wanted) else column
        if here:
            query = query.where(tuple_(order, FILES.c.case_ref) > here)
            here = ()
        query = query.order_by(order, FILES.c.case_ref).limit(limit + 1 - len(found))
        found += [(name, row) for row in connection.execute(query).mappings()]
    rows = [row for _, row in found[:limit]]
    if len(found) <= limit:
        return rows, ""
    name = found[limit - 1][0]
    return rows, cursor_of(near, name, rows[-1][_STRETCHES[name].name], rows[-1]["case_ref"])


def _lacks(wanted: CaseFilter, name: str) -> bool:
    """Whether no case of the stretch can be of the group of urgency that is wanted."""
    return wanted.urgency is not None and (wanted.urgency is Urgency.LAW) != (name == _NEAR)


def _stretch(wanted: CaseFilter, now: datetime, near: str, name: str) -> Select[Any]:
    """The rows of one stretch of a list, in no order yet."""
    small = _is_small(wanted)
    if name == _NEAR and small:
        limit = _wide(FILES.c.limit_at)
        return select(FILES).where(limit > "", limit <= near, *conditions(wanted, now, leads=True))
    if name == _NEAR:
        in_it = (_IS_OPEN, FILES.c.limit_at <= near)
        return select(FILES).where(*in_it, *conditions(wanted, now, leads=True))
    others = or_(FILES.c.limit_at.is_(None), FILES.c.limit_at > near, not_(_IS_OPEN))
    return select(FILES).where(others, *conditions(wanted, now, leads=small))


def _is_small(wanted: CaseFilter) -> bool:
    """Whether the filter keeps a few cases that have an index of their own, all of them open."""
    return wanted.asleep is True or wanted.referred is True or wanted.appealed


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


def held_query(branch: str | None, now: datetime, limit: int) -> Select[Any]:
    """Cases with a running lease, in the order of the index by holder."""
    query = select(FILES).where(
        FILES.c.claim_person > "", FILES.c.claim_until > instant_text(now), _IS_OPEN
    )
    if branch is not None:
        query = query.where(_wide(FILES.c.branch) == branch)
    order = (FILES.c.claim_person, FILES.c.list_order, FILES.c.case_ref)
    return query.order_by(*order).limit(page_limit(limit))


def conditions(
    wanted: CaseFilter, now: datetime, *, leads: bool = False
) -> list[ColumnElement[bool]]:
    """The filter as conditions on ``case_file``; ``leads``: another index serves the order."""
    found = [*_held(wanted, now), *_placed(wanted, leads=leads), *_pressing(wanted, now)]
    found += _away(wanted, now)
    if wanted.reason is not None:
        found.append(FILES.c.routing.contains(json.dumps(wanted.reason), autoescape=True))
    if wanted.product is not None:
        found.append(FILES.c.product == wanted.product)
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


def _away(wanted: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    """By whether the case is set aside now, and whether it was referred upwards."""
    found: list[ColumnElement[bool]] = []
    instant = instant_text(now)
    if wanted.asleep is True:
        found.append(FILES.c.asleep_until > instant)
    elif wanted.asleep is False:
        found.append(or_(FILES.c.asleep_until.is_(None), FILES.c.asleep_until <= instant))
    if wanted.referred is not None:
        upwards = FILES.c.referred.is_not(None)
        found.append(upwards if wanted.referred else not_(upwards))
    if wanted.appealed:
        found += [FILES.c.appeal.is_not(None), _wide(FILES.c.list_order) < literal_column("'1'")]
    return found


def _pressing(wanted: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    """By urgency: the same groups that ``Clocks.urgency`` tells apart."""
    if wanted.urgency is None:
        return []
    near = FILES.c.limit_at <= instant_text(now + LAW_NEAR)
    if wanted.urgency is Urgency.LAW:
        return [_IS_OPEN, near]
    rest = or_(FILES.c.limit_at.is_(None), not_(near))
    return [_IS_OPEN, rest, *_band(wanted.urgency, now, FILES.c.list_order)]


def _band(
    urgency: Urgency, now: datetime, order: ColumnElement[str]
) -> tuple[ColumnElement[bool], ...]:
    """The stretch of ``list_order`` that a group of urgency is, but for limits that are near."""
    at, soon = (OPEN + instant_text(when) for when in (now, now + SOON))
    if urgency is Urgency.LATE:
        return (order <= at,)
    return (order > at, order <= soon) if urgency is Urgency.SOON else (order > soon,)


def _placed(wanted: CaseFilter, *, leads: bool = False) -> list[ColumnElement[bool]]:
    """By state, branch, queue and bundle.

    An index serves one equality and then the order of the list. Where a narrower column leads,
    the wider ones are wrapped, so that no planner without statistics is tempted by their index.
    """
    other = leads
    leads = wanted.holder is not None or (wanted.queue is not None and wanted.branch is None)
    found: list[ColumnElement[bool]] = []
    statuses = wanted.statuses or OPEN_STATES
    if statuses <= OPEN_STATES and not _is_small(wanted):
        found.append(_IS_OPEN)
    if len(statuses) == 1:
        status = _wide(FILES.c.status) if leads or other else FILES.c.status
        found.append(status == next(iter(statuses)).value)
    elif statuses not in (OPEN_STATES, frozenset(CaseStatus)):
        found.append(_wide(FILES.c.status).in_(sorted(status.value for status in statuses)))
    if wanted.branch is not None:
        held = wanted.holder is not None
        branch = _wide(FILES.c.branch) if held or other else FILES.c.branch
        found.append(branch == wanted.branch)
    if wanted.queue is not None:
        narrow = leads and wanted.holder is None and not other
        queue = FILES.c.queue if narrow else _wide(FILES.c.queue)
        found.append(queue == wanted.queue)
    if wanted.bundle is not None:
        found.append(FILES.c.bundle == wanted.bundle)
    return found


def _wide(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column's value, out of reach of its indexes."""
    return func.coalesce(column, "")


def counted(wanted: CaseFilter, now: datetime, at_most: int | None = None) -> Select[Any]:
    """The number of cases: from the kept counts wherever they can tell.

    Where rows have to be looked at one by one, no more than ``at_most`` are counted.
    """
    by_row = (wanted.holder, wanted.open_to, wanted.reason, wanted.product)
    law = wanted.urgency is Urgency.LAW
    if any(given is not None for given in by_row) or law or _is_small(wanted):
        leads = law or _is_small(wanted)
        rows = select(FILES.c.case_ref).where(*conditions(wanted, now, leads=leads))
        return select(func.count()).select_from(rows.limit(at_most).subquery())
    if wanted.referred is False:
        everywhere = replace(wanted, referred=None)
        among = select(func.count()).where(*conditions(replace(wanted, referred=True), now))
        return select(_whole(everywhere, now) - among.scalar_subquery())
    return select(_whole(wanted, now))


def _whole(wanted: CaseFilter, now: datetime) -> ColumnElement[int]:
    """All cases of a place, without the few that are away or whose limit is near."""
    instant = instant_text(now)
    cases = _kept(wanted) if wanted.urgency is None else _in_band(wanted, now)
    # Whoever takes a case that was set aside wakes it, so no case is taken off twice.
    if wanted.free:
        held = and_(FILES.c.claim_person > "", FILES.c.claim_until > instant)
        cases = cases - _few(wanted, now, held)
    if wanted.asleep is False:
        cases = cases - _few(wanted, now, FILES.c.asleep_until > instant)
    return cases


def _kept(wanted: CaseFilter) -> ColumnElement[int]:
    """The kept count of a place."""
    statuses = sorted(status.value for status in wanted.statuses or OPEN_STATES)
    kept = select(func.coalesce(func.sum(COUNTS.c.cases), 0)).where(COUNTS.c.status.in_(statuses))
    kept = narrowed(kept, wanted.branch, wanted.bundle)
    if wanted.queue is not None:
        kept = kept.where(COUNTS.c.queue == wanted.queue)
    return kept.scalar_subquery()


def _in_band(wanted: CaseFilter, now: datetime) -> ColumnElement[int]:
    """Cases of a group of urgency: a stretch of an index, without those whose limit is near."""
    assert wanted.urgency is not None, "a group was named"
    band = _band(wanted.urgency, now, FILES.c.list_order)
    whole = select(func.count()).select_from(FILES).where(_IS_OPEN, *_placed(wanted), *band)
    near = FILES.c.limit_at <= instant_text(now + LAW_NEAR)
    placed = _placed(wanted, leads=True)
    wide = _band(wanted.urgency, now, _wide(FILES.c.list_order))
    law = select(func.count()).select_from(FILES).where(_IS_OPEN, near, *placed, *wide)
    return whole.scalar_subquery() - law.scalar_subquery()


def _few(wanted: CaseFilter, now: datetime, those: ColumnElement[bool]) -> ColumnElement[int]:
    """The number of the filter's cases among a few that have an index of their own."""
    placed = _placed(replace(wanted, holder="", asleep=True), leads=True)
    if wanted.urgency is not None:
        limit = _wide(FILES.c.limit_at)
        placed += _band(wanted.urgency, now, _wide(FILES.c.list_order))
        placed.append(or_(limit == "", limit > instant_text(now + LAW_NEAR)))
    return select(func.count()).select_from(FILES).where(those, *placed).scalar_subquery()


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
