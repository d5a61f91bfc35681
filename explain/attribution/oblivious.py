"""Oblivious trees as tables: of every leaf what each feature gets of a row that comes to it.

A tree is oblivious when all its splits of one depth are the same, as CatBoost's are. Then the
answers to a few questions name the leaf, and what its features get follows from them alone. Tables
are filled once, path-dependent or against a background; a row then costs its questions and one look
into the table of each tree.
"""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..tree import Reading, Tree
from .forest import LANES, SHARE_MAX, SHARE_MIN, aligned
from .leaf_cells import Question

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

DEPTH_MAX = LANES
"""The questions of a tree are compared all at once, and tables grow by 2 to the power of them."""

TABLE_NUMBERS_MAX = 8_000_000
"""The most numbers in all tables together: 64 MB."""


class Oblivious(NamedTuple):
    """A tree of one question a depth, the root's first.

    Leaves are in the order of the answers, of which the root's weighs most; ``shares`` are of those
    who go left, split after split, depth after depth.
    """

    questions: Sequence[Question]
    shares: Sequence[float]
    values: Sequence[float]


class Tables(NamedTuple):
    """An ensemble of oblivious trees, tree behind tree.

    ``asked`` and ``thresholds`` have LANES questions a tree, that of the leaves' lowest bit first:
    which column is compared with what. Beyond the ``columns`` that are read there is one for each
    of the ``sets``, which is 1 for codes that are not in its words. A tree's numbers begin at
    ``table``: for each leaf one for each of its ``features``, and the leaf's value.
    """

    trees: "NDArray[Any]"
    asked: "NDArray[np.int32]"
    thresholds: "Matrix"
    sets: "NDArray[Any]"
    words: "NDArray[np.uint64]"
    columns: "NDArray[Any]"
    features: "NDArray[np.int32]"
    table: "Matrix"


def oblivious(tree: Tree) -> Oblivious | None:
    """The same tree, if it is oblivious and no deeper than can be tabulated."""
    questions: list[Question] = []
    shares: list[float] = []
    nodes = [0] if tree.features else [~0]
    while nodes[0] >= 0:
        if min(nodes) < 0 or len(questions) == DEPTH_MAX:
            return None
        asked = {
            Question(tree.features[n], tree.readings[n], tree.thresholds[n], tree.members[n])
            for n in nodes
        }
        if len(asked) > 1:
            return None
        questions += asked
        shares += [min(max(tree.share(node), SHARE_MIN), SHARE_MAX) for node in nodes]
        nodes = [child for node in nodes for child in (tree.left[node], tree.right[node])]
    if max(nodes) >= 0:
        return None
    return Oblivious(questions, shares, [tree.values[~node] for node in nodes])


def all_oblivious(trees: Iterable[Tree]) -> tuple[Oblivious, ...] | None:
    """The trees, if they all are oblivious, some have splits, and tables are not too large."""
    found, numbers = [], 0
    for tree in trees:
        told = oblivious(tree)
        if told is None:
            return None
        found.append(told)
        numbers += len(told.values) * (len(told.questions) + 1)
    some = any(tree.questions for tree in found)
    return tuple(found) if some and numbers <= TABLE_NUMBERS_MAX else None


def lay_out(trees: Sequence[Oblivious]) -> Tables:
    """Trees as arrays, with the values of the leaves and nothing yet for their features."""
    import numpy as np

    columns: dict[tuple[int, Reading], int] = {}
    choices: dict[Question, int] = {}
    words: list[int] = []
    sets: list[tuple[int, int, int]] = []
    features: list[int] = []
    laid: list[tuple[int, ...]] = []
    numbers = 0
    for questions, _, values in trees:
        for question in questions:
            columns.setdefault((question.feature, question.reading), len(columns))
            if question.reading.is_code and question not in choices:
                choices[question] = len(choices)
                size = max(1, -(-question.members.bit_length() // 64))
                column = columns[question.feature, question.reading]
                sets.append((column, len(words), size))
                words += [question.members >> 64 * n & (2**64 - 1) for n in range(size)]
        own = list(dict.fromkeys(question.feature for question in questions))
        laid.append((numbers, len(features), len(own), len(values)))
        features += own
        numbers += len(values) * (len(own) + 1)
    asked = np.zeros((len(trees), LANES), np.int32)
    thresholds = aligned(len(trees) * LANES)
    thresholds[:] = math.inf  # what nobody asks is answered with no
    table = aligned(numbers)
    table[:] = 0.0
    for place, ((questions, _, values), (first, _, players, _)) in enumerate(
        zip(trees, laid, strict=True)
    ):
        table[first : first + len(values) * (players + 1)][players :: players + 1] = values
        for lane, question in enumerate(reversed(questions)):
            column = columns[question.feature, question.reading]
            is_code = question.reading.is_code
            asked[place, lane] = len(columns) + choices[question] if is_code else column
            thresholds[place * LANES + lane] = 0.5 if is_code else question.threshold
    names = "table first_feature features leaves"
    return Tables(
        trees=np.array(laid, [(name, np.int64) for name in names.split()]),
        asked=asked.ravel(),
        thresholds=thresholds,
        sets=np.array(sets, [(name, np.int64) for name in ("column", "first_word", "words")]),
        words=np.array(words, np.uint64),
        columns=np.array(
            [(reading.gap, feature, *reading[1:]) for feature, reading in columns],
            [
                ("gap", np.float64),
                *((n, np.int64) for n in ("feature", "zero_is_gap", "is_code")),
            ],
        ),
        features=np.array(features, np.int32),
        table=table,
    )
