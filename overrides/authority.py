"""Who may decide what, and when an override needs a second person (DOMAIN's four-eyes matrix)."""

from collections.abc import Collection
from enum import StrEnum

from overrides.cases import Case, Proposal
from overrides.errors import AboveLimit, LimitInOtherCurrency, NoAuthority, SamePerson
from overrides.values import (
    APPROVING_ROLES,
    DECIDING_ROLES,
    Actor,
    Justification,
    Limits,
    Money,
    OverrideSide,
    Recommendation,
    Role,
    Rules,
    SecondApprover,
)

WITHDRAWING_ROLES = DECIDING_ROLES | {Role.TEAM_LEAD, Role.SERVICE}


class Needs(StrEnum):
    """Who must say yes before an override stands."""

    NOBODY = ""
    APPROVER = "approver"
    CREDIT_MANAGER = "credit_manager"


class Why(StrEnum):
    """Why an override needs a second person."""

    CODE_ALWAYS = "code_always"
    FAR_FROM_CUTOFF = "far_from_cutoff"
    VERY_FAR_FROM_CUTOFF = "very_far_from_cutoff"
    TIER_2_AMOUNT = "tier_2_amount"
    TIER_3_AMOUNT = "tier_3_amount"
    OTHER_CURRENCY = "other_currency"
    ABOVE_OWN_LIMIT = "above_own_limit"
    POLICY_RULE = "policy_rule"


_ONLY_MANAGER = frozenset({Why.VERY_FAR_FROM_CUTOFF, Why.TIER_3_AMOUNT, Why.OTHER_CURRENCY})
# A code that never wants a second person was settled elsewhere (a system rule, a registered test),
# so distance and the middle tier say nothing more. What only a credit manager may do stays so.
_WAIVED_BY_CODE = frozenset({Why.FAR_FROM_CUTOFF, Why.TIER_2_AMOUNT})


def within_limit(actor: Actor, amount: Money, limits: Limits) -> bool:
    """Whether the actor may approve this much alone.

    Nothing is converted: an amount in another currency than the policy's limits, or than the
    actor's own, is within nobody's limit but a credit manager's.
    """
    if _other_currency(actor, amount, limits):
        return actor.role is Role.CREDIT_MANAGER
    return amount.minor <= actor.limit_minor


def check_limit(actor: Actor, amount: Money, limits: Limits) -> None:
    """Raise ``AboveLimit`` or ``LimitInOtherCurrency`` where not ``within_limit``."""
    if within_limit(actor, amount, limits):
        return
    if other := _other_currency(actor, amount, limits):
        raise LimitInOtherCurrency(amount.currency, other)
    raise AboveLimit(amount.minor, actor.limit_minor)


def _other_currency(actor: Actor, amount: Money, limits: Limits) -> str:
    """Currency of a limit that this amount cannot be compared with; "" when it can be."""
    own = actor.limit_currency or limits.currency
    return next((code for code in (limits.currency, own) if code != amount.currency), "")


def check_role(actor: Actor, roles: Collection[Role]) -> None:
    """Raise ``NoAuthority`` when the actor's role is none of these."""
    if actor.role not in roles:
        raise NoAuthority(" or ".join(sorted(_words(role) for role in roles)), _words(actor.role))


def required_approval(
    case: Case, side: OverrideSide, code: Justification, actor: Actor, rules: Rules
) -> tuple[Needs, tuple[Why, ...]]:
    """Who must approve this override besides the actor, and every reason why.

    Within ``near_relative`` of the cut-off and up to the first tier one person is enough. Beyond
    it, or in the second tier, or where the code says so, another person approves. Letting an
    applicant in far beyond the cut-off or above the second tier is for a credit manager only.
    """
    why = _distance(case, side, rules) | _amount(case, side, rules.limits)
    if code.second_approver is SecondApprover.NEVER:
        why -= _WAIVED_BY_CODE
    if code.second_approver is SecondApprover.ALWAYS:
        why |= {Why.CODE_ALWAYS}
    lets_in = side is OverrideSide.APPROVED_AGAINST_MODEL
    if lets_in and not within_limit(actor, case.amount, rules.limits):
        why |= {Why.ABOVE_OWN_LIMIT}
    if not why:
        return Needs.NOBODY, ()
    needs = Needs.CREDIT_MANAGER if why & _ONLY_MANAGER else Needs.APPROVER
    return needs, tuple(sorted(why))


def _distance(case: Case, side: OverrideSide, rules: Rules) -> frozenset[Why]:
    """How far beyond its cut-off the score lies, as reasons for a second person."""
    limits, cutoffs, probability = rules.limits, rules.cutoffs, case.probability
    if probability is None:
        return frozenset({Why.POLICY_RULE})
    if side is OverrideSide.DECLINED_AGAINST_MODEL:
        far = probability < cutoffs.approve_up_to * (1 - limits.near_relative)
        return frozenset({Why.FAR_FROM_CUTOFF} if far else ())
    if cutoffs.recommend(probability) is not Recommendation.DECLINE:
        # The score passed: a knock-out rule made the recommendation, and waiving a rule of policy
        # is never one person's act.
        return frozenset({Why.POLICY_RULE})
    if probability > limits.far_multiple * cutoffs.decline_above:
        return frozenset({Why.VERY_FAR_FROM_CUTOFF})
    far = probability > cutoffs.decline_above * (1 + limits.near_relative)
    return frozenset({Why.FAR_FROM_CUTOFF} if far else ())


def _amount(case: Case, side: OverrideSide, limits: Limits) -> frozenset[Why]:
    """Which tier the amount falls in, as reasons for a second person."""
    lets_in = side is OverrideSide.APPROVED_AGAINST_MODEL
    if case.amount.currency != limits.currency:
        return frozenset({Why.OTHER_CURRENCY if lets_in else Why.TIER_2_AMOUNT})
    if case.amount.minor <= limits.tier1_minor:
        return frozenset()
    if case.amount.minor <= limits.tier2_minor or not lets_in:
        return frozenset({Why.TIER_2_AMOUNT})
    return frozenset({Why.TIER_3_AMOUNT})


def check_approver(case: Case, proposal: Proposal, actor: Actor, rules: Rules) -> None:
    """Refuse an approver who is the proposer, has no such role, or too small a limit.

    The same person is the same person under any key or log-in.
    """
    if actor.ref == proposal.person:
        raise SamePerson
    if proposal.needs == Needs.CREDIT_MANAGER:
        check_role(actor, {Role.CREDIT_MANAGER})
    check_role(actor, APPROVING_ROLES)
    check_limit(actor, case.amount, rules.limits)


def _words(role: Role) -> str:
    """The role as a person says it, with its article."""
    text = role.replace("_", " ")
    return f"an {text}" if text[0] in "aeio" else f"a {text}"
