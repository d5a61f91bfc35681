"""Movement towards advice is counted over those who could move, or is not enough data yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.analysis.movement import Viewed, movements
from overrides.first_views import View
from overrides.statistics import wilson
from overrides.values import Decision, Recommendation

CASES = st.lists(
    st.builds(
        Viewed,
        bundle=st.sampled_from(["cards", "loans"]),
        view=st.sampled_from(View),
        advice=st.sampled_from(Recommendation),
        final=st.sampled_from(Decision),
    ),
    max_size=60,
)


def viewed(view: str, advice: str, final: str) -> Viewed:
    return Viewed(
        bundle="loans", view=View(view), advice=Recommendation(advice), final=Decision(final)
    )


def test_each_share_is_of_those_who_could_move_so() -> None:
    cases = [
        *[viewed("approve", "decline", "decline")] * 12,
        *[viewed("approve", "decline", "approve")] * 28,
        *[viewed("decline", "decline", "approve")] * 3,
        *[viewed("approve", "approve", "approve")] * 57,
        *[viewed("cannot_tell", "approve", "approve")] * 5,
        *[viewed("approve", "refer", "decline")] * 4,
    ]
    found = movements(cases)["loans"]
    assert (found.viewed, found.undecided, found.unadvised) == (109, 5, 4)
    assert (found.towards.count, found.towards.of, found.towards.share) == (12, 40, 0.3)
    assert (found.away.count, found.away.of, found.away.share) == (3, 60, 0.05)
    assert (found.unmoved.count, found.unmoved.of) == (85, 100)
    assert found.towards.interval == wilson(12, 40)


def test_under_the_minimum_there_is_no_share_and_no_interval() -> None:
    found = movements([viewed("approve", "decline", "decline")] * 29)["loans"]
    assert not found.towards.enough
    assert (found.towards.share, found.towards.interval) == (None, None)
    assert found.towards.count == 29
    assert not found.away.enough
    assert movements([viewed("approve", "decline", "decline")] * 30)["loans"].towards.share == 1.0
    assert movements([]) == {}
    with pytest.raises(ValueError, match="at least 1"):
        movements([], minimum=0)


@given(CASES)
def test_every_view_is_counted_once_as_a_slow_count_does(cases: list[Viewed]) -> None:
    for name, found in movements(cases, minimum=1).items():
        mine = [case for case in cases if case.bundle == name]
        counts = dict.fromkeys(("towards", "away", "same", "cannot", "refer"), 0)
        for case in mine:
            if case.advice == "refer":
                counts["refer"] += 1
            elif case.view == "cannot_tell":
                counts["cannot"] += 1
            elif case.view.value == case.final.value:
                counts["same"] += 1
            else:
                counts["towards" if case.final.value == case.advice.value else "away"] += 1
        assert found.viewed == len(mine) == sum(counts.values())
        assert (found.undecided, found.unadvised) == (counts["cannot"], counts["refer"])
        assert (found.towards.count, found.away.count) == (counts["towards"], counts["away"])
        assert found.unmoved.count == counts["same"]
        assert found.towards.of + found.away.of == found.unmoved.of
