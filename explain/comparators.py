"""How a value compares with those of the pinned background, and with nothing else.

A codebook may ask for it by ``{compared}`` after a sentence about one number. It says how many
applicants of the background have less or more, rounded down, out of how many; nothing where fewer
than half have, where the value is missing, and where a bundle has no background.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

from .declared.bundle_schema import Population
from .declared.codebook import Concept
from .declared.comparing import sentence, uses
from .values import Row, Scalar

ROWS_MIN = 30
"""With fewer values a share in tenths says nothing."""

WHO: Mapping[Population | None, str] = {
    "passing": "applicants who just pass",
    "all": "applicants",
    None: "applicants of a fixed sample",
}
TENTHS = 10


class Comparator:
    """The background's values of the fields that sentences compare, in order."""

    def __init__(
        self, fields: Iterable[str], background: Sequence[Row], population: Population | None
    ) -> None:
        self._who = WHO[population]
        self._values = {
            name: sorted(value for row in background if isinstance(value := row[name], float))
            for name in fields
        }

    def words(self, field: str, value: Scalar) -> str:
        """The sentence to follow one about this value; "" where there is nothing to say."""
        values = self._values.get(field, [])
        count = len(values)
        if count < ROWS_MIN or not isinstance(value, float):
            return ""
        lower, higher = bisect_left(values, value), count - bisect_right(values, value)
        tenths = TENTHS * max(lower, higher) // count
        if tenths < TENTHS / 2:
            return ""
        return sentence(tenths, count, self._who, "lower" if lower > higher else "higher")


def compared_fields(concepts: Iterable[Concept]) -> list[str]:
    """The fields whose values some sentence compares."""
    return [
        concept.features[0]
        for concept in concepts
        if any(
            uses(text) for side in (concept.adverse, concept.favourable) for text in side.values()
        )
    ]
