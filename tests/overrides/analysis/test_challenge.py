"""A challenger is held against a model on past cases, and no unknown outcome counts as good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.analysis.challenge import PastCase, challenged
from overrides.analysis.verdicts import Terms
from overrides.values import Decision, OverrideSide, Recommendation

TERMS = Terms(0.1, 0.5)
ADVICE = st.sampled_from(tuple(Recommendation))


@st.composite
def past(draw: st.DrawFn) -> PastCase:
    """A case as it can be: an override goes against the advice, approvals alone have outcomes."""
    was, decision = draw(ADVICE), draw(st.sampled_from(tuple(Decision)))
    sides = {
        (Recommendation.DECLINE, Decision.APPROVE): OverrideSide.APPROVED_AGAINST_MODEL,
        (Recommendation.APPROVE, Decision.DECLINE): OverrideSide.DECLINED_AGAINST_MODEL,
    }
    known = st.sampled_from((None, True, False))
    return PastCase(
        was=was,
        now=draw(ADVICE),
        before=draw(st.floats(0, 1)),
        after=draw(st.floats(0, 1)),
        decision=decision,
        side=sides.get((was, decision)),
        bad=draw(known) if decision is Decision.APPROVE else None,
        amount_minor=100,
        currency="EUR",
    )


@given(st.lists(past(), max_size=40))
def test_every_override_vanishes_softens_or_remains_and_unknown_is_never_good(
    cases: list[PastCase],
) -> None:
    found = challenged(cases, TERMS)
    overrides = [case for case in cases if case.side is not None]
    assert found.vanish.of + found.softened.of + found.remain.of == len(overrides)
    for group in (found.swap_in, found.swap_out, found.appear, found.vanish):
        assert group.unknown + group.bad.of == group.of
        assert sum(value.of for value in group.values) == group.bad.of
    swapped = [c for c in cases if c.was is not c.now and Recommendation.APPROVE in (c.was, c.now)]
    assert found.swap_in.of + found.swap_out.of == len(swapped)
    declined = [c for c in cases if c.decision is Decision.DECLINE and c in swapped]
    assert found.swap_in.unknown + found.swap_out.unknown >= len(declined)


@given(st.lists(past(), max_size=20))
def test_a_model_against_itself_changes_nothing(cases: list[PastCase]) -> None:
    same = [
        PastCase(**{n: getattr(c, n) for n in PastCase.__slots__} | {"now": c.was}) for c in cases
    ]
    found = challenged(same, TERMS)
    assert found.agreement.count == found.agreement.of == len(cases)
    assert (found.swap_in.of, found.swap_out.of, found.vanish.of, found.appear.of) == (0, 0, 0, 0)


def test_better_probabilities_have_a_difference_below_nought_by_its_textbook_interval() -> None:
    cases = [
        PastCase(
            was=Recommendation.APPROVE,
            now=Recommendation.APPROVE,
            before=0.5,
            after=0.8 if k % 2 else 0.3,
            decision=Decision.APPROVE,
            side=None,
            bad=bool(k % 2),
            amount_minor=100,
            currency="EUR",
        )
        for k in range(40)
    ]
    found = challenged(cases, None).brier
    each = [0.04 - 0.25, 0.09 - 0.25] * 20
    mean = sum(each) / 40
    spread = sum((one - mean) ** 2 for one in each) / 39
    assert found.mean == pytest.approx(mean)
    assert found.interval == pytest.approx(
        (mean - 1.96 * (spread / 40) ** 0.5, mean + 1.96 * (spread / 40) ** 0.5), abs=1e-5
    )
    assert challenged(cases[:29], None).log_loss.mean is None
