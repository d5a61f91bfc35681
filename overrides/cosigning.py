"""Signing what other ledgers show, as a witness: C2SP cosignatures with Ed25519 and ML-DSA-44.

A cosignature says that its witness saw a log with so many entries and this root at some time, and
that this continues all they had seen of it. A witness has one key of each kind under one name;
whoever trusts them pins the keys and takes whichever signature they can check.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from overrides.countermand_verify import ML_DSA_KEY, WITNESS_KEY, Key
from overrides.errors import NoteInvalid
from overrides.kek_files import sync_folder, write_secret
from overrides.keyfiles import DIRECTORY_MODE
from overrides.notes import SEED_BYTES, Checkpoint, check_name

KEY, PUBLIC, LEDGERS = "witness.key", "witness.pub", "ledgers"
NAME_BYTES_MAX, ID_BYTES = 255, 4
_LABEL = b"subtree/v1\n\0"
_MARK = "\N{EM DASH} "

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Cosigner:
    """The keys that a witness signs with. Seeds are secret; without a second one, Ed25519 alone."""

    name: str
    ed25519_seed: bytes
    ml_dsa_seed: bytes = b""

    def __post_init__(self) -> None:
        """Refuse a name or seeds that cannot sign."""
        check_name(self.name)
        if len(self.name.encode()) > NAME_BYTES_MAX:
            raise NoteInvalid(finding=f"a witness's name has at most {NAME_BYTES_MAX} bytes")
        if len(self.ed25519_seed) != SEED_BYTES or len(self.ml_dsa_seed) not in (0, SEED_BYTES):
            raise NoteInvalid(finding="a seed has 32 bytes")

    def __repr__(self) -> str:
        """Name only: a seed must not end up in a log."""
        return f"Cosigner({self.name!r})"

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that check what these sign, Ed25519 first."""
        return tuple(key for key, _ in self._pairs())

    def lines(self, checkpoint: Checkpoint, at: datetime) -> str:
        """A signature line for each key: this log was seen like this at this time."""
        seconds = int(at.timestamp())
        lines = []
        for key, sign in self._pairs():
            message = (
                _in_words(checkpoint, seconds)
                if key.type == WITNESS_KEY
                else _in_bytes(self.name, checkpoint, seconds)
            )
            told = b64encode(key.id + seconds.to_bytes(8, "big") + sign(message)).decode()
            lines.append(f"{_MARK}{self.name} {told}\n")
        return "".join(lines)

    def _pairs(self) -> list[tuple[Key, Sign]]:
        """Each key with what signs."""
        plain = Ed25519PrivateKey.from_private_bytes(self.ed25519_seed)
        public = plain.public_key().public_bytes_raw()
        pairs: list[tuple[Key, Sign]] = [(Key(self.name, WITNESS_KEY, public), plain.sign)]
        if self.ml_dsa_seed:
            from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

            private = MLDSA44PrivateKey.from_seed_bytes(self.ml_dsa_seed)
            public = private.public_key().public_bytes_raw()
            pairs.append((Key(self.name, ML_DSA_KEY, public), private.sign))
        return pairs


def _in_words(checkpoint: Checkpoint, seconds: int) -> bytes:
    """What is signed with Ed25519: the time, and the checkpoint's own text."""
    return f"cosignature/v1\ntime {seconds}\n{checkpoint.text}".encode()


def _in_bytes(name: str, checkpoint: Checkpoint, seconds: int) -> bytes:
    """What is signed with ML-DSA-44: names and numbers, each in one exact place."""
    origin, start = checkpoint.origin.encode(), 0
    if len(origin) > NAME_BYTES_MAX:
        raise NoteInvalid(finding=f"a ledger's name has at most {NAME_BYTES_MAX} bytes")
    parts = (
        _LABEL,
        _counted(name.encode()),
        seconds.to_bytes(8, "big"),
        _counted(origin),
        start.to_bytes(8, "big"),
        checkpoint.size.to_bytes(8, "big"),
        checkpoint.root,
    )
    return b"".join(parts)


def _counted(text: bytes) -> bytes:
    """Bytes with their number before them."""
    return bytes([len(text)]) + text


def has_ml_dsa() -> bool:
    """Whether ML-DSA-44 can be signed with here."""
    try:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

        MLDSA44PrivateKey.from_seed_bytes(bytes(SEED_BYTES))
    except (ImportError, UnsupportedAlgorithm):
        return False
    return True


def create_cosigner(folder: Path, name: str, random_bytes: Callable[[int], bytes]) -> Cosigner:
    """Make a witness's keys, which witness no ledger. Raises ``FileExistsError`` beside others.

    The empty list of ledgers tells a new witness from one of which only the key was kept.
    """
    second = random_bytes(SEED_BYTES) if has_ml_dsa() else b""
    cosigner = Cosigner(name, random_bytes(SEED_BYTES), second)
    for kept in (PUBLIC, LEDGERS):  # of a witness whose key is gone
        if (folder / kept).exists():
            raise FileExistsError(folder / kept)
    seeds = (cosigner.ed25519_seed, cosigner.ml_dsa_seed)
    coded = " ".join(b64encode(seed).decode() for seed in seeds if seed)
    folder.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    write_secret(folder / KEY, f"{name} {coded}\n")
    write_secret(folder / PUBLIC, public_text(cosigner.keys))
    write_secret(folder / LEDGERS, "")
    sync_folder(folder)
    sync_folder(folder.parent)
    return cosigner


def open_cosigner(folder: Path) -> Cosigner | None:
    """A witness's keys; nothing where there are none."""
    try:
        name, *seeds = (folder / KEY).read_text("utf-8").split()
    except FileNotFoundError:
        return None
    return Cosigner(name, *(b64decode(seed, validate=True) for seed in seeds))


def public_text(keys: Sequence[Key]) -> str:
    """Public keys to hand out, one a line."""
    return "".join(f"{key}\n" for key in keys)


def lines_of(note: str, keys: Sequence[Key]) -> dict[Key, str]:
    """The signature lines of a note that are by these keys, as they stand. Nothing is checked."""
    found: dict[Key, str] = {}
    for line in note.rpartition("\n\n")[2].splitlines(keepends=True):
        name, _, told = line.removeprefix(_MARK).strip().partition(" ")
        number = b64decode(told)[:ID_BYTES]
        found |= {key: line for key in keys if (key.name, key.id) == (name, number)}
    return found
