from base64 import b64decode, b64encode

import pytest

from overrides.countermand_verify import unbundle
from overrides.errors import NoteInvalid
from overrides.merkle import Frontier, leaf_hash
from overrides.notes import Checkpoint, PublicKey, Signer, open_checkpoint, open_note
from tests.vectors import VECTORS, known, needs_vectors

SIGNER = Signer("bank.example/ledger", bytes(range(32)))
OTHER = Signer("other.example/ledger", bytes(32))
TEXT = "one line\nanother\n"
ROOT = leaf_hash(b"root")


def test_a_signed_note_opens_with_its_key_and_no_other() -> None:
    note = SIGNER.sign(TEXT)
    opened = open_note(note, [OTHER.key, SIGNER.key])
    assert (opened.text, opened.signed_by, opened.unknown) == (TEXT, (SIGNER.name,), ())
    for keys in ([], [OTHER.key], [PublicKey(SIGNER.name, OTHER.key.public)]):
        with pytest.raises(NoteInvalid, match="no known key"):
            open_note(note, keys)


def test_another_signature_is_named_and_does_not_count() -> None:
    signature = OTHER.sign(TEXT).removeprefix(TEXT + "\n")
    opened = open_note(SIGNER.sign(TEXT) + signature, [SIGNER.key])
    assert (opened.signed_by, opened.unknown) == ((SIGNER.name,), (OTHER.name,))


def test_every_change_of_a_byte_is_noticed() -> None:
    note = SIGNER.sign(TEXT)
    for at, character in enumerate(note):
        for changed in (chr(ord(character) ^ 1), "", character * 2):
            with pytest.raises(NoteInvalid):
                open_note(note[:at] + changed + note[at + 1 :], [SIGNER.key])


def test_a_wrong_signature_of_a_known_key_spoils_a_note_that_another_signed() -> None:
    number = b64decode(SIGNER.sign(TEXT).split()[-1])[:4]
    forged = f"\N{EM DASH} {SIGNER.name} {b64encode(number + bytes(64)).decode()}\n"
    with pytest.raises(NoteInvalid, match="wrong"):
        open_note(OTHER.sign(TEXT) + forged, [OTHER.key, SIGNER.key])


@pytest.mark.parametrize(
    "text", ["no newline", "tab\there\n", "nul\0\n", "carriage\r\n", "\ud800\n"], ids=ascii
)
def test_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises(NoteInvalid):
        SIGNER.sign(text)


@pytest.mark.parametrize("name", ["", "with blank", "with+plus", "new\nline", "nul\0"], ids=ascii)
def test_a_name_that_no_note_can_hold_is_refused(name: str) -> None:
    for make in (Signer, PublicKey):
        with pytest.raises(NoteInvalid):
            make(name, bytes(32))


def test_a_seed_is_not_shown() -> None:
    assert SIGNER.seed.hex() not in repr(SIGNER)
    assert repr(SIGNER.seed) not in repr(SIGNER)


def test_a_key_reads_back_from_its_line() -> None:
    assert PublicKey.from_vkey(SIGNER.key.vkey) == SIGNER.key


def manglings(vkey: str) -> list[str]:
    """Every proper part of a key's line, and every line with one byte one higher."""
    parts = [vkey[i:j] for i in range(len(vkey)) for j in range(i, len(vkey) + 1)]
    higher = [vkey[:i] + chr(ord(vkey[i]) + 1) + vkey[i + 1 :] for i in range(len(vkey))]
    return [text for text in (*parts, *higher) if text != vkey]


def test_a_mangled_key_is_refused() -> None:
    for text in manglings(SIGNER.key.vkey):
        with pytest.raises(NoteInvalid):
            PublicKey.from_vkey(text)


def test_a_checkpoint_reads_back_from_its_note() -> None:
    checkpoint = Checkpoint(SIGNER.name, 42, ROOT)
    note = SIGNER.sign(checkpoint.text)
    assert open_checkpoint(note, SIGNER.name, [SIGNER.key]) == checkpoint
    with pytest.raises(NoteInvalid, match="of the log"):
        open_checkpoint(note, "another.example/log", [SIGNER.key])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n",
        "log\n1\n",
        f"log\n01\n{b64encode(ROOT).decode()}\n",
        f"log\n+1\n{b64encode(ROOT).decode()}\n",
        f"log\n-1\n{b64encode(ROOT).decode()}\n",
        f"log\n{'9' * 20}\n{b64encode(ROOT).decode()}\n",
        f"log\n\N{ARABIC-INDIC DIGIT ONE}\n{b64encode(ROOT).decode()}\n",
        f"log\n1\n{b64encode(ROOT[1:]).decode()}\n",
        f"log\n1\n{b64encode(ROOT).decode()[:-2]}9=\n",
        f"log\n1\n{b64encode(ROOT).decode()}",
        f"\n1\n{b64encode(ROOT).decode()}\n",
        f"log\n1\n{b64encode(ROOT).decode()}\n\n",
    ],
    ids=ascii,
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        Checkpoint.from_text(text)


@needs_vectors
def test_notes_that_others_signed_open() -> None:
    facts = known("note/notes.json")
    peter = PublicKey.from_vkey(facts["peter_vkey"])
    enoch = PublicKey.from_vkey(facts["enoch_vkey"])
    assert open_note(facts["signed"], [peter]).text == facts["text"]
    both = open_note(facts["signed"] + facts["enoch_sig"], [peter, enoch])
    assert both.signed_by == ("PeterNeumann", "EnochRoot")
    example = PublicKey.from_vkey(facts["c2sp_vkey"])
    assert open_note(facts["c2sp_note"], [example]).text == "This is an example message.\n"
    for vkey in facts["bad_vkeys"]:
        with pytest.raises(NoteInvalid):
            PublicKey.from_vkey(vkey)
    for vkey in manglings(facts["peter_vkey"]):
        with pytest.raises(NoteInvalid):
            PublicKey.from_vkey(vkey)


@needs_vectors
def test_checkpoints_are_read_as_others_read_them() -> None:
    """Others take a root of any length; a root is a hash, so theirs are given one here."""
    for text, good in known("note/checkpoint_cases.json")["cases"]:
        lines = text.split("\n")
        if good:
            lines[2] = b64encode(ROOT).decode()
            assert Checkpoint.from_text("\n".join(lines)).text == "\n".join(lines)
        else:
            with pytest.raises(NoteInvalid):
                Checkpoint.from_text(text)


@needs_vectors
def test_a_log_that_others_wrote_verifies() -> None:
    key = PublicKey.from_vkey(
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
    )
    log = VECTORS / "tiles" / "testdata" / "log"
    for size in range(1, 16):
        note = (log / f"checkpoint.{size}").read_text("utf-8")
        checkpoint = open_checkpoint(note, "example.com/log/testdata", [key])
        bodies = unbundle((log / f"tile/entries/000.p/{size}").read_bytes(), size)
        hashes = [leaf_hash(body) for body in bodies]
        assert b"".join(hashes) == (log / f"tile/0/000.p/{size}").read_bytes()
        tree = Frontier()
        for leaf in hashes:
            tree.append(leaf)
        assert (checkpoint.size, checkpoint.root) == (size, tree.root())


@needs_vectors
def test_signatures_are_checked_as_strictly_as_known() -> None:
    wrong = []
    for group in known("crypto/wycheproof_ed25519_test.json")["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        key = PublicKey("known", public)
        for case in group["tests"]:
            try:
                text = bytes.fromhex(case["msg"]).decode()
            except UnicodeDecodeError:
                continue
            if key.signed(text, bytes.fromhex(case["sig"])) != (case["result"] == "valid"):
                wrong.append(case["tcId"])
    assert not wrong
