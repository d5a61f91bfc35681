"""Why an override needs a second person, in words."""

from collections.abc import Iterable

from decision_service.wording import NEEDS_WORDS
from overrides.authority import Why

WHY_WORDS = {
    Why.CODE_ALWAYS: "This justification always needs a second person.",
    Why.FAR_FROM_CUTOFF: "The score lies far from the cut-off.",
    Why.VERY_FAR_FROM_CUTOFF: "The score lies very far beyond the cut-off.",
    Why.TIER_2_AMOUNT: "The amount is above what one person may decide against the model.",
    Why.TIER_3_AMOUNT: "The amount is so large that only a credit manager may let it pass.",
    Why.OTHER_CURRENCY: "The amount is in another currency than the limits.",
    Why.ABOVE_OWN_LIMIT: "The amount is not within the limit of whoever proposes it.",
    Why.POLICY_RULE: "The score passed, and a rule of the policy would be waived.",
}


def why_words(codes: Iterable[str]) -> str:
    """Every recorded reason for a second person; "" when none was recorded."""
    return " ".join(WHY_WORDS[Why(code)] if code in set(Why) else code for code in codes)


def needs_words(needs: str, codes: Iterable[str]) -> str:
    """Why a second person is needed, and who that may be."""
    return f"{why_words(codes)} {NEEDS_WORDS[needs]}".strip()
