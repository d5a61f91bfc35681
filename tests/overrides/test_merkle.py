from itertools import product

import pytest

from overrides.errors import ProofInvalid
from overrides.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    frontier_at,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from tests import plain_trees
from tests.stored_trees import Stored

LEAVES = [leaf_hash(n.to_bytes(2, "big")) for n in range(1100)]


STORED = Stored(LEAVES)


def test_a_tree_grows_to_the_roots_of_the_definition() -> None:
    tree = Frontier()
    assert tree.root() == EMPTY_ROOT
    for size, leaf in enumerate(LEAVES[:300]):
        assert tree.root() == plain_trees.root(LEAVES[:size])
        assert Frontier.from_bytes(size, tree.to_bytes()) == tree
        assert frontier_at(STORED, size) == tree
        tree.append(leaf)


@pytest.mark.parametrize(("size", "data"), [(1, b""), (2, b"x" * 64), (1, b"x" * 31), (-1, b"")])
def test_a_frontier_that_belongs_to_no_tree_is_refused(size: int, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"leaves|bytes"):
        Frontier.from_bytes(size, data)


def test_subtrees_are_told_when_they_become_whole_and_only_then() -> None:
    tree = Frontier()
    told = [(at, s) for at, leaf in enumerate(LEAVES) for s in tree.append(leaf)]
    assert [(at, s.level, s.index) for at, s in told] == [
        (255, 8, 0),
        (511, 8, 1),
        (767, 8, 2),
        (1023, 8, 3),
    ]
    for _, subtree in told:
        first = subtree.index * 256
        assert subtree.hash == plain_trees.root(LEAVES[first : first + 256])


@pytest.mark.parametrize("size", [*range(1, 34), 255, 256, 257, 511, 512, 513, 1024, 1025])
def test_every_proof_is_that_of_the_definition_and_holds(size: int) -> None:
    root = plain_trees.root(LEAVES[:size])
    indexes = range(size) if size < 40 else {0, 1, 254, 255, size // 2, size - 2, size - 1}
    for index in indexes:
        if index < size:
            path = inclusion_proof(STORED, index, size)
            assert path == plain_trees.inclusion(LEAVES[:size], index)
            verify_inclusion(LEAVES[index], index, size, path, root)
    for first in indexes:
        if 0 < first <= size:
            path = consistency_proof(STORED, first, size)
            assert path == plain_trees.consistency(LEAVES[:size], first)
            verify_consistency(first, size, plain_trees.root(LEAVES[:first]), root, path)


@pytest.mark.parametrize("size", range(1, 18))
def test_no_other_index_is_proved_by_the_same_path(size: int) -> None:
    root = plain_trees.root(LEAVES[:size])
    paths = {index: tuple(inclusion_proof(STORED, index, size)) for index in range(size)}
    for index, (claimed, path) in product(range(size), paths.items()):
        if index != claimed:  # the size is not in question: it is signed together with the root
            with pytest.raises(ProofInvalid):
                verify_inclusion(LEAVES[claimed], index, size, path, root)


@pytest.mark.parametrize("change", ["drop", "add", "swap", "flip", "short"])
def test_a_forged_proof_is_refused(change: str) -> None:
    for size, first in product((5, 6, 7, 8, 13, 300), (1, 2, 3, 4)):
        root, older = plain_trees.root(LEAVES[:size]), plain_trees.root(LEAVES[:first])
        for proof in (inclusion_proof(STORED, first, size), consistency_proof(STORED, first, size)):
            forged = list(proof)
            if change == "drop":
                forged.pop()
            elif change == "add":
                forged.append(LEAVES[0])
            elif change == "swap":
                forged.reverse()
            elif change == "flip":
                forged[0] = bytes([forged[0][0] ^ 1]) + forged[0][1:]
            else:
                forged[0] = forged[0][:-1]
            if forged == proof:
                continue
            with pytest.raises(ProofInvalid):
                verify_inclusion(LEAVES[first], first, size, forged, root)
            with pytest.raises(ProofInvalid):
                verify_consistency(first, size, older, root, forged)


def test_two_unrelated_trees_are_not_consistent_whatever_is_offered() -> None:
    ours, theirs = LEAVES[:8], LEAVES[500:508]
    for path in (
        consistency_proof(STORED, 4, 8),
        [],
        [plain_trees.root(theirs)],
        [plain_trees.root(ours), plain_trees.root(theirs)],
    ):
        with pytest.raises(ProofInvalid):
            verify_consistency(4, 8, plain_trees.root(theirs[:4]), plain_trees.root(ours), path)


def test_the_same_size_has_one_root_and_the_empty_tree_begins_every_other() -> None:
    root = plain_trees.root(LEAVES[:7])
    verify_consistency(7, 7, root, root, [])
    verify_consistency(0, 7, EMPTY_ROOT, root, [])
    verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    for first, second, older, newer, path in [
        (7, 7, LEAVES[0], root, []),
        (7, 7, root, root, [LEAVES[0]]),
        (0, 7, root, root, []),
        (0, 7, EMPTY_ROOT, root, [LEAVES[0]]),
        (8, 7, root, root, []),
        (-1, 7, root, root, []),
    ]:
        with pytest.raises(ProofInvalid):
            verify_consistency(first, second, older, newer, path)


def test_a_path_of_the_wrong_length_or_of_no_hashes_is_told() -> None:
    root, path = plain_trees.root(LEAVES[:5]), inclusion_proof(STORED, 2, 5)
    older, steps = plain_trees.root(LEAVES[:3]), consistency_proof(STORED, 3, 5)
    for wrong, word in (([*path, root], "too long"), (path[:-1], "too short")):
        with pytest.raises(ProofInvalid, match=word):
            verify_inclusion(LEAVES[2], 2, 5, wrong, root)
    for wrong, word in (([*steps, root], "too long"), (steps[:-1], "too short"), ([], "too short")):
        with pytest.raises(ProofInvalid, match=word):
            verify_consistency(3, 5, older, root, wrong)
    with pytest.raises(ProofInvalid, match="32 bytes"):
        verify_inclusion(b"twelve bytes", 0, 1, [], b"twelve bytes")
    with pytest.raises(ProofInvalid, match="32 bytes"):
        verify_consistency(1, 1, b"twelve bytes", b"twelve bytes", [])


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (5, 5), (-1, 5), (2**70, 5)], ids=["empty", "end", "minus", "far"]
)
def test_there_is_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ProofInvalid):
        inclusion_proof(STORED, index, size)
    with pytest.raises(ProofInvalid):
        verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])
    with pytest.raises(ProofInvalid):
        consistency_proof(STORED, size + 1, size)


def test_missing_nodes_are_told_and_not_proved_over() -> None:
    with pytest.raises(ProofInvalid, match="missing"):
        inclusion_proof(Stored(LEAVES[:10]), 0, 20)
