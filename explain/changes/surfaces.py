"""Scores of all that an application may become, without asking the model for each.

A surface is what a model's own structure says of its score. Whatever is proposed in the end is
scored through the model itself; a surface only says where to look, and so what is smallest.
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from ..adapters import Encoder, ModelAdapter
from ..attribution.forest import CODE_MAX, ZERO_MAX
from ..scorecard import LinearCard
from ..tree import Reading, Tree, UnsupportedForestError
from ..values import Row, Scalar
from .axes import Axis, Room

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Expired = Callable[[], bool]
"""Whether the time for a search is over."""

Question = tuple[int, Reading, float, int]
"""What a split asks: of which feature, how it is read, the threshold, the codes that go left."""


class Scores(Protocol):
    """The raw scores around one application."""

    def grid(self, axes: Sequence[int]) -> "NDArray[np.float64]":
        """Scores of every combination of settings on these axes; all others are as stated."""


class Surface(Protocol):
    """A model whose score can be told without asking it."""

    def around(self, room: Room, expired: Expired) -> Scores | None:
        """Scores of all that an application may become; None where the time was over before."""


class LinearSurface:
    """Of a sum over fields: every axis adds what its settings count."""

    def __init__(self, card: LinearCard) -> None:
        self._card = card

    def around(self, room: Room, expired: Expired) -> Scores | None:  # noqa: ARG002 - quick enough
        """One amount per setting."""
        base = self._card.score(room.row)
        return _LinearScores(base, [self._amounts(room.row, axis) for axis in room.axes])

    def _amounts(self, row: Row, axis: Axis) -> list[float]:
        """How far each setting moves the score."""
        rules = [self._card.rules[name] for name in axis.names]
        stated = [rule.amount(row[name]) for rule, name in zip(rules, axis.names, strict=True)]
        return [
            math.fsum(rule.amount(value) for rule, value in zip(rules, setting, strict=True))
            - math.fsum(stated)
            for setting in axis.settings
        ]


def surface_of(model: ModelAdapter) -> Surface | None:
    """What a model's structure says of its scores; None for one that does not tell it."""
    card, trees = getattr(model, "card", None), getattr(model, "trees", None)
    if isinstance(card, LinearCard):
        return LinearSurface(card)
    encoder = getattr(model, "encoder", None)
    if trees is None or encoder is None:
        return None
    try:
        return TreeSurface(trees(), encoder)
    except UnsupportedForestError:
        return None


class _LinearScores:
    """Amounts by axis and setting."""

    def __init__(self, base: float, amounts: list[list[float]]) -> None:
        self._base = base
        self._amounts = amounts

    def grid(self, axes: Sequence[int]) -> "NDArray[np.float64]":
        """The amounts added up."""
        import numpy as np

        total = np.full((1,) * len(axes), self._base)
        for place, axis in enumerate(axes):
            shape = [1] * len(axes)
            shape[place] = -1
            total = total + np.array(self._amounts[axis]).reshape(shape)
        return total


class TreeSurface:
    """Of trees: their leaves, and which settings lead to each."""

    def __init__(self, trees: Sequence[Tree], encoder: Encoder) -> None:
        self._trees = [tree for tree in trees if tree.features]
        self._constant = math.fsum(tree.values[0] for tree in trees if not tree.features)
        self._encoder = encoder
        self._places = {name: place for place, name in enumerate(encoder.features)}
        asked: dict[int, dict[Question, None]] = {}
        for tree in self._trees:
            for question in zip(
                tree.features, tree.readings, tree.thresholds, tree.members, strict=True
            ):
                asked.setdefault(question[0], {})[question] = None
        self._asked = asked

    def around(self, room: Room, expired: Expired) -> Scores | None:
        """The leaves that can still be reached, with the settings that reach them."""
        import numpy as np

        rows = [room.row]
        for axis in room.axes:
            rows += [{**room.row, **_setting(axis, place)} for place in range(len(axis.settings))]
        encoded = self._encoder.encode(rows)
        answers: dict[Question, tuple[int, NDArray[np.bool_]]] = {}
        classes, first = [], 1
        for number, axis in enumerate(room.axes):
            if expired():
                return None
            part = encoded[first : first + len(axis.settings)]
            first += len(axis.settings)
            told = {
                question: _lefts(question, part)
                for name in axis.names
                for question in self._asked.get(self._places[name], ())
            }
            kind, picked = _classes(list(told.values()), len(axis.settings))
            classes.append(kind)
            answers |= {question: (number, lefts[picked]) for question, lefts in told.items()}
        sizes = [int(kind[-1]) + 1 for kind in classes]
        leaves = _leaves(self._trees, encoded[:1], answers, sizes, expired)
        if leaves is None:
            return None
        values, reached = leaves
        stated = [axis.stated for axis in room.axes]
        return _TreeScores(self._constant, values, reached, classes, stated)


class _TreeScores:
    """Leaf values, for each axis which of its classes lead to each leaf, and settings' classes."""

    def __init__(
        self,
        constant: float,
        values: "NDArray[np.float64]",
        reached: "list[NDArray[np.bool_]]",
        classes: "list[NDArray[np.intp]]",
        stated: list[int],
    ) -> None:
        self._constant = constant
        self._values = values
        self._reached = reached
        self._classes = classes
        self._stated = stated

    def grid(self, axes: Sequence[int]) -> "NDArray[np.float64]":
        """Leaf values added up over the classes of settings, then told of every setting."""
        import numpy as np

        here = np.ones(len(self._values), dtype=bool)
        for axis, reached in enumerate(self._reached):
            if axis not in axes:
                here &= reached[:, self._classes[axis][self._stated[axis]]]
        scores = self._sums(here, list(axes))
        return scores[np.ix_(*(self._classes[axis] for axis in axes))] + self._constant

    def _sums(self, here: "NDArray[np.bool_]", axes: list[int]) -> "NDArray[np.float64]":
        """Over the leaves that are here, by class of each axis."""
        import numpy as np

        first, *rest = axes
        if len(rest) > 1:
            reached = self._reached[first]
            lines = [self._sums(here & reached[:, n], rest) for n in range(reached.shape[1])]
            return np.stack(lines)
        weighted = self._values[here, None] * self._reached[first][here]
        if not rest:
            return np.asarray(weighted.sum(axis=0))
        return np.asarray(weighted.T @ self._reached[rest[0]][here].astype(np.float64))


def _setting(axis: Axis, place: int) -> dict[str, Scalar]:
    """One setting by field."""
    return dict(zip(axis.names, axis.settings[place], strict=True))


def _lefts(question: Question, encoded: "NDArray[np.float64]") -> "NDArray[np.bool_]":
    """Which rows a split sends left."""
    import numpy as np

    feature, reading, threshold, members = question
    column = encoded[:, feature]
    return np.array([goes_left(float(value), reading, threshold, members) for value in column])


def goes_left(value: float, reading: Reading, threshold: float, members: int) -> bool:
    """Where a split sends an encoded value; NaN is a gap."""
    if reading.is_code:
        code = math.trunc(value) if -1.0 < value < CODE_MAX else int(reading.gap)
        return bool(members >> code & 1) if code >= 0 else False
    if math.isnan(value) or (reading.zero_is_gap and abs(value) <= ZERO_MAX):
        return reading.gap <= threshold
    return value <= threshold


def _classes(
    told: "list[NDArray[np.bool_]]", settings: int
) -> "tuple[NDArray[np.intp], NDArray[np.intp]]":
    """Runs of settings that every split sends the same way: the run of each, and one of each."""
    import numpy as np

    differs = np.zeros(settings, dtype=bool)
    for lefts in told:
        differs[1:] |= lefts[1:] != lefts[:-1]
    kind = np.cumsum(differs)
    return kind, np.unique(kind, return_index=True)[1]


def _leaves(
    trees: Sequence[Tree],
    stated: "NDArray[np.float64]",
    answers: "dict[Question, tuple[int, NDArray[np.bool_]]]",
    sizes: Sequence[int],
    expired: Expired,
) -> "tuple[NDArray[np.float64], list[NDArray[np.bool_]]] | None":
    """Values of all leaves within reach, and for each axis which of its classes lead to each.

    None where the time was over before.
    """
    import numpy as np

    values: list[float] = []
    reached: list[list[NDArray[np.bool_]]] = [[] for _ in sizes]
    everywhere = [np.ones(size, dtype=bool) for size in sizes]
    for tree in trees:
        if expired():
            return None
        waiting = [(0, everywhere)]
        while waiting:
            node, masks = waiting.pop()
            if node < 0:
                values.append(tree.values[~node])
                for kept, mask in zip(reached, masks, strict=True):
                    kept.append(mask)
                continue
            question = (
                tree.features[node],
                tree.readings[node],
                tree.thresholds[node],
                tree.members[node],
            )
            left, right = tree.left[node], tree.right[node]
            if question not in answers:
                value = float(stated[0, question[0]])
                waiting.append((left if goes_left(value, *question[1:]) else right, masks))
                continue
            axis, lefts = answers[question]
            for child, way in ((left, lefts), (right, ~lefts)):
                kept_here = masks[axis] & way
                if kept_here.any():
                    waiting.append((child, [*masks[:axis], kept_here, *masks[axis + 1 :]]))
    empty = [np.zeros((0, size), dtype=bool) for size in sizes]
    matrices = [np.array(kept) if kept else none for kept, none in zip(reached, empty, strict=True)]
    return np.array(values), matrices
