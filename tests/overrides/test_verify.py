"""What a verification says of a ledger that was left alone, and of one that was not."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from overrides.canonical import canonical
from overrides.checks import OpenLedger, writes
from overrides.countermand_verify import Finding, Findings, Verdict
from overrides.errors import LedgerUnavailable
from overrides.examination import Trust
from overrides.merkle import leaf_hash
from overrides.notes import Signer
from overrides.signing import sign_checkpoint
from overrides.stores.verifying import verify_engine
from overrides.verify import SAME_HOST, verify_database
from tests.erasures import erasing
from tests.ledgers import LOG, NOON, TestLedger, ledger_at
from tests.tampering import forge, rewrite

THIEF = Signer(LOG, b"t" * 32)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TestLedger]:
    """Forty entries, half of them with a personal part, signed at 30 and at 40."""
    with ledger_at(f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys") as opened:
        opened.begin()
        fill(opened.open, 29)
        sign_checkpoint(opened.book, opened.signer, opened.clock)
        fill(opened.open, 10)
        sign_checkpoint(opened.book, opened.signer, opened.clock)
        yield opened


def fill(ledger: OpenLedger, count: int) -> None:
    drafts = [
        ledger.withdrawn(f"case-{n}", f"note {n}") if n % 2 else ledger.viewed(str(n))
        for n in range(count)
    ]
    ledger.journal.submit(writes(*drafts)).result()


def path_of(ledger: TestLedger) -> Path:
    return Path(ledger.engine.url.database or "")


def trust(ledger: TestLedger, **more: object) -> Trust:
    plain = Trust(keys=[ledger.signer.key], keys_from=SAME_HOST, vault=ledger.vault)
    return replace(plain, **more)  # type: ignore[arg-type]


def verify(ledger: TestLedger, **more: object) -> Findings:
    return verify_database(path_of(ledger), trust(ledger, **more))


def remembered(ledger: TestLedger, which: int) -> str:
    return ledger.book.checkpoints()[which].note


def test_a_ledger_that_was_left_alone_is_clean(ledger: TestLedger) -> None:
    found = verify(ledger, now=NOON, remembered=[remembered(ledger, 0)])
    assert (found.verdict, found.found) == (Verdict.CLEAN, ())
    assert (found.size, found.signed_size) == (40, 40)
    assert found.root == ledger.book.head().root
    said = " ".join(found.sentences())
    assert "signed by a key on the same host" in said
    assert "what you remembered of it at 30 entries" in said
    assert "19 personal parts were opened" in said
    assert verify_engine(ledger.engine, log=LOG, trust=trust(ledger)).verdict == Verdict.CLEAN


def test_a_verification_that_rests_on_nothing_outside_says_so(ledger: TestLedger) -> None:
    assert "compared with nothing kept outside" in " ".join(verify(ledger).sentences())


@pytest.mark.postgres
def test_a_ledger_in_postgresql_is_verified_with_the_same_words(
    postgres_url: str, tmp_path: Path, ledger: TestLedger
) -> None:
    with ledger_at(postgres_url, tmp_path / "keys") as other:
        other.begin()
        fill(other.open, 29)
        sign_checkpoint(other.book, other.signer, other.clock)
        fill(other.open, 10)
        sign_checkpoint(other.book, other.signer, other.clock)
        found = verify_engine(other.engine, log=LOG, trust=trust(other))
    same = verify(ledger)
    assert (found.verdict, found.size, found.signed_size) == (Verdict.CLEAN, 40, 40)
    assert found.sentences() == same.sentences()


ATTACKS = {
    "a byte of an entry": "UPDATE ledger_event SET body = body || ' ' WHERE seq = 9",
    "an entry as text": "UPDATE ledger_event SET body = CAST(body AS TEXT) WHERE seq = 9",
    "an entry as a number": "UPDATE ledger_event SET body = 999999999999 WHERE seq = 9",
    "a place as text": "UPDATE ledger_event SET seq = 'nine' WHERE seq = 9",
    "a checkpoint as nothing": "UPDATE ledger_checkpoint SET note = x'00'",
    "a personal part as a number": "UPDATE ledger_payload SET nonce = 12",
    "a party's key as text": "UPDATE data_key SET wrapped = 'key'",
    "the head as a number": "UPDATE ledger_head SET root = 12, size = 'many'",
    "a hash": "UPDATE ledger_event SET leaf_hash = zeroblob(32) WHERE seq = 9",
    "who acted, in the column": "UPDATE ledger_event SET actor_ref = 'x' WHERE seq = 9",
    "which case, in the column": "UPDATE ledger_event SET case_ref = 'x' WHERE seq = 9",
    "what kind, in the column": "UPDATE ledger_event SET type = 'x' WHERE seq = 9",
    "when, in the column": "UPDATE ledger_event SET recorded_at = '2020' WHERE seq = 9",
    "an entry gone": "DELETE FROM ledger_event WHERE seq = 9",
    "an entry gone, others moved up": "DELETE FROM ledger_event WHERE seq = 9;"
    " UPDATE ledger_event SET seq = seq - 1 WHERE seq > 9",
    "two entries changed places": "UPDATE ledger_event SET seq = -1 WHERE seq = 9;"
    " UPDATE ledger_event SET seq = 9 WHERE seq = 10;"
    " UPDATE ledger_event SET seq = 10 WHERE seq = -1",
    "the first entry gone": "DELETE FROM ledger_event WHERE seq = 0",
    "the end cut off": "DELETE FROM ledger_event WHERE seq >= 35",
    "everything gone": "DELETE FROM ledger_event",
    "the head": "UPDATE ledger_head SET root = zeroblob(32)",
    "the head's size": "UPDATE ledger_head SET size = 41",
    "the head's frontier": "UPDATE ledger_head SET frontier = zeroblob(64)",
    "the head's time": "UPDATE ledger_head SET last_ts = ''",
    "a checkpoint": "UPDATE ledger_checkpoint SET note = replace(note, '30', '31')",
    "a checkpoint's signature": "UPDATE ledger_checkpoint SET note = substr(note, 1,"
    " length(note) - 5) || 'AAA=' || char(10)",
    "an entry before the first": "INSERT INTO ledger_event SELECT log, -1, 'x', type, recorded_at,"
    " case_ref, actor_ref, body, leaf_hash FROM ledger_event WHERE seq = 9",
    "an entry far before the first": "INSERT INTO ledger_event SELECT log, -70000, 'x', type,"
    " recorded_at, case_ref, actor_ref, body, leaf_hash FROM ledger_event WHERE seq = 9",
    "an entry of no ledger": "INSERT INTO ledger_event SELECT 'a', seq, 'x', type, recorded_at,"
    " case_ref, actor_ref, body, leaf_hash FROM ledger_event WHERE seq = 0",
    "a later entry of no ledger": "INSERT INTO ledger_event SELECT 'z', 7, 'x', type, recorded_at,"
    " case_ref, actor_ref, body, leaf_hash FROM ledger_event WHERE seq = 0",
    "a personal part before the first": "INSERT INTO ledger_payload SELECT log, -3, slot, event_id,"
    " dek_id, nonce, ciphertext FROM ledger_payload WHERE seq = 2",
    "a place of a personal part as text": "UPDATE ledger_payload SET seq = 'two' WHERE seq = 2",
    "a subtree that is not there": "INSERT INTO ledger_subtree"
    " SELECT log, 8, 0, leaf_hash FROM ledger_event WHERE seq = 0",
    "a personal part": "UPDATE ledger_payload SET ciphertext = zeroblob(100) WHERE seq = 2",
    "personal parts exchanged": "UPDATE ledger_payload SET seq = -1 WHERE seq = 2;"
    " UPDATE ledger_payload SET seq = 2 WHERE seq = 4;"
    " UPDATE ledger_payload SET seq = 4 WHERE seq = -1",
    "a personal part exchanged with its id": "UPDATE ledger_payload SET"
    " nonce = (SELECT nonce FROM ledger_payload WHERE seq = 4),"
    " ciphertext = (SELECT ciphertext FROM ledger_payload WHERE seq = 4),"
    " dek_id = (SELECT dek_id FROM ledger_payload WHERE seq = 4) WHERE seq = 2",
    "a personal part under another name": "UPDATE ledger_payload SET event_id = 'x'",
    "a personal part from nowhere": "INSERT INTO ledger_payload SELECT log, 3, slot, event_id,"
    " dek_id, nonce, ciphertext FROM ledger_payload WHERE seq = 2",
    "a personal part of no entry": "INSERT INTO ledger_payload SELECT log, 99, slot, event_id,"
    " dek_id, nonce, ciphertext FROM ledger_payload WHERE seq = 2",
    "a party's key": "UPDATE data_key SET wrapped = zeroblob(60)",
    "a key in another case": "UPDATE data_key SET case_ref = 'x' || case_ref",
    "a key of another class of records": "UPDATE data_key SET record_class = 'application'",
    "parties' keys exchanged": "UPDATE data_key SET subject_ref = subject_ref || 'x'",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_what_somebody_with_the_database_changes_is_found(ledger: TestLedger, attack: str) -> None:
    rewrite(ledger.engine, attack)
    found = verify(ledger)
    assert found.verdict == Verdict.ALTERED, found.sentences()
    assert found.sentences()[0].startswith("ALTERED")


def test_a_ledger_whose_head_is_gone_is_altered(ledger: TestLedger) -> None:
    rewrite(ledger.engine, "DELETE FROM ledger_head")
    found = verify_engine(ledger.engine, log=ledger.book.log, trust=trust(ledger))
    assert found.verdict == Verdict.ALTERED
    assert "the head, which says where the entries end, is missing" in str(found.found)


@pytest.mark.parametrize("where", ["WHERE 1", "WHERE 0"], ids=["all", "none"])
def test_a_stored_subtree_that_is_missing_is_found(ledger: TestLedger, where: str) -> None:
    fill(ledger.open, 260)
    sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
    rewrite(ledger.engine, f"DELETE FROM ledger_subtree {where}")
    missing = where == "WHERE 1"
    assert verify(ledger).verdict == (Verdict.ALTERED if missing else Verdict.CLEAN)


def test_a_ledger_written_anew_with_another_key_is_found(ledger: TestLedger) -> None:
    forge(ledger, THIEF, keep=40)
    assert verify(ledger).verdict == Verdict.ALTERED


def test_a_ledger_written_anew_with_its_own_key_is_found_by_who_remembers(
    ledger: TestLedger,
) -> None:
    kept = remembered(ledger, 0)
    forge(ledger, ledger.signer, keep=40)
    assert verify(ledger).verdict == Verdict.CLEAN, "the limit that the words admit"
    found = verify(ledger, remembered=[kept])
    assert found.verdict == Verdict.ALTERED
    assert "a checkpoint you remembered over 30 entries has another root" in str(found.found[0])


def test_an_end_cut_off_with_its_checkpoint_is_found_by_who_remembers(
    ledger: TestLedger,
) -> None:
    older, newer = remembered(ledger, 0), remembered(ledger, 1)
    forge(ledger, ledger.signer, keep=35, change=False)
    assert verify(ledger, remembered=[older]).verdict == Verdict.CLEAN
    found = verify(ledger, remembered=[newer])
    assert found.verdict == Verdict.ALTERED
    assert "entries were removed from the end" in str(found.found[0])


def test_an_entry_taken_from_another_ledger_is_found(ledger: TestLedger, tmp_path: Path) -> None:
    with ledger_at(f"sqlite:///{tmp_path}/other.sqlite3", tmp_path / "keys") as other:
        other.begin()
        foreign = json.loads(other.book.entries(0, 1)[0].body) | {"log": "other.example/log"}
    body = canonical(foreign)
    rewrite(
        ledger.engine,
        f"UPDATE ledger_event SET body = x'{body.hex()}',"
        f" leaf_hash = x'{leaf_hash(body).hex()}' WHERE seq = 9",
    )
    texts = " ".join(map(str, verify(ledger).found))
    assert "it says it is entry 0 of other.example/log: it was moved" in texts


def test_a_backdated_entry_is_found(ledger: TestLedger) -> None:
    last = json.loads(ledger.book.entries(39, 1)[0].body)
    body = canonical(last | {"ts": "2020-01-01T00:00:00.000000Z"})
    rewrite(
        ledger.engine,
        f"UPDATE ledger_event SET body = x'{body.hex()}', leaf_hash = x'{leaf_hash(body).hex()}',"
        " recorded_at = '2020-01-01T00:00:00.000000Z' WHERE seq = 39",
    )
    assert "it is earlier than the entry before it" in " ".join(map(str, verify(ledger).found))


def test_entries_before_the_first_hide_nothing_and_are_read_by_nobody(ledger: TestLedger) -> None:
    copy = "INSERT INTO ledger_event SELECT log, -1, 'x', type, recorded_at, case_ref, actor_ref,"
    rewrite(ledger.engine, f"{copy} body, leaf_hash FROM ledger_event WHERE seq = 4")
    found = verify(ledger)
    assert [str(finding) for finding in found.found] == [
        "entry -1: it lies before the first entry, as none does"
    ]
    assert found.size == 40
    (case,) = {json.loads(ledger.book.entries(4, 1)[0].body)["case"]}
    assert all(entry.seq >= 0 for entry in ledger.book.entries_of_case(case))
    assert ledger.book.entry_of("x") is None
    assert ledger.book.latest(0, 5) == []
    assert ledger.book.open_slots("x") == {}


def test_another_ledger_in_the_database_is_named(ledger: TestLedger) -> None:
    rewrite(
        ledger.engine,
        "INSERT INTO ledger_head SELECT 'z', size, root, frontier, last_ts, 0 FROM ledger_head;"
        "INSERT INTO ledger_event SELECT 'z', seq, 'x', type, recorded_at, case_ref, actor_ref,"
        " body, leaf_hash FROM ledger_event WHERE seq = 0",
    )
    found = verify_database(path_of(ledger), trust(ledger), log=LOG)
    assert found.verdict == Verdict.CLEAN
    assert "other ledgers too, which were not read: z" in " ".join(found.sentences())


ERASED_PARTS = {
    "the key destroyed": "DELETE FROM data_key WHERE subject_ref = 'party-of-case-3'",
    "the part gone": "DELETE FROM ledger_payload WHERE seq IN (4, 33)",
}


@pytest.mark.parametrize("how", ERASED_PARTS.values(), ids=ERASED_PARTS)
def test_a_personal_part_that_cannot_be_read_needs_an_entry_that_says_why(
    ledger: TestLedger, how: str
) -> None:
    gone = [e.event_id for e in ledger.book.entries_of_case("case-3")]
    rewrite(ledger.engine, how)
    found = verify(ledger)
    assert found.verdict == Verdict.INCOMPLETE
    assert [finding.seq for finding in found.found] == [4, 33]
    ledger.write(*erasing(ledger.open.new_id, [(event_id, "note") for event_id in gone]))
    assert verify(ledger).verdict == Verdict.CLEAN


def test_without_the_vault_personal_parts_are_counted_but_not_opened(ledger: TestLedger) -> None:
    rewrite(ledger.engine, ATTACKS["a personal part"])
    found = verify(ledger, vault=None)
    assert found.verdict == Verdict.CLEAN
    assert "personal parts were opened" not in " ".join(found.sentences())


def test_an_entry_of_a_later_release_is_counted_and_said(ledger: TestLedger) -> None:
    last = json.loads(ledger.book.entries(39, 1)[0].body)
    body = canonical(last | {"type": "from_the_future"})
    rewrite(
        ledger.engine,
        f"UPDATE ledger_event SET body = x'{body.hex()}', leaf_hash = x'{leaf_hash(body).hex()}'"
        " WHERE seq = 39; DELETE FROM ledger_checkpoint WHERE size = 40",
    )
    texts = [str(finding) for finding in verify(ledger).found]
    unknown = "it is of a kind that is not known here (from_the_future of version 1)"
    assert f"entry 39: {unknown}: hashed, and not read" in texts


def test_an_old_end_without_a_checkpoint_is_stale(ledger: TestLedger) -> None:
    ledger.write(ledger.open.viewed("unsigned"))
    assert verify(ledger, now=NOON + timedelta(minutes=1)).verdict == Verdict.CLEAN
    found = verify(ledger, now=NOON + timedelta(minutes=9))
    assert found.verdict == Verdict.STALE
    assert "8 minutes old and under no signed checkpoint" in str(found.found[0])
    assert "The last entry is under no signed checkpoint yet." in found.sentences()


def test_a_ledger_without_any_checkpoint_is_incomplete(tmp_path: Path) -> None:
    with ledger_at(f"sqlite:///{tmp_path}/fresh.sqlite3", tmp_path / "keys") as fresh:
        fresh.begin()
        assert verify(fresh).verdict == Verdict.INCOMPLETE
        fresh.write(fresh.open.viewed())
        sign_checkpoint(fresh.book, fresh.signer, fresh.clock)
        assert verify(fresh).verdict == Verdict.CLEAN


def test_a_ledger_that_does_not_begin_with_its_opening_is_incomplete(tmp_path: Path) -> None:
    with ledger_at(f"sqlite:///{tmp_path}/fresh.sqlite3", tmp_path / "keys") as fresh:
        fresh.write(fresh.open.viewed())
        sign_checkpoint(fresh.book, fresh.signer, fresh.clock)
        assert verify(fresh).verdict == Verdict.INCOMPLETE


def test_the_gravest_finding_is_the_verdict() -> None:
    kinds = [Verdict.STALE, Verdict.INCOMPLETE, Verdict.ALTERED]
    for count in range(4):
        found = tuple(Finding(verdict, "x") for verdict in kinds[:count])
        findings = Findings(log="l", size=1, root=b"", found=found)
        assert findings.verdict == [Verdict.CLEAN, *kinds][count]


def test_verifying_changes_nothing_and_needs_no_writer(ledger: TestLedger, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(path_of(ledger))) as source, closing(sqlite3.connect(copy)) as to:
        source.backup(to)
    before = copy.read_bytes()
    assert verify_database(copy, trust(ledger)).verdict == Verdict.CLEAN
    assert copy.read_bytes() == before


def test_a_file_that_is_no_ledger_is_said(ledger: TestLedger, tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="no database"):
        verify_database(tmp_path / "nowhere.sqlite3", trust(ledger))
    with pytest.raises(LedgerUnavailable, match="has the logs"):
        verify_database(path_of(ledger), trust(ledger), log="another")
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(b"not a database at all" * 500)
    assert verify_database(broken, trust(ledger)).verdict == Verdict.ALTERED
    damaged = tmp_path / "damaged.sqlite3"
    ledger.journal.close()
    with closing(sqlite3.connect(path_of(ledger))) as source:
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(path_of(ledger), damaged)
    data = bytearray(damaged.read_bytes())
    data[len(data) // 4 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 4)
    damaged.write_bytes(data)
    assert verify_database(damaged, trust(ledger)).verdict == Verdict.ALTERED
