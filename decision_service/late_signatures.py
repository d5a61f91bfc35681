"""Signatures of witnesses as they go into exports: without those that would be misunderstood.

Whoever verifies takes the time of a witness with an address for that at which the ledger ended. A
witness that was asked by file before it had one has signed checkpoints that the ledger had grown
beyond by then; every entry of meanwhile would look backdated.
"""

from collections.abc import Callable

from decision_service.cosigning import book_of
from decision_service.services import Services
from overrides.cosigning import lines_of
from overrides.countermand_verify import CLOCKS_DIFFER, Checkpoint, open_note


def timely(services: Services) -> Callable[[str], str]:
    """Adds to a signed note what witnesses signed of it, but what one with an address signed late.

    Nothing else is lost: such a witness signs a later checkpoint as soon as it is asked.
    """
    book = book_of(services)
    asked = [key for one in book.pinned() if one.address for key in one.keys]
    add = book.cosigned()

    def added(note: str) -> str:
        whole = add(note)
        opened = open_note(whole, asked)
        after = (
            services.ledger.entry(Checkpoint.read(opened.text).size) if opened.cosigners else None
        )
        if after is None:
            return whole
        signed = zip(opened.cosigners, opened.seen_by, strict=True)
        late = [key for key, (_, at) in signed if after.recorded_at < at - CLOCKS_DIFFER]
        dropped = {*lines_of(whole, late).values()}
        return "".join(line for line in whole.splitlines(keepends=True) if line not in dropped)

    return added
