"""The end of the ledger: how much no signature covers, and how much no memory outside does."""

import logging
from collections.abc import Sequence
from datetime import datetime

from decision_service.anchors import ANCHORED, LOOKED_AT, Anchor, anchors
from decision_service.cosigning import book_of, is_here
from decision_service.services import Services
from decision_service.signer_words import signer_standing
from overrides.cosigner_book import Standing
from overrides.errors import MemoryUnusable
from ui.memory_views import CosignerLine, TailView, WitnessLine

LOGGER = logging.getLogger(__name__)
WITNESSES_SHOWN = 5


def tail_of(services: Services) -> TailView:
    """What is known of the end just now."""
    ledger = services.ledger
    told, size = anchors(services), ledger.head().size
    signed = ledger.latest_checkpoint()
    signed_size = min(signed.size, size) if signed else 0
    cosigners = _cosigners(services)
    anchored = _anchored(told, cosigners, size)
    newest = {one.actor: one for one in reversed(told)}
    names = services.people.names(newest)
    lines = [
        WitnessLine(name=names[one.actor], size=one.size, at=one.at) for one in newest.values()
    ]
    problem = signer_standing(services).problem
    return TailView(
        unsigned=size - signed_size,
        unsigned_since=_at(services, signed_size),
        unanchored=size - anchored,
        unanchored_since=_at(services, anchored),
        only_visits=bool(told) and _only_visits(services, anchored, size),
        cosigners=cosigners,
        witnesses=tuple(sorted(lines, key=lambda line: line.at, reverse=True)[:WITNESSES_SHOWN]),
        signer_problem=f"{problem[:1].upper()}{problem[1:].rstrip('.')}." if problem else "",
    )


def unanchored(services: Services) -> int:
    """How many entries no memory outside covers that told of itself."""
    size = services.ledger.head().size
    return size - _anchored(anchors(services), _cosigners(services), size)


def _anchored(told: Sequence[Anchor], cosigners: Sequence[CosignerLine], size: int) -> int:
    """How many entries the largest memory outside covers."""
    return min(size, max((0, *(one.size for one in told), *(one.size for one in cosigners))))


def _cosigners(services: Services) -> tuple[CosignerLine, ...]:
    """The witnesses that sign, with how much each signed last of what is here."""
    book = book_of(services)
    try:
        known, pinned = book.standings(), book.pinned()
        under = book.under(lambda at: is_here(services, at))
    except MemoryUnusable as damaged:
        LOGGER.warning("%s", damaged)
        return ()
    rows = ((one, known.get(one.name, Standing()), under.get(one.name, 0)) for one in pinned)
    return tuple(
        CosignerLine(
            name=one.name,
            size=size,
            at=standing.signed_at if size == standing.size else None,
            problem=standing.problem,
            by_file=not one.address,
            lost=0 if size == standing.size else standing.size,
        )
        for one, standing, size in rows
    )


def _only_visits(services: Services, start: int, stop: int) -> bool:
    """Whether an end is nothing but what witnesses left themselves."""
    if stop - start > LOOKED_AT:
        return False
    return all(entry.type == ANCHORED for entry in services.ledger.entries(start, stop - start))


def _at(services: Services, seq: int) -> datetime | None:
    """When an entry was recorded; nothing when there is none."""
    entry = services.ledger.entry(seq)
    return entry.recorded_at if entry else None
