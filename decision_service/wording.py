"""Facts put into words: amounts, chances, distances, states. What is written here is on pages.

Every sentence says only what the record shows. Chances are said as counts of 100 only where known
loans bore them out, and no more exactly than a reader can use.
"""

from explain.declared.bundle_contents import BundleContents
from explain.declared.calibrated import band_at
from overrides.currencies import digits_shown
from overrides.values import (
    Decision,
    Money,
    OverrideSide,
    Recommendation,
    SecondApprover,
    Verdict,
)
from ui.words import of_hundred, score_words

NO_CURRENCY = "XXX"  # ISO 4217 for "no currency": nothing is known of the amount
SIGNS = {"DEM": "DM", "EUR": "€", "GBP": "£", "INR": "₹", "TWD": "NT$", "USD": "US$"}
INDIAN_GROUPING = frozenset({"INR"})

RECOMMENDATION_WORDS = {
    Recommendation.APPROVE: "The model and the policy recommend approving this application.",
    Recommendation.REFER: "The model and the policy leave this application to a person.",
    Recommendation.DECLINE: "The model and the policy recommend declining this application.",
}

KNOCKED_OUT_WORDS = "A fixed rule of the policy recommends declining, whatever the score."

SIDE_WORDS = {
    OverrideSide.APPROVED_AGAINST_MODEL: (
        "Low-side override: approved although the recommendation was to decline."
    ),
    OverrideSide.DECLINED_AGAINST_MODEL: (
        "High-side override: declined although the recommendation was to approve."
    ),
}

DONE_WORDS = {Decision.APPROVE: "approved", Decision.DECLINE: "declined"}
VERDICT_WORDS = {
    Verdict.UPHOLD: "upheld",
    Verdict.RETURN: "returned with a question",
    Verdict.REJECT: "rejected",
}
SECOND_WORDS = {
    SecondApprover.NEVER: "One person is enough.",
    SecondApprover.BY_THRESHOLD: "A second person where amount or distance demands it.",
    SecondApprover.ALWAYS: "Always needs a second person.",
}
NEEDS_WORDS = {
    "": "No second approval is needed.",
    "approver": "Another person with authority to approve must agree before it takes effect.",
    "credit_manager": "A credit manager must agree before it takes effect.",
}
METHOD_WORDS = {
    "tree_interventional": (
        "Exact contributions of each feature, compared with a pinned sample of applicants; with "
        "the starting value they add up to the score."
    ),
    "tree_path_dependent": (
        "Exact contributions of each feature along the model's own trees; with the starting value "
        "they add up to the score."
    ),
    "linear_independent": (
        "Exact contributions of a linear model against the average of a pinned sample of "
        "applicants; with the starting value they add up to the score."
    ),
    "additive_interventional": (
        "Exact contributions from the model's own tables, compared with a pinned sample of "
        "applicants; with the starting value they add up to the score."
    ),
    "sampled_interventional": (
        "Sampled contributions against a pinned sample of applicants; with the starting value they "
        "add up to the score. Reasons whose order the sampling does not support are marked as of "
        "about equal weight."
    ),
}


def amount(minor: int, currency: str) -> str:
    """Minor units as people write the amount: "DM 3,500", "₹ 1,25,000", "€ 12.50"."""
    digits = digits_shown(currency)
    whole, rest = divmod(minor, 10**digits)
    grouped = _indian(whole) if currency in INDIAN_GROUPING else f"{whole:,}"
    cents = f".{rest:0{digits}d}" if rest else ""
    return f"{SIGNS.get(currency, currency)} {grouped}{cents}"


def money(value: Money) -> str:
    """An amount of money, or that it is not known."""
    if value.currency == NO_CURRENCY:
        return "not known"
    return amount(value.minor, value.currency)


def _indian(whole: int) -> str:
    """Digits grouped as in India: three, then twos."""
    text = str(whole)
    head, tail = text[:-3], text[-3:]
    pairs = [head[max(0, i - 2) : i] for i in range(len(head), 0, -2)][::-1]
    return ",".join([*pairs, tail])


def percent(share: float) -> str:
    """A share in per cent with one decimal: "12.5 %"."""
    return f"{share * 100:.1f} %"


def odds(probability: float | None, *cuts: float, bundle: BundleContents | None = None) -> str:
    """What the score means: so many of 100, where known loans bore that out; else the bare score.

    Told from the cut-offs, in the bundle's own words of what a bad loan does.
    """
    if probability is None:
        return "There is no score for this application."
    why = bundle.why_no_count(probability) if bundle else "the model's files cannot be read"
    band = band_at(bundle.calibrated, probability) if bundle else None
    if why or bundle is None or band is None:
        score = score_words(probability, *cuts)
        return f"The model's score is {score}. It is not told as a count of 100: {why}."
    expected = of_hundred(probability, *cuts)
    observed, low, high = (f"{share * 100:.0f}" for share in (band.observed, *band.interval))
    return (
        f"Scored like this one, the model expects about {expected} to "
        f"{bundle.outcome_spec.expected}. Among {band.loans:,} loans whose scores were from "
        f"{score_words(band.low)} to {score_words(band.high)}, so it was with {observed} of 100 "
        f"(95 % interval {low} to {high})."
    )


def band(probability: float | None, *cuts: float) -> str:
    """The score in a list, told from the cut-offs."""
    return "no score" if probability is None else score_words(probability, *cuts)


def distance(probability: float | None, approve_up_to: float, decline_above: float) -> str:
    """Where the score lies against the cut-offs, in percentage points."""
    if probability is None:
        return "Without a score there is no distance to the cut-offs."
    if probability == approve_up_to:
        return "The score is exactly at the cut-off for approval, which passes."
    if probability < approve_up_to:
        gap = _gap(approve_up_to - probability)
        return f"The score is {gap} on the passing side of the cut-off for approval."
    if probability > decline_above:
        return f"The score is {_gap(probability - decline_above)} beyond the cut-off for decline."
    if probability == decline_above:
        return "The score is exactly at the cut-off for decline, which leaves it to a person."
    low, high = _gap(probability - approve_up_to), _gap(decline_above - probability)
    return f"The score is {low} beyond the cut-off for approval and {high} short of decline."


def _gap(gap: float) -> str:
    """A distance between scores: "27.4 percentage points"; never nothing for something."""
    points = score_words(float(f"{gap:.3f}") or float(f"{gap:.1g}"), 0.0)
    return f"{points[:-2]} percentage point{'' if points[:-2] == '1' else 's'}"
