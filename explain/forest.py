"""Tree ensembles as flat arrays, ready for the attribution kernel, and the reader of LightGBM text.

The kernel needs of every split what it compares, how often training rows went left, and which split
above it on the same path asked for the same feature. The rest is worked out here once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CATEGORICAL = 1
DEFAULT_LEFT = 2
MISSING_SHIFT = 2
"""LightGBM's decision bits: categorical, default left, then the missing rule."""

POINTS_ALLOWED = (2, 4, 8, 16)
"""Numbers of Gauss-Legendre points a tree may use; n are exact for paths of 2n features."""

COLD = 0
"""Row of the factor table for a feature whose earlier split on the path went the other way."""


class UnsupportedForestError(ValueError):
    """The text holds something the arrays cannot say; the library's own method still can."""


class Forest(NamedTuple):
    """An ensemble with its trees laid one after another, parents before children.

    ``nodes`` are the splits. A child is a slot of its tree: splits come first, then leaves.
    ``factors`` holds a row for each cover share z of a feature's earlier splits on a path: the
    weights of the hot child, of the mean child, and of the contribution, at every point of the
    tree's. ``points`` is how many each tree uses, ``weights[n]`` are the weights of n points.
    """

    nodes: "NDArray[Any]"
    first_node: "NDArray[np.int32]"
    first_leaf: "NDArray[np.int32]"
    leaf_value: "NDArray[np.float64]"
    categories: "NDArray[np.uint32]"
    points: "NDArray[np.int32]"
    factors: "NDArray[np.float64]"
    weights: "NDArray[np.float64]"


@dataclass(frozen=True, slots=True)
class ReadForest:
    """A forest, the mean raw score of its training rows, and the most leaves of a tree."""

    forest: Forest
    base: float
    leaves_max: int


@dataclass(frozen=True, slots=True)
class _Tree:
    """One tree of the text, as its own lists."""

    features: list[int]
    thresholds: list[float]
    rules: list[int]
    left: list[int]
    right: list[int]
    split_counts: list[int]
    leaf_counts: list[int]
    values: list[float]
    boundaries: list[int]
    words: list[int]

    def count(self, child: int) -> int:
        """How many training rows came to a child; leaves are written as their complement."""
        return self.split_counts[child] if child >= 0 else self.leaf_counts[~child]


@dataclass(slots=True)
class _Growing:
    """The arrays of a forest while trees are added."""

    nodes: list[tuple[float, ...]]
    first_node: list[int]
    first_leaf: list[int]
    leaf_value: list[float]
    categories: list[int]
    points: list[int]
    factor_rows: dict[tuple[float, int], int]
    leaves_max: int = 1
    base: float = 0.0


def read_lightgbm(text: str) -> ReadForest:
    """Read a LightGBM text model.

    UnsupportedForestError for linear leaves, averaged trees, and paths of too many features.
    """
    import numpy as np

    header, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    if "average_output" in header.splitlines():
        msg = "the trees are averaged"
        raise UnsupportedForestError(msg)
    growing = _Growing([], [0], [0], [], [0], [], {})
    for block in blocks:
        _add(growing, _read_tree(block))
    forest = Forest(
        nodes=np.array(growing.nodes, dtype=_node_type()),
        first_node=np.array(growing.first_node, dtype=np.int32),
        first_leaf=np.array(growing.first_leaf, dtype=np.int32),
        leaf_value=np.array(growing.leaf_value, dtype=np.float64),
        categories=np.array(growing.categories, dtype=np.uint32),
        points=np.array(growing.points, dtype=np.int32),
        factors=_factors(growing.factor_rows),
        weights=_weights(),
    )
    return ReadForest(forest, growing.base, growing.leaves_max)


def _node_type() -> "np.dtype[Any]":
    """One split. ``earlier`` is the last split above on the same feature, or -1."""
    import numpy as np

    whole = ("feature", "left", "right", "rule", "first_word", "words", "factors", "earlier")
    named = [(name, np.int32) for name in (*whole, "left_of_earlier")]
    real = [("threshold", np.float64), ("share_left", np.float64)]
    return np.dtype([*named, *real], align=True)


def _read_tree(block: str) -> _Tree:
    """The lists of one tree."""
    lines = (line.partition("=") for line in block.splitlines() if "=" in line)
    told: Mapping[str, str] = {key: value for key, _, value in lines}
    if told.get("is_linear", "0") != "0":
        msg = "the leaves hold linear models"
        raise UnsupportedForestError(msg)

    def whole(key: str) -> list[int]:
        return [int(word) for word in told.get(key, "").split()]

    def real(key: str) -> list[float]:
        return [float(word) for word in told.get(key, "").split()]

    return _Tree(
        features=whole("split_feature"),
        thresholds=real("threshold"),
        rules=whole("decision_type"),
        left=whole("left_child"),
        right=whole("right_child"),
        split_counts=whole("internal_count"),
        leaf_counts=whole("leaf_count"),
        values=real("leaf_value"),
        boundaries=whole("cat_boundaries"),
        words=whole("cat_threshold"),
    )


def _add(growing: _Growing, tree: _Tree) -> None:
    """Lay one tree behind the others, splits in the order in which paths meet them."""
    if not tree.features:
        growing.base += tree.values[0]
        growing.points.append(POINTS_ALLOWED[0])
        growing.first_node.append(len(growing.nodes))
        growing.leaf_value.append(tree.values[0])
        growing.first_leaf.append(len(growing.leaf_value))
        return
    total = sum(tree.leaf_counts)
    pairs = zip(tree.values, tree.leaf_counts, strict=True)
    growing.base += sum(value * count for value, count in pairs) / total
    order = _parents_first(tree)
    slot = {split: place for place, split in enumerate(order)}
    slot |= {~leaf: len(order) + leaf for leaf in range(len(tree.values))}
    paths, richest = _paths(tree, order, slot)
    points = _points(richest)
    growing.points.append(points)
    for split in order:
        growing.nodes.append(_node(growing, tree, split, slot, paths[split], points))
    growing.categories += tree.words
    growing.first_node.append(len(growing.nodes))
    growing.leaf_value += tree.values
    growing.first_leaf.append(len(growing.leaf_value))
    growing.leaves_max = max(growing.leaves_max, len(tree.values))


_Path = Mapping[int, tuple[int, int, float]]
"""By feature: the last split above on it, the side taken there, the cover of all its splits."""


def _paths(tree: _Tree, order: list[int], slot: Mapping[int, int]) -> tuple[dict[int, _Path], int]:
    """The path to each split, and the most different features any path asks for."""
    paths: dict[int, _Path] = {0: {}}
    richest = 1
    for split in order:
        path, feature = paths[split], tree.features[split]
        above = path[feature][2] if feature in path else 1.0
        for side, child in ((1, tree.left[split]), (0, tree.right[split])):
            share = above * tree.count(child) / tree.split_counts[split]
            longer = {**path, feature: (slot[split], side, share)}
            richest = max(richest, len(longer))
            if child >= 0:
                paths[child] = longer
    return paths, richest


def _node(
    growing: _Growing,
    tree: _Tree,
    split: int,
    slot: Mapping[int, int],
    path: _Path,
    points: int,
) -> tuple[float, ...]:
    """One split as the kernel wants it, in the order of ``_node_type``."""
    feature, threshold, rule = tree.features[split], tree.thresholds[split], tree.rules[split]
    first_word = words = 0
    if rule & CATEGORICAL:
        place = int(threshold)
        first_word = len(growing.categories) + tree.boundaries[place]
        words = tree.boundaries[place + 1] - tree.boundaries[place]
    earlier, side, share = path.get(feature, (-1, 0, 1.0))
    rows = growing.factor_rows
    factors = rows.setdefault((share, points), len(rows) + 1)
    left, right = tree.left[split], tree.right[split]
    share_left = tree.count(left) / tree.split_counts[split]
    place_of = (feature, slot[left], slot[right], rule, first_word, words, factors, earlier, side)
    return (*place_of, threshold, share_left)


def _parents_first(tree: _Tree) -> list[int]:
    """The splits of a tree, every parent before its children."""
    order, waiting = [], [0]
    while waiting:
        split = waiting.pop()
        order.append(split)
        waiting += [c for c in (tree.right[split], tree.left[split]) if c >= 0]
    return order


def _points(features_on_path: int) -> int:
    """The smallest allowed number of points that is exact for paths this rich."""
    for points in POINTS_ALLOWED:
        if 2 * points >= features_on_path:
            return points
    msg = f"a path asks for {features_on_path} features"
    raise UnsupportedForestError(msg)


def _factors(rows: Mapping[tuple[float, int], int]) -> "NDArray[np.float64]":
    """The table of factors: row COLD, then one row per cover share and number of points."""
    import numpy as np

    table = np.zeros((len(rows) + 1, 3, POINTS_ALLOWED[-1]))
    table[COLD, 1] = 1.0
    places = {n: (np.polynomial.legendre.leggauss(n)[0] + 1.0) / 2.0 for n in POINTS_ALLOWED}
    for (share, points), row in rows.items():
        at = places[points]
        whole = at + (1.0 - at) * share
        table[row, :, :points] = at / whole, (1.0 - at) * share / whole, share / whole**2
    return table


def _weights() -> "NDArray[np.float64]":
    """The weights of n Gauss-Legendre points on 0..1, in line n."""
    import numpy as np

    table = np.zeros((POINTS_ALLOWED[-1] + 1, POINTS_ALLOWED[-1]))
    for points in POINTS_ALLOWED:
        table[points, :points] = np.polynomial.legendre.leggauss(points)[1] / 2.0
    return table
