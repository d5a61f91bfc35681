"""Signed notes and checkpoints in the C2SP formats, so that other people's tools can check ours.

A note is text, a blank line, and a line per signature. A checkpoint is a note whose text is the
log's name, its size and its root. Signatures are Ed25519 (key type 0x01).
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from overrides.errors import NoteInvalid
from overrides.merkle import HASH_BYTES

ED25519 = b"\x01"
SEED_BYTES = 32
NOTE_BYTES_MAX = 1_000_000
SIGNATURES_MAX = 100
NO_KNOWN_KEY = "no known key signed it"

_KEY_ID_BYTES = 4
_SIGNATURE_BYTES = 64
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_UNFIT = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_MARK = "\N{EM DASH} "


def check_name(name: str) -> None:
    """Refuse a name that cannot stand in a note: blanks, plus signs, control characters."""
    if not _NAME.fullmatch(name):
        raise NoteInvalid(finding=f"not a name for a key or a log: {name[:60]!a}")


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a signature line names its key."""
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:_KEY_ID_BYTES]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that notes are checked with."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        """Refuse a name or key that no note could carry."""
        check_name(self.name)
        if len(self.public) != SEED_BYTES:
            raise NoteInvalid(finding="an Ed25519 key has 32 bytes")

    @property
    def vkey(self) -> str:
        """The key as one line of text: name, id, type and key."""
        number = key_id(self.name, self.public).hex()
        return f"{self.name}+{number}+{b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def from_vkey(cls, text: str) -> "PublicKey":
        """A key from its line of text. Raises ``NoteInvalid`` when a single character is off."""
        name, _, rest = text.partition("+")
        encoded = rest.partition("+")[2]
        data = _base64(encoded)
        if data is None or data[:1] != ED25519:
            raise NoteInvalid(finding="not an Ed25519 key in vkey form")
        key = cls(name, data[1:])
        if key.vkey != text:
            raise NoteInvalid(finding="the key and its id do not belong together")
        return key

    def signed(self, text: str, signature: bytes) -> bool:
        """Whether this key made the signature over the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that notes are signed with. The seed is secret."""

    name: str
    seed: bytes

    def __post_init__(self) -> None:
        """Refuse a name or seed that cannot sign."""
        check_name(self.name)
        if len(self.seed) != SEED_BYTES:
            raise NoteInvalid(finding="an Ed25519 seed has 32 bytes")

    def __repr__(self) -> str:
        """Name only: a seed must not end up in a log."""
        return f"Signer({self.name!r})"

    @property
    def key(self) -> PublicKey:
        """The key that checks what this one signs."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return PublicKey(self.name, public.public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, text: str) -> str:
        """The text as a signed note."""
        if not text.endswith("\n") or _unfit(text):
            raise NoteInvalid(finding="a note's text ends in a newline and has no control codes")
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        line = b64encode(key_id(self.name, self.key.public) + signature).decode()
        return f"{text}\n{_MARK}{self.name} {line}\n"


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note, at least one signature of which was checked."""

    text: str
    signed_by: tuple[str, ...]  # names of the known keys that signed, in the note's order
    unknown: tuple[str, ...]  # names on signature lines of keys that are not known


def open_note(note: str, keys: Sequence[PublicKey]) -> OpenedNote:
    """The note's text, with who signed it.

    Raises ``NoteInvalid`` when the note is malformed, when a known key's signature is wrong, or
    when no known key signed.
    """
    text, lines = _take_apart(note)
    signed_by: list[str] = []
    unknown: list[str] = []
    for name, number, signature in lines:
        key = next((k for k in keys if k.name == name and key_id(k.name, k.public) == number), None)
        if key is None:
            unknown.append(name)
        elif not key.signed(text, signature):
            raise NoteInvalid(finding=f"the signature of {name} is wrong")
        elif name not in signed_by:
            signed_by.append(name)
    if not signed_by:
        raise NoteInvalid(finding=NO_KNOWN_KEY)
    return OpenedNote(text, tuple(signed_by), tuple(unknown))


def _take_apart(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Text and signature lines as (name, key id, signature)."""
    if len(note) > NOTE_BYTES_MAX or _unfit(note):
        raise NoteInvalid(finding="too long, or not plain text")
    head, gap, tail = note.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise NoteInvalid(finding="there are no signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise NoteInvalid(finding=f"more than {SIGNATURES_MAX} signatures")
    return head + "\n", [_signature_line(line) for line in lines]


def _signature_line(line: str) -> tuple[str, bytes, bytes]:
    """Name, key id and signature from one line."""
    name, _, encoded = line.removeprefix(_MARK).partition(" ")
    data = _base64(encoded)
    if (
        not line.startswith(_MARK)
        or not _NAME.fullmatch(name)
        or data is None
        or len(data) <= _KEY_ID_BYTES
    ):
        raise NoteInvalid(finding="a malformed signature line")
    return name, data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:]


def _unfit(text: str) -> bool:
    """Whether there is a control character other than newline, or a lone surrogate."""
    return bool(_UNFIT.search(text))


def _base64(text: str) -> bytes | None:
    """Bytes of a base64 text in its one proper spelling, or nothing."""
    try:
        data = b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return None
    return data if b64encode(data).decode() == text else None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a log stands, as it is signed. ``extension`` lines are kept and mean nothing here."""

    origin: str
    size: int
    root: bytes
    extension: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extension)
        return "\n".join(lines) + "\n"

    @classmethod
    def from_text(cls, text: str) -> "Checkpoint":
        """A checkpoint from a note's text. Raises ``NoteInvalid``."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() != "" or not all(lines):  # noqa: PLR2004
            raise NoteInvalid(finding="a checkpoint has a name, a size and a root, line by line")
        origin, size, encoded, *extension = lines
        root = _base64(encoded)
        if not _SIZE.fullmatch(size) or root is None or len(root) != HASH_BYTES:
            raise NoteInvalid(finding="the checkpoint's size or root is malformed")
        return cls(origin, int(size), root, tuple(extension))


def open_checkpoint(note: str, origin: str, keys: Sequence[PublicKey]) -> Checkpoint:
    """The checkpoint of the log ``origin`` in a signed note. Raises ``NoteInvalid``."""
    checkpoint = Checkpoint.from_text(open_note(note, keys).text)
    if checkpoint.origin != origin:
        raise NoteInvalid(finding=f"it is of the log {checkpoint.origin[:60]}, not {origin}")
    return checkpoint


def kept_checkpoint(kept: str | Checkpoint, origin: str, keys: Sequence[PublicKey]) -> Checkpoint:
    """A checkpoint that somebody kept: a signed note, or typed in from paper and not signed."""
    if isinstance(kept, str):
        return open_checkpoint(kept, origin, keys)
    if kept.origin != origin:
        raise NoteInvalid(finding=f"it is of the log {kept.origin[:60]}, not {origin}")
    return kept


def is_signed_by(key: PublicKey, note: str) -> bool:
    """Whether this very key signed a note."""
    try:
        open_note(note, [key])
    except NoteInvalid:
        return False
    return True


def claimed_checkpoint(note: str) -> Checkpoint:
    """The checkpoint in a note, whoever signed it. Raises ``NoteInvalid``."""
    return Checkpoint.from_text(_take_apart(note)[0])
