"""What is said between a bundle and the process that holds its model's library.

A message is its length in eight bytes, then JSON. Nothing of it can run code: what arrives is
numbers and words, and whoever receives it makes of them what was asked for, or refuses.
"""

import json
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from .. import errors
from ..errors import BundleError, ExplainError
from ..libraries import column_rules
from ..scorecard import LinearCard
from ..tree import Reading, Tree

MESSAGE_BYTES_MAX = 256 * 1024 * 1024
"""As much as a file of a bundle may have."""

READ_BYTES = 1024 * 1024

_LENGTH = struct.Struct(">Q")
_NUMBERS = ("thresholds", "split_covers", "leaf_covers", "values")
_WHOLE = ("features", "left", "right")
_KINDS: Mapping[str, Any] = {
    name: kind for name, kind in vars(column_rules).items() if is_dataclass(kind)
}


class GarbledError(ValueError):
    """What arrived is not what was asked for."""


def send(line: socket.socket, message: Mapping[str, Any], content: bytes = b"") -> None:
    """Say something, with the bytes of a file behind it."""
    body = json.dumps({**message, "content": len(content)}).encode()
    line.sendall(_LENGTH.pack(len(body)))
    line.sendall(body)
    line.sendall(content)


def receive(line: socket.socket, until: float | None = None) -> tuple[dict[str, Any], bytes] | None:
    """What the other side says next; None where it has gone.

    TimeoutError when it is not whole at ``until`` of the monotonic clock, GarbledError where it is
    no message.
    """
    head = _read(line, _LENGTH.size, until)
    if head is None:
        return None
    body = _read(line, _LENGTH.unpack(head)[0], until)
    if body is None:
        return None
    try:
        message = json.loads(body)
        count = message.pop("content")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise GarbledError from None
    content = _read(line, count, until) if isinstance(count, int) else None
    return None if content is None else (message, bytes(content))


def _read(line: socket.socket, count: int, until: float | None) -> bytearray | None:
    """So many bytes; None where the line ends before."""
    if not 0 <= count <= MESSAGE_BYTES_MAX:
        raise GarbledError
    found = bytearray()
    while len(found) < count:
        if until is not None:
            # Never zero, which would mean not to wait at all.
            line.settimeout(max(until - time.monotonic(), 0.001))
        part = line.recv(min(count - len(found), READ_BYTES))
        if not part:
            return None
        found += part
    return found


def tree_told(tree: Tree) -> dict[str, Any]:
    """A tree in words and numbers; sets of bits are hexadecimal, as they may be long."""
    lists = {name: list(getattr(tree, name)) for name in (*_NUMBERS, *_WHOLE)}
    readings = [[float(reading.gap), *map(bool, reading[1:])] for reading in tree.readings]
    return {**lists, "readings": readings, "members": [f"{bits:x}" for bits in tree.members]}


def tree_of(told: Mapping[str, Any]) -> Tree:
    """The tree again; GarbledError where it is none."""
    try:
        lists: dict[str, Any] = {name: floats(told[name]) for name in _NUMBERS}
        for name in _WHOLE:
            if any(type(number) is not int for number in told[name]):
                raise GarbledError
            lists[name] = told[name]
        readings = [_reading(reading) for reading in told["readings"]]
        members = [int(bits, 16) for bits in told["members"]]
        return Tree(readings=readings, members=members, **lists)
    except (KeyError, TypeError, ValueError):
        raise GarbledError from None


def _reading(told: Sequence[Any]) -> Reading:
    """How a split reads its feature."""
    gap, zero_is_gap, is_code = told
    if type(zero_is_gap) is not bool or type(is_code) is not bool:
        raise GarbledError
    return Reading(floats([gap])[0], zero_is_gap, is_code)


def floats(told: Any, count: int | None = None) -> list[float]:
    """A list of numbers, so many where that is known; GarbledError for anything else."""
    if not isinstance(told, list) or any(type(number) not in {int, float} for number in told):
        raise GarbledError
    if count is not None and len(told) != count:
        raise GarbledError
    return [float(number) for number in told]


def rule_told(rule: Any) -> Any:
    """What a rule is made of: its kind with its parts, tables as pairs; KeyError for others."""
    if is_dataclass(rule):
        parts = {fact.name: rule_told(getattr(rule, fact.name)) for fact in fields(rule)}
        return {"kind": _KINDS[type(rule).__name__].__name__, "parts": parts}
    if isinstance(rule, Mapping):
        return {"pairs": [[key, value] for key, value in rule.items()]}
    if isinstance(rule, tuple):
        return [rule_told(part) for part in rule]
    return rule


def rule_of(told: Any) -> Any:
    """The rule again; whether it counts what the model does, its scores show."""
    if isinstance(told, list):
        return tuple(rule_of(part) for part in told)
    if not isinstance(told, dict):
        return told
    if "pairs" in told:
        return {key: value for key, value in told["pairs"]}  # noqa: C416 # of exactly two each
    return _KINDS[told["kind"]](**{name: rule_of(part) for name, part in told["parts"].items()})


def card_told(card: LinearCard) -> dict[str, Any]:
    """A scorecard in words and numbers."""
    rules = {name: rule_told(rule) for name, rule in card.rules.items()}
    return {"intercept": card.intercept, "rules": rules}


def card_of(told: Mapping[str, Any], features: Sequence[str]) -> LinearCard:
    """The scorecard again, with a rule for each feature; GarbledError where it is none."""
    try:
        rules = {name: rule_of(told["rules"][name]) for name in features}
        (intercept,) = floats([told["intercept"]])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise GarbledError from None
    return LinearCard(intercept, rules)


def error_told(refused: ExplainError) -> list[Any]:
    """A refusal as its name and its facts."""
    return [type(refused).__name__, *(getattr(refused, fact.name) for fact in fields(refused))]


def error_of(told: Sequence[Any]) -> BundleError:
    """The refusal again; GarbledError where it is none of a bundle."""
    name, *facts = told
    kind: Any = getattr(errors, str(name), None)
    if not (isinstance(kind, type) and issubclass(kind, BundleError)):
        raise GarbledError
    try:
        return _made(kind, [tuple(fact) if isinstance(fact, list) else fact for fact in facts])
    except TypeError:
        raise GarbledError from None


def _made(kind: Any, facts: Sequence[Any]) -> BundleError:
    """An error with these facts."""
    refused: BundleError = kind(*facts)
    return refused
