"""What witnesses signed is kept, once and whole; what adds nothing is let go of."""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overrides import countermand_verify as verifier
from overrides.cosigner_book import CosignerBook, Pinned, Standing, policy_text
from overrides.cosigning import Cosigner
from overrides.countermand_verify import Key, Policy
from overrides.errors import MemoryUnusable, NoteInvalid
from overrides.notes import Checkpoint, Signer

LOG = Signer("bank.example/ledger", bytes(range(32)))
HQ, COURT, THIRD = (
    Cosigner(f"{name}.example/w", bytes([n]) * 32, bytes([n + 9]) * 32)
    for n, name in enumerate(("hq", "court", "third"), 1)
)
DAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def note(size: int, *witnesses: Cosigner, at: datetime = DAY) -> str:
    point = Checkpoint(LOG.name, size, bytes([size]) * 32)
    return LOG.sign(point.text) + "".join(one.lines(point, at) for one in witnesses)


@pytest.fixture
def book(tmp_path: Path) -> CosignerBook:
    return book_at(tmp_path / "cosigners")


def book_at(folder: Path) -> CosignerBook:
    made = CosignerBook(folder, (Key.read(LOG.key.vkey),))
    for name, one in (("hq", HQ), ("court", COURT), ("third", THIRD)):
        made.pin(Pinned(name, one.keys, "https://w.example" if one is HQ else ""))
    return made


def signers(book: CosignerBook, size: int) -> set[str]:
    """Who signed so many entries, as an export would carry it; every line of it holds."""
    whole = book.cosigned()(note(size))
    keys = [key for one in book.pinned() for key in one.keys]
    opened = verifier.open_note(whole, [*book.keys, *keys])
    assert len(opened.cosigners) == len(whole.splitlines()) - 5
    return {key.name for key in opened.cosigners}


def test_signatures_that_come_one_by_one_are_put_together(book: CosignerBook) -> None:
    assert book.keep(note(5, HQ)) == ["hq"]
    assert book.keep(note(5, COURT)) == ["court"]
    assert signers(book, 5) == {HQ.name, COURT.name}
    newest = book.newest()
    assert newest is not None
    assert newest.note == book.cosigned()(note(5))
    assert book.cosigned()(newest.note) == newest.note, "and no line is there twice"
    assert book.cosigned()(note(6)) == note(6)


def test_what_somebody_unknown_signed_is_not_kept(book: CosignerBook) -> None:
    stranger = Cosigner("stranger.example/w", b"s" * 32, b"t" * 32)
    with pytest.raises(NoteInvalid, match="no witness of this ledger"):
        book.keep(note(5, stranger))
    assert book.keep(note(5, stranger, HQ)) == ["hq"]
    assert signers(book, 5) == {HQ.name}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (note(5, HQ).replace("\n5\n", "\n6\n"), "is wrong"),
        (note(5, HQ) + note(6, HQ).splitlines(keepends=True)[-2], "is wrong"),
        (note(5, HQ).replace(LOG.name, "bank.example/other"), "is wrong|own key"),
        ("\N{EM DASH} nothing\n", "signature lines"),
        (HQ.lines(Checkpoint(LOG.name, 5, bytes(32)), DAY), "signature lines"),
    ],
)
def test_what_does_not_hold_is_not_kept(book: CosignerBook, text: str, why: str) -> None:
    with pytest.raises(NoteInvalid, match=why):
        book.keep(text)
    assert book.newest() is None


def test_of_a_day_the_last_is_kept_and_what_only_it_has(book: CosignerBook) -> None:
    for hour, (size, witnesses) in enumerate(
        [(3, (HQ,)), (4, (HQ, COURT)), (5, (HQ,)), (6, (HQ,)), (7, (COURT,))]
    ):
        book.keep(note(size, *witnesses, at=DAY + timedelta(hours=hour)))
    assert [signers(book, size) for size in (3, 4, 5, 6, 7)] == [
        set(),
        {HQ.name, COURT.name},
        set(),
        {HQ.name},
        {COURT.name},
    ]
    book.keep(note(8, HQ, COURT, at=DAY + timedelta(days=1)))
    assert signers(book, 4) == {HQ.name, COURT.name}, "another day takes nothing away"
    assert len(list((book.folder / "signed").iterdir())) == 2


@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.sets(st.sampled_from((HQ, COURT, THIRD)), min_size=1)),
        max_size=8,
    )
)
@settings(max_examples=25, deadline=None)
def test_whoever_wants_a_quorum_finds_the_largest_that_ever_was(
    tmp_path_factory: pytest.TempPathFactory, kept: list[tuple[int, set[Cosigner]]]
) -> None:
    """Letting go of notes of a day takes nothing from anybody, whatever quorum they want.

    Answers come in the order of what was asked: a witness that is late for a size others have
    gone beyond does not bring back what these had signed of it.
    """
    book, every = book_at(tmp_path_factory.mktemp("book")), dict[int, set[str]]()
    for size, witnesses in sorted(kept, key=lambda one: one[0]):
        book.keep(note(size, *witnesses))
        every.setdefault(size, set()).update(one.name for one in witnesses)
    for wanted in ({HQ.name}, {HQ.name, COURT.name}, {HQ.name, COURT.name, THIRD.name}):
        largest = max((size for size, names in every.items() if names >= wanted), default=0)
        found = [size for size in every if signers(book, size) >= wanted]
        assert max(found, default=0) == largest


def test_how_each_stands_is_kept(book: CosignerBook) -> None:
    book.keep(note(5, HQ, at=DAY))
    book.keep(note(4, HQ, at=DAY - timedelta(hours=1)))
    book.report("hq", DAY + timedelta(minutes=1), "it answered 404")
    assert book.standings() == {
        "hq": Standing(5, DAY, DAY + timedelta(minutes=1), "it answered 404")
    }
    assert book.unpin("hq")
    assert not book.unpin("hq")
    assert [one.name for one in book.pinned()] == ["court", "third"]


def test_the_policy_that_is_handed_out_wants_all_of_them(book: CosignerBook) -> None:
    policy = Policy.read(policy_text(book))
    assert policy.logs == [*book.keys]
    either = [HQ.keys[0], COURT.keys[1], THIRD.keys[0]]
    assert policy.holds(either)
    assert not policy.holds(either[:2])
    assert policy.addresses.keys() == {"hq/ed25519", "hq/ml-dsa-44"}


DAMAGES = ["{", "[7]", '{"hq": 7}', "\xff"]


@pytest.mark.parametrize("name", ["cosigners.json", "standing.json", "signed/2026-11-22.jsonl"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named(book: CosignerBook, name: str, damage: str) -> None:
    book.keep(note(5, HQ))
    (book.folder / name).write_bytes(damage.encode("latin-1"))
    with pytest.raises(MemoryUnusable, match=name):
        [book.pinned(), book.standings(), book.cosigned()]


@pytest.mark.parametrize("name", ["standing.json", "signed/2026-11-22.jsonl"])
@pytest.mark.parametrize(
    "damage", [*DAMAGES, '{"note": "7", "by": {}}', '{"note": "%s", "by": {"k": "x"}}']
)
def test_a_damaged_file_is_put_aside_and_the_others_stay(
    book: CosignerBook, name: str, damage: str
) -> None:
    book.keep(note(5, HQ))
    book.keep(note(4, COURT, at=DAY - timedelta(days=1)))
    assert book.mend() == []
    text = note(5).replace("\n", "\\n")
    path = book.folder / name
    for number in (1, 2):
        path.write_bytes((damage % text if "%" in damage else damage).encode("latin-1", "replace"))
        (told,) = book.mend()
        assert f"{path} is damaged, and is {path.name}.damaged-{number} now: what " in told
        assert book.mend() == []
    assert signers(book, 4) == {COURT.name}
    assert book.keep(note(6, HQ)) == ["hq"]
    assert signers(book, 6) == {HQ.name}


def test_who_is_trusted_is_never_put_aside(book: CosignerBook) -> None:
    (book.folder / "cosigners.json").write_text("{")
    assert book.mend() == []
    with pytest.raises(MemoryUnusable, match="name the witnesses again"):
        book.pinned()


def test_a_file_that_may_not_be_read_is_not_put_aside(book: CosignerBook) -> None:
    (book.folder / "standing.json").mkdir()
    with pytest.raises(MemoryUnusable, match="standing"):
        book.mend()
    assert (book.folder / "standing.json").is_dir()


def test_a_book_of_nobody_has_nothing_to_mend(tmp_path: Path) -> None:
    assert CosignerBook(tmp_path / "none", ()).mend() == []


def day_file(book: CosignerBook) -> Path:
    """The newest day of what was signed."""
    return max((book.folder / "signed").glob("*.jsonl"))


def damage_line(book: CosignerBook, who: Cosigner) -> None:
    """One bit of what a witness signed."""
    rows = [json.loads(line) for line in day_file(book).read_text().splitlines()]
    key = str(who.keys[0])
    name, _, coded = rows[-1]["by"][key].removeprefix("\N{EM DASH} ").partition(" ")
    signature = bytearray(b64decode(coded))
    signature[-1] ^= 1
    bad = f"\N{EM DASH} {name} {b64encode(signature).decode()}\n"
    rows[-1]["note"] = rows[-1]["note"].replace(rows[-1]["by"][key], bad)
    rows[-1]["by"][key] = bad
    day_file(book).write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))


def test_one_bit_of_a_signature_is_noticed_and_costs_that_signature_alone(
    book: CosignerBook,
) -> None:
    book.keep(note(5, HQ, COURT))
    damage_line(book, HQ)
    assert signers(book, 5) == {HQ.name, COURT.name}, "by the other key of it, and all of it holds"
    assert len(book.cosigned()(note(5)).splitlines()) == 5 + 1 + 2
    (told,) = book.mend()
    assert "damaged-1 now: what does not hold" in told
    assert book.mend() == []
    assert signers(book, 5) == {HQ.name, COURT.name}


def test_a_line_that_nobody_signed_counts_for_nothing(book: CosignerBook) -> None:
    text, other = note(5), Checkpoint(LOG.name, 6, bytes(32))
    lines = {
        str(HQ.keys[0]): f"\N{EM DASH} {HQ.name} AAAAAAAA\n",
        str(COURT.keys[0]): COURT.lines(other, DAY).splitlines(keepends=True)[0],
        "k": "x",
        str(THIRD.keys[1]): THIRD.lines(Checkpoint(LOG.name, 5, bytes([5]) * 32), DAY),
    }
    day = book.folder / "signed" / "2026-11-22.jsonl"
    day.parent.mkdir(parents=True)
    day.write_text(json.dumps({"note": text + "".join(lines.values()), "by": lines}) + "\n")
    for name in ("hq", "court", "third"):
        book.report(name, DAY, "")
    standing = json.loads((book.folder / "standing.json").read_text())
    for row in standing.values():
        row["size"] = 5
    (book.folder / "standing.json").write_text(json.dumps(standing))
    assert book.under(lambda _: True) == {}
    assert book.cosigned()(text) == text
    assert book.newest() is None
    assert len(book.mend()) == 1
    assert not day.exists()


def test_an_empty_day_is_no_day(book: CosignerBook) -> None:
    book.keep(note(5, HQ))
    empty = book.folder / "signed" / "2026-11-23.jsonl"
    empty.write_bytes(b"")
    newest = book.newest()
    assert newest is not None
    assert newest.size == 5
    (told,) = book.mend()
    assert "2026-11-23.jsonl.damaged-1" in told


def test_a_note_that_lost_the_ledgers_own_signature_is_no_checkpoint(book: CosignerBook) -> None:
    book.keep(note(4, HQ, at=DAY - timedelta(days=1)))
    book.keep(note(5, HQ))
    rows = json.loads(day_file(book).read_text())
    del rows["by"][str(book.keys[0])]
    day_file(book).write_text(json.dumps(rows) + "\n")
    newest = book.newest()
    assert newest is not None
    assert newest.size == 4


def test_a_list_of_witnesses_that_is_gone_is_told(book: CosignerBook) -> None:
    book.keep(note(5, HQ))
    (book.folder / "cosigners.json").unlink()
    (told,) = book.mend()
    assert "cosigners.json is missing" in told
    book.pin(Pinned("hq", HQ.keys))
    assert book.mend() == []
