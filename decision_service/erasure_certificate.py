"""What can be said of an erasure to whoever asked for it: what is shown here, and no more.

It names what went by entry and slot, never by value; who asked and who approved; where that is
recorded and under which signed checkpoint; and what an erasure here does not reach. That old keys
are destroyed it says only where they are also gone from the keys folder.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from decision_service.erasures import ErasureActs
from decision_service.feedback_files import ROWS, manifest_sha256
from decision_service.party_parts import PARTY_SLOTS
from decision_service.services import Services
from overrides.erasing import GROUND_WORDS, GROUNDS, Request, Scope, Standing
from overrides.erasure_errors import NotErased
from overrides.instants import instant_text
from overrides.journal import Json

FEATURES = frozenset({"inputs", "explanation", *PARTY_SLOTS})
AT_ONCE = 200
PARTS_SHOWN = 200
CASES_MAX = 500
EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One entry of the ledger that the certificate rests on."""

    what: str
    seq: int
    at: datetime
    who: str
    leaf_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSet:
    """A feedback set that was made, by the entry that says so."""

    seq: int
    at: datetime
    who: str
    folder: str
    here: bool  # whether it lies in the data directory, and its rows are taken away


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Everything a certificate says. ``key_destroyed`` is None while old copies may still open."""

    log: str
    request: Request
    ground: str
    law: str
    places: tuple[Place, ...]
    parts: tuple[tuple[int, str, str], ...]  # entry, its kind, slot; the first of them
    key_destroyed: Place | None
    covered_by: int | None  # size of the signed checkpoint over it
    covered_at: datetime | None
    checkpoint: str  # the signed note
    sets: tuple[MadeSet, ...]  # made before, and may hold what was erased
    exports: tuple[Place, ...]  # of the ledger, made before, that opened parts for a reader
    issued_at: datetime


def certificate(services: Services, request_id: str) -> Certificate:
    """The certificate of an erasure; raises ``UnknownErasure`` or ``NotErased``."""
    request = ErasureActs(services).request(request_id)
    if request.standing is not Standing.ERASED or request.erased_seq is None:
        raise NotErased(request.standing.value)
    signed = services.ledger.latest_checkpoint()
    covered = signed if signed and signed.size > request.erased_seq else None
    ground = GROUNDS.get(request.ground)
    return Certificate(
        log=services.ledger.log,
        request=request,
        ground=GROUND_WORDS.get(request.ground, request.ground),
        law=ground.law if ground else "",
        places=tuple(_places(services, request)),
        parts=tuple(services.erasures.entries_of(request.erased_event, limit=PARTS_SHOWN)),
        key_destroyed=_key_destroyed(services, request.erased_event),
        covered_by=covered.size if covered else None,
        covered_at=covered.signed_at if covered else None,
        checkpoint=covered.note if covered else "",
        sets=tuple(_sets_before(services, request)),
        exports=tuple(_exports_before(services, request.erased_seq)),
        issued_at=services.clock(),
    )


def _places(services: Services, request: Request) -> list[Place]:
    """The entries that say who asked, who approved, and that it happened."""
    erased = services.ledger.entry(request.erased_seq or 0)
    assert erased is not None, "the entry of an erasure is there"
    data = json.loads(erased.body)["data"]
    named = [("Erased", request.erased_event)]
    if request.target.scope is not Scope.RESTORE:
        named = [
            ("Asked for", request.request_id),
            ("Approved", data["approval"]),
            *named,
        ]
    places = [_place(services, what, event_id) for what, event_id in named]
    return [place for place in places if place is not None]


def _place(services: Services, what: str, event_id: str) -> Place | None:
    """One of them."""
    entry = services.ledger.entry_of(event_id)
    if entry is None:
        return None
    actor = json.loads(entry.body)["actor"]
    return Place(
        what=what,
        seq=entry.seq,
        at=entry.recorded_at,
        who=services.people.names({actor})[actor],
        leaf_hash=entry.leaf_hash.hex(),
    )


def _key_destroyed(services: Services, erased_event: str) -> Place | None:
    """The entry of the replacement that ended the key above what an erasure destroyed.

    None while there was none, while that key still lies in the keys folder, and while anything of
    the erasure lies here again: its data keys were locked by the new key then.
    """
    if erased_event in services.erasures.returned():
        return None
    erased = services.ledger.entry_of(erased_event)
    entry = services.rotation.after(erased) if erased else None
    if erased is None or entry is None:
        return None
    former = json.loads(entry.body)["data"]["epoch"] - 1
    gone = services.rotation.file.is_rid_of(former)
    return _place(services, "Old keys destroyed", entry.event_id) if gone else None


def _sets_before(services: Services, request: Request) -> Iterator[MadeSet]:
    """Feedback sets that were made before and may hold features of what was erased."""
    since = _closed_at(services, request)
    before = request.erased_seq
    while since and (found := services.ledger.latest(before, AT_ONCE, ("feedback_exported",))):
        for entry in found:
            body = json.loads(entry.body)
            data, actor = body["data"], body["actor"]
            earliest = min(
                (at for bundle, at in since.items() if data.get("bundle") in (None, bundle)),
                default=None,
            )
            if earliest is not None and data["as_of"] >= earliest:
                yield MadeSet(
                    seq=entry.seq,
                    at=entry.recorded_at,
                    who=services.people.names({actor})[actor],
                    folder=data["folder"],
                    here=_is_emptied(services.settings.feedback / data["folder"], data),
                )
        before = found[-1].seq


def _is_emptied(folder: Path, data: Mapping[str, Json]) -> bool:
    """Whether a folder is that of the set that was recorded, and has no rows."""
    return manifest_sha256(folder) == data["manifest_sha256"] and not any(
        any(folder.glob(pattern)) for pattern in ROWS
    )


def _exports_before(services: Services, seq: int) -> Iterator[Place]:
    """Exports of the ledger before an entry that opened personal parts, the newest first."""
    before: int | None = seq
    while found := services.ledger.latest(before, AT_ONCE, ("record_viewed",)):
        for entry in found:
            what = str(json.loads(entry.body)["data"].get("what", ""))
            place = _place(services, what, entry.event_id) if what.startswith(EXPORT) else None
            if place is not None:
                yield place
        before = found[-1].seq


def _closed_at(services: Services, request: Request) -> dict[str, str]:
    """When the first case of each bundle was closed whose features went, as recorded.

    Of a run over very many cases nothing is looked up: any set may hold some of them.
    """
    places = services.erasures.places_of(request.erased_event, FEATURES)
    if len(places) > CASES_MAX:
        return {standing.name: "" for standing in services.registry.standings().all()}
    closed: dict[str, str] = {}
    for seq in places:
        entry = services.ledger.entry(seq)
        file = services.cases.case(json.loads(entry.body)["case"]) if entry else None
        if file is not None and file.row.closed_at is not None:
            at = instant_text(file.row.closed_at)
            closed[file.row.bundle] = min(closed.get(file.row.bundle, at), at)
    return closed
