import os
import stat
from pathlib import Path

import pytest

from overrides.kek_files import KEK
from overrides.keyfiles import (
    LOOKUP,
    PUBLIC,
    SIGNING,
    create_keys,
    open_public,
    open_signer,
    open_vault,
)

NAME = "bank.example/ledger"


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_keys_are_made_once_and_stay(tmp_path: Path) -> None:
    keys = tmp_path / "data" / "keys"
    create_keys(keys, name=NAME, random_bytes=os.urandom)
    made = contents(keys)
    create_keys(keys, name=NAME, random_bytes=os.urandom)
    assert contents(keys) == made
    assert open_signer(keys).key == open_public(keys)
    assert open_public(keys).name == NAME
    vault = open_vault(keys, random_bytes=os.urandom)
    key = vault.new_key("party").stored()
    sealed = vault.seal(key, "e", "note", b"{}")
    assert open_vault(keys, random_bytes=os.urandom).open(key, "e", 0, sealed) == {}


def test_nobody_else_may_read_them(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    create_keys(keys, name=NAME, random_bytes=os.urandom)
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.iterdir()} == {0o600}


def open_all(directory: Path) -> None:
    open_vault(directory, random_bytes=os.urandom)
    open_signer(directory)
    open_public(directory)


@pytest.mark.parametrize("missing", [KEK, LOOKUP, SIGNING, PUBLIC])
def test_a_missing_key_is_said_and_not_replaced_by_reading(tmp_path: Path, missing: str) -> None:
    create_keys(tmp_path, name=NAME, random_bytes=os.urandom)
    open_all(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(FileNotFoundError):
        open_all(tmp_path)
