"""The list of the desk: what its filters mean, and the page of cases they keep."""

from collections.abc import Mapping
from datetime import datetime

from decision_service.blindness import Blindness
from decision_service.case_rows import QUEUES, ROUTING_SHORT, queue_rows
from decision_service.services import Services
from overrides.cases import OPEN_STATES
from overrides.reading import CaseFilter
from overrides.urgency import Urgency
from overrides.values import Actor, CaseStatus
from ui.ports import Refused
from ui.views import QueuePage

PAGE_ROWS = 25
TEXT_CHARS_MAX = 64
COUNTED_MAX = 1_000  # where cases have to be looked at one by one

ME, FREE, ASIDE, UPWARDS, CONTESTED = "me", "free", "aside", "upwards", "contested"


def wanted_cases(actor: Actor, filters: Mapping[str, str]) -> CaseFilter:
    """The filter that an address says; what it says and nobody knows is taken as not said.

    ``holder`` is ``me``, ``free``, ``aside`` (set aside), ``upwards`` (referred), ``contested``
    (the applicant appealed), or empty: then every case but those set aside. ``branch`` narrows only
    for whoever sees more than one.
    """
    status, holder = filters.get("status", ""), filters.get("holder", "")
    statuses = frozenset({CaseStatus(status)} if status in set(CaseStatus) else OPEN_STATES)
    awake = bool(statuses & OPEN_STATES)
    urgency = filters.get("urgency", "")
    reason = filters.get("reason", "")
    return CaseFilter(
        statuses=statuses,
        branch=actor.branch or _text(filters, "branch"),
        queue=_text(filters, "queue"),
        holder=actor.ref if holder == ME else None,
        free=holder == FREE,
        asleep=holder == ASIDE if awake and holder not in (ME, UPWARDS, CONTESTED) else None,
        referred=True if holder == UPWARDS else None,
        appealed=awake and holder == CONTESTED,
        urgency=Urgency(urgency) if awake and urgency in set(Urgency) else None,
        reason=reason if reason in ROUTING_SHORT else None,
        product=_text(filters, "product"),
    )


def queue_page(
    services: Services, actor: Actor, filters: Mapping[str, str], cursor: str, now: datetime
) -> QueuePage:
    """Cases of one state, the most urgent first, closed ones newest first."""
    wanted, cases = wanted_cases(actor, filters), services.cases
    try:
        found = cases.rows(wanted, now, cursor=cursor, limit=PAGE_ROWS)
    except ValueError:
        raise Refused(404, "Page not found", "Start again from the first page.") from None
    blindness = Blindness(services)
    hidden = blindness.hidden(actor, found.rows)
    rows, by_score = found.rows, wanted.reason is not None or wanted.queue is not None
    if by_score:  # to be on such a list says what the model makes of a case
        rows = tuple(row for row in rows if row.case_ref not in hidden)
    counts, total = cases.counts(branch=wanted.branch), len(rows)
    if cursor or found.next_cursor:
        total = cases.count(wanted, now, at_most=COUNTED_MAX)
    uncounted = by_score and blindness.possible(actor)
    by_row = wanted.reason is not None or wanted.product is not None
    return QueuePage(
        rows=queue_rows(services, rows, actor, now),
        total=len(rows) if uncounted else total,
        total_or_more=bool(found.next_cursor) if uncounted else by_row and total == COUNTED_MAX,
        next_cursor=found.next_cursor,
        as_of=now,
        counts={state.value: count for state, count in counts.items()},
        queues=QUEUES,
        reasons=tuple(ROUTING_SHORT.items()),
        branches=() if actor.branch else cases.branches(),
    )


def _text(filters: Mapping[str, str], name: str) -> str | None:
    """A filter that is a text of somebody's own; None where it is not given."""
    return filters.get(name, "").replace("\x00", "")[:TEXT_CHARS_MAX] or None
