"""An export verifies anywhere, and no byte of it can be changed unnoticed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.ledger_sample import LOG as SAMPLE
from benchmarks.ledger_sample import SampleBook
from overrides import countermand_verify
from overrides.canonical import canonical
from overrides.checks import writes
from overrides.countermand_verify import (
    BUNDLES_AT_ONCE,
    BY_ANYBODY,
    DISCLOSURES,
    FILES,
    MANIFEST,
    STAMPS,
    Findings,
    Key,
    Manifest,
    Memory,
    Verdict,
    Wrong,
    WrongUsage,
    check,
    check_export,
    tile_name,
    unbundle,
)
from overrides.errors import LedgerAltered, LedgerUnavailable
from overrides.export import export
from overrides.merkle import verify_inclusion
from overrides.notes import Checkpoint, Signer, open_checkpoint
from overrides.signing import sign_checkpoint
from overrides.stamps import stamps_in
from overrides.tiles import place, tile_path
from tests.erasures import erasing
from tests.forging import edited, forged_export, renumbered
from tests.ledgers import LOG, SteadyClock, TestLedger, ledger_at
from tests.tampering import changed, rewrite

NOTHING = Memory()


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
    export(ledger.book, folder, ledger.signer, ledger.clock, disclose=["note"])
    return folder


def pinned(ledger: TestLedger, *remembered: str) -> Memory:
    return Memory(
        keys=(Key.read(ledger.signer.key.vkey),), notes=tuple((note, None) for note in remembered)
    )


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
        "erased.jsonl",
        "files",
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
    found = check_export(exported, pinned(ledger, first))
    assert (found.verdict, found.found) == (Verdict.CLEAN, ())
    assert (found.log, found.size, found.signed_size) == (LOG, 300, 300)
    assert found.root == ledger.book.head().root
    said = " ".join(found.sentences())
    for words in ("a key that you gave", "at 200 entries", "198 disclosed parts"):
        assert words in said
    alone = " ".join(check_export(exported, NOTHING).sentences())
    assert "signed by the key that came with them" in alone
    assert "compared with nothing kept outside: anybody could have written it anew" in alone
    assert BY_ANYBODY in alone
    assert BY_ANYBODY not in said


def test_the_tiles_prove_any_entry_to_a_reader_with_nothing_else(
    ledger: TestLedger, exported: Path
) -> None:
    note = (exported / "checkpoint").read_text()
    checkpoint = open_checkpoint(note, LOG, [ledger.signer.key])
    hashes: list[bytes] = []
    for number in range(2):
        tile = (exported / tile_name("0", number, checkpoint.size)).read_bytes()
        hashes += [tile[at : at + 32] for at in range(0, len(tile), 32)]
    for seq in (0, 255, 256, 299):
        proof = ledger.book.inclusion(seq, checkpoint.size)
        verify_inclusion(hashes[seq], seq, checkpoint.size, proof, checkpoint.root)


def test_only_what_the_reader_may_see_is_disclosed(
    ledger: TestLedger, exported: Path, tmp_path: Path
) -> None:
    lines = disclosures(exported)
    assert [(line["seq"], line["payload"]) for line in lines[:2]] == [
        (2, {"text": "note 1"}),
        (3, {"text": "note 2"}),
    ]
    assert {line["slot"] for line in lines} == {"note"}
    export(ledger.book, tmp_path / "closed", ledger.signer, ledger.clock)
    everything = b"".join((tmp_path / "closed" / name).read_bytes() for name in files(exported))
    assert b"note 1" not in everything
    assert disclosures(tmp_path / "closed") == []
    assert check_export(tmp_path / "closed", pinned(ledger)).verdict == Verdict.CLEAN


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
    assert check_export(tmp_path / "empty", pinned(ledger)).verdict == Verdict.CLEAN


def test_an_empty_ledger_has_nothing_to_export(tmp_path: Path) -> None:
    with (
        ledger_at(f"sqlite:///{tmp_path}/empty.sqlite3", tmp_path / "keys") as empty,
        pytest.raises(LedgerUnavailable, match="empty"),
    ):
        export(empty.book, tmp_path / "never", empty.signer, empty.clock)


def test_a_part_that_is_not_here_must_have_been_erased_by_an_entry_that_says_so(
    ledger: TestLedger, tmp_path: Path
) -> None:
    rewrite(ledger.engine, "DELETE FROM data_key WHERE subject_ref = 'party-of-case-1'")
    export(ledger.book, tmp_path / "out", ledger.signer, ledger.clock, disclose=["note"])
    found = check_export(tmp_path / "out", pinned(ledger))
    assert found.verdict == Verdict.INCOMPLETE
    assert [finding.seq for finding in found.found] == [2, 201]
    assert "UNEXPLAINED GAP: the personal part note is not here" in str(found.found[0])
    gone = [event.event_id for event in ledger.book.entries_of_case("case-1")]
    ledger.write(*erasing(ledger.open.new_id, [(event_id, "note") for event_id in gone]))
    export(ledger.book, tmp_path / "after", ledger.signer, ledger.clock, disclose=["note"])
    assert check_export(tmp_path / "after", pinned(ledger)).verdict == Verdict.CLEAN


def test_what_an_erasure_names_by_its_root_is_listed_beside_it(
    ledger: TestLedger, tmp_path: Path
) -> None:
    rewrite(ledger.engine, "DELETE FROM data_key WHERE subject_ref = 'party-of-case-1'")
    pairs = [(event.event_id, "note") for event in ledger.book.entries_of_case("case-1")]
    *_, draft = drafts = erasing(ledger.open.new_id, pairs, inline=False)
    ledger.write(*drafts)

    def exported_with(name: str, listed: list[tuple[str, str]]) -> Findings:
        rows = (f"('{draft.event_id}', {n}, '{e}', '{s}')" for n, (e, s) in enumerate(listed))
        rewrite(ledger.engine, "DELETE FROM erased_slot")
        if listed:
            rewrite(ledger.engine, f"INSERT INTO erased_slot VALUES {', '.join(rows)}")
        export(ledger.book, tmp_path / name, ledger.signer, ledger.clock, disclose=["note"])
        return check_export(tmp_path / name, pinned(ledger))

    assert exported_with("whole", pairs).verdict == Verdict.CLEAN
    lost = exported_with("lost", [])
    assert lost.verdict == Verdict.INCOMPLETE
    assert "are not those it was recorded with" in str(lost.found[0])
    assert exported_with("half", pairs[:1]).verdict == Verdict.ALTERED
    assert exported_with("turned", pairs[::-1]).verdict == Verdict.ALTERED


def test_a_part_that_was_erased_and_is_disclosed_all_the_same_is_told(
    ledger: TestLedger, tmp_path: Path
) -> None:
    """An older backup put back, say, with the erasure in the ledger and the key in the tables."""
    one = ledger.book.entries_of_case("case-1")[0].event_id
    ledger.write(*erasing(ledger.open.new_id, [(one, "note")]))
    export(ledger.book, tmp_path / "out", ledger.signer, ledger.clock, disclose=["note"])
    found = check_export(tmp_path / "out", pinned(ledger))
    assert found.verdict == Verdict.ALTERED
    assert "the part note is disclosed although an entry says it was erased" in str(found.found)


def test_an_export_with_another_key_is_not_that_of_the_pinned_one(exported: Path) -> None:
    thief = Memory(keys=(Key.read(Signer(LOG, bytes(32)).key.vkey),))
    found = check_export(exported, thief)
    assert found.verdict == Verdict.ALTERED
    assert f"not signed by the key it should be, {LOG}" in str(found.found[0])


def test_an_older_export_is_not_taken_for_the_newest(
    ledger: TestLedger, exported: Path, tmp_path: Path
) -> None:
    ledger.write(ledger.open.viewed("later"))
    export(ledger.book, tmp_path / "newer", ledger.signer, ledger.clock)
    newest = ledger.book.checkpoints()[-1].note
    assert check_export(tmp_path / "newer", pinned(ledger, newest)).verdict == Verdict.CLEAN
    found = check_export(exported, pinned(ledger, newest))
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
    both = check_export(exported, pinned(ledger, earlier, newest))
    assert both.verdict == Verdict.STALE
    assert f"what you remembered of it at {earlier.splitlines()[1]} entries" in str(
        both.sentences()
    )
    (exported / "tile/0/000").write_bytes(bytes(32 * 256))
    assert check_export(exported, pinned(ledger, newest)).verdict == Verdict.ALTERED


def test_files_that_are_missing_or_added_or_linked_are_found(
    ledger: TestLedger, exported: Path, tmp_path: Path
) -> None:
    for name in files(exported):
        folder = tmp_path / "missing"
        shutil.copytree(exported, folder)
        (folder / name).unlink()
        assert check_export(folder, pinned(ledger)).verdict == Verdict.ALTERED, name
        (folder / name).symlink_to(exported / name)
        memory = Memory() if name == "keys" else pinned(ledger)
        assert check_export(folder, memory).verdict == Verdict.ALTERED, name
        shutil.rmtree(folder)
    (exported / "tile" / "more").write_text("")
    assert check_export(exported, pinned(ledger)).verdict == Verdict.ALTERED
    with pytest.raises(WrongUsage, match="no such folder"):
        check(tmp_path / "nowhere", NOTHING)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(
    ledger: TestLedger, exported: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text(ledger.signer.key.vkey)
    for name in ("keys", MANIFEST, "checkpoint", FILES, "checkpoints.jsonl", "tile/0/000"):
        folder = tmp_path / "piped"
        shutil.copytree(exported, folder)
        (folder / name).unlink()
        os.mkfifo(folder / name)
        alone = [sys.executable, "-I", "-S", countermand_verify.__file__, str(folder)]
        alone += [] if name == "keys" else ["--key", str(key)]
        said = subprocess.run(alone, capture_output=True, text=True, check=False, timeout=30)
        assert said.returncode == Verdict.ALTERED
        assert f"the file {name} is a link to another, or no file" in said.stdout
        shutil.rmtree(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
@pytest.mark.parametrize("ending", ["note", "tsr"])
def test_a_pipe_in_the_place_of_a_stamp_is_no_stamp(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / STAMPS
    folder.mkdir()
    for name in ("note", "tsr"):
        (folder / f"7.aa.{name}").write_text("whatever it says")
    assert len(list(stamps_in(tmp_path))) == 1
    (folder / f"7.aa.{ending}").unlink()
    os.mkfifo(folder / f"7.aa.{ending}")
    assert list(stamps_in(tmp_path)) == []


def test_a_file_changed_together_with_its_line_in_the_list_is_found(
    ledger: TestLedger, exported: Path
) -> None:
    """Nothing but the list vouches for the enclosed keys, and only the manifest for the list."""
    keys, listing = exported / "keys", exported / FILES
    before = sha256(keys.read_bytes()).hexdigest()
    keys.write_bytes(keys.read_bytes() + b"\n")
    lines = listing.read_text().replace(before, sha256(keys.read_bytes()).hexdigest())
    size = keys.stat().st_size
    listing.write_text(lines.replace(f" {size - 1} keys", f" {size} keys"))
    found = check_export(exported, pinned(ledger))
    assert found.verdict == Verdict.ALTERED
    assert "the list of files is not the one that was signed" in str(found.found)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Memory]:
    """A small export to damage in a thousand ways, and the key to check it with."""
    folder = tmp_path_factory.mktemp("small")
    with ledger_at(f"sqlite:///{folder}/countermand.sqlite3", folder / "keys") as opened:
        opened.begin()
        opened.write(*(opened.open.withdrawn(f"case-{n}", f"note {n}") for n in range(6)))
        export(opened.book, folder / "out", opened.signer, opened.clock, disclose=["note"])
        return folder / "out", pinned(opened)


def verify_damaged(small: tuple[Path, Memory], name: str, data: bytes) -> Findings:
    folder, trust = small
    whole = (folder / name).read_bytes()
    try:
        (folder / name).write_bytes(data)
        return check_export(folder, trust)
    finally:
        (folder / name).write_bytes(whole)


@given(st.data())
def test_no_byte_can_be_changed_removed_or_doubled_unnoticed(
    small: tuple[Path, Memory], data: st.DataObject
) -> None:
    folder, _ = small
    name = data.draw(st.sampled_from(files(folder)))
    whole = (folder / name).read_bytes()
    start = data.draw(st.integers(0, max(0, len(whole) - 1)))
    stop = data.draw(st.integers(start, min(len(whole), start + 40)))
    change = data.draw(st.sampled_from(["flip", "drop", "double", "insert", "swap lines"]))
    if change == "flip" and whole:
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
    small: tuple[Path, Memory], tmp_path: Path
) -> None:
    """Somebody with the signing key, but not the checkpoint the auditor holds."""
    folder, trust = small
    signer = Signer(LOG, b"s" * 32)
    mine = Memory(keys=(*trust.keys, Key.read(signer.key.vkey)))
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
        sign_anew(forged, signer)
        found = check_export(forged, mine)
        assert found.verdict == Verdict.ALTERED, name
        shutil.rmtree(forged)


def stray(seq: int) -> bytes:
    """A disclosure of an entry that has no such part."""
    line = {"event_id": "x", "payload": {}, "salt": "00" * 32, "seq": seq, "slot": "note"}
    return canonical(line) + b"\n"


@pytest.mark.parametrize("seq", [1, 300, 10**15], ids=["without parts", "after the end", "far"])
def test_a_disclosure_that_belongs_to_no_entry_is_found_whoever_signed_for_it(
    ledger: TestLedger, tmp_path: Path, seq: int
) -> None:
    """The export says that it discloses nothing, and entry 1 has no part at all."""
    folder = tmp_path / "out"
    export(ledger.book, folder, ledger.signer, ledger.clock)
    (folder / DISCLOSURES).write_bytes(stray(seq))
    sign_anew(folder, ledger.signer)
    assert check_export(folder, pinned(ledger)).verdict == Verdict.ALTERED


def test_a_checkpoint_of_another_moment_beside_the_manifest_is_found(
    ledger: TestLedger, exported: Path
) -> None:
    (exported / "checkpoint").write_text(ledger.book.checkpoints()[0].note)
    sign_anew(exported, ledger.signer)
    found = check_export(exported, pinned(ledger))
    assert found.verdict == Verdict.ALTERED
    assert "the manifest and the checkpoint are of different moments" in str(found.found)


def test_a_checkpoint_of_another_ledger_among_its_own_is_found(
    ledger: TestLedger, exported: Path
) -> None:
    other = Signer("other.example/ledger", bytes(32))
    note = other.sign(Checkpoint(other.name, 5, bytes(32)).text)
    kept = exported / "checkpoints.jsonl"
    kept.write_bytes(canonical({"note": note}) + b"\n" + kept.read_bytes())
    sign_anew(exported, ledger.signer)
    found = check_export(exported, pinned(ledger))
    assert found.verdict == Verdict.ALTERED
    assert "it is of the ledger other.example/ledger" in str(found.found)


def test_checkpoints_out_of_order_are_not_passed_over(tmp_path: Path) -> None:
    signer, folder = Signer(SAMPLE, bytes(32)), tmp_path / "out"
    book = SampleBook(BUNDLES_AT_ONCE * 256 + 2_000, signer)
    export(book, folder, signer, SteadyClock())  # type: ignore[arg-type]
    kept = folder / "checkpoints.jsonl"
    kept.write_bytes(b"".join(reversed(kept.read_bytes().splitlines(keepends=True))))
    sign_anew(folder, signer)
    found = check_export(folder, Memory(keys=(Key.read(signer.key.vkey),)), jobs=1)
    assert found.verdict == Verdict.ALTERED
    assert "its checkpoints are not in the order of their sizes" in str(found.found)


def test_a_ledger_that_does_not_begin_with_its_opening_is_incomplete(
    ledger: TestLedger, tmp_path: Path
) -> None:
    bodies = renumbered([entry.body for entry in ledger.book.entries(1, 20)])
    folder = forged_export(tmp_path / "out", ledger.signer, bodies)
    found = check_export(folder, pinned(ledger))
    assert found.verdict == Verdict.INCOMPLETE
    assert "does not begin with its opening" in str(found.found)


@pytest.mark.parametrize("members", [{"type": "from_the_future"}, {"v": 2}, {"v": 1, "type": 7}])
def test_a_kind_or_version_that_is_not_known_is_hashed_and_reported(
    ledger: TestLedger, tmp_path: Path, members: dict[str, object]
) -> None:
    bodies = [entry.body for entry in ledger.book.entries(0, 20)]
    bodies[7] = edited(bodies[7], **members)
    folder = forged_export(tmp_path / "out", ledger.signer, bodies)
    found = check_export(folder, pinned(ledger))
    assert [(f.verdict, f.seq) for f in found.found] == [(Verdict.INCOMPLETE, 7)]
    assert "of a kind that is not known here" in str(found.found[0])
    bundle = folder / tile_name("entries", 0, 20)
    bundle.write_bytes(bundle.read_bytes().replace(bodies[7], bodies[7].replace(b"0", b"1", 1)))
    assert check_export(folder, pinned(ledger)).verdict == Verdict.ALTERED


def test_a_clock_turned_back_between_two_readings_is_found(tmp_path: Path) -> None:
    """Bundles are read some at a time; the first entry of the next ones is compared as well."""
    signer = Signer(SAMPLE, bytes(32))
    size = BUNDLES_AT_ONCE * 256
    bodies = list(SampleBook(size + 2, signer).bodies(0, size + 2))
    for seq in (size, size + 1):
        bodies[seq] = edited(bodies[seq], ts=f"2025-01-01T00:00:0{seq % 10}.000000Z")
    folder = forged_export(tmp_path / "out", signer, bodies)
    found = check_export(folder, Memory(keys=(Key.read(signer.key.vkey),)), jobs=1)
    assert [(f.verdict, f.seq) for f in found.found] == [(Verdict.ALTERED, size)]


def sign_anew(folder: Path, signer: Signer) -> None:
    """Make the list of files fit what is there, and sign the manifest over it."""
    listing = folder / FILES
    names = [line.split()[2] for line in listing.read_text().splitlines()]
    contents = {name: (folder / name).read_bytes() for name in names}
    lines = (f"{sha256(data).hexdigest()} {len(data)} {name}\n" for name, data in contents.items())
    listing.write_text("".join(lines))
    old = Manifest.read((folder / MANIFEST).read_text().rpartition("\n\n")[0] + "\n")
    new = old._replace(digest=sha256(listing.read_bytes()).hexdigest())
    (folder / MANIFEST).write_text(signer.sign(new.text))


def test_tiles_lie_where_the_layout_says() -> None:
    assert [place(n) for n in (0, 7, 999, 1000, 1234067)] == [
        "000",
        "007",
        "999",
        "x001/000",
        "x001/x234/067",
    ]
    for number, count in ((0, 256), (1, 257), (1234067, 1234067 * 256 + 9)):
        width = min(256, count - number * 256)
        assert tile_path("entries", number, width) == tile_name("entries", number, count)
    assert tile_path("2", 1, 1) == "tile/2/001.p/1"


@pytest.mark.parametrize("data", [b"\0\2x", b"\0", b"\0\1x\0", b""], ids=ascii)
def test_a_bundle_that_ends_in_the_middle_is_refused(data: bytes) -> None:
    with pytest.raises(Wrong):
        unbundle(data, 1)


def test_a_manifest_has_one_spelling(exported: Path) -> None:
    text = (exported / MANIFEST).read_text().rpartition("\n\n")[0] + "\n"
    assert Manifest.read(text).text == text
    assert Manifest.read(text).discloses == {"note"}
    for other in (
        text + "more\n",
        text.replace("discloses note", "discloses  note"),
        text.replace("made 2026", "made 26"),
        text.replace("files ", "files 0"),
        text.replace("export 2", "export 3"),
    ):
        with pytest.raises(Wrong):
            Manifest.read(other)
