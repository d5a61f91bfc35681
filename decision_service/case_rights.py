"""What somebody may do to a case at this moment, and in words why not.

These are the same rules the deciders enforce, asked ahead so that a page offers only what would be
accepted. The decider has the last word.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from decision_service import wording
from overrides.authority import check_approver, check_limit
from overrides.cases import OPEN_STATES, TRANSITIONS, Act, Case
from overrides.change_errors import OwnValues
from overrides.correcting import check_own_values
from overrides.errors import AboveLimit, ActError, LimitInOtherCurrency
from overrides.queue_errors import ReferredUpwards
from overrides.reading import ActRow
from overrides.values import DECIDING_ROLES, Actor, CaseStatus, Decision, Role, Rules, Verdict
from ui import words

HAD_A_PART = (
    "You had a part in this case before: in a decision that is contested, in its appeal, or by a"
    " proposal that was not upheld. Another officer decides it."
)
STOPPED = "The model that scored this case is suspended: re-score the case, then decide."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What may be done now; ``cannot`` says why nothing may be decided, "" otherwise.

    ``cannot_approve`` says why the actor may not approve it alone, where anything may be decided:
    the amount, or values that they changed themselves.
    """

    claim: bool = False
    decide: bool = False
    approve: bool = False
    withdraw: bool = False
    rescore: bool = False
    hear: bool = False
    cannot: str = ""
    cannot_approve: str = ""


def rights(
    case: Case,
    actor: Actor,
    rules: Rules | None,
    now: datetime,
    name_of: Callable[[str], str],
    untrained: str = "",
    acts: Sequence[ActRow] = (),
) -> Rights:
    """What the actor may do to the case. ``rules`` is None when its policy cannot be read.

    ``untrained`` says why the training register keeps the actor from deciding; "" where it does
    not. ``acts`` are those on the case, which say who changed its values.
    """
    if case.status not in OPEN_STATES:
        return Rights()
    if actor.role not in DECIDING_ROLES:
        return Rights(cannot="Your role reads cases and decides none.")
    held = case.claim is not None and case.claim.holds(now)
    if held and case.claim is not None and case.claim.person != actor.ref:
        until = words.instant_words(case.claim.until)
        who = name_of(case.claim.person)
        return Rights(cannot=f"{who} is working on this case until {until} UTC. You can read it.")
    again = (case.status, Act.RESCORE) in TRANSITIONS and actor.ref not in case.excluded
    found = _without_a_holder(case, actor, rules, held=held)
    if (found.decide or found.approve) and (own := own_values(acts, case, actor)):
        found = replace(found, cannot_approve=own)
    if untrained and (found.claim or found.decide or found.approve):
        found = Rights(withdraw=found.withdraw, cannot=untrained)
    return replace(found, rescore=again, hear=not shut_out(case, actor))


def _without_a_holder(case: Case, actor: Actor, rules: Rules | None, *, held: bool) -> Rights:
    """Rights on a case that nobody else holds."""
    proposer = case.proposal is not None and case.proposal.person == actor.ref
    if cannot := shut_out(case, actor):
        return Rights(withdraw=actor.ref not in case.excluded, cannot=cannot)
    claimable = (case.status, Act.CLAIM) in TRANSITIONS and not proposer and not held
    if rules is None:
        cannot = "The policy of this case cannot be read just now, so it cannot be decided."
        return Rights(withdraw=True, cannot=cannot)
    if case.status is CaseStatus.IN_REVIEW and case.stopped:
        return Rights(claim=claimable, withdraw=True, cannot=STOPPED)
    if case.status is CaseStatus.IN_REVIEW:
        above = above_limit(case, actor, rules)
        return Rights(claim=claimable, decide=True, withdraw=True, cannot_approve=above)
    if case.status is CaseStatus.WAITING_APPROVAL:
        cannot = cannot_judge(case, actor, rules)
        claimable = claimable and not cannot
        cannot = cannot or (STOPPED if case.stopped else "")
        return Rights(claim=claimable, approve=not cannot, withdraw=True, cannot=cannot)
    state = words.STATUS_WORDS[case.status].lower()
    return Rights(claim=claimable, withdraw=True, cannot=f"It cannot be decided while: {state}.")


def shut_out(case: Case, actor: Actor) -> str:
    """Why somebody else has to decide the case, whatever its state; "" where nobody has to."""
    if actor.ref in case.excluded:
        return HAD_A_PART
    upwards = case.referred and actor.role is Role.OFFICER
    return str(ReferredUpwards(case.case_ref)) if upwards else ""


def own_values(acts: Sequence[ActRow], case: Case, actor: Actor) -> str:
    """Why another officer has to approve a case whose values the actor changed; "" if none has."""
    says = Decision.APPROVE if case.proposal is None else Verdict.UPHOLD
    try:
        check_own_values(acts, case, actor, says)
    except OwnValues as own:
        return str(own)
    return ""


def cannot_judge(case: Case, actor: Actor, rules: Rules) -> str:
    """Why the actor may not give the verdict; "" when they may."""
    if case.proposal is None:
        return "There is no proposal to give a verdict on."
    if case.proposal.person == actor.ref:
        return "You proposed this override, so another person gives the verdict."
    try:
        check_approver(case, case.proposal, actor, rules)
    except (AboveLimit, LimitInOtherCurrency):
        return above_limit(case, actor, rules)
    except ActError as refused:
        return str(refused)
    return ""


def above_limit(case: Case, actor: Actor, rules: Rules) -> str:
    """Why the actor may not approve this amount alone; "" when they may."""
    asked = wording.money(case.amount)
    try:
        check_limit(actor, case.amount, rules.limits)
    except LimitInOtherCurrency as other:
        if case.amount.currency == wording.NO_CURRENCY:
            return "The amount is not known, so only a credit manager may approve it."
        return f"Approving {asked} is for a credit manager: the limit is in {other.limit_currency}."
    except AboveLimit:
        own = wording.amount(actor.limit_minor, rules.limits.currency)
        return f"Approving {asked} is above your limit of {own}."
    return ""
