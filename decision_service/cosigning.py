"""Asking the witnesses of this ledger to sign where it stands, and keeping what they sign.

A witness is asked at its pinned address and nowhere else, no redirect is followed, and every wait
has a limit. What it signs is kept only if its clock agrees with ours: whoever is asked is asked at
once, so verifiers take the time for that at which the ledger ended there.
"""

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from decision_service.errors import OtherHistory, ServiceError
from decision_service.services import Services
from decision_service.witness_visit import NotReached, Visit, printable
from overrides.cosigner_book import CosignerBook, Pinned, Standing
from overrides.countermand_verify import CLOCKS_DIFFER, Checkpoint, Key
from overrides.errors import LedgerError, MemoryUnusable, NoteInvalid, ProofInvalid
from overrides.instants import EARLIEST
from overrides.ledger import HEARTBEAT, SignedCheckpoint
from overrides.notes import Checkpoint as Told
from overrides.notes import claimed_checkpoint
from overrides.offers import offer_of
from overrides.signing_keys import trusted_keys

LOGGER = logging.getLogger(__name__)
ASK_SECONDS = 10.0
ASK_EVERY = timedelta(seconds=60)
SIZE_TYPE = "text/x.tlog.size"
SIZE_DIGITS = 19
DAYS_WRITTEN = 2  # to which a signature may be added now: around midnight there are two
OK, CONFLICT, REDIRECTS = 200, 409, range(300, 400)


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking a witness: how much it signed, or why it did not."""

    name: str
    size: int
    problem: str = ""


@dataclass(eq=False)
class NotCosigned(ServiceError):
    """The witness did not sign: {cause}."""

    cause: str


def book_of(services: Services) -> CosignerBook:
    """The witnesses of this installation's ledger."""
    keys = tuple(Key.read(key.vkey) for key in trusted_keys(services.settings.keys))
    return CosignerBook(services.settings.cosigners, keys)


def ask_all(
    services: Services,
    signed: SignedCheckpoint | None = None,
    *,
    seconds: float = ASK_SECONDS,
    due: bool = False,
) -> list[Asked]:
    """Ask every witness that has an address, all at once, each for at most ``seconds``.

    They are shown ``signed``, or else what is signed now: not an older checkpoint, so that their
    time is that at which the ledger ended. With ``due`` only those are asked to whom there is
    something new to show, and not too often. Raises ``SigningRefused`` or ``LedgerAltered`` where
    nothing can be signed, and ``MemoryUnusable`` where it cannot be kept. What is damaged of what
    was kept is put aside, and they are asked all the same.
    """
    book = book_of(services)
    try:
        return _ask_those(services, book, signed, seconds=seconds, due=due)
    except MemoryUnusable:
        if not mend(book):
            raise
    return _ask_those(services, book, signed, seconds=seconds, due=due)


def mend(book: CosignerBook, newest: int = 0) -> list[str]:
    """Put aside what is damaged of what witnesses signed; what was, in words."""
    told = book.mend(newest)
    for words in told:
        LOGGER.warning(words)
    return told


def _ask_those(
    services: Services,
    book: CosignerBook,
    signed: SignedCheckpoint | None,
    *,
    seconds: float,
    due: bool,
) -> list[Asked]:
    """Ask those who have an address, or those of them to whom it is time to show something."""
    wanted = [one for one in book.pinned() if one.address]
    if due:
        size, known, now = services.ledger.head().size, book.standings(), services.clock()
        wanted = [one for one in wanted if _is_due(known.get(one.name, Standing()), size, now)]
    shown = (signed or services.signer.checkpoint()) if wanted else None
    if shown is None:
        return []
    with ThreadPoolExecutor(len(wanted)) as pool:
        return list(pool.map(lambda one: _ask(services, book, one, shown, seconds), wanted))


def _is_due(standing: Standing, size: int, now: datetime) -> bool:
    """Whether it is time to ask again."""
    if standing.asked_at is None or now < standing.asked_at:
        return True
    new = size != standing.size or standing.signed_at is None or bool(standing.problem)
    return now - standing.asked_at >= (ASK_EVERY if new else HEARTBEAT)


def _ask(
    services: Services, book: CosignerBook, one: Pinned, signed: SignedCheckpoint, seconds: float
) -> Asked:
    """Ask one witness, and note what came of it."""
    problem, first = "", book.standings().get(one.name, Standing()).size
    try:
        visit = Visit(one.address, ca=Path(one.ca) if one.ca else None, seconds=seconds)
        lines = _lines(services, visit, signed, first)
        _keep(services, book, signed.note + lines, one)
    except (NotReached, NotCosigned) as failure:
        problem = failure.cause
    except MemoryUnusable as damaged:
        problem = " ".join(mend(book)) or str(damaged)
    except NoteInvalid as failure:
        problem = f"what it answered cannot be used: {failure.finding}"
    except (LedgerError, ServiceError, OSError) as failure:
        problem = str(failure)
    problem = printable(problem)
    book.report(one.name, services.clock(), problem)
    return Asked(one.name, signed.size, problem)


def _lines(services: Services, visit: Visit, signed: SignedCheckpoint, first: int) -> str:
    """The signature lines of a witness, which says what it remembers if we did not know."""
    first = min(first, signed.size)
    for _ in range(2):
        proof = services.ledger.consistency(first, signed.size) if 0 < first < signed.size else ()
        status, headers, body = visit.show(offer_of(first, proof, signed.note).text)
        if status == OK:
            return _text(body)
        remembered = _remembered(status, headers, body)
        if remembered is None:
            raise NotCosigned(cause=_why(status, headers, body))
        if signed.size < remembered <= services.ledger.head().size:
            text = f"it was shown {remembered:,} entries meanwhile, more than these {signed.size:,}"
            raise NotCosigned(cause=text)
        if remembered > signed.size:
            text = f"it remembers {remembered:,} entries and there are {signed.size:,}: a backup"
            raise NotCosigned(cause=f"{text} was put back, or the end was cut off")
        if remembered == first == signed.size:
            raise NotCosigned(cause=f"FORK: it signed {remembered:,} other entries under this name")
        first = remembered
    raise NotCosigned(cause="it says another size each time it is asked")


def _remembered(status: int, headers: Mapping[str, str], body: bytes) -> int | None:
    """How much a witness remembers, if that is what it says."""
    text = body.decode("ascii", "replace").removesuffix("\n")
    if status != CONFLICT or headers.get("content-type", "").partition(";")[0] != SIZE_TYPE:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) < SIZE_DIGITS else None


def _why(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """Why a witness did not sign, as far as it says."""
    if status in REDIRECTS:
        return f"it sends on to {headers.get('location', 'nowhere')[:200]}"
    said = " ".join(body.decode("utf-8", "replace").split())[:300]
    return f"it answered {status}: {said}" if said else f"it answered {status}"


def _text(body: bytes) -> str:
    """An answer as text."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise NotCosigned(cause="its answer is no text") from None


def take(services: Services, note: str) -> tuple[Checkpoint, list[str]]:
    """Keep a note that was carried to witnesses and signed by them; what it is over, and by whom.

    Raises ``NoteInvalid`` or ``OtherHistory``.
    """
    book = book_of(services)
    return book.open(note)[0], _keep(services, book, note)


def witnessed_over(services: Services, seq: int) -> SignedCheckpoint | None:
    """A checkpoint over this entry that witnesses signed, if there is one of this ledger."""
    found = book_of(services).newest()
    if found is None or found.size <= seq:
        return None
    return found if is_here(services, claimed_checkpoint(found.note)) else None


def is_here(services: Services, at: Checkpoint | Told) -> bool:
    """Whether a checkpoint is of the history that is here."""
    ledger = services.ledger
    try:
        return at.size <= ledger.head().size and ledger.frontier(at.size).root() == at.root
    except ProofInvalid:  # hashes are missing
        return False


def _keep(
    services: Services, book: CosignerBook, note: str, only: Pinned | None = None
) -> list[str]:
    """Keep what witnesses signed of this ledger; their names. ``only``: this one must be there."""
    at, opened = book.open(note)
    if not is_here(services, at):
        raise OtherHistory(size=at.size, here=services.ledger.head().size)
    if only is not None and not set(only.keys) & set(opened.cosigners):
        raise NoteInvalid(finding="it answered without a signature by a key that is pinned")
    asked = {key for one in book.pinned() if one.address for key in one.keys}
    for key, (name, seen_at) in zip(opened.cosigners, opened.seen_by, strict=True):
        _check_time(services, at.size, f"{name} gives", seen_at, late=key in asked)
    mend(book, newest=DAYS_WRITTEN)
    return book.keep(note)


def _check_time(services: Services, size: int, gives: str, at: datetime, *, late: bool) -> None:
    """Refuse a time at which the ledger cannot have ended there. Raises ``NoteInvalid``."""
    if at > services.clock() + CLOCKS_DIFFER:
        raise NoteInvalid(finding=f"{gives} a time that is still to come: a clock is wrong")
    last = services.ledger.entry(size - 1)
    if last is not None and EARLIEST < at < last.recorded_at - CLOCKS_DIFFER:  # second 0: no time
        raise NoteInvalid(
            finding=f"{gives} a time before the last of these entries: a clock is wrong"
        )
    after = services.ledger.entry(size) if late else None
    if after is not None and after.recorded_at < at - CLOCKS_DIFFER:
        finding = f"{gives} a time at which there were more entries already: it came too late"
        raise NoteInvalid(finding=finding)
