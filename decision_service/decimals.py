"""Numbers as they are recorded: decimal text that gives the same float64 back."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from explain.values import Scalar

PLAIN_FROM = 1e-5
PLAIN_BELOW = 1e16
_encode = msgspec.json.Encoder().encode
REPR_PLAIN_FROM = 1e-4  # below it Python's own text has an exponent


def decimal_text(number: float) -> str:
    """The shortest decimal that reads back as this float, plain between 1e-5 and 1e16.

    Raises ValueError for what is no number: nothing infinite is ever recorded.
    """
    size = abs(number)
    if REPR_PLAIN_FROM <= size < PLAIN_BELOW:  # nearly every number that is recorded
        return repr(number)
    if not math.isfinite(number):
        msg = "only finite numbers are recorded"
        raise ValueError(msg)
    text = repr(number)
    if "e" in text and PLAIN_FROM <= size < PLAIN_BELOW:
        return format(Decimal(text), "f")
    return text


def decimal_texts(numbers: Sequence[float]) -> list[str]:
    """The same of many numbers; those that are neither tiny nor huge are written all at once.

    The encoder's text of a float is Python's own there: the shortest that reads back as it.
    """
    if not numbers:
        return []
    texts = _encode(numbers)[1:-1].decode().split(",")
    return [
        text
        if number == 0 or REPR_PLAIN_FROM <= abs(number) < PLAIN_BELOW
        else decimal_text(number)
        for text, number in zip(texts, numbers, strict=True)
    ]


def recorded(value: Scalar) -> str | None:
    """A checked field as it is recorded: numbers as decimal text, levels and texts as they are."""
    return decimal_text(value) if isinstance(value, float) else value


def recorded_fields(fields: Mapping[str, Scalar]) -> dict[str, str | None]:
    """Checked fields as they are recorded."""
    return {name: recorded(value) for name, value in fields.items()}
