"""Who must approve an override follows the four-eyes matrix, cell by cell."""

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.authority import (
    Needs,
    Why,
    check_approver,
    check_limit,
    check_role,
    required_approval,
    within_limit,
)
from overrides.cases import Case
from overrides.errors import AboveLimit, LimitInOtherCurrency, NoAuthority, SamePerson
from overrides.values import (
    DECIDING_ROLES,
    Actor,
    Justification,
    Money,
    OverrideSide,
    Recommendation,
    Role,
)
from tests.overrides.samples import (
    ALWAYS_CODE,
    AUDITOR,
    HIGH_CODE,
    LOW_CODE,
    MANAGER,
    NEVER_CODE,
    OFFICER,
    OTHER,
    RULES,
    SENIOR,
    approve_case,
    case,
    decline_case,
    proposal,
    waiting_case,
)

IN, OUT = OverrideSide.APPROVED_AGAINST_MODEL, OverrideSide.DECLINED_AGAINST_MODEL
RICH = Actor("p-rich", "Rich", Role.OFFICER, limit_minor=100_000_000)

# side, probability, amount in minor units, what is needed. The near edges are 0.385 and 0.18, the
# far edge is 0.70; the tiers end at 5,000.00 and 10,000.00.
MATRIX = [
    (IN, "0.36", 500_000, Needs.NOBODY),
    (IN, "0.385", 500_000, Needs.NOBODY),
    (IN, "0.3850001", 500_000, Needs.APPROVER),
    (IN, "0.36", 500_001, Needs.APPROVER),
    (IN, "0.36", 1_000_000, Needs.APPROVER),
    (IN, "0.36", 1_000_001, Needs.CREDIT_MANAGER),
    (IN, "0.7", 500_000, Needs.APPROVER),
    (IN, "0.7000001", 500_000, Needs.CREDIT_MANAGER),
    (IN, "0.99", 100, Needs.CREDIT_MANAGER),
    (OUT, "0.2", 500_000, Needs.NOBODY),
    (OUT, "0.18", 500_000, Needs.NOBODY),
    (OUT, "0.1799999", 500_000, Needs.APPROVER),
    (OUT, "0.2", 500_001, Needs.APPROVER),
    (OUT, "0.2", 1_000_001, Needs.APPROVER),
    (OUT, "0.0001", 90_000_000, Needs.APPROVER),
]


def scored(side: OverrideSide, probability: str, minor: int) -> Case:
    make = decline_case if side is IN else approve_case
    return make(probability, minor=minor)


@pytest.mark.parametrize(("side", "probability", "minor", "needs"), MATRIX)
def test_the_matrix_says_who_must_approve(
    side: OverrideSide, probability: str, minor: int, needs: Needs
) -> None:
    code = LOW_CODE if side is IN else HIGH_CODE
    found, why = required_approval(scored(side, probability, minor), side, code, RICH, RULES)
    assert found is needs
    assert bool(why) == (needs is not Needs.NOBODY)


@pytest.mark.parametrize("side", [IN, OUT])
def test_a_code_flagged_always_needs_a_second_person_even_in_the_smallest_case(
    side: OverrideSide,
) -> None:
    near = scored(side, "0.36" if side is IN else "0.2", 100)
    assert required_approval(near, side, ALWAYS_CODE, RICH, RULES) == (
        Needs.APPROVER,
        (Why.CODE_ALWAYS,),
    )


@pytest.mark.parametrize(
    ("probability", "minor", "needs"),
    [
        ("0.5", 900_000, Needs.NOBODY),
        ("0.71", 100, Needs.CREDIT_MANAGER),
        ("0.36", 1_000_001, Needs.CREDIT_MANAGER),
    ],
)
def test_a_code_flagged_never_waives_distance_but_not_the_credit_manager(
    probability: str, minor: int, needs: Needs
) -> None:
    standing = decline_case(probability, minor=minor)
    assert required_approval(standing, IN, NEVER_CODE, RICH, RULES)[0] is needs


def test_letting_in_more_than_ones_own_limit_needs_a_second_person_whatever_the_code() -> None:
    poor = Actor("p-poor", "Poor", Role.OFFICER, limit_minor=99)
    standing = decline_case(minor=100)
    for code in (LOW_CODE, NEVER_CODE):
        assert required_approval(standing, IN, code, poor, RULES) == (
            Needs.APPROVER,
            (Why.ABOVE_OWN_LIMIT,),
        )
    assert required_approval(approve_case(minor=100), OUT, HIGH_CODE, poor, RULES)[0] == ""


def test_a_decline_by_a_rule_of_policy_is_never_waived_by_one_person() -> None:
    knocked_out = case(Recommendation.DECLINE, probability="0.1")
    found = required_approval(knocked_out, IN, LOW_CODE, RICH, RULES)
    assert found == (Needs.APPROVER, (Why.POLICY_RULE,))
    unscored = case(Recommendation.DECLINE, probability=None)
    assert required_approval(unscored, IN, LOW_CODE, RICH, RULES)[1] == (Why.POLICY_RULE,)


def test_an_amount_in_another_currency_is_never_compared() -> None:
    foreign = case(Recommendation.DECLINE, probability="0.36", amount=Money(1, "INR"))
    needs, why = required_approval(foreign, IN, LOW_CODE, RICH, RULES)
    assert needs is Needs.CREDIT_MANAGER
    assert Why.OTHER_CURRENCY in why
    assert not within_limit(RICH, foreign.amount, RULES.limits)
    assert within_limit(MANAGER, foreign.amount, RULES.limits)
    turned_away = case(Recommendation.APPROVE, probability="0.2", amount=Money(1, "INR"))
    assert required_approval(turned_away, OUT, HIGH_CODE, RICH, RULES)[0] is Needs.APPROVER


def plain_oracle(side: OverrideSide, probability: Decimal, minor: int, code: Justification) -> str:
    """The matrix of DOMAIN §2.5 read aloud, for an actor without a limit of their own."""
    if side is IN:
        near = probability <= Decimal("0.385")
        if probability > Decimal("0.70") or minor > 1_000_000:
            return "credit_manager"
    else:
        near = probability >= Decimal("0.18")
    if code is ALWAYS_CODE:
        return "approver"
    if code is NEVER_CODE:
        return ""
    return "" if near and minor <= 500_000 else "approver"


@given(
    side=st.sampled_from([IN, OUT]),
    share=st.integers(0, 10_000),
    minor=st.integers(0, 2_000_000),
    code=st.sampled_from([LOW_CODE, NEVER_CODE, ALWAYS_CODE]),
)
def test_the_matrix_is_the_plain_reading_of_it(
    side: OverrideSide, share: int, minor: int, code: Justification
) -> None:
    low, high = (Decimal("0.3501"), Decimal(1)) if side is IN else (Decimal(0), Decimal("0.2"))
    probability = low + (high - low) * share / 10_000
    standing = scored(side, str(probability), minor)
    found = required_approval(standing, side, code, RICH, RULES)[0]
    assert found == plain_oracle(side, probability, minor, code)


def test_the_proposer_never_approves_whatever_key_role_or_name_they_come_with() -> None:
    disguises = [
        Actor(OFFICER.ref, "another name", role, "south", 90_000_000, "another grant")
        for role in Role
    ]
    for actor, needs in product([OFFICER, *disguises], ["approver", "credit_manager"]):
        with pytest.raises(SamePerson):
            check_approver(waiting_case(needs), proposal(needs), actor, RULES)


@pytest.mark.parametrize("role", list(Role))
def test_only_approving_roles_approve_and_only_a_credit_manager_where_one_is_needed(
    role: Role,
) -> None:
    actor = Actor("p-x", "X", role, limit_minor=90_000_000)
    for needs, allowed in (
        ("approver", {Role.SENIOR_OFFICER, Role.CREDIT_MANAGER}),
        ("credit_manager", {Role.CREDIT_MANAGER}),
    ):
        if role in allowed:
            check_approver(waiting_case(needs), proposal(needs), actor, RULES)
        else:
            with pytest.raises(NoAuthority):
                check_approver(waiting_case(needs), proposal(needs), actor, RULES)


def test_an_approver_approves_up_to_their_own_limit() -> None:
    edge = waiting_case(minor=SENIOR.limit_minor)
    check_approver(edge, proposal(), SENIOR, RULES)
    with pytest.raises(AboveLimit):
        check_approver(waiting_case(minor=SENIOR.limit_minor + 1), proposal(), SENIOR, RULES)


def test_a_limit_includes_its_own_amount() -> None:
    check_limit(OTHER, Money(OTHER.limit_minor, "DEM"), RULES.limits)
    with pytest.raises(AboveLimit, match=r"800001 .* 800000"):
        check_limit(OTHER, Money(OTHER.limit_minor + 1, "DEM"), RULES.limits)


def test_an_amount_in_another_currency_is_no_amount_above_the_limit() -> None:
    with pytest.raises(LimitInOtherCurrency, match=r"is in EUR .* in DEM; nothing is converted"):
        check_limit(SENIOR, Money(1, "EUR"), RULES.limits)
    check_limit(MANAGER, Money(1, "EUR"), RULES.limits)


def test_a_limit_given_in_another_currency_than_the_policy_s_covers_no_amount() -> None:
    abroad = replace(SENIOR, limit_currency="EUR")
    with pytest.raises(LimitInOtherCurrency, match=r"is in DEM .* in EUR"):
        check_limit(abroad, Money(1, "DEM"), RULES.limits)
    check_limit(replace(SENIOR, limit_currency="DEM"), Money(1, "DEM"), RULES.limits)
    needs, why = required_approval(decline_case(), IN, LOW_CODE, abroad, RULES)
    assert (needs, why) == (Needs.APPROVER, (Why.ABOVE_OWN_LIMIT,))


def test_a_refused_role_is_told_which_one_is_needed() -> None:
    with pytest.raises(NoAuthority, match=r"a credit manager or a senior officer or an officer"):
        check_role(AUDITOR, DECIDING_ROLES)
