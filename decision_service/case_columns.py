"""Cases as columns: an array for each thing that the reports count, a row for each case.

A number over a million cases is then a few passes over arrays. What a row says holds from the
instant it was taken in until ``until``: by time alone its label may change then, and the case is
taken in again. What an entry is about is taken in again too, and nothing else, so that the columns
cost what is new. They name no applicant and lie in memory alone.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overrides.analysis.verdicts import Loan, Pool, Terms, Value, value_in
from overrides.analysis.vintages import MONTHS, MonthOnBook, seen_by
from overrides.appeals import AppealResult
from overrides.labels import Label, LabelStatus, OutcomeDefinition, label
from overrides.reading import BoardFact
from overrides.statistics import CELL, CELLS_FROM, Scores, Share, logit
from overrides.values import CaseStatus, Decision, OverrideSide, Recommendation

NEVER = int(np.iinfo(np.int64).max)
NO_TIME = int(np.iinfo(np.int64).min)
ROWS_FIRST = 1024
AT_ONCE = 20_000  # rows that wait to be put into the arrays together

SIDES: tuple[OverrideSide | None, ...] = (None, *OverrideSide)
DECISIONS: tuple[Decision | None, ...] = (None, *Decision)
RECOMMENDATIONS, STATUSES, LABELS = tuple(Recommendation), tuple(CaseStatus), tuple(LabelStatus)
APPEALS: tuple[str, ...] = ("", *AppealResult)
NOT_SEEN, GOOD, BAD = 0, 1, 2  # of a loan by a month on book

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TIMES = ("opened", "start", "due", "closed", "matures", "until")
_NAMED = ("code", "branch", "currency", "reviewer", "approver")
_KINDS = ("status", "recommendation", "decision", "side", "label", "appeal")
_FLAGS = ("reliable", "random_accept", "by_person", "simulated", "countered", "corrected")
_CURVE = tuple(f"by_{month}" for month in MONTHS)
_ROW = np.dtype(
    [
        *((name, np.int64) for name in _TIMES),
        ("amount", np.int64),
        ("chance", np.float64),
        ("logit", np.float64),
        *((name, np.int32) for name in _NAMED),
        *((name, np.uint8) for name in _KINDS),
        *((name, np.bool_) for name in _FLAGS),
        *((name, np.uint8) for name in _CURVE),
    ]
)
_SIDE, _DECISION, _RECOMMENDATION, _STATUS, _LABEL, _APPEAL = (
    {kind: place for place, kind in enumerate(kinds)}
    for kinds in (SIDES, DECISIONS, RECOMMENDATIONS, STATUSES, LABELS, APPEALS)
)
_SEEN = {LabelStatus.OBSERVED_GOOD: GOOD, LabelStatus.OBSERVED_BAD: BAD}

Array = NDArray[Any]


def microseconds(at: datetime) -> int:
    """An instant as the columns have it."""
    return (at - _EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    """The same as an instant again."""
    return _EPOCH + timedelta(microseconds=at)


class CaseColumns:
    """Cases of one bundle as they stood at ``as_of``, by one definition of good and bad."""

    of_each = _ROW.names or ()  # names of the columns

    def __init__(self, definition: OutcomeDefinition, as_of: datetime) -> None:
        self.definition = definition
        self.as_of = as_of
        self.refs: list[str] = []  # of the rows
        self.names: dict[str, list[str]] = {name: [""] for name in _NAMED}
        self._numbers: dict[str, dict[str, int]] = {name: {"": 0} for name in _NAMED}
        self._rows: dict[str, int] = {}
        self._held = {name: np.empty(ROWS_FIRST, _ROW[name]) for name in self.of_each}
        self._months = tuple(
            (month, replace(definition, window_months=month))
            for month in MONTHS
            if month <= definition.window_months
        )

    @classmethod
    def of(
        cls, facts: Iterable[BoardFact], definition: OutcomeDefinition, as_of: datetime
    ) -> "CaseColumns":
        """The columns of cases that are told once."""
        made = cls(definition, as_of)
        left = iter(facts)
        while some := list(islice(left, AT_ONCE)):
            first = len(made.refs)
            made.refs.extend(fact.case_ref for fact in some)
            made._put(range(first, len(made.refs)), some)
        return made

    def take(self, facts: Iterable[BoardFact], as_of: datetime) -> None:
        """Take in cases as they stand now, in place of what was held of them."""
        self.as_of = as_of
        self._place_rows()
        left = iter(facts)
        while some := list(islice(left, AT_ONCE)):
            for fact in some:
                if self._rows.setdefault(fact.case_ref, len(self.refs)) == len(self.refs):
                    self.refs.append(fact.case_ref)
            self._put([self._rows[fact.case_ref] for fact in some], some)

    def row_of(self, case_ref: str) -> int | None:
        """The row of a case; None for one that is not among them."""
        self._place_rows()
        return self._rows.get(case_ref)

    def _place_rows(self) -> None:
        """Know the row of each case, from the first time that one is asked for."""
        if not self._rows:
            self._rows = {ref: row for row, ref in enumerate(self.refs)}

    def changing(self, by: datetime) -> list[str]:
        """Cases of which something changes by then without an entry."""
        (rows,) = np.nonzero(self["until"] <= microseconds(by))
        return [self.refs[row] for row in rows]

    def __len__(self) -> int:
        """How many cases."""
        return len(self.refs)

    def __getitem__(self, name: str) -> Array:
        """One column."""
        return self._held[name][: len(self.refs)]

    def is_named(self, column: str, name: str) -> Array:
        """Which rows have this name in a column of names."""
        return self._is(column, self._numbers[column].get(name, -1))

    def scored(self) -> Array:
        """Which rows have a score."""
        found: Array = ~np.isnan(self["chance"])
        return found

    def approved(self) -> Array:
        """Which rows were approved."""
        return self._is("decision", _DECISION[Decision.APPROVE])

    def advised(self, advice: Recommendation) -> Array:
        """Which rows the model advised this on."""
        return self._is("recommendation", _RECOMMENDATION[advice])

    def against(self, side: OverrideSide | None) -> Array:
        """Which rows were decided against the model on this side, or on none."""
        return self._is("side", _SIDE[side])

    def bad(self) -> Array:
        """Which rows went bad so far."""
        return self._is("label", _LABEL[LabelStatus.OBSERVED_BAD])

    def matured(self) -> Array:
        """Which rows are scored approvals whose window has closed and that ended good or bad."""
        ended = self.bad() | self._is("label", _LABEL[LabelStatus.OBSERVED_GOOD])
        closed = self["matures"] <= microseconds(self.as_of)
        found: Array = self.approved() & self.scored() & ended & closed
        return found

    def pool(self, rows: Array) -> Pool:
        """Scores and bad loans of some rows, given by a mask or by places."""
        return Pool(int(np.count_nonzero(self.bad()[rows])), self.scores(rows))

    def scores(self, rows: Array) -> Scores:
        """Scores of some rows, summed up."""
        chances, logits = self["chance"][rows], self["logit"][rows]
        listed = chances.tolist()
        variance = math.fsum((chances * (1 - chances)).tolist())
        if len(listed) < CELLS_FROM:
            held, weights = logits.tolist(), [1] * len(listed)
        else:
            held, weights = _cells(logits)
        return Scores(listed, math.fsum(listed), variance, held, weights)

    def loans(self, rows: Array) -> list[Loan]:
        """Some rows one by one."""
        chances, bad = self["chance"][rows].tolist(), self.bad()[rows].tolist()
        return [Loan(chance, went) for chance, went in zip(chances, bad, strict=True)]

    def brought(self, rows: Array, terms: Terms) -> list[float]:
        """What each of some loans brought in minor units: its margin, or what its loss took."""
        shares = np.where(self.bad()[rows], -terms.loss_given_default, terms.margin)
        each: list[float] = (shares * self["amount"][rows]).tolist()
        return each

    def values(self, rows: Array, terms: Terms) -> tuple[Value, ...]:
        """``overrides.analysis.verdicts.value_of`` of some rows."""
        currencies, each = self["currency"][rows], np.asarray(self.brought(rows, terms))
        held = sorted((self.names["currency"][at], at) for at in np.unique(currencies).tolist())
        return tuple(value_in(name, each[currencies == at].tolist()) for name, at in held)

    def curve(self, rows: Array) -> tuple[MonthOnBook, ...]:
        """``overrides.analysis.vintages.vintage_curve`` of the rows of a mask."""
        points = []
        for name, (month, _) in zip(_CURVE, self._months, strict=False):
            seen, scored = self[name], rows & self.scored()
            of = scored & (seen != NOT_SEEN)
            chances = self["chance"][of].tolist()
            bad = Share(int(np.count_nonzero(scored & (seen == BAD))), len(chances))
            mean = math.fsum(chances) / len(chances) if chances else None
            points.append(MonthOnBook(month, bad, mean))
        return tuple(points)

    def words(self, name: str, rows: Array) -> list[str]:
        """Names in one column, of some rows."""
        names = self.names[name]
        return [names[number] for number in self[name][rows]]

    def _is(self, name: str, number: int) -> Array:
        """Which rows have this number in a column."""
        found: Array = self[name] == number
        return found

    def _put(self, rows: Sequence[int], facts: Sequence[BoardFact]) -> None:
        """Write rows, with room for them."""
        room = len(self._held["opened"])
        if len(self.refs) > room:
            more = max(2 * room, len(self.refs))
            self._held = {
                name: np.concatenate([held, np.empty(more - room, held.dtype)])
                for name, held in self._held.items()
            }
        block = np.array([tuple(self._row(fact)) for fact in facts], _ROW)
        places = np.asarray(rows, dtype=np.int64)
        for name, held in self._held.items():
            held[places] = block[name]

    def _row(self, fact: BoardFact) -> Iterator[Any]:
        """One case, in the order of the columns."""
        ending, chance = fact.ending, fact.probability
        found, curve, changes = self._labels(fact)
        start = fact.completed_at or fact.received_at or fact.opened_at
        yield from map(microseconds, (fact.opened_at, start))
        yield NEVER if fact.due_at is None else microseconds(fact.due_at)
        yield NO_TIME if ending.at is None else microseconds(ending.at)
        yield NEVER if found.matures_at is None else microseconds(found.matures_at)
        yield min((microseconds(at) for at in changes if at > self.as_of), default=NEVER)
        yield fact.amount.minor
        yield math.nan if chance is None else chance
        yield 0.0 if chance is None else logit(chance)
        held = (fact.code, fact.branch, fact.amount.currency, fact.reviewer, fact.approver)
        for name, word in zip(_NAMED, held, strict=True):
            numbers = self._numbers[name]
            number = numbers.get(word)
            if number is None:
                number = numbers[word] = len(numbers)
                self.names[name].append(word)
            yield number
        yield _STATUS[ending.status]
        yield _RECOMMENDATION[fact.recommendation]
        yield _DECISION[ending.decision]
        yield _SIDE[fact.side]
        yield _LABEL[found.status]
        yield _APPEAL[fact.appeal]
        yield from (fact.reliable, ending.random_accept, fact.by_person)
        yield from (fact.simulated, fact.countered, fact.corrected)
        yield from curve

    def _labels(self, fact: BoardFact) -> tuple[Label, list[int], list[datetime]]:
        """What is known of a loan, by each month on book too, and when that may change."""
        found = label(self.definition, fact.ending, fact.observations, self.as_of)
        curve = [NOT_SEEN] * len(MONTHS)
        changes = [one.observed_at for one in fact.observations]
        if found.turns_at is not None:
            changes.append(found.turns_at)
        if fact.probability is None or fact.ending.decision is not Decision.APPROVE:
            return found, curve, changes
        for place, (month, until) in enumerate(self._months):
            by = label(until, fact.ending, seen_by(month, fact.observations), self.as_of)
            if by.closed(self.as_of):
                curve[place] = _SEEN.get(by.status, NOT_SEEN)
            elif by.turns_at is not None:
                changes.append(by.turns_at)
        return found, curve, changes


def _cells(logits: Array) -> tuple[list[float], list[int]]:
    """``overrides.statistics.logit_cells`` of an array."""
    places = np.rint(logits / CELL).astype(np.int16)
    order = np.argsort(places, kind="stable")
    held = logits[order].tolist()
    ends = [*(np.nonzero(np.diff(places[order]))[0] + 1).tolist(), len(held)]
    starts = [0, *ends[:-1]]
    parts = [held[start:end] for start, end in zip(starts, ends, strict=True)]
    return [math.fsum(part) / len(part) for part in parts], [len(part) for part in parts]
