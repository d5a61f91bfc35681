"""The tree with its frontier and stored subtrees, against the RFC's own recursion."""

from hypothesis import given
from hypothesis import strategies as st

from overrides.errors import ProofInvalid
from overrides.merkle import (
    Frontier,
    consistency_proof,
    frontier_at,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from tests import plain_trees
from tests.overrides.test_merkle import LEAVES, STORED

SIZES = st.integers(1, len(LEAVES))


@given(SIZES, st.data())
def test_any_proof_is_that_of_the_definition(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size))
    leaves, root = LEAVES[:size], plain_trees.root(LEAVES[:size])
    path = inclusion_proof(STORED, index, size)
    assert path == plain_trees.inclusion(leaves, index)
    verify_inclusion(leaves[index], index, size, path, root)
    steps = consistency_proof(STORED, first, size)
    assert steps == plain_trees.consistency(leaves, first)
    verify_consistency(first, size, plain_trees.root(leaves[:first]), root, steps)


@given(SIZES, st.data())
def test_a_tree_can_be_taken_up_anywhere_and_grown(size: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, size))
    tree = frontier_at(STORED, start)
    tree = Frontier.from_bytes(start, tree.to_bytes())
    for leaf in LEAVES[start:size]:
        tree.append(leaf)
    assert tree.root() == plain_trees.root(LEAVES[:size])


@given(st.integers(2, 40), st.data())
def test_any_single_change_breaks_a_proof(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(STORED, index, size)
    leaf, root = LEAVES[index], plain_trees.root(LEAVES[:size])
    changed = data.draw(st.sampled_from(["leaf", "index", "path", "root", "length"]))
    if changed == "leaf":
        leaf = data.draw(st.sampled_from(LEAVES).filter(lambda other: other != leaf))
    elif changed == "index":
        index = data.draw(st.integers(-2, 2 * size).filter(lambda other: other != index))
    elif changed == "root":
        root = data.draw(st.binary(min_size=0, max_size=33).filter(lambda other: other != root))
    elif changed == "path":
        at = data.draw(st.integers(0, len(path) - 1))
        path[at] = data.draw(st.binary(min_size=32, max_size=32).filter(lambda o: o != path[at]))
    else:
        at = data.draw(st.integers(0, len(path)))
        path = path[:at] if at < len(path) else [*path, LEAVES[at]]
    try:
        verify_inclusion(leaf, index, size, path, root)
    except ProofInvalid:
        return
    raise AssertionError(changed)
