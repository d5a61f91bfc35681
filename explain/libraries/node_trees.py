"""Trees as libraries tell them: node by node with leaves among splits, sets in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..tree import Reading, Tree, UnsupportedForestError

WORD = 32
"""Bits in a word of a set of categories, to LightGBM and scikit-learn."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """One tree, its root first; a node whose ``left`` is negative is a leaf.

    ``readings``, ``thresholds`` and ``members`` count at splits, ``values`` at leaves, and are
    whatever they are elsewhere. UnsupportedForestError for lists of different lengths.
    """

    left: Sequence[int]
    right: Sequence[int]
    features: Sequence[int]
    readings: Sequence[Reading]
    thresholds: Sequence[float]
    members: Sequence[int]
    covers: Sequence[float]
    values: Sequence[float]

    def __post_init__(self) -> None:
        """Refuse what the arrays could not say."""
        told = (self.right, self.features, self.readings, self.thresholds)
        others = (*told, self.members, self.covers, self.values)
        count = len(self.left)
        children = [c for pair in self._children() for c in pair]
        if not count or any(len(other) != count for other in others):
            msg = "a tree's lists do not belong together"
            raise UnsupportedForestError(msg)
        if any(not 0 < child < count for child in children):
            msg = "a tree has a child that is none of its nodes"
            raise UnsupportedForestError(msg)

    def tree(self) -> Tree:
        """The same with splits and leaves numbered apart."""
        splits = [node for node, left in enumerate(self.left) if left >= 0]
        leaves = [node for node, left in enumerate(self.left) if left < 0]
        numbers = {node: number for number, node in enumerate(splits)}
        numbers |= {node: ~number for number, node in enumerate(leaves)}
        return Tree(
            features=[self.features[node] for node in splits],
            readings=[self.readings[node] for node in splits],
            thresholds=[self.thresholds[node] for node in splits],
            members=[self.members[node] for node in splits],
            left=[numbers[self.left[node]] for node in splits],
            right=[numbers[self.right[node]] for node in splits],
            split_covers=[self.covers[node] for node in splits],
            leaf_covers=[self.covers[node] for node in leaves],
            values=[self.values[node] for node in leaves],
        )

    def _children(self) -> list[tuple[int, int]]:
        """The children of every split."""
        return [pair for pair in zip(self.left, self.right, strict=False) if pair[0] >= 0]


def joined(words: Sequence[int]) -> int:
    """A library's set of categories, in its words, as one set of bits."""
    return sum(word << (WORD * place) for place, word in enumerate(words))


def constant(value: float) -> Tree:
    """A tree of one leaf: what an ensemble begins with."""
    return Tree([], [], [], [], [], [], [], [1.0], [value])
