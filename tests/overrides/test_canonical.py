import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.canonical import DEPTH_MAX, INTEGER_MAX, canonical, parse_strict, read_canonical
from overrides.errors import NotCanonical

LIMIT = 10_000


def nested(levels: int) -> object:
    value: object = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        ({"Z": 0, "a": 0, "_": 0}, '{"Z":0,"_":0,"a":0}'),
        ("ਲੋਨ\n\té \N{EURO SIGN} \U0001f600", '"ਲੋਨ\\n\\té € \U0001f600"'),
        ('quote " slash / back \\ \x7f', '"quote \\" slash / back \\\\ \x7f"'),
        (INTEGER_MAX, "9007199254740991"),
        (("a", ("b",)), '["a",["b"]]'),
        ({}, "{}"),
    ],
)
def test_a_value_has_one_form(value: object, expected: str) -> None:
    assert canonical(value).decode() == expected
    assert canonical(read_canonical(expected.encode())).decode() == expected


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        1.0,
        math.nan,
        INTEGER_MAX + 1,
        -INTEGER_MAX - 1,
        b"bytes",
        {1: "a"},
        {"é": 1},
        {"a\0": 1},
        "\0",
        "\r",
        "\x1f",
        "\ud800",
        "a\udfffb",
        {"deep": "\ud800"},
        {1, 2},
        pytest.param(object(), id="an object"),
        nested(DEPTH_MAX + 1),
        {"a": nested(DEPTH_MAX)},
        [{"a": nested(DEPTH_MAX - 1)}],
        [[{"a": nested(DEPTH_MAX - 2)}]],
        [["a", 1.5]],
        [["a", ["b", {"c": 2.5}]]],
    ],
    ids=ascii,
)
def test_what_has_no_exact_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


KINDS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.floats(), st.binary(max_size=2)
)
VALUES = st.recursive(
    KINDS,
    lambda inside: st.one_of(
        st.lists(inside, max_size=3),
        st.lists(inside, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers(0, 3)), inside, max_size=3),
    ),
    max_leaves=25,
)


def has_an_exact_form(value: object, levels: int = DEPTH_MAX) -> bool:
    """The profile, one value after the other."""
    match value:
        case None | bool():
            return True
        case int():
            return abs(value) <= INTEGER_MAX
        case str():
            return not any(
                (c < " " and c not in "\n\t") or "\ud800" <= c <= "\udfff" for c in value
            )
        case list() | tuple():
            return levels > 0 and all(has_an_exact_form(each, levels - 1) for each in value)
        case dict():
            plain = all(isinstance(key, str) and key.isascii() for key in value)
            inside = [*value, *value.values()]
            return levels > 0 and plain and all(has_an_exact_form(x, levels - 1) for x in inside)
    return False


@given(VALUES, st.integers(0, DEPTH_MAX))
def test_a_value_is_refused_exactly_where_any_part_of_it_is(value: object, around: int) -> None:
    for _ in range(around):
        value = [value, "beside"]
    if has_an_exact_form(value):
        assert read_canonical(canonical(value)) == json.loads(canonical(value))
    else:
        with pytest.raises(NotCanonical):
            canonical(value)


def test_eight_levels_are_not_too_deep() -> None:
    assert canonical(nested(DEPTH_MAX)) == b"[" * DEPTH_MAX + b"]" * DEPTH_MAX
    assert read_canonical(canonical(nested(DEPTH_MAX))) == nested(DEPTH_MAX)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b' {"a":1}',
        b'{"a":1}\n',
        b'{"a":01}',
        b"1.0",
        b"1e2",
        b"-0",
        b"NaN",
        b"9007199254740992",
        b"1" * 5000,
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        b'"\\u0000"',
        b'"\\u001f"',
        b'{"\\u00e9":1}',
        '{"é":1}'.encode(),
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1),
        b"[" * 100_000,
    ],
    ids=lambda data: ascii(data[:30]),
)
def test_bytes_that_are_no_canonical_form_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        read_canonical(data)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b'{"a":1,"b":2,"a":3}', "the key 'a' occurs twice"),
        (b'[{"a":1,"\\u0061":2}]', "the key 'a' occurs twice"),
        (b'{"score":NaN}', "NaN is not a number"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b"[1e999]", "a number too large"),
        (b"[" + b"1" * 41 + b"]", "a number of more than 40 characters"),
        (b"[0." + b"1" * 41 + b"]", "a number of more than 40 characters"),
        (b'"\\u0000"', "U+0000"),
        (b'{"\\ud800":1}', "U+D800"),
        (b'["x\\udc00"]', "U+DC00"),
        (b'"\0"', "not JSON"),
        (b'"\xff"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"[" * 17 + b"]" * 17, "more than 16 levels"),
        (b"[" * LIMIT, "more than 16 levels"),
        (b'{"a":' * 17 + b"1" + b"}" * 17, "more than 16 levels"),
        (b"{} x", "not JSON"),
        (b"", "not JSON"),
        (b" " * (LIMIT + 1), "more than 10000 bytes"),
    ],
    ids=lambda value: ascii(value[:30]),
)
def test_a_document_that_could_be_misread_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(NotCanonical) as refused:
        parse_strict(data, max_bytes=LIMIT)
    assert problem in str(refused.value)


def test_an_escaped_pair_is_one_character_and_brackets_in_text_are_not_levels() -> None:
    assert parse_strict(b'"\\ud83d\\ude00"', max_bytes=LIMIT) == "\U0001f600"
    deep_text = json.dumps(["[[[{{{" * 20, 'a quote \\" [' * 20])
    assert parse_strict(deep_text.encode(), max_bytes=LIMIT) == json.loads(deep_text)


def test_a_document_keeps_the_kind_of_its_numbers() -> None:
    found = parse_strict(b"[1,-0,2.5,1e3,12345678901234567890]", max_bytes=LIMIT)
    assert found == [1, 0, 2.5, 1000.0, 12345678901234567890]
    assert [type(number) for number in found] == [int, int, float, float, int]


SPELT = st.from_regex(
    r"-?(0|[1-9][0-9]{0,60})(\.[0-9]{1,60})?([eE][-+]?[0-9]{1,4})?", fullmatch=True
)


@given(numbers=st.lists(SPELT, max_size=4), longest=st.sampled_from([20, 31, 32, 40]))
def test_a_number_is_read_the_same_whether_or_not_it_looks_strange(
    numbers: list[str], longest: int
) -> None:
    """The plain ones are left to the parser; ``[[1e0]]`` beside them has all looked at."""

    def read(text: str) -> object:
        try:
            return parse_strict(text.encode(), max_bytes=LIMIT, max_number_chars=longest)
        except NotCanonical as refused:
            return refused.problem

    alone, beside = read(f"[{','.join(numbers)}]"), read(f"[{','.join([*numbers, '1e0'])}]")
    if isinstance(beside, list):
        assert alone == beside[:-1]
        assert [type(number) for number in alone] == [type(number) for number in beside[:-1]]
    else:
        assert alone == beside
