"""The keys' own folder, outside the database: readable by the owner only.

``kek.json`` has the key-encryption keys by epoch, ``lookup.key`` the key of the keyed hashes,
``signing.key`` the seed that signs checkpoints and ``signing.pub`` the public half to hand out.
All are written once but ``kek.json``, whose keys are replaced (see ``overrides.kek_files``).
"""

from base64 import b64decode, b64encode
from pathlib import Path

from overrides.kek_files import KEK, KekFile, write_secret
from overrides.notes import SEED_BYTES, PublicKey, Signer
from overrides.vault import KEY_BYTES, RandomBytes, Vault

LOOKUP, SIGNING, PUBLIC = "lookup.key", "signing.key", "signing.pub"
DIRECTORY_MODE = 0o700


def create_keys(directory: Path, *, name: str, random_bytes: RandomBytes) -> None:
    """Make the keys that are missing; those that exist stay. ``name`` is the log's."""
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    if not (directory / KEK).exists():
        KekFile(directory).write({1: random_bytes(KEY_BYTES)})
    if not (directory / LOOKUP).exists():
        _write(directory / LOOKUP, _encoded(random_bytes(KEY_BYTES)))
    if not (directory / SIGNING).exists():
        signer = Signer(name, random_bytes(SEED_BYTES))
        _write(directory / SIGNING, f"{name} {_encoded(signer.seed)}")
        _write(directory / PUBLIC, signer.key.vkey)


def open_vault(directory: Path, *, random_bytes: RandomBytes) -> Vault:
    """The vault of an installation."""
    keks = KekFile(directory)
    return Vault(
        keks=keks.read(),
        lookup_key=_decoded(directory / LOOKUP),
        random_bytes=random_bytes,
        source=keks,
    )


def open_signer(directory: Path) -> Signer:
    """The key that signs this installation's checkpoints."""
    name, _, seed = (directory / SIGNING).read_text().strip().partition(" ")
    return Signer(name, b64decode(seed, validate=True))


def open_public(directory: Path) -> PublicKey:
    """The key that checks this installation's checkpoints."""
    return PublicKey.from_vkey((directory / PUBLIC).read_text().strip())


def _encoded(key: bytes) -> str:
    """Key as text."""
    return b64encode(key).decode()


def _decoded(path: Path) -> bytes:
    """Key from its file."""
    return b64decode(path.read_text().strip(), validate=True)


def _write(path: Path, text: str) -> None:
    """Write a secret that does not exist yet."""
    write_secret(path, text + "\n")
