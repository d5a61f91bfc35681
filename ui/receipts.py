"""Memories on paper: receipts of one's own recorded acts, checked again later; the daily slip."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse

from ui.memory_contexts import ReceiptCheckPage, ReceiptPage, SlipPage
from ui.memory_views import ReceiptView
from ui.ports import Refused
from ui.render import page
from ui.views import Viewer
from ui.visit import Reader, office, shell
from ui.words import count_words

router = APIRouter(include_in_schema=False)

SEQ_DIGITS_MAX = 19
TYPED_CHARS_MAX = 6_000


@router.get("/ledger/receipt")
def check_receipt(
    request: Request,
    viewer: Reader,
    receipt: Annotated[str, Query(max_length=TYPED_CHARS_MAX)] = "",
) -> HTMLResponse:
    """Hold receipts against the ledger; without one, the form."""
    typed = receipt.strip()
    context = ReceiptCheckPage(
        shell=shell(request, viewer, "Check a receipt", current="receipt"),
        typed=typed,
        found=office(request).receipts.check(viewer, typed) if typed else None,
    )
    return page(request, context)


def _receipt(request: Request, viewer: Viewer, seq: str) -> ReceiptView:
    """The receipt of an entry."""
    if not (seq.isascii() and seq.isdecimal() and len(seq) < SEQ_DIGITS_MAX):
        raise Refused(404, "No such receipt", "A receipt's address ends in the entry's number.")
    return office(request).receipts.receipt(viewer, int(seq))


@router.get("/ledger/receipts/{seq}")
def show_receipt(request: Request, viewer: Reader, seq: str) -> HTMLResponse:
    """A receipt to print."""
    found = _receipt(request, viewer, seq)
    title = f"Receipt of entry {count_words(found.seq)}"
    context = ReceiptPage(shell=shell(request, viewer, title, current="receipt"), receipt=found)
    return page(request, context)


@router.get("/ledger/receipts/{seq}/file")
def receipt_file(request: Request, viewer: Reader, seq: str) -> PlainTextResponse:
    """The same as a small text file, as verifiers read it."""
    found = _receipt(request, viewer, seq)
    named = {"Content-Disposition": f'attachment; filename="receipt-{found.seq}.txt"'}
    return PlainTextResponse(f"{found.line}\n", headers=named)


@router.get("/ledger/slip")
def show_slip(request: Request, viewer: Reader) -> HTMLResponse:
    """Where the ledger stands, for two people to sign on paper."""
    slip = office(request).receipts.slip(viewer)
    return page(request, SlipPage(shell=shell(request, viewer, "Slip", current="slip"), slip=slip))
