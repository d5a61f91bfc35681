"""Interventional Shapley values of a model that only answers: sampled, with an error bar.

A feature's Shapley value is what it adds to the score when the applicant's features replace those
of a background row one by one, averaged over all orders and all background rows. Here the orders
are drawn. Each is walked in both directions, as what a feature adds late in one it adds early in
the other, and every background row is walked from equally often, in whole turns. So:

- contributions add up to score less base whatever was drawn, as each walk leads from a background
  row to the applicant;
- where features do not interact, nothing is left to chance and contributions are exact;
- turns are independent, so that what they differ by is the error.

Orders depend on the background alone and are the same for every applicant and on every machine.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from itertools import count, pairwise

from ..adapters import ModelAdapter
from ..errors import BundleInvalid
from ..explainers import Parts, as_near_as_the_library
from ..reasons import ERROR_BAR, MODERATE_SHARE
from ..values import Row

ROWS_MAX = 60_000
"""So many rows the model is asked for one explanation, at most."""

TURNS_MIN = 2
"""From fewer no error can be told."""

FINE_SHARE = 0.01
"""An error bar this small, as a share of all push, needs no more work whatever it leaves tied."""

Order = tuple[int, ...]
Walks = list[list[float]]
"""Of each background row what every feature added, on the mean of both directions."""


class SampledExplainer:
    """Contributions against a pinned background, and the standard error of each.

    Costs the model up to ``2 * len(background) * features`` rows a turn, two turns or more. Stops
    as soon as error bars are small beside the gaps between the contributions that matter, or when
    another turn would ask for more than ``rows_max``. BundleInvalid where two turns already would.
    """

    method = "sampled_interventional"

    def __init__(
        self, model: ModelAdapter, background: Sequence[Row], path: str, rows_max: int = ROWS_MAX
    ) -> None:
        self._model = model
        self._names = model.features
        self._background = [{name: row[name] for name in self._names} for row in background]
        turn = 1 + len(background) * (1 + 2 * (len(self._names) - 1))
        self._turns = rows_max // turn
        if self._turns < TURNS_MIN:
            most = (rows_max // TURNS_MIN - 1) // (2 * len(self._names) - 1)
            problem = (
                f"the background has {len(background)} rows, at most {most} can be sampled from"
            )
            raise BundleInvalid(path, (problem,))
        self._seed = hashlib.sha256(repr(self._background).encode()).digest()
        self._orders: list[list[tuple[Order, Order]]] = []
        scores = model.score(self._background)
        self._base = math.fsum(scores) / len(scores)

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """One applicant after another, so that none is explained by the company of others."""
        return [self._parts(row) for row in rows]

    def orders(self, turn: int, place: int) -> tuple[Order, Order]:
        """Two orders of the features in which to walk from a background row."""
        keys = [
            hashlib.sha256(b"%s %d %d %d" % (self._seed, turn, place, feature)).digest()
            for feature in range(len(self._names))
        ]
        order = tuple(sorted(range(len(keys)), key=keys.__getitem__))
        return order, order[::-1]

    def _parts(self, row: Row) -> Parts:
        """As many turns as it takes."""
        (score,) = self._model.score([row])
        turns: list[Walks] = []
        for turn in count():
            turns.append(self._walked(row, turn))
            if len(turns) < TURNS_MIN:
                continue
            amounts, errors = _estimate(turns)
            if len(turns) == self._turns or fine_enough(amounts, errors):
                near = as_near_as_the_library(score, [self._base, *amounts], self._model.precision)
                return Parts(near, self._base, amounts, errors)
        raise AssertionError  # there are endless turns

    def _walked(self, row: Row, turn: int) -> Walks:
        """One walk there and back from every background row; the model is asked once."""
        while len(self._orders) <= turn:
            fresh = len(self._orders)
            places = range(len(self._background))
            self._orders.append([self.orders(fresh, place) for place in places])
        asked: list[Row] = [row, *self._background]
        walks: list[tuple[int, list[int]]] = []
        for place, orders in enumerate(self._orders[turn]):
            for order in orders:
                changed = self._walk(row, place, order, asked)
                walks.append((place, changed))
        told = iter(self._model.score(asked))
        arrival = next(told)
        starts = [next(told) for _ in self._background]
        found: Walks = [[0.0] * len(self._names) for _ in self._background]
        for place, changed in walks:
            scores = [starts[place], *_some(told, len(changed) - 1), arrival]
            for feature, (before, after) in zip(changed, pairwise(scores), strict=False):
                found[place][feature] += (after - before) / 2
        return found

    def _walk(self, row: Row, place: int, order: Order, asked: list[Row]) -> list[int]:
        """Add the rows on the way to what is asked; the features that change, in their order.

        Where a value is the same already, nothing changes and nothing is asked. The last change
        leads to the applicant, who is asked about once for all.
        """
        at, names = self._background[place], self._names
        changed = [feature for feature in order if at[names[feature]] != row[names[feature]]]
        for feature in changed[:-1]:
            at = {**at, names[feature]: row[names[feature]]}
            asked.append(at)
        return changed


def _some(scores: Iterator[float], number: int) -> list[float]:
    """The next few, none for less than one."""
    return [next(scores) for _ in range(number)]


def _estimate(turns: Sequence[Walks]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Means over all walks, and their standard errors from what turns differ by.

    Background rows are not drawn but all walked from, so that only the spread between the turns of
    each counts.
    """
    size, starts = len(turns), len(turns[0])
    amounts, errors = [], []
    for feature in range(len(turns[0][0])):
        means, variances = [], []
        for place in range(starts):
            told = [turn[place][feature] for turn in turns]
            mean = math.fsum(told) / size
            means.append(mean)
            variances.append(math.fsum([(one - mean) ** 2 for one in told]) / (size - 1) / size)
        amounts.append(math.fsum(means) / starts)
        errors.append(_widened(variances, size - 1) / starts)
    return tuple(amounts), tuple(errors)


def _widened(variances: Sequence[float], freedom: int) -> float:
    """The standard error of a sum, so much wider that twice as much holds 95 of 100 times.

    Variances that are told from few values are uncertain themselves: by Satterthwaite's degrees of
    freedom (Biometrics Bulletin 2, 1946) and Student's quantile, expanded about the normal one
    (Abramowitz and Stegun, 26.7.5).
    """
    total = math.fsum(variances)
    if not total:
        return 0.0
    degrees = total**2 * freedom / math.fsum([one**2 for one in variances])
    normal = ERROR_BAR
    first = (normal**3 + normal) / 4
    second = (5 * normal**5 + 16 * normal**3 + 3 * normal) / 96
    return math.sqrt(total) * (normal + first / degrees + second / degrees**2) / normal


def fine_enough(amounts: Sequence[float], errors: Sequence[float]) -> bool:
    """Whether error bars leave the order of what matters alone, or are of no consequence."""
    total = math.fsum(map(abs, amounts))
    bars = [ERROR_BAR * error for error in errors]
    if all(bar <= FINE_SHARE * total for bar in bars):
        return True
    ranked = sorted(zip(map(abs, amounts), bars, strict=True), reverse=True)
    matter = [pair for pair in ranked if pair[0] + pair[1] >= MODERATE_SHARE * total]
    follower = ranked[len(matter) : len(matter) + 1]
    apart = [one - other > bar + far for (one, bar), (other, far) in pairwise(matter + follower)]
    return all(apart)
