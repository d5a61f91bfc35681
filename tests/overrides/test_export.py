"""An export verifies anywhere, and no byte of it can be changed unnoticed."""

import json
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.checks import writes
from overrides.errors import LedgerAltered, LedgerUnavailable, NoteInvalid
from overrides.examination import Trust
from overrides.export import export
from overrides.export_rows import MANIFEST, Manifest
from overrides.findings import Findings, Verdict
from overrides.journal import Event
from overrides.ledger import sign_checkpoint
from overrides.merkle import verify_inclusion
from overrides.notes import Signer, open_checkpoint, open_note
from overrides.tiles import place, split_hashes, tile_paths, unbundle
from overrides.verify import PINNED, verify_export
from tests.ledgers import LOG, TestLedger, ledger_at
from tests.tampering import changed, rewrite

NO_TRUST = Trust(keys=(), keys_from="")


def notes_only(event: Event) -> list[str]:
    """What this reader may see: the notes of the first few entries."""
    return ["note"] if event.seq < 5 else []


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TestLedger]:
    """Three hundred entries, some with a note, signed once at two hundred."""
    with ledger_at(f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys") as opened:
        opened.begin()
        for count in (199, 100):
            drafts = (
                opened.open.withdrawn(f"case-{n}", f"note {n}")
                if n % 3
                else opened.open.viewed(f"view {n}")
                for n in range(count)
            )
            opened.journal.submit(writes(*drafts)).result()
            sign_checkpoint(opened.book, opened.signer, opened.clock)
        yield opened


@pytest.fixture
def exported(ledger: TestLedger, tmp_path: Path) -> Path:
    """The folder it was exported to."""
    folder = tmp_path / "out" / "auditor"
    export(ledger.book, folder, ledger.signer, ledger.clock, disclose=notes_only)
    return folder


def pinned(ledger: TestLedger, *remembered: str) -> Trust:
    return Trust(keys=[ledger.signer.key], keys_from=PINNED, remembered=remembered)


def disclosures(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "disclosures.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_an_export_has_the_layout_that_other_tools_read(exported: Path) -> None:
    assert files(exported) == [
        "checkpoint",
        "checkpoints.jsonl",
        "disclosures.jsonl",
        "keys",
        "manifest",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    ]


def test_an_export_is_clean_and_says_against_what(ledger: TestLedger, exported: Path) -> None:
    first = ledger.book.checkpoints()[0].note
    found = verify_export(exported, pinned(ledger, first))
    assert (found.verdict, found.found) == (Verdict.CLEAN, ())
    assert (found.log, found.size, found.signed_size) == (LOG, 300, 300)
    assert found.root == ledger.book.head().root
    said = " ".join(found.sentences())
    for words in ("a key that you gave", "at 200 entries", "2 disclosed parts"):
        assert words in said
    alone = " ".join(verify_export(exported, NO_TRUST).sentences())
    assert "signed by the key that came with them" in alone
    assert "compared with nothing kept outside" in alone


def test_the_tiles_prove_any_entry_to_a_reader_with_nothing_else(
    ledger: TestLedger, exported: Path
) -> None:
    note = (exported / "checkpoint").read_text()
    checkpoint = open_checkpoint(note, LOG, [ledger.signer.key])
    hashes: list[bytes] = []
    for path, first, width in tile_paths("0", checkpoint.size):
        hashes += split_hashes((exported / path).read_bytes(), first=first, width=width)
    for seq in (0, 255, 256, 299):
        proof = ledger.book.inclusion(seq, checkpoint.size)
        verify_inclusion(hashes[seq], seq, checkpoint.size, proof, checkpoint.root)


def test_only_what_the_reader_may_see_is_disclosed(exported: Path) -> None:
    lines = disclosures(exported)
    assert [(line["seq"], line["payload"]) for line in lines] == [
        (2, {"text": "note 1"}),
        (3, {"text": "note 2"}),
    ]
    everything = b"".join((exported / name).read_bytes() for name in files(exported))
    assert b"note 1" in everything
    assert b"note 100" not in everything


def test_an_export_is_written_whole_or_not_at_all(ledger: TestLedger, tmp_path: Path) -> None:
    rewrite(ledger.engine, "UPDATE ledger_event SET body = CAST('x' AS BLOB) WHERE seq = 290")
    with pytest.raises(LedgerAltered):
        export(ledger.book, tmp_path / "never", ledger.signer, ledger.clock)
    assert not list(tmp_path.glob("never*"))


def test_what_was_changed_under_an_old_signature_is_not_exported(
    ledger: TestLedger, tmp_path: Path
) -> None:
    rewrite(ledger.engine, "UPDATE ledger_event SET body = CAST('x' AS BLOB) WHERE seq = 9")
    with pytest.raises(LedgerAltered):
        export(ledger.book, tmp_path / "never", ledger.signer, ledger.clock)
    assert not list(tmp_path.glob("never*"))


def test_an_entry_changed_below_a_stored_subtree_is_not_exported(
    ledger: TestLedger, tmp_path: Path
) -> None:
    """The signer trusts stored subtrees for what was signed before; an export reads it all."""
    rewrite(ledger.engine, changed(ledger, 9, actor="somebody else"))
    with pytest.raises(LedgerAltered, match="root that was signed"):
        export(ledger.book, tmp_path / "never", ledger.signer, ledger.clock)


def test_a_folder_with_something_in_it_is_left_alone(ledger: TestLedger, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        export(ledger.book, tmp_path / "full", ledger.signer, ledger.clock)
    assert files(tmp_path / "full") == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    export(ledger.book, tmp_path / "empty", ledger.signer, ledger.clock)
    assert verify_export(tmp_path / "empty", pinned(ledger)).verdict == Verdict.CLEAN


def test_an_empty_ledger_has_nothing_to_export(tmp_path: Path) -> None:
    with (
        ledger_at(f"sqlite:///{tmp_path}/empty.sqlite3", tmp_path / "keys") as empty,
        pytest.raises(LedgerUnavailable, match="empty"),
    ):
        export(empty.book, tmp_path / "never", empty.signer, empty.clock)


def test_an_erased_part_is_left_out_and_the_export_still_verifies(
    ledger: TestLedger, tmp_path: Path
) -> None:
    rewrite(ledger.engine, "DELETE FROM data_key WHERE subject_ref = 'party-of-case-1'")
    export(ledger.book, tmp_path / "out", ledger.signer, ledger.clock, disclose=notes_only)
    assert [line["seq"] for line in disclosures(tmp_path / "out")] == [3]
    assert verify_export(tmp_path / "out", pinned(ledger)).verdict == Verdict.CLEAN


def test_an_export_with_another_key_is_not_that_of_the_pinned_one(exported: Path) -> None:
    thief = Trust(keys=[Signer(LOG, bytes(32)).key], keys_from=PINNED)
    found = verify_export(exported, thief)
    assert found.verdict == Verdict.ALTERED


def test_an_older_export_is_not_taken_for_the_newest(
    ledger: TestLedger, exported: Path, tmp_path: Path
) -> None:
    ledger.write(ledger.open.viewed("later"))
    export(ledger.book, tmp_path / "newer", ledger.signer, ledger.clock)
    newest = ledger.book.checkpoints()[-1].note
    assert verify_export(tmp_path / "newer", pinned(ledger, newest)).verdict == Verdict.CLEAN
    found = verify_export(exported, pinned(ledger, newest))
    assert found.verdict == Verdict.STALE
    said = " ".join(found.sentences())
    assert "older than what you remember: 1 entry is missing from it (300 of 301)" in said
    assert "cannot be shown from it" in said
    assert "It was compared with nothing kept outside" in said
    assert "what you remembered of it at" not in said


def test_an_older_export_that_was_changed_is_altered_and_not_merely_old(
    ledger: TestLedger, exported: Path
) -> None:
    earlier = ledger.book.checkpoints()[0].note
    ledger.write(ledger.open.viewed("later"))
    sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
    newest = ledger.book.checkpoints()[-1].note
    both = verify_export(exported, pinned(ledger, earlier, newest))
    assert both.verdict == Verdict.STALE
    assert f"what you remembered of it at {earlier.splitlines()[1]} entries" in str(
        both.sentences()
    )
    (exported / "tile/0/000").write_bytes(bytes(32 * 256))
    assert verify_export(exported, pinned(ledger, newest)).verdict == Verdict.ALTERED


def test_files_that_are_missing_or_added_or_linked_are_found(
    ledger: TestLedger, exported: Path, tmp_path: Path
) -> None:
    for name in files(exported):
        folder = tmp_path / "missing"
        shutil.copytree(exported, folder)
        (folder / name).unlink()
        assert verify_export(folder, pinned(ledger)).verdict == Verdict.ALTERED, name
        (folder / name).symlink_to(exported / name)
        if name != MANIFEST:  # which is signed, wherever it lies
            assert verify_export(folder, pinned(ledger)).verdict == Verdict.ALTERED, name
        shutil.rmtree(folder)
    (exported / "tile" / "more").write_text("")
    assert verify_export(exported, pinned(ledger)).verdict == Verdict.ALTERED
    with pytest.raises(LedgerUnavailable, match="no folder"):
        verify_export(tmp_path / "nowhere", NO_TRUST)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trust]:
    """A small export to damage in a thousand ways, and the key to check it with."""
    folder = tmp_path_factory.mktemp("small")
    with ledger_at(f"sqlite:///{folder}/countermand.sqlite3", folder / "keys") as opened:
        opened.begin()
        opened.write(*(opened.open.withdrawn(f"case-{n}", f"note {n}") for n in range(6)))
        export(
            opened.book, folder / "out", opened.signer, opened.clock, disclose=lambda _: ["note"]
        )
        return folder / "out", pinned(opened)


def verify_damaged(small: tuple[Path, Trust], name: str, data: bytes) -> Findings:
    folder, trust = small
    whole = (folder / name).read_bytes()
    try:
        (folder / name).write_bytes(data)
        return verify_export(folder, trust)
    finally:
        (folder / name).write_bytes(whole)


@given(st.data())
def test_no_byte_can_be_changed_removed_or_doubled_unnoticed(
    small: tuple[Path, Trust], data: st.DataObject
) -> None:
    folder, _ = small
    name = data.draw(st.sampled_from(files(folder)))
    whole = (folder / name).read_bytes()
    start = data.draw(st.integers(0, len(whole) - 1))
    stop = data.draw(st.integers(start, min(len(whole), start + 40)))
    change = data.draw(st.sampled_from(["flip", "drop", "double", "insert", "swap lines"]))
    if change == "flip":
        bit = 1 << data.draw(st.integers(0, 7))
        changed = whole[:start] + bytes([whole[start] ^ bit]) + whole[start + 1 :]
    elif change == "drop":
        changed = whole[:start] + whole[stop:]
    elif change == "double":
        changed = whole[:stop] + whole[start:]
    elif change == "insert":
        changed = whole[:start] + data.draw(st.binary(min_size=1, max_size=5)) + whole[start:]
    else:
        changed = b"\n".join(reversed(whole.split(b"\n")))
    verdict = verify_damaged(small, name, changed).verdict
    assert verdict == (Verdict.CLEAN if changed == whole else Verdict.ALTERED)


def test_even_with_the_manifest_signed_anew_the_tree_still_speaks(
    small: tuple[Path, Trust], tmp_path: Path
) -> None:
    """Somebody with the signing key, but not the checkpoint the auditor holds."""
    folder, trust = small
    signer = Signer(LOG, b"s" * 32)
    mine = Trust(keys=[*trust.keys, signer.key], keys_from=PINNED)
    hashes = (folder / "tile/0/000.p/7").read_bytes()
    entries = (folder / "tile/entries/000.p/7").read_bytes()
    for name, data in {
        "tile/entries/000.p/7": entries.replace(b"officer", b"0fficer", 1),
        "tile/0/000.p/7": hashes[32:64] + hashes[:32] + hashes[64:],
        "disclosures.jsonl": (folder / "disclosures.jsonl").read_bytes().replace(b"e 3", b"e 4"),
        "checkpoints.jsonl": b'{"note":"x"}\n',
    }.items():
        forged = tmp_path / "forged"
        shutil.copytree(folder, forged)
        (forged / name).write_bytes(data)
        note = (forged / MANIFEST).read_text()
        manifest = Manifest.from_text(open_note(note, trust.keys).text)
        signed = {**manifest.files, name: sha256(data).hexdigest()}
        anew = Manifest(manifest.origin, manifest.size, manifest.root, signed)
        (forged / MANIFEST).write_text(signer.sign(anew.text))
        found = verify_export(forged, mine)
        assert found.verdict == Verdict.ALTERED, name
        shutil.rmtree(forged)


def test_tiles_lie_where_the_layout_says() -> None:
    assert [place(n) for n in (0, 7, 999, 1000, 1234067)] == [
        "000",
        "007",
        "999",
        "x001/000",
        "x001/x234/067",
    ]
    assert list(tile_paths("entries", 0)) == []
    assert list(tile_paths("2", 257)) == [("tile/2/000", 0, 256), ("tile/2/001.p/1", 256, 1)]


@pytest.mark.parametrize("data", [b"\0\2x", b"\0", b"\0\1x\0", b""], ids=ascii)
def test_a_bundle_that_ends_in_the_middle_is_refused(data: bytes) -> None:
    with pytest.raises(LedgerAltered):
        unbundle(data, first=0, width=1)


def test_a_manifest_has_one_spelling() -> None:
    manifest = Manifest("log", 1, b"r" * 32, {"b": "ab" * 32, "a": "cd" * 32})
    assert Manifest.from_text(manifest.text) == manifest
    lines = manifest.text.splitlines(keepends=True)
    for text in (
        "".join([*lines[:4], lines[5], lines[4]]),
        "".join([*lines, lines[4]]),
        manifest.text.replace("  a", " a"),
        manifest.text.replace("export 1", "export 2"),
    ):
        with pytest.raises(NoteInvalid):
            Manifest.from_text(text)
