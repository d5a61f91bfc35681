"""One decision tree as its library tells it, whatever library that was."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class UnsupportedForestError(ValueError):
    """A model holds something the arrays cannot say; its library's own method still can."""


class Reading(NamedTuple):
    """How a split reads its feature: as a number, or as the code of a category.

    ``gap`` is what a gap is taken for: zero, or infinity on the side where gaps are sent, or a code
    of its own, -1 for one that is in no set. Zeros may count as gaps.
    """

    gap: float = 0.0
    zero_is_gap: bool = False
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree as its library tells it; a child below zero is the complement of a leaf's number.

    ``members`` of a split that reads codes has bit n set where category n goes left. Refuses lists
    that do not belong together: what the kernel is told, it reads without looking.
    """

    features: Sequence[int]
    readings: Sequence[Reading]
    thresholds: Sequence[float]
    members: Sequence[int]
    left: Sequence[int]
    right: Sequence[int]
    split_covers: Sequence[float]
    leaf_covers: Sequence[float]
    values: Sequence[float]

    def __post_init__(self) -> None:
        """Refuse lists of different lengths, and features before the first."""
        of_splits = (self.readings, self.thresholds, self.members, self.left, self.right)
        splits, leaves = len(self.features), len(self.values)
        if (
            any(len(told) != splits for told in (*of_splits, self.split_covers))
            or (splits and (len(self.leaf_covers), leaves) != (splits + 1, splits + 1))
            or min(self.features, default=0) < 0
        ):
            msg = "a tree's lists do not belong together"
            raise UnsupportedForestError(msg)

    def cover(self, child: int) -> float:
        """How many training rows came to a child."""
        return self.split_covers[child] if child >= 0 else self.leaf_covers[~child]

    def share(self, split: int) -> float:
        """The share of a split's training rows that went left.

        Of its children's covers, which where a library rounds need not add up to its own.
        """
        left, right = self.cover(self.left[split]), self.cover(self.right[split])
        return left / (left + right) if left + right else 0.5

    def mean(self, splits: Sequence[int]) -> float:
        """The mean over the training rows; ``splits`` are all of them, parents first."""
        means: dict[int, float] = {}
        for split in reversed(splits):
            left, right = (
                means[child] if child >= 0 else self.values[~child]
                for child in (self.left[split], self.right[split])
            )
            share = self.share(split)
            means[split] = share * left + (1.0 - share) * right
        return means[0]

    def is_tip(self, split: int) -> bool:
        """Whether a split has two leaves."""
        return self.left[split] < 0 and self.right[split] < 0
