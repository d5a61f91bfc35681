"""Facts put into words: amounts, chances, distances, states. What is written here is on pages.

Every sentence says only what the record shows. Chances are said as frequencies, never as bare
decimals, and no more exactly than a reader can use.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from overrides.values import (
    CaseStatus,
    Decision,
    Limits,
    OverrideSide,
    Recommendation,
    SecondApprover,
    Verdict,
)

SIGNS = {"DEM": "DM", "EUR": "€", "GBP": "£", "INR": "₹", "TWD": "NT$", "USD": "US$"}
WHOLE_UNITS = frozenset({"JPY", "KRW", "VND"})
INDIAN_GROUPING = frozenset({"INR"})

STATUS_WORDS = {
    CaseStatus.INCOMPLETE: "Incomplete application",
    CaseStatus.IN_REVIEW: "To be decided",
    CaseStatus.WAITING_APPLICANT: "Waiting for the applicant",
    CaseStatus.WAITING_APPROVAL: "Waiting for a second approval",
    CaseStatus.COUNTERED: "Counter-offer made",
    CaseStatus.CONFLICT: "Two records disagree",
    CaseStatus.DECIDED: "Decided",
    CaseStatus.WITHDRAWN: "Withdrawn by the applicant",
    CaseStatus.CLOSED_INCOMPLETE: "Closed as incomplete",
    CaseStatus.EXPIRED: "Expired",
}

RECOMMENDATION_WORDS = {
    Recommendation.APPROVE: "The model and the policy recommend approving this application.",
    Recommendation.REFER: "The model and the policy leave this application to a person.",
    Recommendation.DECLINE: "The model and the policy recommend declining this application.",
}

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
    "tree_path_dependent": (
        "Exact contributions of each feature along the model's own trees; with the starting value "
        "they add up to the score."
    ),
    "linear_independent": (
        "Exact contributions of a linear model against the average of its training data; with the "
        "starting value they add up to the score."
    ),
}

MINUTES_PER_HOUR = 60
HOURS_PER_DAY = 24
DAYS_IN_HOURS_UP_TO = 48


def amount(minor: int, currency: str) -> str:
    """Minor units as people write the amount: "DM 3,500", "₹ 1,25,000", "€ 12.50"."""
    digits = 0 if currency in WHOLE_UNITS else 2
    whole, rest = divmod(minor, 10**digits)
    grouped = _indian(whole) if currency in INDIAN_GROUPING else f"{whole:,}"
    cents = f".{rest:0{digits}d}" if rest else ""
    return f"{SIGNS.get(currency, currency)} {grouped}{cents}"


def _indian(whole: int) -> str:
    """Digits grouped as in India: three, then twos."""
    text = str(whole)
    head, tail = text[:-3], text[-3:]
    pairs = [head[max(0, i - 2) : i] for i in range(len(head), 0, -2)][::-1]
    return ",".join([*pairs, tail])


def per_hundred(chance: float) -> str:
    """A chance as a frequency: "18 of 100"; the ends are not rounded to never and always."""
    hundredths = round(chance * 100)
    if hundredths == 0:
        return "fewer than 1 of 100" if chance > 0 else "0 of 100"
    if hundredths == 100 and chance < 1:  # noqa: PLR2004 - all of a hundred
        return "more than 99 of 100"
    return f"{hundredths} of 100"


def percent(share: float) -> str:
    """A share in per cent with one decimal: "12.5 %"."""
    return f"{share * 100:.1f} %"


def odds(probability: float | None) -> str:
    """What the score means, as a frequency; why there is none otherwise."""
    if probability is None:
        return "There is no score for this application."
    return (
        f"Of 100 applications scored like this one, the model expects about "
        f"{per_hundred(probability).removesuffix(' of 100')} not to be repaid as agreed."
    )


def band(probability: float | None) -> str:
    """The score in a list."""
    return "no score" if probability is None else per_hundred(probability)


def distance(probability: float | None, approve_up_to: float, decline_above: float) -> str:
    """Where the score lies against the cut-offs, in hundredths."""
    if probability is None:
        return "Without a score there is no distance to the cut-offs."
    if probability <= approve_up_to:
        gap = _points(approve_up_to - probability)
        return f"{gap} below the highest score that is recommended for approval."
    if probability > decline_above:
        gap = _points(probability - decline_above)
        return f"{gap} above the lowest score that is recommended for decline."
    low, high = _points(probability - approve_up_to), _points(decline_above - probability)
    return f"Between the two cut-offs: {low} above approval, {high} below decline."


def _points(gap: float) -> str:
    """A distance on the scale of 100 applications."""
    points = f"{gap * 100:.1f}".removesuffix(".0")
    return f"{points} in 100"


def waiting(seconds: float) -> str:
    """A length of time, no finer than one acts on: "35 minutes", "6 hours", "4 days"."""
    minutes = int(seconds // 60)
    if minutes < MINUTES_PER_HOUR:
        return _count(minutes, "minute")
    hours = minutes // MINUTES_PER_HOUR
    if hours < DAYS_IN_HOURS_UP_TO:
        return _count(hours, "hour")
    return _count(hours // HOURS_PER_DAY, "day")


def _count(number: int, noun: str) -> str:
    """A number with its noun: "1 hour", "2 hours"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def instant(at: datetime) -> str:
    """An instant for a sentence, in UTC: "22 November 2026, 01:02 UTC"."""
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def day(at: datetime) -> str:
    """A date for a sentence: "22 November 2026"."""
    return f"{at.day} {at:%B %Y}"


def months_later(at: datetime, months: int) -> datetime:
    """The same day that many months on, or the month's last day where it has no such day."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    first = at.replace(year=year, month=month + 1, day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return min(first + timedelta(days=at.day - 1), following - timedelta(days=1))


def listing(items: Sequence[str]) -> str:
    """Items as in a sentence: "a, b and c"."""
    if len(items) <= 1:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def needs_second(limits: Limits) -> str:
    """The policy's thresholds for a second approval, in words."""
    return (
        f"An override within {percent(float(limits.near_relative))} of the cut-off and up to "
        f"{amount(limits.tier1_minor, limits.currency)} needs one person; beyond either, a second; "
        f"above {amount(limits.tier2_minor, limits.currency)} or {limits.far_multiple} times the "
        f"cut-off, a credit manager."
    )


def decimal_or_none(text: Decimal | None) -> float | None:
    """A recorded decimal as the number it stands for."""
    return None if text is None else float(text)
