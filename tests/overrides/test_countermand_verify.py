"""The one file an auditor gets: that it reads as the product does, alone, and at any size."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.ledger_sample import LOG, SampleBook
from overrides import countermand_verify
from overrides.countermand_verify import (
    BUNDLES_AT_ONCE,
    FINDINGS_MAX,
    Finding,
    Findings,
    Key,
    Memory,
    Sight,
    Told,
    UnknownKind,
    Verdict,
    Wrong,
    WrongUsage,
    check_export,
    ed25519_holds_plainly,
    main,
    read_entry,
    read_instant,
    read_members,
    read_memory,
    read_receipts,
    text_of,
)
from overrides.errors import LedgerError
from overrides.errors import UnknownKind as UnknownToProduct
from overrides.event_kinds import KINDS
from overrides.events import read_event
from overrides.export import export
from overrides.notes import Signer
from tests.golden.drafts import GOLDEN, NAMES

SIGNER = Signer(LOG, bytes(range(32)))
PINNED = Memory(keys=(Key.read(SIGNER.key.vkey),))
FILE = Path(countermand_verify.__file__)


def test_it_knows_exactly_the_kinds_that_can_be_written() -> None:
    known = {name: (kind.required, kind.optional, kind.slots) for name, kind in KINDS.items()}
    assert known == countermand_verify._KINDS


@pytest.mark.parametrize("body", GOLDEN, ids=NAMES)
def test_an_entry_of_every_kind_is_read_as_it_was_written(body: bytes) -> None:
    event, entry, members = read_event(body), read_entry(body), read_members(body)
    assert (entry.log, entry.seq) == (f'"{event.log}"'.encode(), b"%d" % event.seq)
    assert text_of(entry.event_id) == event.event_id == members["id"]
    assert (text_of(entry.actor), entry.kind.decode()) == (event.actor, event.type)
    assert (text_of(entry.case) if event.case else entry.case) == (event.case or b"null")
    assert entry.commitments == event.commit
    assert read_instant(entry.at.decode()) == event.recorded_at
    assert members["data"] == event.data


def outcome(read: Callable[[bytes], object], body: bytes) -> str:
    """What reading comes to: read, of a kind that is not known, or wrong."""
    try:
        read(body)
    except (UnknownKind, UnknownToProduct):
        return "unknown"
    except (Wrong, LedgerError):
        return "wrong"
    return "read"


MUTATIONS = (
    b"1",
    b'"',
    b"\\",
    b" ",
    b"{",
    b"}",
    b"[",
    b",",
    b"-",
    b"0",
    b"\xc3\xa9",
    b"\n",
    b"\xff",
)


@given(st.data())
def test_a_changed_entry_is_judged_as_the_product_judges_it(data: st.DataObject) -> None:
    """Quick patterns and slow parsing, here, and the reader of the product: one verdict."""
    body = data.draw(st.sampled_from(GOLDEN))
    at = data.draw(st.integers(0, len(body) - 1))
    change = data.draw(st.sampled_from(["put", "drop", "replace", "digit", "swap", "rename"]))
    some = data.draw(st.sampled_from(MUTATIONS))
    if change == "put":
        body = body[:at] + some + body[at:]
    elif change == "drop":
        body = body[:at] + body[at + data.draw(st.integers(1, 9)) :]
    elif change == "replace":
        body = body[:at] + some + body[at + 1 :]
    elif change == "digit":
        digits = [n for n, byte in enumerate(body) if chr(byte).isdigit()]
        at = data.draw(st.sampled_from(digits))
        body = body[:at] + b"%d" % data.draw(st.integers(0, 99)) + body[at + 1 :]
    elif change == "swap":
        parts = body.split(b",")
        first, second = data.draw(st.lists(st.integers(0, len(parts) - 1), min_size=2, max_size=2))
        parts[first], parts[second] = parts[second], parts[first]
        body = b",".join(parts)
    else:
        names = [name.encode() for name in (*KINDS, "evidence", "note", "party.1", "party.10")]
        old, new = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(names))
        body = body.replace(old, new, 1)
    expected = outcome(read_event, body)
    assert outcome(read_members, body) == expected
    assert outcome(read_entry, body) == expected


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.data())
def test_a_signature_is_judged_by_arithmetic_as_by_the_library(
    seed: bytes, message: bytes, data: st.DataObject
) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert ed25519_holds_plainly(public, signature, message)
    which = data.draw(st.integers(0, 95))
    changed = bytearray(public + signature)
    changed[which] ^= 1 << data.draw(st.integers(0, 7))
    assert not ed25519_holds_plainly(bytes(changed[:32]), bytes(changed[32:]), message)
    assert not ed25519_holds_plainly(public, signature, message + b".")


def test_many_findings_of_one_kind_hide_none_of_another() -> None:
    told, other = Told(), Told()
    for seq in range(FINDINGS_MAX + 7):
        told.add(Verdict.INCOMPLETE, "of a later release", seq)
    other.add(Verdict.ALTERED, "changed", 99)
    told.merge(other)
    found = told.all()
    assert found[0] == Finding(Verdict.ALTERED, "changed", 99)
    assert found[-1].text == "and 7 more findings like these"
    assert Findings(log="l", size=1, root=b"", found=found).verdict == Verdict.ALTERED


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Exports of two sizes, the larger read by several processes unless told otherwise."""
    folder = tmp_path_factory.mktemp("exports")
    sizes = (BUNDLES_AT_ONCE * 256 * 2, BUNDLES_AT_ONCE * 256 * 5 + 1)
    for size in sizes:
        export(
            SampleBook(size, SIGNER),  # type: ignore[arg-type]
            folder / str(size),
            SIGNER,
            lambda: datetime(2026, 6, 1, tzinfo=UTC),
        )
    return {size: folder / str(size) for size in sizes}


def test_several_processes_find_what_one_finds(exports: dict[int, Path], tmp_path: Path) -> None:
    size, folder = max(exports.items())
    assert size > countermand_verify.ALONE_MAX
    alone, together = (check_export(folder, PINNED, jobs=jobs) for jobs in (1, 2))
    assert alone == together
    assert (alone.verdict, alone.size) == (Verdict.CLEAN, size)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy, copy_function=os.link)
    bundle = copy / "tile/entries/100"
    data = bundle.read_bytes()
    bundle.unlink()
    bundle.write_bytes(data.replace(b"officer", b"0fficer", 1))
    alone, together = (check_export(copy, PINNED, jobs=jobs) for jobs in (1, 2))
    assert alone == together
    assert alone.verdict == Verdict.ALTERED
    assert 100 * 256 in {finding.seq for finding in alone.found}


def test_a_larger_export_takes_no_more_memory(exports: dict[int, Path]) -> None:
    peaks = []
    for _, folder in sorted(exports.items()):
        check_export(folder, PINNED, jobs=1)
        tracemalloc.start()
        check_export(folder, PINNED, jobs=1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.15


def test_it_runs_alone_without_anything_installed(exports: dict[int, Path], tmp_path: Path) -> None:
    """No site-packages, no environment: the standard library and the file."""
    copy, key = tmp_path / "countermand_verify.py", tmp_path / "key"
    shutil.copy(FILE, copy)
    key.write_text(f"# the lender's\n{SIGNER.key.vkey}\n")
    for size, folder in exports.items():
        words = [sys.executable, "-I", "-S", str(copy), str(folder), "--key", str(key)]
        ran = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert f"{size:,} entries were read" in ran.stdout


def test_it_imports_the_standard_library_and_nothing_of_ours() -> None:
    imported = set()
    for node in ast.walk(ast.parse(FILE.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
    assert imported - sys.stdlib_module_names == {"cryptography"}, "which it can do without"


def test_its_command_has_the_statuses_it_promises(
    exports: dict[int, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(min(exports.items())[1])
    key = tmp_path / "key"
    key.write_text(SIGNER.key.vkey)
    assert main([folder, "--key", str(key)]) == 0
    assert main([folder, "--key", str(key), "--age-max", "1"]) == 3
    assert "ask for a newer one" in capsys.readouterr().out
    assert main([folder, "--json"]) == 0
    assert '"verdict": "clean"' in capsys.readouterr().out
    other = tmp_path / "other"
    other.write_text(Signer(LOG, bytes(32)).key.vkey)
    assert main([folder, "--key", str(other)]) == 1
    for words in ([], ["nowhere"], [folder, "--key", "nowhere"], [folder, "--against", str(key)]):
        assert main(words) == 64
        assert capsys.readouterr().err


def test_an_export_from_the_future_is_told(exports: dict[int, Path]) -> None:
    folder = min(exports.items())[1]
    made = datetime(2026, 6, 1, tzinfo=UTC)
    early = Memory(keys=PINNED.keys, now=made - timedelta(hours=1))
    found = check_export(folder, early)
    assert found.verdict == Verdict.INCOMPLETE
    assert "a clock is wrong" in str(found.found[0])
    late = Memory(keys=PINNED.keys, now=made + timedelta(days=3), age_max=timedelta(days=2))
    assert check_export(folder, late).verdict == Verdict.STALE


def test_both_limits_are_stated_whatever_was_found(exports: dict[int, Path]) -> None:
    folder = min(exports.items())[1]
    for memory in (Memory(), PINNED):
        said = check_export(folder, memory).sentences()
        assert any(line.startswith("First limit: entries cut off the end") for line in said)
        assert any(line.startswith("Second limit: a history written anew") for line in said)


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"ledger":7}', "log 1", "log 1 ab", "log x " + "ab" * 32, "log -1 " + "ab" * 32],
)
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage):
        read_receipts(text)


def test_receipts_and_memories_are_read() -> None:
    receipt = read_receipts(f"the/log 17 {'ab' * 32}\n\n")[0]
    assert (receipt.log, receipt.seq, receipt.leaf.hex()) == ("the/log", 17, "ab" * 32)
    place = {"log": "the/log", "seq": 17, "leaf_hash": "ab" * 32}
    for told in (place, {"decision_id": "x", "ledger": place}, {"ledger": [place]}):
        assert read_receipts(json.dumps(told)) == [receipt]
    del place["log"]
    assert read_receipts(json.dumps({"ledger": [place]})) == [receipt._replace(log="")]
    at = "2026-01-02T12:00:00.000000Z"
    for mark, ended in ({}, False), ({"ended": False}, False), ({"ended": True}, True):
        seen = Sight("you", read_instant(at), ended)
        assert read_memory(json.dumps({"note": "n", "seen_at": at, **mark})) == [("n", seen)]
    for text in ("", "{}", '{"note":"n","seen_at":"yesterday"}', "[1]", '"text"', "\ufeff"):
        with pytest.raises(WrongUsage):
            read_memory(text)
