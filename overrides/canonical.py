"""One exact way to write a value down, and a parser that accepts nothing it could misread.

The writing side is a profile of RFC 8785 (JCS) in which any JSON encoder is exact that sorts keys
by code point and escapes no more than it must: no floats at all, integers below 2**53, ASCII keys,
strings without lone surrogates and without control characters other than newline and tab, eight
levels at most. The reading side is for documents from outside and allows any JSON number that a
float64 can hold.
"""

import json
import math
import re
from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec

from overrides.errors import NotCanonical

DEPTH_MAX = 8
INTEGER_MAX = 2**53 - 1

_PLAIN_SCALARS = frozenset({str, bool, type(None)})
_TEXT_ONLY = frozenset({str})
_LISTS = (list, tuple)
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")
_NEVER_TEXT = re.compile("[\x00\ud800-\udfff]")
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
PLAIN_NUMBER_CHARS = 32
_LONG_OR_HUGE = re.compile(rf"[0-9.]{{{PLAIN_NUMBER_CHARS - 1}}}|[0-9][eE]")
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder().decode


def canonical(value: object) -> bytes:
    """Exact bytes of a value inside the profile. Raises ``NotCanonical`` for any other value."""
    if not _is_plain(value):
        _check(value, DEPTH_MAX)
    try:
        data = _encode(value)
    except (ValueError, TypeError, msgspec.MsgspecError):  # half a surrogate pair, by name
        _check(value, DEPTH_MAX)
        raise NotCanonical(problem="a value that has no exact form") from None
    if b"\\" in data or not data.isascii():  # otherwise no text can hold what is forbidden
        _check(value, DEPTH_MAX)
    return data


def read_canonical(data: bytes) -> Any:
    """The value whose canonical form these bytes are. Raises ``NotCanonical`` for any other bytes.

    Faster than parsing strictly and writing again, which is what it comes to.
    """
    try:
        value = _decode(data)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        raise NotCanonical(problem="not JSON in UTF-8, or far too deep") from None
    if canonical(value) != data:
        raise NotCanonical(problem="the bytes are not the canonical form of what they say")
    return value


def parse_own(data: bytes) -> Any:
    """The value of bytes that ``canonical`` made a moment ago, as JSON gives it back."""
    return _decode(data)


def _refuse_constant(word: str) -> NoReturn:
    """NaN, Infinity and -Infinity are not JSON."""
    raise NotCanonical(problem=f"{word} is not a number")


def _is_plain(value: object) -> bool:
    """Whether these are plain containers and scalars, not too deep; ``_check`` looks at the rest.

    This runs over every value that is written, so containers of one level are looked at together.
    It looks at no text.
    """
    level = [value]
    for _ in range(DEPTH_MAX):
        inner = [item for item in level if type(item) not in _PLAIN_SCALARS]
        level = []
        for item in inner:
            if type(item) is dict:
                if not _TEXT_ONLY.issuperset(map(type, item)):
                    return False
                level.extend(item.values())
            elif isinstance(item, _LISTS):
                level.extend(item)
            elif not isinstance(item, str) and not _is_integer(item):
                return False
        if not level:
            return True
    return False


def _is_integer(value: object) -> bool:
    """Whether this is a number with an exact form."""
    return isinstance(value, int) and -INTEGER_MAX <= value <= INTEGER_MAX


def _check(value: object, levels: int) -> None:
    """Refuse what has no exact form; ``levels`` is how many nested containers may still come."""
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        _check_mapping(value, levels)
    elif isinstance(value, list | tuple):
        if not levels:
            raise NotCanonical(problem=f"more than {DEPTH_MAX} levels")
        for item in value:
            _check(item, levels - 1)
    elif isinstance(value, int):
        if not _is_integer(value):
            raise NotCanonical(problem="an integer beyond 2**53")
    else:
        raise NotCanonical(problem=f"a {type(value).__name__} has no exact form")


def _check_mapping(value: dict[Any, object], levels: int) -> None:
    """Refuse keys that are not plain ASCII text, and look at each member."""
    if not levels:
        raise NotCanonical(problem=f"more than {DEPTH_MAX} levels")
    for key, item in value.items():
        if not (isinstance(key, str) and key.isascii()):
            raise NotCanonical(problem=f"a member name that is not ASCII text: {key!r}")
        _check_text(key)
        _check(item, levels - 1)


def _check_text(text: str) -> None:
    """Refuse text with characters that are no text."""
    if not (text.isascii() and text.isprintable()) and (found := _FORBIDDEN.search(text)):
        raise NotCanonical(problem=f"the character U+{ord(found.group()):04X} in a text")


def parse_strict(
    data: bytes, *, max_bytes: int, max_depth: int = 16, max_number_chars: int = 40
) -> Any:
    """Value of a JSON document from outside, read in the one way it can be read.

    Raises ``NotCanonical`` for more than ``max_bytes``, bytes that are not UTF-8, a byte order
    mark, broken JSON, NaN and Infinity, numbers that a float64 cannot hold or longer than
    ``max_number_chars``, an object with the same key twice, more than ``max_depth`` levels, and
    for NUL or lone surrogates in any text, however they are spelt.
    """
    if len(data) > max_bytes:
        raise NotCanonical(problem=f"the document has more than {max_bytes} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise NotCanonical(problem="the document is not UTF-8") from None
    _check_depth(text, max_depth)

    def number(digits: str) -> int | float:
        if len(digits) > max_number_chars:
            raise NotCanonical(problem=f"a number of more than {max_number_chars} characters")
        if digits.lstrip("-").isdigit():
            return int(digits)
        value = float(digits)
        if not math.isfinite(value):
            raise NotCanonical(problem="a number too large to be held exactly")
        return value

    plain = max_number_chars >= PLAIN_NUMBER_CHARS and not _LONG_OR_HUGE.search(text)
    read = None if plain else number  # the parser's own numbers are these, where none is strange
    try:
        value = json.loads(
            text,
            parse_int=read,
            parse_float=read,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique_members,
        )
    except ValueError as broken:
        raise NotCanonical(problem=f"not JSON: {broken}") from None
    if "\\u" in text:  # UTF-8 and the parser exclude these characters in any other spelling
        _check_escaped(value)
    return value


def _check_depth(text: str, max_depth: int) -> None:
    """Refuse deep nesting before the parser, which recurses, sees it."""
    if text.count("[") + text.count("{") <= max_depth:
        return
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
            if depth > max_depth:
                raise NotCanonical(problem=f"more than {max_depth} levels")
        elif first != '"':
            depth -= 1


def _unique_members(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """An object, each key of which occurs once."""
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise NotCanonical(problem=f"the key {twice[:60]!a} occurs twice")
    return members


def _check_escaped(value: object) -> None:
    """Refuse NUL and lone surrogates that came in as escapes."""
    if isinstance(value, str):
        if found := _NEVER_TEXT.search(value):
            raise NotCanonical(problem=f"the character U+{ord(found.group()):04X} in a text")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_escaped(key)
            _check_escaped(item)
    elif isinstance(value, list):
        for item in value:
            _check_escaped(item)
