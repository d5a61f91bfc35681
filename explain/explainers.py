"""One small port for explainers, and the explainers that fill it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .adapters import TreeModel
from .scorecard import LinearCard
from .values import ADDITIVITY_TOLERANCE, Row


@dataclass(frozen=True, slots=True)
class Parts:
    """A raw score and what it is said to be made of; whether they agree is checked later.

    ``amounts`` follow the contract's feature order. ``score`` is worked out on another path than
    the amounts, so that the check has something to find. ``errors`` are the standard errors of
    amounts that were sampled; exact ones have none.
    """

    score: float
    base: float
    amounts: tuple[float, ...]
    errors: tuple[float, ...] = ()


class Explainer(Protocol):
    """Anything that can take scores apart, by one named method."""

    @property
    def method(self) -> str:
        """The method of record, as explanations name it."""

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """Split the score of each row over its features."""


class LibraryTreeExplainer:
    """The library's own path-dependent TreeSHAP on the log-odds.

    Where a library works in single precision, its parts miss its score by as much; the score is
    then taken for their total.
    """

    method = "tree_path_dependent"

    def __init__(self, model: TreeModel) -> None:
        self._model = model

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """Contributions by the library, scores by its plain prediction."""
        scores, split = self._model.score(rows), self._model.contributions(rows)
        return [
            Parts(
                as_near_as_the_library(score, amounts, self._model.precision),
                amounts[-1],
                tuple(amounts[:-1]),
            )
            for score, amounts in zip(scores, split, strict=True)
        ]


def as_near_as_the_library(score: float, parts: Sequence[float], precision: float) -> float:
    """The score, or the total of its parts where a library that rounds comes no nearer."""
    total = math.fsum(parts)
    near = abs(total - score) <= precision * max(1.0, abs(score))
    return total if precision > ADDITIVITY_TOLERANCE and near else score


class LinearExplainer:
    """The exact contributions of a linear score, measured from the background's mean applicant.

    For field j they are its amount less the mean amount over the background; base is the mean
    score of the background. This is the Shapley value with independent features, in closed form.
    """

    method = "linear_independent"

    def __init__(self, card: LinearCard, background: Sequence[Row]) -> None:
        self._card = card
        self._means = card.means(background)
        self._base = card.intercept + sum(self._means)

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """Amounts less their means; scores added up afresh."""
        return [
            Parts(
                self._card.score(row),
                self._base,
                tuple(a - m for a, m in zip(self._card.amounts(row), self._means, strict=True)),
            )
            for row in rows
        ]
