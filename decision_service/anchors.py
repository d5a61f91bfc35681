"""Memories outside that told of themselves: who remembers how much of the ledger, since when.

A witness that looked at the ledger and found it a continuation of what they remember may say so,
and that is an entry. What they remember is checked here once more: if it is not a beginning of this
ledger, one of the two was changed, and nothing is recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from decision_service.acting import Acting
from decision_service.errors import Fault, InvalidRequest, OtherHistory
from decision_service.services import Services
from overrides.events import read_event
from overrides.journal import Decided, Draft, Entry, Json, OnceOnly, Receipt
from overrides.values import Actor

ANCHORED = "checkpoint_anchored"
WITNESS, STAMP = "witness", "stamp"  # kinds: a stamp is an authority's word, and no memory
ROUTE = "anchors"
LOOKED_AT = 50  # newest entries of this kind: the largest memory is among them
ROOT_HEX_CHARS = 64


@dataclass(frozen=True, slots=True)
class Anchor:
    """What somebody said that they remember: the first ``size`` entries."""

    size: int
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """A memory as a witness tells of it."""

    size: int
    root: bytes


def read_told(body: object) -> Told:
    """A memory from a request; raises ``InvalidRequest``."""
    if isinstance(body, dict) and body.keys() == {"size", "root"}:
        size, root = body["size"], body["root"]
        if type(size) is int and size > 0 and isinstance(root, str) and len(root) == ROOT_HEX_CHARS:
            try:
                return Told(size, bytes.fromhex(root))
            except ValueError:
                pass
    text = "Send size, a whole number above 0, and root, 64 hexadecimal digits; nothing else."
    raise InvalidRequest((Fault("", text),))


def anchors(services: Services) -> Sequence[Anchor]:
    """What witnesses told lately, newest first."""
    told = services.ledger.latest(None, 4 * LOOKED_AT, (ANCHORED,))  # stamps are among them
    return [_anchor(entry) for entry in told if read_event(entry.body).data["kind"] != STAMP]


def record_anchor(services: Services, actor: Actor, told: Told, key: str) -> Receipt | None:
    """Record that somebody remembers this much; None when that would say nothing new.

    Raises ``OtherHistory`` when it is not a beginning of this ledger.
    """
    size = services.ledger.head().size
    if told.size > size or services.ledger.frontier(told.size).root() != told.root:
        raise OtherHistory(size=told.size, here=size)
    if not _says_something(services, actor, told.size):
        return None
    draft = Draft(
        event_id=services.new_id(),
        type="checkpoint_anchored",
        actor=actor.ref,
        role=actor.role.value,
        data={"size": told.size, "root": told.root.hex(), "kind": WITNESS},
    )
    once: OnceOnly | None = Acting(services).once(actor, ROUTE, key, _body(told))
    return services.journal.submit(lambda _: Decided((draft,)), once=once).result()


def _body(told: Told) -> dict[str, Json]:
    """What makes two requests the same."""
    return {"size": told.size, "root": told.root.hex()}


def _says_something(services: Services, actor: Actor, size: int) -> bool:
    """Whether there is more in it than the entries that such visits leave themselves."""
    before = max((one.size for one in anchors(services) if one.actor == actor.ref), default=0)
    if size <= before:
        return False
    added = services.ledger.entries(before, min(size - before, LOOKED_AT))
    return size - before > LOOKED_AT or any(entry.type != ANCHORED for entry in added)


def _anchor(entry: Entry) -> Anchor:
    """What an entry says of a memory."""
    event = read_event(entry.body)
    return Anchor(int(event.data["size"]), event.actor, event.recorded_at)
