"""The ledger over HTTP: the signed checkpoint, the exact bytes of entries, and proofs."""

from base64 import b64encode
from collections.abc import Sequence
from email.utils import format_datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response

from decision_service.anchors import read_told, record_anchor
from decision_service.errors import NotReady
from decision_service.visits import actor_of, body_of, json_answer, key_of, services_of
from overrides.errors import ProofInvalid
from overrides.instants import instant_text

router = APIRouter(prefix="/v1/ledger", tags=["ledger"])

ENTRIES_MAX = 500
SIZE_MAX = 2**53

Place = Annotated[int, Query(ge=0, le=SIZE_MAX)]


@router.get("/checkpoint", response_class=PlainTextResponse)
def checkpoint(request: Request) -> PlainTextResponse:
    """The newest signed note: the log's name, its size and its root. ``Last-Modified``: when.

    ``Ledger-Size`` counts all entries that there are, and ``Ledger-Time`` says when they were: a
    witness learns whether the ledger ends where the note does.
    """
    services = services_of(request)
    # Right after the start there may be none yet; whoever asks first need not wait for it.
    signed = services.ledger.latest_checkpoint() or services.signer.checkpoint()
    if signed is None:
        raise NotReady(waiting_for="the ledger's first entry")
    now = services.clock()  # before the count: whatever comes after it is later than this
    told = {
        "Last-Modified": format_datetime(signed.signed_at, usegmt=True),
        "Ledger-Time": instant_text(now),
        "Ledger-Size": str(services.ledger.head().size),
    }
    return PlainTextResponse(signed.note, headers=told)


@router.get("/entries")
def entries(
    request: Request,
    start: Place = 0,
    count: Annotated[int, Query(ge=1, le=SIZE_MAX)] = 100,
) -> Response:
    """Exact bytes of entries in order: at most 500, and fewer than asked for at the end."""
    found = services_of(request).ledger.entries(start, min(count, ENTRIES_MAX))
    return json_answer(
        {"start": start, "entries": [b64encode(entry.body).decode() for entry in found]}
    )


@router.get("/proof")
def proof(request: Request, seq: Place, size: Place | None = None) -> Response:
    """Proof that entry ``seq`` is in the tree of ``size`` entries; without a size, of all."""
    ledger = services_of(request).ledger
    whole = ledger.head().size if size is None else size
    if seq >= whole:
        raise ProofInvalid(finding=f"a tree of {whole} entries has no entry {seq}")
    hashes = ledger.inclusion(seq, whole)
    return json_answer({"seq": seq, "size": whole, "hashes": _encoded(hashes)})


@router.get("/consistency")
def consistency(request: Request, first: Place, second: Place | None = None) -> Response:
    """Proof that the tree of ``first`` entries is the beginning of that of ``second``."""
    ledger = services_of(request).ledger
    whole = ledger.head().size if second is None else second
    if first > whole:
        raise ProofInvalid(finding=f"{first} entries cannot be the beginning of {whole}")
    hashes = ledger.consistency(first, whole)
    return json_answer({"first": first, "second": whole, "hashes": _encoded(hashes)})


@router.post("/anchors", status_code=201)
def anchor(request: Request) -> Response:
    """Say that you remember the first ``size`` entries, whose root is ``root`` in hexadecimal.

    201 when that is recorded, 200 when nothing would be new; 409 when it is not a beginning of
    this ledger.
    """
    told = read_told(body_of(request))
    receipt = record_anchor(services_of(request), actor_of(request), told, key_of(request))
    new = receipt is not None and not receipt.replayed
    return json_answer({"size": told.size, "root": told.root.hex()}, 201 if new else 200)


def _encoded(hashes: Sequence[bytes]) -> list[str]:
    """Hashes in base64."""
    return [b64encode(step).decode() for step in hashes]
