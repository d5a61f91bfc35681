"""Letting counter-offers run out that the applicant did not answer in time."""

import logging

from decision_service.access import HOST
from decision_service.services import Services
from overrides.acts import case_of
from overrides.countering import decide_lapse
from overrides.journal import Decided, Receipt, State
from overrides.reading import CaseFilter
from overrides.values import CaseStatus

LOGGER = logging.getLogger(__name__)
AT_ONCE = 100  # cases of one look; the next look takes up the rest


def let_offers_lapse(services: Services) -> tuple[str, ...]:
    """Expire every case whose offer ran out; references of those that did.

    The list has those first that run out first, so a look ends with the first that still stands.
    A case that fails keeps no other from running out: it is logged, and what failed first is
    raised at the end.
    """
    first: Exception | None = None
    wanted = CaseFilter(statuses=frozenset({CaseStatus.COUNTERED}))
    lapsed = []
    for row in services.cases.rows(wanted, services.clock(), limit=AT_ONCE).rows:
        if row.clocks.limit is None or services.clock() < row.clocks.limit:
            break
        try:
            if _lapse(services, row.case_ref).entries:
                lapsed.append(row.case_ref)
        except Exception as failed:
            LOGGER.exception("the offer of case %s ran out and could not be closed", row.case_ref)
            first = first or failed
    if first is not None:
        raise first
    return tuple(lapsed)


def _lapse(services: Services, case_ref: str) -> Receipt:
    """Expire one case, unless its offer was answered meanwhile."""

    def decide(state: State) -> Decided:
        return decide_lapse(case_of(state, case_ref), HOST, state.now, services.new_id)

    return services.journal.submit(decide).result()
