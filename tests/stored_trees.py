"""A tree with as much of it stored as a ledger stores, for proofs to be made from."""

from collections.abc import Sequence

from overrides.merkle import Frontier, Run


class Stored:
    """What a ledger stores of a tree: leaf hashes, and subtree roots at the stored levels."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = leaves
        self.subtrees: dict[tuple[int, int], bytes] = {}
        tree = Frontier()
        for leaf in leaves:
            self.subtrees |= {(s.level, s.index): s.hash for s in tree.append(leaf)}

    def __call__(self, runs: Sequence[Run]) -> list[list[bytes]]:
        """Stored nodes of each run."""
        return [
            [self.subtrees[level, i] for i in range(start, stop) if (level, i) in self.subtrees]
            if level
            else self.leaves[start:stop]
            for level, start, stop in runs
        ]
