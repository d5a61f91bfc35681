import hmac
import itertools
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from overrides.canonical import canonical
from overrides.errors import LedgerAltered, SlotErased
from overrides.ids import new_id
from overrides.vault import Vault, commitment_of

PAYLOAD = {"text": "ABCDE1234F", "fields": {"age": 31}}
TEXT = canonical(PAYLOAD)
VAULT = Vault(keks={1: b"k" * 32}, lookup_key=b"l" * 32, random_bytes=os.urandom)
KEY = VAULT.new_key("party-1", "case-1", "notes").stored()
DAY, HOUR = datetime(2026, 3, 2, tzinfo=UTC), timedelta(hours=1)
SEALED = VAULT.seal(KEY, "event-1", "note", TEXT)


def test_what_was_sealed_opens_with_its_salt() -> None:
    assert VAULT.open(KEY, "event-1", 0, SEALED) == PAYLOAD
    salt, text = VAULT.unseal(KEY, "event-1", 0, SEALED)
    assert text == TEXT
    assert commitment_of(salt, "event-1", "note", text) == SEALED.commitment


def test_a_commitment_and_a_lookup_are_computed_as_written_down() -> None:
    """So that somebody else's program can check a disclosure."""
    message = b"countermand/commit/v1\0" + b"note\0" + b"event-1\0" + b'{"text":"x"}'
    expected = hmac.new(b"s" * 32, message, sha256).hexdigest()
    assert commitment_of(b"s" * 32, "event-1", "note", b'{"text":"x"}') == expected
    expected = hmac.new(b"l" * 32, b"party\0ref", sha256).hexdigest()
    assert VAULT.lookup_hash("party", "ref") == expected


def test_sealing_twice_gives_nothing_to_compare() -> None:
    again = VAULT.seal(KEY, "event-1", "note", TEXT)
    assert again.ciphertext != SEALED.ciphertext
    assert again.nonce != SEALED.nonce
    assert again.commitment != SEALED.commitment


@pytest.mark.parametrize(
    ("event_id", "sealed"),
    [
        ("event-2", SEALED),
        ("event-1", replace(SEALED, slot="evidence")),
        ("event-1", replace(SEALED, nonce=bytes(12))),
        ("event-1", replace(SEALED, nonce=b"")),
        ("event-1", replace(SEALED, ciphertext=SEALED.ciphertext[:-1])),
        ("event-1", replace(SEALED, ciphertext=b"")),
        ("event-1", replace(SEALED, commitment="00" * 32)),
        ("event-1", replace(SEALED, commitment="")),
    ],
)
def test_a_part_opens_only_in_its_own_place_and_as_it_was(event_id: str, sealed: object) -> None:
    with pytest.raises(LedgerAltered):
        VAULT.open(KEY, event_id, 0, sealed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "key",
    [
        replace(KEY, subject="party-2"),
        replace(KEY, dek_id="00" * 16),
        replace(KEY, case="case-2"),
        replace(KEY, case=""),
        replace(KEY, record_class="application"),
        replace(KEY, wrapped=KEY.wrapped[:-1]),
        VAULT.new_key("party-1"),
    ],
)
def test_a_key_opens_only_for_its_party_case_and_class(key: object) -> None:
    with pytest.raises(LedgerAltered):
        VAULT.open(key, "event-1", 0, SEALED)  # type: ignore[arg-type]


def test_keys_of_later_cases_have_later_ids_so_that_indexes_grow_at_their_end() -> None:
    cases = [new_id(DAY + number * HOUR, os.urandom(10)) for number in range(9)]
    ids = [
        VAULT.new_key(party, case, kept).dek_id
        for case in cases
        for party, kept in zip("ba", ("notes", "inputs"), strict=True)
    ]
    assert [sorted(ids[place : place + 2]) for place in range(0, 18, 2)] == [
        sorted(ids)[place : place + 2] for place in range(0, 18, 2)
    ]
    assert len(set(ids)) == 18
    assert {len(name) for name in [*ids, KEY.dek_id]} == {32}


def test_a_key_of_the_first_releases_opens_and_is_bound_to_its_case_when_it_is_locked_anew() -> (
    None
):
    plain, nonce = os.urandom(32), os.urandom(12)
    binds = f"countermand/data-key/v1\0{KEY.dek_id}\0{KEY.subject}".encode()
    old = replace(KEY, wrapped=nonce + AESGCM(b"k" * 32).encrypt(nonce, plain, binds))
    sealed = VAULT.seal(old, "event-1", "note", TEXT)
    assert VAULT.open(old, "event-1", 0, sealed) == PAYLOAD
    anew = VAULT.rewrap(old)
    assert VAULT.open(anew, "event-1", 0, sealed) == PAYLOAD
    with pytest.raises(LedgerAltered):
        VAULT.open(replace(anew, case="case-2"), "event-1", 0, sealed)
    with pytest.raises(LedgerAltered):
        VAULT.open(replace(anew, wrapped=anew.wrapped[1:]), "event-1", 0, sealed)


def test_without_its_key_a_part_is_erased() -> None:
    with pytest.raises(SlotErased):
        VAULT.open(None, "event-1", 0, SEALED)
    rotated = Vault(keks={2: b"n" * 32}, lookup_key=b"l" * 32, random_bytes=os.urandom)
    with pytest.raises(SlotErased):
        rotated.open(KEY, "event-1", 0, SEALED)
    assert rotated.new_key("p").kek_epoch == 2
    both = Vault(keks={1: b"k" * 32, 2: b"n" * 32}, lookup_key=b"l" * 32, random_bytes=os.urandom)
    assert both.open(KEY, "event-1", 0, SEALED) == PAYLOAD
    assert both.epoch == 2


def test_nothing_of_the_keys_or_the_payload_can_be_read_where_it_lies() -> None:
    lies = KEY.wrapped + SEALED.ciphertext + SEALED.nonce + SEALED.commitment.encode()
    assert b"ABCDE1234F" not in lies
    assert b"k" * 32 not in lies


def test_a_lookup_finds_the_same_text_again_for_one_purpose() -> None:
    pairs = itertools.product(["application", "party"], ["A-1", "A-2", "\0A-1"])
    hashes = {VAULT.lookup_hash(*pair) for pair in pairs}
    assert len(hashes) == 6
    assert VAULT.lookup_hash("party", "A-1") in hashes
    other = replace(VAULT, lookup_key=b"m" * 32)
    assert other.lookup_hash("party", "A-1") not in hashes


@pytest.mark.parametrize(
    "keys",
    [{"keks": {}}, {"keks": {1: b"short"}}, {"lookup_key": b"short"}],
    ids=["none", "short", "lookup"],
)
def test_a_vault_without_proper_keys_is_refused(keys: dict[str, object]) -> None:
    proper = {"keks": {1: b"k" * 32}, "lookup_key": b"l" * 32, "random_bytes": os.urandom}
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(**proper | keys)  # type: ignore[arg-type]
