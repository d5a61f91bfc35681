"""Choosing the principal reasons and putting them into words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .codebook import Concept
from .contract import NUMERIC, Contract
from .values import Reason, Row

EPSILON = 1e-6
"""A concept that moves the log-odds by no more than this is no reason."""

STRONG_SHARE = 0.30
MODERATE_SHARE = 0.12


@dataclass(frozen=True, slots=True)
class Quartiles:
    """What is usual for a numeric feature: lower and upper quartile of the reference sample."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Entry:
    """A concept with everything looked up that wording one row needs."""

    concept: Concept
    places: tuple[int, ...]
    adverse: str
    favourable: str
    usual: Quartiles | None


class Wording:
    """The reasons of one bundle in one language, ready to word any row of its contract."""

    def __init__(
        self,
        concepts: Sequence[Concept],
        contract: Contract,
        language: str,
        usual: Mapping[str, Quartiles],
    ) -> None:
        self._contract = contract
        places = {f.name: place for place, f in enumerate(contract.features)}
        self._entries = tuple(
            _Entry(
                c,
                tuple(places[name] for name in c.features),
                c.adverse[language],
                c.favourable[language],
                usual.get(c.features[0]) if c.sign != "±" and len(c.features) == 1 else None,
            )
            for c in concepts
        )

    def reasons(
        self, amounts: Sequence[float], row: Row
    ) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
        """Adverse and favourable reasons for contributions in contract order.

        Contributions are summed inside a concept before anything is ranked; equal pushes go by
        concept id, so order is never luck.
        """
        pushes = [
            (math.fsum([amounts[place] for place in entry.places]), entry)
            for entry in self._entries
        ]
        adverse = [(push, entry) for push, entry in pushes if push > EPSILON]
        favourable = [(push, entry) for push, entry in pushes if push < -EPSILON]
        return self._ranked(adverse, row), self._ranked(favourable, row)

    def _ranked(self, pushes: list[tuple[float, _Entry]], row: Row) -> tuple[Reason, ...]:
        """One side's reasons, strongest first."""
        total = math.fsum([abs(push) for push, _ in pushes])
        pushes.sort(key=lambda pair: (-abs(pair[0]), pair[1].concept.id))
        return tuple(self._word(push, entry, abs(push) / total, row) for push, entry in pushes)

    def _word(self, push: float, entry: _Entry, share: float, row: Row) -> Reason:
        """Fill the concept's sentence with the applicant's own values."""
        concept = entry.concept
        words = {name: self._contract[name].in_words(row[name]) for name in concept.features}
        text = (entry.adverse if push > 0 else entry.favourable).format_map(words)
        strength = strength_of(share)
        return Reason(
            concept=concept.id,
            title=concept.title,
            text=text[:1].upper() + text[1:],
            contribution=push,
            value="; ".join(words.values()),
            strength=strength,
            features=concept.features,
            counter_intuitive=strength != "slight" and _surprises(entry, push, row),
        )


def strength_of(share: float) -> str:
    """A word for the share of all push on one side."""
    if share >= STRONG_SHARE:
        return "strong"
    return "moderate" if share >= MODERATE_SHARE else "slight"


def quartiles(contract: Contract, rows: Sequence[Row]) -> dict[str, Quartiles]:
    """Quartiles of every numeric feature over the reference rows that have it."""
    found = {}
    for spec in contract.features:
        if spec.type not in NUMERIC:
            continue
        values = sorted(v for row in rows if isinstance(v := row[spec.name], float))
        if values:
            last = len(values) - 1
            found[spec.name] = Quartiles(values[last // 4], values[last - last // 4])
    return found


def _surprises(entry: _Entry, push: float, row: Row) -> bool:
    """Whether a usual-or-better value counts against, or a usual-or-worse one for."""
    value = row[entry.concept.features[0]]
    if entry.usual is None or not isinstance(value, float):
        return False
    raises = (push > 0) == (entry.concept.sign == "+")
    return value < entry.usual.low if raises else value > entry.usual.high
