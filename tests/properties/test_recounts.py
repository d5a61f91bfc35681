"""The tree worked out a second time, against the RFC's own recursion and the ledger's own tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.merkle import Frontier, leaf_hash
from overrides.recount import Recount
from tests import plain_trees

BODIES = st.lists(st.binary(max_size=40), max_size=200)


@given(BODIES, st.data())
def test_a_recount_from_any_peaks_leads_to_the_root_of_the_definition(
    bodies: list[bytes], data: st.DataObject
) -> None:
    until = data.draw(st.integers(0, len(bodies)))
    leaves = [leaf_hash(body) for body in bodies]
    first, own = Recount(), Frontier()
    for body in bodies[:until]:
        assert first.add(body) == leaf_hash(body)
        own.append(leaf_hash(body))
    assert first.root() == plain_trees.root(leaves[:until])
    assert list(first.peaks) == own.hashes
    later = Recount(first.size, first.peaks)
    for body in bodies[until:]:
        later.add(body)
    assert (later.size, later.root()) == (len(bodies), plain_trees.root(leaves))


def test_peaks_that_cannot_be_are_refused() -> None:
    for size, count in ((3, 1), (0, 1), (4, 2)):
        with pytest.raises(ValueError, match="peaks"):
            Recount(size, [bytes(32)] * count)
