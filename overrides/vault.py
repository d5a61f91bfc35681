"""Personal data under one key per party, those keys under a key outside the database.

Destroying a party's key makes every copy of that party's data unreadable, and nothing in the
ledger changes: the ledger holds commitments only. A commitment is keyed with a salt that lies
inside the ciphertext, so it says nothing about a value that is easy to guess.

The key-encryption keys can be replaced while a process runs: a vault that meets a data key of an
epoch it does not know looks at the source of its keys again.
"""

import hmac
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol, Self, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from overrides.canonical import read_canonical
from overrides.errors import LedgerAltered, SlotErased
from overrides.journal import Json

KEY_BYTES = 32
NONCE_BYTES = 12
SALT_BYTES = 32
ID_BYTES = 16
CASE_CHARS = 12  # of a case's reference, which begins with its time, in the ids of its keys

_COMMIT = b"countermand/commit/v1\0"
_WRAP_FIRST = "countermand/data-key/v1\0"  # of the first releases: bound to id and party alone
_WRAP = "countermand/data-key/v2\0"
_SECOND = b"\x02"  # before what is locked in the second way, which is a byte longer so
_FIRST_BYTES = NONCE_BYTES + KEY_BYTES + 16

RandomBytes = Callable[[int], bytes]
Key = TypeVar("Key", bound="WrappedKey")


class KeySource(Protocol):
    """Where key-encryption keys come from, asked again while a process runs."""

    def __call__(self, seen: object) -> tuple[object, Mapping[int, bytes]] | None:
        """The keys by epoch with a mark of this state of them; nothing when ``seen`` is it."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A party's data key as it lies in the database: readable with the key-encryption key only."""

    dek_id: str
    subject: str
    wrapped: bytes
    kek_epoch: int
    case: str = ""
    record_class: str = ""


@dataclass(frozen=True, slots=True)
class FreshKey(WrappedKey):
    """A data key that was made just now, so that it need not be opened to be used.

    Whoever made it holds it for as long as the entries that it locks are being written.
    """

    plain: bytes = field(default=b"", repr=False, compare=False)

    def stored(self) -> WrappedKey:
        """It as it lies in the database."""
        return WrappedKey(
            self.dek_id, self.subject, self.wrapped, self.kek_epoch, self.case, self.record_class
        )


@dataclass(frozen=True, slots=True)
class Sealed:
    """The personal part of an entry as it lies in the database, and its commitment in hex."""

    slot: str
    dek_id: str
    nonce: bytes
    ciphertext: bytes
    commitment: str


def commitment_of(salt: bytes, event_id: str, slot: str, payload: bytes) -> str:
    """Keyed hash that binds a payload's exact bytes to one slot of one entry, in hex."""
    message = _COMMIT + f"{slot}\0{event_id}\0".encode() + payload
    return hmac.digest(salt, message, "sha256").hex()


@dataclass(slots=True)
class Vault:
    """Seals and opens personal data, and makes keyed hashes for looking things up.

    ``keks`` are key-encryption keys by epoch; the highest wraps new data keys. ``lookup_key`` is
    for hashes that must find the same thing again: an application, a party, a repeated request.
    ``source`` is where the key-encryption keys can be read again.
    """

    keks: Mapping[int, bytes]
    lookup_key: bytes
    random_bytes: RandomBytes
    source: KeySource | None = None
    _ciphers: dict[int, AESGCM] = field(init=False, repr=False)
    _seen: object = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        """Refuse keys of the wrong size."""
        if not self.keks or any(len(key) != KEY_BYTES for key in self.keks.values()):
            msg = "a key-encryption key has 32 bytes, and there is at least one"
            raise ValueError(msg)
        if len(self.lookup_key) < KEY_BYTES:
            msg = "the lookup key has at least 32 bytes"
            raise ValueError(msg)
        self._ciphers = {epoch: AESGCM(key) for epoch, key in self.keks.items()}

    def renew(self) -> None:
        """Have the keys that there are now, and no others: those that were destroyed are let go.

        A writer does so whenever its turn comes, so that nothing new is locked by an old key.
        """
        if self.source is None or (found := self.source(self._seen)) is None:
            return
        self._seen, self.keks = found
        self._ciphers = {epoch: AESGCM(key) for epoch, key in self.keks.items()}

    def knows(self, epoch: int) -> bool:
        """Whether data keys of this epoch open; keys added meanwhile are fetched."""
        return self._cipher(epoch) is not None

    def misdated(self, key: WrappedKey) -> bool:
        """Whether a data key opens by the key of another epoch than it is said to be of."""
        for epoch in self._ciphers.keys() - {key.kek_epoch}:
            with suppress(InvalidTag, ValueError):
                self._unwrap(replace(key, kek_epoch=epoch), "data key")
                return True
        return False

    def holding(self) -> Self:
        """A copy that keeps every key it has, for whoever reads one state of the database long."""
        return replace(self)

    @property
    def epoch(self) -> int:
        """Epoch of the key that wraps new data keys."""
        return max(self._ciphers)

    def new_key(self, subject: str, case: str = "", record_class: str = "") -> FreshKey:
        """A fresh data key for a party, in one case and for one class of records, wrapped.

        Its id begins as the case's reference does: keys of new cases are put side by side, at the
        end of every index, and not each on a page of its own.
        """
        chance = self.random_bytes(ID_BYTES + NONCE_BYTES + KEY_BYTES)
        begins = case.replace("-", "")[:CASE_CHARS]
        dek_id = begins + chance[:ID_BYTES].hex()[len(begins) :]
        nonce, key = chance[ID_BYTES:-KEY_BYTES], chance[-KEY_BYTES:]
        fresh = FreshKey(dek_id, subject, b"", self.epoch, case, record_class, key)
        return self._wrap(key, fresh, nonce)

    def rewrap(self, key: WrappedKey) -> WrappedKey:
        """The same data key, wrapped by the newest key-encryption key.

        Raises ``SlotErased`` when it cannot be opened any more, ``InvalidTag`` when it was altered.
        """
        nonce = self.random_bytes(NONCE_BYTES)
        return self._wrap(self._unwrap(key, "data key"), key, nonce)

    def seal(self, key: WrappedKey, event_id: str, slot: str, text: bytes) -> Sealed:
        """Encrypt a payload's canonical bytes under a party's key and commit to them."""
        chance = self.random_bytes(SALT_BYTES + NONCE_BYTES)
        salt, nonce = chance[:SALT_BYTES], chance[SALT_BYTES:]
        cipher = AESGCM(self._unwrap(key, slot))
        ciphertext = cipher.encrypt(nonce, salt + text, _slot_binds(event_id, slot))
        commitment = commitment_of(salt, event_id, slot, text)
        return Sealed(slot, key.dek_id, nonce, ciphertext, commitment)

    def unseal(
        self, key: WrappedKey | None, event_id: str, seq: int, sealed: Sealed
    ) -> tuple[bytes, bytes]:
        """Salt and canonical bytes of a payload, checked against its commitment.

        Raises ``SlotErased`` when the key is gone, ``LedgerAltered`` when the bytes are not those
        that were committed to.
        """
        slot = sealed.slot
        if key is None:
            raise SlotErased(slot=slot)
        try:
            cipher = AESGCM(self._unwrap(key, slot))
            plain = cipher.decrypt(sealed.nonce, sealed.ciphertext, _slot_binds(event_id, slot))
        except (InvalidTag, ValueError):
            raise LedgerAltered(seq=seq, finding=f"the part {slot} does not decrypt") from None
        salt, text = plain[:SALT_BYTES], plain[SALT_BYTES:]
        if not hmac.compare_digest(commitment_of(salt, event_id, slot, text), sealed.commitment):
            finding = f"the part {slot} is not the one committed to"
            raise LedgerAltered(seq=seq, finding=finding)
        return salt, text

    def open(self, key: WrappedKey | None, event_id: str, seq: int, sealed: Sealed) -> Json:
        """The payload as JSON gives it back, with the checks and errors of ``unseal``."""
        return read_canonical(self.unseal(key, event_id, seq, sealed)[1])

    def lookup_hash(self, purpose: str, text: str) -> str:
        """Keyed hash in hex that finds the same text again, for one purpose only."""
        return hmac.digest(self.lookup_key, f"{purpose}\0{text}".encode(), "sha256").hex()

    def _wrap(self, plain: bytes, key: Key, nonce: bytes) -> Key:
        """A data key locked by the newest key-encryption key."""
        ciphers = self._ciphers
        epoch = max(ciphers)
        locked = ciphers[epoch].encrypt(nonce, plain, _wrap_binds(key))
        return replace(key, wrapped=_SECOND + nonce + locked, kek_epoch=epoch)

    def _cipher(self, epoch: int) -> AESGCM | None:
        """The cipher of an epoch, fetched if it was added meanwhile."""
        cipher = self._ciphers.get(epoch)
        if cipher is None and self.source is not None and (found := self.source(None)):
            added = {new: AESGCM(key) for new, key in found[1].items() if new not in self._ciphers}
            self._ciphers = {**self._ciphers, **added}
            cipher = self._ciphers.get(epoch)
        return cipher

    def _unwrap(self, key: WrappedKey, slot: str) -> bytes:
        """The data key itself. Raises ``SlotErased`` when its key-encryption key was destroyed."""
        if isinstance(key, FreshKey):
            return key.plain
        cipher = self._cipher(key.kek_epoch)
        if cipher is None:
            raise SlotErased(slot=slot)
        if len(key.wrapped) == _FIRST_BYTES:
            locked, binds = key.wrapped, f"{_WRAP_FIRST}{key.dek_id}\0{key.subject}".encode()
        else:
            locked, binds = key.wrapped.removeprefix(_SECOND), _wrap_binds(key)
        return cipher.decrypt(locked[:NONCE_BYTES], locked[NONCE_BYTES:], binds)


def _wrap_binds(key: WrappedKey) -> bytes:
    """What a wrapped key is bound to: it opens for this id, party, case and class only.

    So whoever changes these in the database does not change what an erasure takes unseen.
    """
    return f"{_WRAP}{key.dek_id}\0{key.subject}\0{key.case}\0{key.record_class}".encode()


def _slot_binds(event_id: str, slot: str) -> bytes:
    """What a ciphertext is bound to: it opens for this slot of this entry only."""
    return f"{event_id}\0{slot}".encode()
