from base64 import b64decode, b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from overrides.errors import NoteInvalid
from overrides.merkle import leaf_hash
from overrides.notes import Checkpoint, PublicKey, Signer, open_checkpoint, open_note
from tests.known_answers import manglings

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


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=4))
@example("\n")
@example("\t")
@example("\x0b")
@example("\x1f")
@example("\ud800")
@example("\udfff")
@example("\x7f\x85")
def test_control_codes_and_half_letters_are_unfit_and_nothing_else(text: str) -> None:
    """Against the plainest reading, letter by letter."""
    plain = all(c == "\n" or (c >= " " and not "\ud800" <= c <= "\udfff") for c in text)
    try:
        SIGNER.sign(f"{text}\n")
    except NoteInvalid:
        assert not plain
    else:
        assert plain


def test_a_seed_is_not_shown() -> None:
    assert SIGNER.seed.hex() not in repr(SIGNER)
    assert repr(SIGNER.seed) not in repr(SIGNER)


def test_a_key_reads_back_from_its_line() -> None:
    assert PublicKey.from_vkey(SIGNER.key.vkey) == SIGNER.key


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
