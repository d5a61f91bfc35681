"""What a server does on the side: finish erasures, close offers, replace keys, ask witnesses."""

import logging
from contextlib import suppress
from datetime import timedelta

from decision_service.access import HOST
from decision_service.answering import Answering
from decision_service.cosigning import ask_all
from decision_service.erasure_finishing import finish_erasures, rotation_due
from decision_service.housekeeping import Housekeeping
from decision_service.offer_lapse import let_offers_lapse
from decision_service.services import Services
from overrides.errors import LedgerAltered, SigningRefused

LOGGER = logging.getLogger(__name__)
ASK_LOOK_SECONDS = 5.0


def tend(services: Services) -> None:
    """Finish what erasures left to do; replace the key above the data keys when it is old.

    Counter-offers that ran out lapse first, whatever comes of that. At the end the cases are closed
    whose applicants were asked and never answered. Of the two between neither keeps the other from
    being done; what failed is raised afterwards, and where both did the second is logged.
    """
    try:
        let_offers_lapse(services)
    except Exception:
        LOGGER.exception("counter-offers that ran out could not be closed")
    try:
        finish_erasures(services)
    except Exception:
        try:
            _replace_old_key(services)
        except Exception:
            LOGGER.exception("the key above the data keys is old and could not be replaced")
        raise
    _replace_old_key(services)
    Answering(services).lapse()


def _replace_old_key(services: Services) -> None:
    """Replace the key above the data keys when it is older than it should be."""
    hours = services.settings.rotate_hours
    if hours > 0:
        every = timedelta(hours=hours)
        if rotation_due(services, every):
            services.rotation.rotate(HOST, "nightly", still=lambda: rotation_due(services, every))


def asking_witnesses(services: Services) -> Housekeeping:
    """Ask the witnesses of the ledger from now on, each when it is time to."""
    asking = Housekeeping(every_seconds=ASK_LOOK_SECONDS, failed="witnesses could not be asked")
    asking.start(lambda: _ask(services))
    return asking


def _ask(services: Services) -> None:
    """Ask who is due. Where nothing can be signed there is nothing to show, and that is told."""
    with suppress(SigningRefused, LedgerAltered):
        ask_all(services, due=True)
