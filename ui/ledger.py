"""The ledger: its entries, one entry with its proof, and a run that checks all of it."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from ui.contexts import EntryPage, LedgerPage, VerifyPage
from ui.ports import Refused
from ui.render import page
from ui.views import VerificationView, Viewer
from ui.visit import Doer, Reader, office, shell
from ui.words import ENTRY_WORDS, count_words

router = APIRouter(include_in_schema=False)

SEQ_DIGITS_MAX = 19


@router.get("/ledger")
def show_ledger(
    request: Request,
    viewer: Reader,
    kind: Annotated[str, Query()] = "",
    cursor: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """Entries, newest first."""
    if kind and kind not in dict(ENTRY_WORDS):
        raise Refused(404, "No such kind of entry", f"The ledger knows no kind {kind[:40]!r}.")
    ledger = office(request).audit.ledger(viewer, cursor, kind)
    asked = {"kind": kind, "cursor": ledger.next_cursor}
    older = urlencode({name: value for name, value in asked.items() if value})
    context = LedgerPage(
        shell=shell(request, viewer, "Ledger", current="ledger"),
        ledger=ledger,
        kind=kind,
        kinds=ENTRY_WORDS,
        more=f"/ledger?{older}" if ledger.next_cursor else "",
        first=not cursor,
    )
    return page(request, context, block="entries")


def _verify_page(
    request: Request, viewer: Viewer, result: VerificationView | None = None
) -> HTMLResponse:
    context = VerifyPage(
        shell=shell(request, viewer, "Verify the ledger", current="verify"),
        ledger=office(request).audit.ledger(viewer, "", ""),
        result=result,
    )
    return page(request, context)


@router.get("/ledger/verify")
def show_verify(request: Request, viewer: Reader) -> HTMLResponse:
    """How far the ledger is, and the button that checks it."""
    return _verify_page(request, viewer)


@router.post("/ledger/verify")
def verify(request: Request, viewer: Doer) -> HTMLResponse:
    """Read everything back. What was found is shown at once; it is not kept for another visit."""
    return _verify_page(request, viewer, office(request).audit.verify(viewer))


@router.get("/ledger/{seq}")
def show_entry(request: Request, viewer: Reader, seq: str) -> HTMLResponse:
    """One entry with its proof."""
    if not (seq.isascii() and seq.isdecimal() and len(seq) < SEQ_DIGITS_MAX):
        raise Refused(404, "No such entry", "An entry's address ends in its number.")
    entry = office(request).audit.entry(viewer, int(seq))
    title = f"Entry {count_words(int(seq))}"
    context = EntryPage(shell=shell(request, viewer, title, current="ledger"), entry=entry)
    return page(request, context)
