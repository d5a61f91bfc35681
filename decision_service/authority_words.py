"""Why an override needs a second person, in words."""

from overrides.authority import Why

WHY_WORDS = {
    Why.CODE_ALWAYS: "This justification always needs a second person.",
    Why.FAR_FROM_CUTOFF: "The score lies far from the cut-off.",
    Why.VERY_FAR_FROM_CUTOFF: "The score lies very far beyond the cut-off.",
    Why.TIER_2_AMOUNT: "The amount is above what one person may decide against the model.",
    Why.TIER_3_AMOUNT: "The amount is so large that only a credit manager may let it pass.",
    Why.OTHER_CURRENCY: "The amount is in another currency than the limits.",
    Why.ABOVE_OWN_LIMIT: "The amount is above your own limit.",
    Why.POLICY_RULE: "The score passed, and a rule of the policy would be waived.",
}
