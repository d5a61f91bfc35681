"""YAML stays text, and what could blow up or mean two things is refused."""

import pytest

from explain.declared.plain_yaml import PlainYamlError, read


def test_nothing_is_guessed_from_how_a_scalar_looks() -> None:
    text = "country: NO\nversion: 2026.10\ntime: 12:30\nhash: 1e3\nold: 012\nempty:\n"
    assert read(text) == {
        "country": "NO",
        "version": "2026.10",
        "time": "12:30",
        "hash": "1e3",
        "old": "012",
        "empty": "",
    }


def test_lists_mappings_and_both_inside_each_other_are_read() -> None:
    assert read("a: [1, {b: c}]\nd:\n- e\n- f: {g: h}") == {
        "a": ["1", {"b": "c"}],
        "d": ["e", {"f": {"g": "h"}}],
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: &x [1]\nb: *x", "aliases"),
        ("a: 1\na: 2", "doubled"),
        ("? [a]\n: 1", "no text"),
        ("a: 1\n---\nb: 2", "second document"),
        ("[" * 40 + "]" * 40, "deep"),
        ("", "empty"),
        ("a: [1", "expected"),
        ("a: \x00", "control"),
    ],
)
def test_what_is_more_than_plain_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(PlainYamlError, match=why):
        read(text)


def test_a_tag_that_asks_for_a_python_object_stays_text() -> None:
    assert read("a: !!python/object/apply:os.system [ls]") == {"a": ["ls"]}


def test_a_hundred_thousand_open_brackets_are_refused_and_not_followed() -> None:
    with pytest.raises(PlainYamlError):
        read("[" * 100_000)
