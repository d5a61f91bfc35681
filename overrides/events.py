"""From draft to the exact bytes that are hashed, and back.

The body of an entry is canonical JSON with the same seventeen members for every kind. It names its
own log and place, so that an entry cannot be moved, and carries commitments in place of personal
data, so that it survives an erasure unchanged.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from overrides.canonical import canonical, read_canonical
from overrides.errors import EventTooLarge, NotCanonical, UnknownKind
from overrides.event_kinds import KINDS
from overrides.instants import instant_text, parse_instant
from overrides.journal import Draft, Event, Json, VersionStamp

VERSION = 1
BODY_BYTES_MAX = 16_384  # what may be written
ENTRY_BYTES_MAX = 65_535  # what the tile format can carry, so what may be read

_MEMBERS = frozenset(
    {"v", "log", "seq", "id", "ts", "type", "case", "actor", "role", "cause"}
    | {"model", "policy", "codebook", "data", "commit", "req", "clock"}
)
SIMULATED_CLOCK = "simulated"  # what was written with it was played, not lived
_CLOCKS = frozenset({"ok", "adjusted", SIMULATED_CLOCK})
_NO_PLACE = b'"seq":0,"ts":"",'  # what stands between the halves of an entry without a place
_COMMITMENT = re.compile(r"[0-9a-f]{64}", re.ASCII)


def check_draft(draft: Draft) -> None:
    """Refuse a draft of an unknown kind, or whose members or slots are not those of its kind."""
    kind = KINDS.get(draft.type)
    if kind is None:
        raise UnknownKind(kind=draft.type, version=VERSION)
    _check_members(draft.type, draft.data)
    names = [slot.name for slot in draft.slots]
    if len(set(names)) != len(names):
        raise NotCanonical(problem=f"{draft.type} has a slot twice")
    _check_slots(draft.type, names)


def _check_members(type_: str, data: Mapping[str, Json]) -> None:
    """Refuse data with a member too many or too few."""
    kind, given = KINDS[type_], data.keys()
    if missing := kind.required - given:
        raise NotCanonical(problem=f"{type_} lacks {', '.join(sorted(missing))}")
    if extra := given - kind.required - kind.optional:
        raise NotCanonical(problem=f"{type_} has no member {', '.join(sorted(map(str, extra)))}")


def _check_slots(type_: str, names: list[str]) -> None:
    """Refuse a slot the kind does not have."""
    for name in names:
        if not KINDS[type_].allows_slot(name):
            raise NotCanonical(problem=f"{type_} has no slot {name}")


def body_of(
    draft: Draft,
    *,
    log: str,
    seq: int,
    recorded_at: datetime,
    commit: Mapping[str, str],
    req: str | None = None,
    clock: str = "ok",
) -> bytes:
    """Exact bytes of the entry that this draft becomes at its place and time.

    ``commit`` has a commitment in hex for each slot of the draft. Raises ``UnknownKind``,
    ``NotCanonical`` or ``EventTooLarge``.
    """
    return _body(draft, log, seq, instant_text(recorded_at), commit, req, clock)


def body_around(
    draft: Draft, *, log: str, commit: Mapping[str, str], req: str | None, clock: str
) -> tuple[bytes, bytes]:
    """The same bytes before and after its place and time, which ``placed`` puts between.

    Members are in the order of their names, so these two stand side by side. Raises the same.
    """
    before, _, after = _body(draft, log, 0, "", commit, req, clock).rpartition(_NO_PLACE)
    return before, after


def placed(before: bytes, after: bytes, seq: int, recorded_at: datetime) -> bytes:
    """Exact bytes of an entry whose place and time are known now. Raises ``EventTooLarge``."""
    body = b'%s"seq":%d,"ts":"%s",%s' % (before, seq, instant_text(recorded_at).encode(), after)
    return _fitting(body)


def _body(
    draft: Draft,
    log: str,
    seq: int,
    time: str,
    commit: Mapping[str, str],
    req: str | None,
    clock: str,
) -> bytes:
    """Exact bytes of an entry."""
    check_draft(draft)
    body = canonical(
        {
            "v": VERSION,
            "log": log,
            "seq": seq,
            "id": draft.event_id,
            "ts": time,
            "type": draft.type,
            "case": draft.case,
            "actor": draft.actor,
            "role": draft.role,
            "cause": list(draft.cause),
            "model": _stamp(draft.model),
            "policy": _stamp(draft.policy),
            "codebook": _stamp(draft.codebook),
            "data": dict(draft.data),
            "commit": dict(commit),
            "req": req,
            "clock": clock,
        }
    )
    return _fitting(body)


def _fitting(body: bytes) -> bytes:
    """The body, unless it is longer than may be written."""
    if len(body) > BODY_BYTES_MAX:
        raise EventTooLarge(size=len(body), limit=BODY_BYTES_MAX)
    return body


def read_event(body: bytes) -> Event:
    """Event from the bytes of an entry.

    Raises ``UnknownKind`` for a kind or version of a later release, and ``NotCanonical`` or
    ``EventTooLarge`` for bytes that no release could have written.
    """
    if len(body) > ENTRY_BYTES_MAX:
        raise EventTooLarge(size=len(body), limit=ENTRY_BYTES_MAX)
    members = read_canonical(body)
    if not isinstance(members, dict):
        raise NotCanonical(problem="an entry is an object")
    version, type_ = members.get("v"), members.get("type")
    if version != VERSION or not isinstance(type_, str) or type_ not in KINDS:
        raise UnknownKind(kind=str(type_)[:60], version=version if isinstance(version, int) else -1)
    if members.keys() != _MEMBERS:
        wrong = sorted(members.keys() ^ _MEMBERS)
        raise NotCanonical(problem=f"an entry with wrong members: {', '.join(wrong)}")
    if not isinstance(members["cause"], list):
        raise NotCanonical(problem="a member of the wrong type: cause")
    try:
        event = event_of(members)
    except (TypeError, ValueError, KeyError, AttributeError) as wrong_type:
        raise NotCanonical(problem=f"a member of the wrong type: {wrong_type}") from None
    _check_event(event)
    return event


def event_of(members: Mapping[str, Any], recorded_at: datetime | None = None) -> Event:
    """Event from the parsed members of a body that is known to be good.

    ``recorded_at`` is its time, where that is known without reading it.
    """
    return Event(
        log=members["log"],
        seq=members["seq"],
        event_id=members["id"],
        recorded_at=recorded_at or parse_instant(members["ts"]),
        type=members["type"],
        actor=members["actor"],
        role=members["role"],
        data=members["data"],
        case=members["case"],
        cause=tuple(members["cause"]),
        model=_read_stamp(members["model"]),
        policy=_read_stamp(members["policy"]),
        codebook=_read_stamp(members["codebook"]),
        commit=members["commit"],
        req=members["req"],
        clock=members["clock"],
    )


def _check_event(event: Event) -> None:
    """Refuse members of the wrong type, and data or slots that are not those of the kind."""
    texts = (event.log, event.event_id, event.actor, event.role, *event.cause)
    stamps = [stamp for stamp in (event.model, event.policy, event.codebook) if stamp]
    optional = (event.case, event.req)
    whole = (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(part, str) for s in stamps for part in (s.name, s.version, s.sha256))
        and all(text is None or isinstance(text, str) for text in optional)
        and type(event.seq) is int
        and event.seq >= 0
        and isinstance(event.data, dict)
        and isinstance(event.commit, dict)
        and event.clock in _CLOCKS
        and all(_is_commitment(value) for value in event.commit.values())
    )
    if not whole:
        raise NotCanonical(problem="a member of the wrong type")
    _check_members(event.type, event.data)
    _check_slots(event.type, list(event.commit))


def _is_commitment(value: object) -> bool:
    """Whether this is 32 bytes in lower-case hex."""
    return isinstance(value, str) and _COMMITMENT.fullmatch(value) is not None


def _stamp(stamp: VersionStamp | None) -> dict[str, str] | None:
    """A version as it stands in the body."""
    if stamp is None:
        return None
    return {"name": stamp.name, "version": stamp.version, "sha256": stamp.sha256}


def _read_stamp(members: Mapping[str, str] | None) -> VersionStamp | None:
    """A version from the body; a member too many or too few is a ``TypeError``."""
    return None if members is None else VersionStamp(**members)
