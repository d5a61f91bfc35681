"""One entry proven by one file, to somebody who has the public key and nothing else."""

from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides import countermand_verify
from overrides.canonical import canonical
from overrides.countermand_verify import (
    Findings,
    Key,
    Memory,
    Receipt,
    Verdict,
    WrongUsage,
    check,
    check_proof,
    read_canonical,
)
from overrides.ledger_rows import Disclosure
from overrides.merkle import inclusion_proof, leaf_hash
from overrides.notes import Signer, claimed_checkpoint
from overrides.proofs import bare_proof, whole_proof
from overrides.signing import sign_checkpoint
from tests.forging import ForgedBook, Witness, checkpoint_over, edited, recorded_at
from tests.ledgers import LOG, ledger_at
from tests.stored_trees import Stored

SEQ = 2


class Case:
    """An entry with a note, its proof, and who signed for it."""

    def __init__(self, folder: Path) -> None:
        with ledger_at(f"sqlite:///{folder}/countermand.sqlite3", folder / "keys") as ledger:
            ledger.begin()
            ledger.write(*(ledger.open.withdrawn(f"case-{n}", f"note {n}") for n in range(6)))
            kept = sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
            assert kept is not None
            self.note = kept.note
            entry = ledger.book.entry(SEQ)
            assert entry is not None
            self.bodies = [entry.body for entry in ledger.book.entries(0, 9)]
            self.path = list(ledger.book.inclusion(SEQ, kept.size))
            self.parts = ledger.book.disclosures([entry.event_id], ["note"])
            self.signer = ledger.signer
            self.body = entry.body
        self.text = whole_proof(SEQ, self.path, self.note, body=self.body, parts=self.parts)
        self.pinned = Memory(keys=(Key.read(self.signer.key.vkey),))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """One proof, which nobody changes."""
    return Case(tmp_path_factory.mktemp("proof"))


def test_a_proof_says_what_was_recorded_and_by_whose_key(case: Case, tmp_path: Path) -> None:
    found = check_proof(case.text, case.pinned)
    assert (found.verdict, found.found, found.size) == (Verdict.CLEAN, (), 7)
    said = " ".join(found.sentences())
    assert "over 7 entries of test.example/ledger, is signed by a key that you gave" in said
    assert "It says: case_withdrawn, by " in said
    assert 'Its part note says: {"text":"note 1"}' in said
    assert "Second limit" in said
    file = tmp_path / "one.tlog-proof"
    file.write_text(case.text)
    assert check(file, case.pinned) == found


def test_a_proof_without_a_key_to_check_it_with_is_no_proof(case: Case, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="a key that you give"):
        check_proof(case.text, Memory())
    (tmp_path / "noise").write_bytes(b"\xff\xfe")
    with pytest.raises(WrongUsage, match="neither an export nor a proof"):
        check(tmp_path / "noise", case.pinned)


def test_a_bare_proof_shows_a_place_and_no_entry(case: Case) -> None:
    found = check_proof(bare_proof(SEQ, case.path, case.note), case.pinned)
    assert found.verdict == Verdict.INCOMPLETE
    assert "the entry is not enclosed" in str(found.found)


@pytest.mark.parametrize(("index", "cut"), [(999_999, 0), (7, 0), (SEQ, 1)])
def test_a_bare_proof_of_what_cannot_be_is_refused(case: Case, index: int, cut: int) -> None:
    path = case.path[: len(case.path) - cut]
    for receipts in ((), (Receipt(LOG, index, leaf_hash(case.body)),)):
        found = check_proof(
            bare_proof(index, path, case.note), replace(case.pinned, receipts=receipts)
        )
        assert found.verdict == Verdict.ALTERED, found.sentences()


def test_a_receipt_says_which_entry_a_bare_proof_is_of(case: Case) -> None:
    bare = bare_proof(SEQ, case.path, case.note)
    right = replace(case.pinned, receipts=(Receipt(LOG, SEQ, leaf_hash(case.body)),))
    found = check_proof(bare, right)
    assert found.verdict == Verdict.INCOMPLETE, "what it says is not shown"
    assert "The entry that your receipt is of, 2, is the one under it." in found.sentences()
    wrong = replace(case.pinned, receipts=(Receipt(LOG, SEQ, leaf_hash(b"other")),))
    assert check_proof(bare, wrong).verdict == Verdict.ALTERED


@pytest.mark.parametrize("other", [Receipt(LOG, 5, bytes(32)), Receipt("else/where", 2, bytes(32))])
def test_a_receipt_of_something_else_is_not_taken_for_compared(case: Case, other: Receipt) -> None:
    found = check_proof(case.text, replace(case.pinned, receipts=(other,)))
    assert found.verdict == Verdict.INCOMPLETE
    assert f"a receipt of: entry {other.seq} of {other.log}" in str(found.found)
    mine = Receipt("", SEQ, leaf_hash(case.body))
    found = check_proof(case.text, replace(case.pinned, receipts=(other, mine)))
    assert found.verdict == Verdict.CLEAN
    assert "The entry that your receipt is of, 2, is the one under it." in found.sentences()
    assert f"a receipt of: entry {other.seq} of {other.log}" in str(found.sentences())


def told_anew(case: Case, **members: object) -> str:
    """The proof with other members in what is disclosed."""
    head, extra, rest = case.text.split("\n", 2)
    told = read_canonical(b64decode(extra.removeprefix("extra ")))
    told["disclosures"] = [told["disclosures"][0] | members]
    return f"{head}\nextra {b64encode(canonical(told)).decode()}\n{rest}"


@pytest.mark.parametrize("change", ["seq", "longer", "capitals", "spaces", "number"])
def test_a_disclosed_part_has_one_spelling(case: Case, change: str) -> None:
    salt = case.parts[0].salt.hex()
    assert check_proof(told_anew(case), case.pinned).verdict == Verdict.CLEAN
    spellings: dict[str, dict[str, object]] = {
        "seq": {"seq": 12},
        "longer": {"salt": f"{salt}0000"},
        "capitals": {"salt": salt.upper()},
        "spaces": {"salt": f"{salt[:2]} {salt[2:]}"},
        "number": {"salt": 7},
    }
    assert check_proof(told_anew(case, **spellings[change]), case.pinned).verdict == Verdict.ALTERED


def test_a_proof_is_compared_with_what_is_remembered(case: Case) -> None:
    same = replace(case.pinned, notes=((case.note, None),))
    assert check_proof(case.text, same).remembered == 7
    other = checkpoint_over(case.signer, [edited(case.bodies[0], actor="x"), *case.bodies[1:]])
    forked = check_proof(case.text, replace(case.pinned, notes=((other, None),)))
    assert forked.verdict == Verdict.ALTERED
    assert "has another root" in str(forked.found)
    shorter = checkpoint_over(case.signer, case.bodies[:4])
    apart = check_proof(case.text, replace(case.pinned, notes=((shorter, None),)))
    assert apart.verdict == Verdict.INCOMPLETE
    assert "can be compared with an export only" in str(apart.found)


def test_a_proof_is_compared_with_a_receipt_and_wants_its_witness(case: Case) -> None:
    right, wrong = Receipt(LOG, SEQ, leaf_hash(case.body)), Receipt(LOG, SEQ, bytes(32))
    assert check_proof(case.text, replace(case.pinned, receipts=(right,))).verdict == Verdict.CLEAN
    found = check_proof(case.text, replace(case.pinned, receipts=(wrong,)))
    assert found.verdict == Verdict.ALTERED
    witness = Witness("witness.example/w1", b"w" * 32)
    required = replace(case.pinned, witnesses=(witness.key,))
    assert check_proof(case.text, required).verdict == Verdict.INCOMPLETE
    seen = witness.cosign(case.note, recorded_at(case.bodies[-1]))
    text = whole_proof(SEQ, case.path, seen, body=case.body, parts=case.parts)
    assert check_proof(text, required).verdict == Verdict.CLEAN


def test_a_proof_by_another_key_is_refused(case: Case) -> None:
    thief = Signer(LOG, b"t" * 32)
    bodies = [edited(body, actor="x") for body in case.bodies]
    note = checkpoint_over(thief, bodies)
    leaves = [leaf_hash(body) for body in bodies]
    text = whole_proof(
        SEQ, inclusion_proof(Stored(leaves), SEQ, len(leaves)), note, body=bodies[SEQ]
    )
    assert check_proof(text, case.pinned).verdict == Verdict.ALTERED
    owned = Memory(keys=(Key.read(thief.key.vkey),))
    assert check_proof(text, owned).verdict == Verdict.CLEAN, "its own key vouches for it"


def test_a_proof_is_signed_by_the_ledger_s_own_key_and_not_by_another_that_you_trust(
    case: Case,
) -> None:
    branch = Signer("branch.example/ledger", b"b" * 32)
    note = branch.sign(claimed_checkpoint(case.note).text)
    text = whole_proof(SEQ, case.path, note, body=case.body, parts=case.parts)
    both = replace(case.pinned, keys=(*case.pinned.keys, Key.read(branch.key.vkey)))
    found = check_proof(text, both)
    assert found.verdict == Verdict.ALTERED
    assert "not signed by a key of that ledger that you gave" in str(found.found)


def test_the_key_of_a_ledger_is_refused_as_that_of_a_witness(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would count as one more key of the ledger."""
    (tmp_path / "proof").write_text(case.text)
    (tmp_path / "key").write_text(case.signer.key.vkey)
    words = [str(tmp_path / "proof"), "--key", str(tmp_path / "key")]
    assert countermand_verify.main(words) == Verdict.CLEAN
    assert countermand_verify.main([*words, "--witness", str(tmp_path / "key")]) == 64
    assert "the key of a ledger is given as that of a witness" in capsys.readouterr().err


def test_a_time_in_a_proof_that_cannot_be_is_told_and_is_no_fact(case: Case) -> None:
    witness, recorded = Witness("witness.example/w1", b"w" * 32), recorded_at(case.body)

    def seen(at: datetime) -> Findings:
        note = witness.cosign(case.note, at)
        text = whole_proof(SEQ, case.path, note, body=case.body, parts=case.parts)
        now = recorded + timedelta(days=1)
        return check_proof(text, replace(case.pinned, witnesses=(witness.key,), now=now))

    assert "witness.example/w1 signed that checkpoint" in str(seen(recorded).checked)
    for at, said in (
        (recorded - timedelta(minutes=5), "DATED AHEAD"),
        (recorded + timedelta(days=9_000), "still to come"),
    ):
        found = seen(at)
        assert found.verdict == Verdict.INCOMPLETE
        assert said in str(found.found[0])
        assert "witness.example/w1" not in str(found.checked)
    untold = seen(datetime.fromtimestamp(0, UTC))
    assert (untold.verdict, untold.remembered) == (Verdict.CLEAN, 7)
    assert "witness.example/w1" not in str(untold.checked)


def test_an_entry_that_says_it_is_elsewhere_is_refused(case: Case) -> None:
    bodies = [case.bodies[SEQ]] * 7
    book = ForgedBook(LOG, bodies)
    leaves = [leaf_hash(body) for body in bodies]
    path = inclusion_proof(Stored(leaves), 5, 7)
    text = whole_proof(5, path, checkpoint_over(case.signer, book.bodies), body=bodies[5])
    found = check_proof(text, case.pinned)
    assert found.verdict == Verdict.ALTERED
    assert f"it says it is entry {SEQ} of {LOG}: it was moved" in str(found.found)


def test_a_kind_of_a_later_release_is_hashed_and_not_guessed(case: Case) -> None:
    body = edited(case.body, type="from_the_future")
    bodies = [*case.bodies[:SEQ], body, *case.bodies[SEQ + 1 :]]
    leaves = [leaf_hash(one) for one in bodies]
    path = inclusion_proof(Stored(leaves), SEQ, 7)
    text = whole_proof(SEQ, path, checkpoint_over(case.signer, bodies), body=body)
    found = check_proof(text, case.pinned)
    assert found.verdict == Verdict.INCOMPLETE
    assert "from_the_future of version 1" in str(found.found)


def test_another_part_than_was_committed_to_is_refused(case: Case) -> None:
    part = case.parts[0]
    for other in (
        replace(part, payload=b'{"text":"another"}'),
        replace(part, salt=bytes(32)),
        replace(part, slot="evidence"),
        replace(part, event_id="x"),
    ):
        text = whole_proof(SEQ, case.path, case.note, body=case.body, parts=[other])
        found = check_proof(text, case.pinned)
        assert found.verdict == Verdict.ALTERED
        assert "is not the one committed to" in str(found.found)


def test_no_byte_of_a_proof_can_be_changed_unnoticed(case: Case) -> None:
    """The title, the place, the hashes, the entry, the note with its signature: all of it."""
    for at, character in enumerate(case.text):
        changed = case.text[:at] + chr(ord(character) ^ 1) + case.text[at + 1 :]
        assert check_proof(changed, case.pinned).verdict == Verdict.ALTERED, at


@given(st.binary(max_size=60), st.integers(0, 2000))
def test_noise_in_a_proof_is_an_answer_and_not_an_accident(
    case: Case, noise: bytes, at: int
) -> None:
    text = case.text[:at] + noise.decode("latin-1") + case.text[at:]
    verdict = check_proof(text, case.pinned).verdict
    assert verdict == (Verdict.CLEAN if text == case.text else Verdict.ALTERED)


@pytest.mark.parametrize(
    "extra", [b"{}", b"[]", b'{"disclosures":7,"entry":"eA=="}', b'{"disclosures":[7],"entry":""}']
)
def test_what_is_enclosed_must_be_an_entry_with_its_parts(case: Case, extra: bytes) -> None:
    found = check_proof(bare_proof(SEQ, case.path, case.note, extra=extra), case.pinned)
    assert found.verdict == Verdict.ALTERED


def test_what_is_enclosed_is_the_entry_byte_for_byte(case: Case) -> None:
    told = read_canonical(b64decode(case.text.split("\n")[1].removeprefix("extra ")))
    assert b64decode(told["entry"]) == case.body
    assert canonical(told).count(b64encode(case.body)) == 1
    assert isinstance(case.parts[0], Disclosure)
