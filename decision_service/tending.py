"""What a server does on the side: erasures, keys, what ran out, old drafts, asking witnesses."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from decision_service.access import HOST
from decision_service.answering import Answering
from decision_service.cosigning import ask_all
from decision_service.erasure_finishing import finish_erasures, rotation_due
from decision_service.governing import suspend_lapsed
from decision_service.housekeeping import Housekeeping
from decision_service.in_turn import each_in_turn
from decision_service.offer_lapse import let_offers_lapse
from decision_service.services import Services
from decision_service.watching import watch_all
from overrides.drafts import KEPT_FOR
from overrides.errors import LedgerAltered, SigningRefused

ASK_LOOK_SECONDS = 5.0


def tend(services: Services) -> None:
    """Do each chore; none keeps another from being done, and what failed first is raised."""
    each_in_turn((words, partial(chore, services)) for chore, words in CHORES)


def _replace_old_key(services: Services) -> None:
    """Replace the key above the data keys when it is older than it should be."""
    hours = services.settings.rotate_hours
    if hours > 0:
        every = timedelta(hours=hours)
        if rotation_due(services, every):
            services.rotation.rotate(HOST, "nightly", still=lambda: rotation_due(services, every))


def _sweep_drafts(services: Services) -> None:
    """Forget drafts that were left for long, or were of somebody who was erased."""
    services.drafts.sweep(services.clock() - KEPT_FOR)


def _close_unanswered(services: Services) -> None:
    """Close the cases whose applicants were asked and never answered."""
    Answering(services).lapse()


CHORES: tuple[tuple[Callable[[Services], object], str], ...] = (
    (finish_erasures, "what erasures left to do could not be finished"),
    (_replace_old_key, "the key above the data keys is old and could not be replaced"),
    (let_offers_lapse, "counter-offers that ran out could not be closed"),
    (_close_unanswered, "cases that wait for no answer any more could not be closed"),
    (suspend_lapsed, "a model whose exception ran out could not be stopped"),
    (watch_all, "matured loans could not be looked at"),
    (_sweep_drafts, "old drafts could not be forgotten"),
)


def asking_witnesses(services: Services) -> Housekeeping:
    """Ask the witnesses of the ledger from now on, each when it is time to."""
    asking = Housekeeping(every_seconds=ASK_LOOK_SECONDS, failed="witnesses could not be asked")
    asking.start(lambda: _ask(services))
    return asking


def _ask(services: Services) -> None:
    """Ask who is due. Where nothing can be signed there is nothing to show, and that is told."""
    with suppress(SigningRefused, LedgerAltered):
        ask_all(services, due=True)
