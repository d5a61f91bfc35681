"""The keys' own folder, outside the database: readable by the owner only.

``kek.json`` has the key-encryption keys by epoch, ``lookup.key`` the key of the keyed hashes,
``signing.key`` the seed that signs checkpoints and ``signing.pub`` the public half to hand out.
Where a signer took ``signing.key`` into a folder of its own, ``signing.elsewhere`` says so.
All are written once but ``kek.json``, whose keys are replaced (see ``overrides.kek_files``).
"""

from base64 import b64decode, b64encode
from pathlib import Path

from overrides.kek_files import KEK, KekFile, overwrite, sync_folder, write_secret
from overrides.notes import SEED_BYTES, PublicKey, Signer
from overrides.vault import KEY_BYTES, RandomBytes, Vault

LOOKUP, SIGNING, PUBLIC = "lookup.key", "signing.key", "signing.pub"
ELSEWHERE = "signing.elsewhere"
DIRECTORY_MODE = 0o700


def create_keys(directory: Path, *, name: str, random_bytes: RandomBytes) -> None:
    """Make the keys that are missing; those that exist stay. ``name`` is the log's.

    Where there is a public half, the signing key is somebody's already and none is made.
    """
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    if not (directory / KEK).exists():
        KekFile(directory).write({1: random_bytes(KEY_BYTES)})
    if not (directory / LOOKUP).exists():
        _write(directory / LOOKUP, encoded(random_bytes(KEY_BYTES)))
    if (directory / PUBLIC).exists():
        return  # the secret half may rightly lie elsewhere, with a signer of its own
    if not (directory / SIGNING).exists():
        create_signer(directory, Signer(name, random_bytes(SEED_BYTES)))
    _write(directory / PUBLIC, open_signer(directory).key.vkey)


def create_signer(directory: Path, signer: Signer) -> None:
    """Write the secret half of a signer's key into a folder that has none."""
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    _write(directory / SIGNING, f"{signer.name} {encoded(signer.seed)}")


def has_public(directory: Path) -> bool:
    """Whether there are keys here; the signing key itself may lie elsewhere."""
    return (directory / PUBLIC).exists()


def has_signer(directory: Path) -> bool:
    """Whether the key that signs lies here."""
    return (directory / SIGNING).exists()


def signs_elsewhere(directory: Path) -> bool:
    """Whether a signer took the key that signs into a folder of its own."""
    return (directory / ELSEWHERE).exists() and not has_signer(directory)


def hand_over_signer(directory: Path, home: Path) -> None:
    """Move the key that signs into a signer's own folder; begun again where it was cut short.

    Raises ``FileExistsError`` when there is another key in that folder.
    """
    signer = open_signer(directory)
    if not has_signer(home):
        create_signer(home, signer)
    elif open_signer(home) != signer:
        raise FileExistsError(str(home / SIGNING))
    sync_folder(home)
    if not (directory / ELSEWHERE).exists():
        _write(directory / ELSEWHERE, "The key that signs lies with a signer of its own.")
    overwrite(directory / SIGNING)
    sync_folder(directory)


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


def encoded(key: bytes) -> str:
    """Key as text."""
    return b64encode(key).decode()


def _decoded(path: Path) -> bytes:
    """Key from its file."""
    return b64decode(path.read_text().strip(), validate=True)


def _write(path: Path, text: str) -> None:
    """Write a secret that does not exist yet."""
    write_secret(path, text + "\n")
