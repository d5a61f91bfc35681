"""Notices and shares from the command line: nothing is on of which staff were not told."""

import hashlib
from pathlib import Path

import pytest

from tests.decision_service.commands.shell import Shell

TEXT = b"From 1 March some cases are judged before their score is seen.\n"


@pytest.fixture
def key(shell: Shell) -> str:
    """The key of somebody in compliance, as it is given on standard input."""
    shell.on_data(
        "user", "add", "carla", "--role", "compliance", "--password-stdin", given="a long password"
    )
    made: str = shell.on_data("key", "add", "--user", "carla", "--json").json["key"]
    return made + "\n"


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    """The notice as staff had it."""
    file = tmp_path / "notice.txt"
    file.write_bytes(TEXT)
    return file


def test_a_share_needs_a_notice_and_a_notice_names_its_text(
    shell: Shell, key: str, notice: Path
) -> None:
    switch = ("oversight", "switch", "blind_first", "--share", "0.1", "--key-stdin")
    refused = shell.on_data(*switch, given=key, ok=False)
    assert refused.status == 1
    assert "countermand oversight notice" in refused.err
    assert not (shell.data / "keys/blind-first.seed").exists()
    given = ("--practice", "blind_first", "--given-on", "2026-01-05", "--key-stdin")
    said = shell.on_data("oversight", "notice", notice, *given, given=key)
    digest = hashlib.sha256(TEXT).hexdigest()
    assert digest in said.out
    assert "0.1" in shell.on_data(*switch, given=key).out
    seed = shell.data / "keys/blind-first.seed"
    assert seed.stat().st_mode & 0o777 == 0o600
    blind, dwell = shell.on_data("oversight", "show", "--json").json["practices"]
    assert (blind["share"], blind["by"], blind["notice"]["sha256"]) == ("0.1", "carla", digest)
    assert blind["notice"]["given_on"] == "2026-01-05"
    assert (dwell["share"], dwell["notice"]) == ("0", None)
    table = shell.on_data("oversight", "show").out
    assert "not recorded" in table
    off = ("oversight", "switch", "blind_first", "--share", "0", "--key-stdin")
    shell.on_data(*off, given=key)
    assert "off" in shell.on_data("oversight", "show").out
    assert shell.on_data("oversight", "draws", "--json").json == dict.fromkeys(
        ("drawn", "not_drawn", "differ", "other_seed"), 0
    )


@pytest.mark.parametrize("share", ["1.5", "-0.1", "nan", "half", "1e400"])
def test_a_share_is_a_number_from_nothing_to_all(shell: Shell, share: str) -> None:
    said = shell.on_data("oversight", "switch", "blind_first", f"--share={share}", ok=False)
    assert said.status == 2
    assert "is not a share from 0 to 1" in said.err


def test_dwell_time_is_on_for_everybody_or_for_nobody(shell: Shell, key: str) -> None:
    words = ("oversight", "switch", "dwell_time", "--share", "0.5", "--key-stdin")
    said = shell.on_data(*words, given=key, ok=False)
    assert said.status == 2
    assert "for everybody or for nobody" in said.err


@pytest.mark.parametrize("content", [b"", b" \n", None])
def test_a_notice_without_a_text_is_none(
    shell: Shell, key: str, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "empty.txt"
    if content is not None:
        file.write_bytes(content)
    given = ("--practice", "blind_first", "--given-on", "2026-01-05", "--key-stdin")
    said = shell.on_data("oversight", "notice", file, *given, given=key, ok=False)
    assert said.status == 1
    assert "notice" in said.err


def test_draws_without_a_seed_are_not_checked(shell: Shell) -> None:
    said = shell.on_data("oversight", "draws", ok=False)
    assert said.status == 1
    assert "there is no seed to draw with" in said.err
