"""Letting counter-offers run out that the applicant did not answer in time."""

from collections.abc import Iterator
from functools import partial

from decision_service.access import HOST
from decision_service.in_turn import each_in_turn
from decision_service.services import Services
from overrides.acts import case_of
from overrides.countering import decide_lapse
from overrides.journal import Decided, Receipt, State
from overrides.reading import CaseFilter
from overrides.values import CaseStatus

FAILED = "an offer ran out, and its case could not be closed"
AT_ONCE = 100  # cases of one page


def let_offers_lapse(services: Services) -> tuple[str, ...]:
    """Expire every case whose offer ran out; references of those that did.

    A case that fails keeps no other from running out.
    """
    lapsed = []

    def lapse(case_ref: str) -> None:
        if _lapse(services, case_ref).entries:
            lapsed.append(case_ref)

    each_in_turn((FAILED, partial(lapse, ref)) for ref in _over(services))
    return tuple(lapsed)


def _over(services: Services) -> Iterator[str]:
    """Cases whose offer ran out, those first that ran out first, page by page."""
    wanted = CaseFilter(statuses=frozenset({CaseStatus.COUNTERED}))
    now, cursor = services.clock(), ""
    while True:
        page = services.cases.rows(wanted, now, cursor=cursor, limit=AT_ONCE)
        for row in page.rows:
            if row.clocks.limit is None or now < row.clocks.limit:
                return
            yield row.case_ref
        if not (cursor := page.next_cursor):
            return


def _lapse(services: Services, case_ref: str) -> Receipt:
    """Expire one case, unless its offer was answered meanwhile."""

    def decide(state: State) -> Decided:
        return decide_lapse(case_of(state, case_ref), HOST, state.now, services.new_id)

    return services.journal.submit(decide).result()
