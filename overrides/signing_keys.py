"""The files of a signing key that is replaced: the next one, and the public halves of former ones.

``signing.retired`` has the public half of every key that signed before, one a line, so that old
checkpoints can be checked for ever. ``signing.next`` is a key that was made and is not in use yet:
a replacement that was cut short goes on with it.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path

from overrides.kek_files import PARTIAL, overwrite, sync_folder, write_secret
from overrides.keyfiles import DIRECTORY_MODE, PUBLIC, SIGNING, open_public
from overrides.ledger import LedgerBook
from overrides.notes import SEED_BYTES, PublicKey, Signer
from overrides.vault import RandomBytes

RETIRED, NEXT = "signing.retired", "signing.next"
PURPOSE = "signing"
ENTRIES_AT_ONCE = 100


def former_keys(directory: Path) -> list[PublicKey]:
    """Public halves of the keys that signed before, the oldest first."""
    path = directory / RETIRED
    if not path.is_file():
        return []
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return [PublicKey.from_vkey(line) for line in lines if line and not line.startswith("#")]


def trusted_keys(directory: Path) -> list[PublicKey]:
    """The public half of the key that signs, and of those that signed before."""
    return [open_public(directory), *former_keys(directory)]


def next_signer(directory: Path, name: str, *, random_bytes: RandomBytes) -> Signer:
    """The key that is to sign next, made unless a replacement that was cut short made it."""
    path = directory / NEXT
    if not path.is_file():
        directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        seed = b64encode(random_bytes(SEED_BYTES)).decode()
        write_secret(path, f"{name} {seed}\n")
        sync_folder(directory)
    name, _, seed = path.read_text("ascii").strip().partition(" ")
    return Signer(name, b64decode(seed, validate=True))


def use_next(home: Path, keys: Path, former: PublicKey | None) -> None:
    """Let the next key sign: its secret half in ``home``, its public half in ``keys``.

    The former one's public half is kept in both, its secret half is written over.
    """
    name, _, seed = (home / NEXT).read_text("ascii").strip().partition(" ")
    signer = Signer(name, b64decode(seed, validate=True))
    if former is not None and former != signer.key:
        for folder in {home, keys}:
            _retire(folder, former)
    _replace(keys / PUBLIC, f"{signer.key.vkey}\n")
    overwrite(home / SIGNING)
    (home / NEXT).replace(home / SIGNING)
    sync_folder(home)


def keys_of(ledger: LedgerBook) -> list[tuple[str, int]]:
    """Each key that the ledger says signs it, in turn, and the entry that says so."""
    return list(_told(ledger))


def _told(ledger: LedgerBook) -> Iterator[tuple[str, int]]:
    """The same, from the entries themselves."""
    after = -1
    kinds = ("ledger_opened", "key_rotated")
    while found := ledger.changes(after, ENTRIES_AT_ONCE, kinds):
        for entry in found:
            data = json.loads(entry.body)["data"]
            if entry.type == "ledger_opened":
                yield from ((vkey, entry.seq) for vkey in data["keys"])
            elif data["purpose"] == PURPOSE:
                yield data["key"], entry.seq
        after = found[-1].seq


def _retire(folder: Path, former: PublicKey) -> None:
    """Keep the public half of a key that signs no more."""
    known = former_keys(folder)
    if former not in known:
        text = "".join(f"{key.vkey}\n" for key in (*known, former))
        _replace(folder / RETIRED, text)


def _replace(path: Path, text: str) -> None:
    """Put a file in the place of another, in one step."""
    partial = path.with_name(path.name + PARTIAL)
    partial.unlink(missing_ok=True)
    write_secret(partial, text)
    partial.replace(path)
    sync_folder(path.parent)
