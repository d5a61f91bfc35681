"""The personal parts of an entry, encrypted before the writer's turn comes or when it has.

Whoever opens a case makes the data keys for it, so nothing about them has to be looked up. All of
such an entry but its place and time can be made where nobody waits for it: in another process.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from overrides.canonical import canonical
from overrides.event_kinds import opens_case
from overrides.events import body_around
from overrides.journal import Draft
from overrides.record_classes import KeyScope, class_of
from overrides.vault import FreshKey, Sealed, Vault, WrappedKey

KeyFor = Callable[[KeyScope], WrappedKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """An entry that lacks nothing but its place and time.

    ``before`` and ``after`` are its exact bytes around these. ``parts`` are its personal slots,
    encrypted, ``keys`` the data keys made for them, ``payloads`` their canonical bytes by slot.
    ``req`` and ``clock`` are in its bytes: it can be written only where they still hold.
    """

    event_id: str
    type: str
    actor: str
    case: str
    before: bytes
    after: bytes
    req: str | None
    clock: str
    parts: tuple[Sealed, ...] = ()
    keys: tuple[WrappedKey, ...] = ()
    payloads: Mapping[str, bytes] = field(default_factory=dict)


def seal_slots(
    draft: Draft, vault: Vault, key_for: KeyFor
) -> tuple[tuple[Sealed, ...], dict[str, bytes]]:
    """A draft's slots encrypted, and their canonical bytes. Raises ``NotCanonical``."""
    parts: list[Sealed] = []
    texts: dict[str, bytes] = {}
    for slot in draft.slots:
        payload = canonical(slot.payload)
        scope = KeyScope(slot.party, draft.case or "", class_of(slot.name))
        parts.append(vault.seal(key_for(scope), draft.event_id, slot.name, payload))
        texts[slot.name] = payload
    return tuple(parts), texts


def unplaced(
    drafts: tuple[Draft, ...], vault: Vault, *, log: str, req: str | None, clock: str
) -> tuple[Unplaced, ...]:
    """Entries of a case that the first of them opens, made ready.

    Raises what ``body_of`` raises, and ``ValueError`` for entries of a case that is there already.
    """
    case = drafts[0].case
    if case is None or not opens_case(drafts[0].type, drafts[0].data):
        msg = "only a case that is opened has no data keys yet"
        raise ValueError(msg)
    keys: dict[KeyScope, FreshKey] = {}

    def key_for(scope: KeyScope) -> FreshKey:
        if scope not in keys:
            keys[scope] = vault.new_key(*scope)
            made.append(keys[scope])
        return keys[scope]

    ready: list[Unplaced] = []
    for draft in drafts:
        made: list[FreshKey] = []
        parts, texts = seal_slots(draft, vault, key_for)
        commit = {part.slot: part.commitment for part in parts}
        before, after = body_around(draft, log=log, commit=commit, req=req, clock=clock)
        ready.append(
            Unplaced(
                event_id=draft.event_id,
                type=draft.type,
                actor=draft.actor,
                case=case,
                before=before,
                after=after,
                req=req,
                clock=clock,
                parts=parts,
                keys=tuple(key.stored() for key in made),
                payloads=texts,
            )
        )
    return tuple(ready)
