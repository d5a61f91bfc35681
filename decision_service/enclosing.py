"""What exports and proofs enclose of witnesses: a damaged book of theirs stops neither.

Without their signatures they are worth less and are still true; whoever makes them is told. What
of the book cannot be read is put aside, and all the rest is enclosed.
"""

from collections.abc import Callable
from contextlib import suppress

from decision_service.cosigning import ask_all, book_of, witnessed_over
from decision_service.late_signatures import timely
from decision_service.services import Services
from overrides.errors import MemoryUnusable
from overrides.ledger import SignedCheckpoint


def enclosed(
    services: Services, signed: SignedCheckpoint, tell: Callable[[str], object]
) -> Callable[[str], str]:
    """Ask every witness with an address; what adds to notes all that witnesses signed in time.

    ``tell`` is given a line for each thing that went wrong.
    """
    _mend(services, tell)
    try:
        for asked in ask_all(services, signed):
            if asked.problem:
                tell(f"{asked.name} did not sign it: {asked.problem}.\n")
    except MemoryUnusable as damaged:
        tell(f"Not every witness could be asked. {damaged}\n")
    try:
        return timely(services)
    except MemoryUnusable as damaged:
        tell(f"What witnesses signed is not enclosed. {damaged}\n")
        return str


def over(services: Services, seq: int, tell: Callable[[str], object]) -> SignedCheckpoint | None:
    """A checkpoint over an entry, with what witnesses signed of it where their book can be read."""
    _mend(services, tell)
    try:
        found = witnessed_over(services, seq)
    except MemoryUnusable as damaged:
        tell(f"What witnesses signed is not enclosed. {damaged}\n")
        found = None
    return found or services.ledger.latest_checkpoint()


def _mend(services: Services, tell: Callable[[str], object]) -> None:
    """Put aside what is damaged of the book, so that the rest of it is enclosed."""
    with suppress(MemoryUnusable):  # which is told by whoever needs the file
        for words in book_of(services).mend():
            tell(f"{words}\n")
