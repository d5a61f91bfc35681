"""What an export encloses of witnesses: they are asked, and a damaged book of theirs stops nothing.

An export without their signatures is worth less and is still one; whoever makes it is told.
"""

from collections.abc import Callable

from decision_service.cosigning import ask_all
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
