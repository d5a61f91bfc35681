"""What a witness signs is, byte for byte, what others check; keys stay where they were made."""

import struct
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from overrides import countermand_verify as verifier
from overrides.cosigning import Cosigner, create_cosigner, open_cosigner
from overrides.errors import NoteInvalid
from overrides.notes import Checkpoint, Signer, open_note

LOG = Signer("bank.example/ledger", bytes(range(32)))
WITNESS = Cosigner("hq.example/w1", b"\x01" * 32, b"\x02" * 32)
PLAIN, POST_QUANTUM = WITNESS.keys
AT = datetime(2026, 11, 22, 10, 0, 0, 999_999, tzinfo=UTC)
SECONDS = 1_795_341_600
POINT = Checkpoint(LOG.name, 7, b"r" * 32)
NAMES = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=20).filter(
    lambda name: "+" not in name and len(name.encode()) < 256 and not any(map(str.isspace, name))
)


def signatures(lines: str) -> list[tuple[str, bytes, bytes]]:
    """Name, key id and the rest of each line."""
    found = [verifier._base64(line.split(" ")[2]) for line in lines.splitlines()]
    names = [line.split(" ")[1] for line in lines.splitlines()]
    return [(name, told[:4], told[4:]) for name, told in zip(names, found, strict=True)]


def test_the_bytes_under_an_ed25519_cosignature_are_those_of_the_specification() -> None:
    name, number, told = signatures(WITNESS.lines(POINT, AT))[0]
    assert (name, number, told[:8]) == (WITNESS.name, PLAIN.id, struct.pack(">Q", SECONDS))
    text = f"cosignature/v1\ntime {SECONDS}\nbank.example/ledger\n7\n{'cnJy' * 10}cnI=\n"
    Ed25519PublicKey.from_public_bytes(PLAIN.public).verify(told[8:], text.encode())


def test_the_bytes_under_an_ml_dsa_cosignature_are_those_of_the_specification() -> None:
    name, number, told = signatures(WITNESS.lines(POINT, AT))[1]
    assert (name, number, len(told)) == (WITNESS.name, POST_QUANTUM.id, 8 + 2420)
    message = (
        b"subtree/v1\n\x00\x0dhq.example/w1"
        + struct.pack(">Q", SECONDS)
        + b"\x13bank.example/ledger"
        + struct.pack(">QQ", 0, 7)
        + b"r" * 32
    )
    MLDSA44PublicKey.from_public_bytes(POST_QUANTUM.public).verify(told[8:], message)


def test_keys_and_their_ids_are_golden() -> None:
    assert str(PLAIN) == "hq.example/w1+53ee8cfa+BIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
    assert (POST_QUANTUM.type, len(POST_QUANTUM.public), POST_QUANTUM.id.hex()) == (
        6,
        1312,
        "89bf0f95",
    )


@given(NAMES, NAMES, st.integers(0, 2**53), st.binary(min_size=32, max_size=32))
@settings(max_examples=40, deadline=None)
def test_what_one_code_signs_the_other_checks(
    witness: str, origin: str, size: int, root: bytes
) -> None:
    cosigner, point = Cosigner(witness, b"w" * 32, b"q" * 32), Checkpoint(origin, size, root)
    log = Signer(origin, b"l" * 32)
    note = log.sign(point.text) + cosigner.lines(point, AT)
    keys = [*cosigner.keys, verifier.Key.read(log.key.vkey)]
    opened = verifier.open_note(note, keys)
    assert opened.cosigners == cosigner.keys
    assert [key.name for key in opened.signed_by] == [origin]
    assert {at for _, at in opened.seen_by} == {AT.replace(microsecond=0)}
    assert open_note(note, [log.key]).signed_by == (origin,), "the ledger's own code ignores them"


@given(st.integers(0, 10_000), st.integers(0, 1), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_one_bit_changed_in_a_cosignature_is_refused(place: int, which: int, bit: int) -> None:
    lines = WITNESS.lines(POINT, AT)
    name, number, told = signatures(lines)[which]
    data = bytearray(told)
    data[place % len(data)] ^= 1 << bit
    line = b64encode(number + bytes(data)).decode()
    note = f"{LOG.sign(POINT.text)}\N{EM DASH} {name} {line}\n"
    with pytest.raises(verifier.Wrong):
        verifier.open_note(note, WITNESS.keys)


def test_a_cosignature_is_of_one_log_one_size_one_root_and_one_witness() -> None:
    lines = WITNESS.lines(POINT, AT)
    for other in (
        Checkpoint("bank.example/other", 7, POINT.root),
        Checkpoint(LOG.name, 8, POINT.root),
        Checkpoint(LOG.name, 7, b"s" * 32),
    ):
        signer = Signer(other.origin, LOG.seed)
        for line in lines.splitlines(keepends=True):
            with pytest.raises(verifier.Wrong, match="signature of hq"):
                verifier.open_note(signer.sign(other.text) + line, WITNESS.keys)
    renamed = Cosigner("hq.example/w2", WITNESS.ed25519_seed, WITNESS.ml_dsa_seed)
    told = renamed.lines(POINT, AT).replace("w2", "w1")
    assert verifier.open_note(LOG.sign(POINT.text) + told, WITNESS.keys).cosigners == ()


def test_without_a_library_an_ml_dsa_cosignature_counts_for_nothing_and_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verifier, "ml_dsa", lambda: None)
    opened = verifier.open_note(LOG.sign(POINT.text) + WITNESS.lines(POINT, AT), WITNESS.keys)
    assert (opened.cosigners, opened.unchecked) == ((PLAIN,), (WITNESS.name,))


@pytest.mark.parametrize("key", WITNESS.keys, ids=["Ed25519", "ML-DSA-44"])
def test_a_key_with_a_single_character_off_is_refused(key: verifier.Key) -> None:
    line = str(key)
    assert verifier.Key.read(line) == key
    for place in {*range(40), *range(40, len(line), 97)} & {*range(len(line))}:
        for other in ("A", "+", " "):
            if line[place] != other:
                with pytest.raises(verifier.Wrong):
                    verifier.Key.read(line[:place] + other + line[place + 1 :])
        with pytest.raises(verifier.Wrong):
            verifier.Key.read(line[:place])


def test_keys_are_made_once_kept_secret_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "witness"
    assert open_cosigner(folder) is None
    made = create_cosigner(folder, "hq.example/w1", lambda n: bytes(range(n)))
    assert open_cosigner(folder) == made
    assert (folder / "witness.key").stat().st_mode & 0o77 == 0
    assert (folder / "witness.pub").read_text().splitlines() == [str(key) for key in made.keys]
    assert repr(made) == "Cosigner('hq.example/w1')"
    for gone in ("witness.key", "witness.pub"):
        with pytest.raises(FileExistsError):
            create_cosigner(folder, "hq.example/w1", bytes)
        (folder / gone).unlink()
    with pytest.raises(FileExistsError):
        create_cosigner(folder, "hq.example/w1", bytes)
    assert {path.name for path in folder.iterdir()} == {"ledgers"}, "and nothing is left half done"


def test_names_that_no_note_could_carry_are_refused() -> None:
    for name in ("", "a b", "a+b", "n" * 256):
        with pytest.raises(NoteInvalid):
            Cosigner(name, bytes(32), bytes(32))
    with pytest.raises(NoteInvalid, match="32 bytes"):
        Cosigner("w", bytes(31))
    with pytest.raises(NoteInvalid, match="at most 255"):
        WITNESS.lines(Checkpoint("o" * 256, 1, bytes(32)), AT)
