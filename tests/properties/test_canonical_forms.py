"""The exact form of a value, against RFC 8785 as somebody else wrote it down."""

import json
import string
from contextlib import suppress
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from overrides.canonical import INTEGER_MAX, canonical, parse_strict, read_canonical
from overrides.errors import NotCanonical

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
PLAIN = TEXTS.filter(lambda text: all(c >= " " or c in "\n\t" for c in text))
KEYS = st.text(string.ascii_letters + string.digits + "_.", max_size=8)
INTEGERS = st.integers(-INTEGER_MAX, INTEGER_MAX)
LEAVES = st.none() | st.booleans() | INTEGERS | PLAIN


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)


VALUES = st.recursive(LEAVES, containers, max_leaves=30).filter(lambda v: depth(v) <= 8)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), containers, max_leaves=20
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


@given(VALUES)
def test_inside_the_profile_the_form_is_that_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(VALUES)
def test_the_form_reads_back_as_the_value(value: object) -> None:
    form = canonical(value)
    assert read_canonical(form) == value
    assert parse_strict(form, max_bytes=len(form)) == value


def plainly_canonical(data: bytes) -> bool:
    """The definition: some value in the profile is written exactly so."""
    try:
        return canonical(parse_strict(data, max_bytes=len(data))) == data
    except NotCanonical:
        return False


@given(st.data())
def test_reading_accepts_exactly_what_writing_can_write(data: st.DataObject) -> None:
    form = bytearray(canonical(data.draw(VALUES)))
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(form)))
        form[at : at + data.draw(st.integers(0, 1))] = data.draw(
            st.sampled_from([b"", b" ", b'"', b"\\", b"0", b"1.5", b",", b"\x01", b"\xc3\xa9"])
        )
    expected = plainly_canonical(bytes(form))
    try:
        read_canonical(bytes(form))
    except NotCanonical:
        assert not expected
    else:
        assert expected


@given(ANY_JSON)
def test_what_is_written_by_anyone_reads_the_same_or_is_refused(value: object) -> None:
    text = json.dumps(value, ensure_ascii=True)
    try:
        found = parse_strict(text.encode(), max_bytes=len(text))
    except NotCanonical:
        return
    assert json.dumps(found) == text


@given(st.binary(max_size=200))
def test_no_bytes_whatever_do_anything_but_parse_or_be_refused(data: bytes) -> None:
    with suppress(NotCanonical):
        parse_strict(data, max_bytes=100)
    with suppress(NotCanonical):
        read_canonical(data)


@given(VALUES, st.integers(0, 200))
def test_a_limit_on_size_is_a_limit(value: object, limit: int) -> None:
    form = canonical(value)
    if len(form) > limit:
        with pytest.raises(NotCanonical):
            parse_strict(form, max_bytes=limit)
    else:
        assert parse_strict(form, max_bytes=limit) == value
