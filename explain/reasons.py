"""Choosing the principal reasons and putting them into words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from .comparators import Comparator
from .declared.codebook import Concept
from .declared.comparing import COMPARED, uses
from .declared.contract import NUMERIC, Contract, Field
from .values import Push, Reason, Row, Scalar

EPSILON = 1e-6
"""A concept that moves the log-odds by no more than this is no reason."""

PRINCIPAL_MAX = 4
"""Reasons worded per side: more than four are not likely to help (12 CFR 1002, Supplement I,
comment 9(b)(2)-1)."""

ERROR_BAR = 2.0
"""So many standard errors an error bar reaches to either side: 95 of 100 times far enough."""

COVERED = 0.90
"""Slight reasons are worded until this share of what speaks on their side is told: after that they
would only make the others look smaller. No strong or moderate one is left out for that."""

STRONG_SHARE = 0.20
MODERATE_SHARE = 0.08


@dataclass(frozen=True, slots=True)
class Quartiles:
    """What is usual for a numeric feature: lower and upper quartile of the reference sample."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Words:
    """A value in words, and the sentences for and against with it filled in."""

    value: str
    adverse: str
    favourable: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """A concept with everything looked up that wording one row needs.

    ``ready`` has the words of every level, where the concept is about a single category.
    """

    concept: Concept
    fields: tuple[Field, ...]
    places: tuple[int, ...]
    adverse: str
    favourable: str
    usual: Quartiles | None
    compared: Comparator | None  # of one number, whose sentences ask for it
    ready: dict[Scalar, _Words]

    def words(self, row: Row, *, raises: bool) -> tuple[str, str]:
        """The values in words and the sentence of the side asked for, looked up or put together."""
        if self.ready and (found := self.ready.get(row[self.fields[0].name])):
            return found.value, found.adverse if raises else found.favourable
        words = {f.name: f.in_words(row[f.name]) for f in self.fields}
        value = _values(words)
        if self.compared is not None:
            name = self.fields[0].name
            words[COMPARED] = self.compared.words(name, row[name])
        return value, _sentence(self.adverse if raises else self.favourable, words)

    def fill(self, values: Row) -> _Words:
        """Put the values of all the concept's fields into its sentences."""
        words = {f.name: f.in_words(values[f.name]) for f in self.fields}
        adverse, favourable = (_sentence(text, words) for text in (self.adverse, self.favourable))
        return _Words(_values(words), adverse, favourable)


def _values(words: Mapping[str, str]) -> str:
    """The applicant's values of a concept's fields, in words."""
    return "; ".join(words.values())


def _sentence(template: str, words: Mapping[str, str]) -> str:
    """A template with the values in it, beginning with a capital."""
    text = template.format_map(words)
    return text[:1].upper() + text[1:]


class Worded(NamedTuple):
    """What an explanation says: principal reasons for either side, and all pushes behind them."""

    adverse: tuple[Reason, ...]
    favourable: tuple[Reason, ...]
    pushes: tuple[Push, ...]
    surprises: tuple[str, ...]


class Wording:
    """The reasons of one bundle in one language, ready to word any row of its contract."""

    def __init__(
        self,
        concepts: Sequence[Concept],
        contract: Contract,
        language: str,
        usual: Mapping[str, Quartiles],
        comparator: Comparator | None = None,
    ) -> None:
        compared = comparator or Comparator((), (), None)
        in_order = sorted(concepts, key=lambda concept: concept.id)
        self._entries = tuple(_entry(c, contract, language, usual, compared) for c in in_order)

    def reasons(self, amounts: Sequence[float], row: Row, errors: Sequence[float] = ()) -> Worded:
        """Principal reasons and all pushes for contributions in contract order.

        Contributions are summed inside a concept before anything is ranked; equal pushes go by
        concept id, so order is never luck. With standard ``errors``, a concept whose error bar
        reaches zero is no reason, as even its direction may be luck.
        """
        sums = [
            (
                amounts[entry.places[0]]
                if len(entry.places) == 1
                else math.fsum([amounts[place] for place in entry.places]),
                entry,
            )
            for entry in self._entries
        ]
        # Nothing is known of how the errors inside a concept go together; this is their worst.
        worst = {
            entry.concept.id: math.fsum([errors[place] for place in entry.places])
            for _, entry in sums
            if errors
        }
        counted = [pair for pair in sums if abs(pair[0]) > EPSILON]
        if errors:
            counted = [
                (push, entry)
                for push, entry in counted
                if abs(push) > ERROR_BAR * worst[entry.concept.id]
            ]
        counted.sort(key=_size, reverse=True)  # what is of one size stays in order of concepts
        total = math.fsum(map(_size, counted))
        against = [pair for pair in counted if pair[0] > 0]
        speaking_for = [pair for pair in counted if pair[0] < 0]
        surprises: list[str] = []
        return Worded(
            _with_errors(self._principal(against, total, row, surprises), worst),
            _with_errors(self._principal(speaking_for, total, row, surprises), worst),
            tuple(Push(entry.concept.id, push) for push, entry in counted),
            tuple(surprises),
        )

    def _principal(
        self, pushes: list[tuple[float, _Entry]], total: float, row: Row, surprises: list[str]
    ) -> tuple[Reason, ...]:
        """One side's strongest reasons in words; names in ``surprises`` all that run against."""
        principal: list[Reason] = []
        untold = COVERED * math.fsum([abs(push) for push, _ in pushes])
        for push, entry in pushes:
            strength = strength_of(abs(push) / total)
            if strength == "slight" and (untold <= 0 or len(principal) == PRINCIPAL_MAX):
                break  # so are all that follow
            surprising = strength != "slight" and _surprises(entry, push, row)
            if surprising:
                surprises.append(entry.concept.id)
            if len(principal) < PRINCIPAL_MAX:
                principal.append(_reason(push, entry, row, strength, surprising=surprising))
            untold -= abs(push)
        return tuple(principal)


def _size(counted: tuple[float, _Entry]) -> float:
    """How far a push goes, to whatever side."""
    return abs(counted[0])


def _with_errors(reasons: tuple[Reason, ...], worst: Mapping[str, float]) -> tuple[Reason, ...]:
    """The reasons of one side with their errors, and which are tied with the one before."""
    if not worst:
        return reasons
    found: list[Reason] = []
    for reason in reasons:
        error = worst[reason.concept]
        tied = False
        if found:
            gap = abs(found[-1].contribution) - abs(reason.contribution)
            tied = gap <= ERROR_BAR * (found[-1].error + error)
        found.append(replace(reason, error=error, tied=tied))
    return tuple(found)


def _reason(push: float, entry: _Entry, row: Row, strength: str, *, surprising: bool) -> Reason:
    """The reason that this push is, in words."""
    value, text = entry.words(row, raises=push > 0)
    concept = entry.concept
    return Reason(
        concept=concept.id,
        title=concept.title,
        text=text,
        contribution=push,
        value=value,
        strength=strength,
        features=concept.features,
        counter_intuitive=surprising,
    )


def _entry(
    concept: Concept,
    contract: Contract,
    language: str,
    usual: Mapping[str, Quartiles],
    comparator: Comparator,
) -> _Entry:
    """Everything about one concept that does not depend on the applicant."""
    places = {f.name: place for place, f in enumerate(contract.features)}
    fields = tuple(contract[name] for name in concept.features)
    alone = len(fields) == 1
    asks = uses(concept.adverse[language] + concept.favourable[language])
    entry = _Entry(
        concept,
        fields,
        tuple(places[name] for name in concept.features),
        concept.adverse[language],
        concept.favourable[language],
        usual.get(fields[0].name) if alone and concept.sign != "±" else None,
        comparator if asks else None,
        {},
    )
    if alone:
        entry.ready.update({lv: entry.fill({fields[0].name: lv}) for lv in fields[0].levels})
    return entry


def strength_of(share: float) -> str:
    """A word for a share of all push, on both sides together."""
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
