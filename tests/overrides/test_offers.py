"""Offers to a witness, in the form that the C2SP specification gives them."""

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.errors import NoteInvalid
from overrides.merkle import leaf_hash
from overrides.offers import Offer, offer_of, read_offer

NOTE = "origin\n3\nAAAA\n\n\N{EM DASH} origin AAAA\n"
HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=63)


@given(st.integers(0, 2**60), HASHES)
def test_an_offer_is_read_as_it_was_written(first: int, proof: list[bytes]) -> None:
    offer = offer_of(first, proof, NOTE)
    assert read_offer(offer.text) == offer
    assert offer.prove(first, first + 1) == tuple(proof)
    assert offer.prove(first + 1, first + 2) is None


def test_a_note_alone_has_no_proof() -> None:
    offer = read_offer(NOTE)
    assert (offer, offer.text) == (Offer(NOTE), NOTE)
    assert offer.prove(1, 3) is None


def test_it_is_written_line_by_line() -> None:
    text = offer_of(2, [leaf_hash(b"a")], NOTE).text
    old, digest, gap, rest = text.split("\n", 3)
    assert (old, b64decode(digest), gap, rest) == ("old 2", leaf_hash(b"a"), "", NOTE)


@pytest.mark.parametrize(
    "text",
    [
        "old 2",
        "old 02\n\n" + NOTE,
        "old -1\n\n" + NOTE,
        "old 2\nAAAA\n\n" + NOTE,
        "old 2\n" + "A" * 43 + "=\nx\n\n" + NOTE,
        "old 2\n" + "A" * 42 + "B=\n\n" + NOTE,
        "old 2\n" + ("A" * 43 + "=\n") * 64 + "\n" + NOTE,
        "old \N{ARABIC-INDIC DIGIT TWO}\n\n" + NOTE,
    ],
    ids=range(8),
)
def test_what_is_no_offer_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        read_offer(text)
