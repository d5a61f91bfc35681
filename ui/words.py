"""The words and the ways of writing that all pages share: dates, counts, names of things, keys."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from overrides.values import Role

PLACES_MAX = 6
MINUS = "\N{MINUS SIGN}"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# What a piece of evidence may be (DOMAIN.md §8); the record keeps the name, people read the words.
EVIDENCE_TYPES: tuple[tuple[str, str], ...] = (
    ("PAYSLIP", "Payslip"),
    ("BANK_STMT", "Bank statement"),
    ("TAX_RETURN", "Tax return"),
    ("EMPLOYER_LETTER", "Letter or contract from the employer"),
    ("BUREAU_CORRECTION", "Corrected bureau report"),
    ("DISPUTE_REF", "Reference of a dispute with a bureau"),
    ("OWN_LEDGER", "Extract of our own accounts"),
    ("GUARANTOR_SCORE", "Guarantor's score and consent"),
    ("VALUATION", "Valuation"),
    ("TITLE_REPORT", "Title or lien report"),
    ("AA_CONSENT", "Account aggregator consent"),
    ("GST_RETURN", "Sales tax return"),
    ("HARDSHIP_PROOF", "Proof of a one-off event"),
    ("CUSTOMER_STATEMENT", "Statement by the customer"),
    ("SITE_VISIT", "Report of a visit"),
    ("VERIFICATION_LOG", "Log of attempts to verify"),
    ("FRAUD_CASE", "Fraud case"),
    ("EXCEPTION_ID", "Entry in the register of exceptions"),
    ("EXPERIMENT_ID", "Registered test"),
    ("INCIDENT_ID", "Incident"),
)

WITHDRAWAL_REASONS: tuple[tuple[str, str], ...] = (
    ("applicant_withdrew", "The applicant withdrew"),
    ("duplicate", "It is a duplicate"),
    ("entered_in_error", "It was entered in error"),
)

ROLE_WORDS: Mapping[Role, str] = {
    Role.OFFICER: "Loan officer",
    Role.SENIOR_OFFICER: "Senior loan officer",
    Role.TEAM_LEAD: "Team lead",
    Role.CREDIT_MANAGER: "Credit manager",
    Role.COMPLIANCE: "Compliance",
    Role.RISK: "Risk",
    Role.OPERATIONS: "Operations",
    Role.DATA_SCIENTIST: "Data scientist",
    Role.MODEL_OWNER: "Model owner",
    Role.ADMIN: "Administrator",
    Role.SERVICE: "Service (a program)",
}

STATUS_WORDS: Mapping[str, str] = {
    "in_review": "In review",
    "waiting_approval": "Waiting for a second person",
    "waiting_applicant": "Waiting for the applicant",
    "countered": "Other terms offered",
    "conflict": "Needs attention",
    "incomplete": "Incomplete",
    "decided": "Decided",
    "withdrawn": "Withdrawn",
    "closed_incomplete": "Closed, incomplete",
    "expired": "Expired",
}

# Titles of the ledger's entries, wherever one is named; the list can be narrowed to each.
ENTRY_WORDS: tuple[tuple[str, str], ...] = (
    ("ledger_opened", "Ledger opened"),
    ("bundle_registered", "Model registered"),
    ("bundle_promoted", "Model promoted"),
    ("bundle_rolled_back", "Model rolled back"),
    ("bundle_suspended", "Model suspended"),
    ("bundle_resumed", "Model resumed"),
    ("bundle_validated", "Model validated"),
    ("bundle_signed_off", "Model signed off"),
    ("bundle_exception_asked", "Exception for a model asked for"),
    ("bundle_exception_voted", "Exception for a model voted on"),
    ("bundle_drilled", "Rollback rehearsed"),
    ("month_reviewed", "Numbers of a month laid before the owners"),
    ("month_signed", "Review of a month signed"),
    ("action_opened", "Action given"),
    ("action_closed", "Action closed"),
    ("promise_judged", "Promise judged"),
    ("cost_entered", "Cost entered"),
    ("watch_declared", "Watch of a model declared"),
    ("watch_looked", "Matured loans looked at"),
    ("retraining_proposed", "Retraining proposed"),
    ("decision_made", "Application scored"),
    ("decision_failed", "Application taken in without a score"),
    ("first_view_recorded", "First view recorded"),
    ("staff_notified", "Notice to staff recorded"),
    ("practice_switched", "Oversight practice switched"),
    ("training_recorded", "Training recorded"),
    ("practice_answered", "Practice case answered"),
    ("practice_finished", "Practice finished"),
    ("reconciliation_run", "Booked loans reconciled"),
    ("finding_opened", "Finding opened"),
    ("finding_assigned", "Finding given to an owner"),
    ("finding_closed", "Finding closed"),
    ("review_date_set", "To be looked at again"),
    ("review_date_closed", "Looked at again"),
    ("score_only", "Rows scored, nothing decided"),
    ("case_claimed", "Case taken"),
    ("case_released", "Case given back"),
    ("case_escalated", "Case passed upwards"),
    ("case_handed_over", "Case handed over"),
    ("case_snoozed", "Case put off"),
    ("reasons_shown", "Reasons shown"),
    ("reason_questioned", "Reason found surprising"),
    ("what_if_tried", "Other values tried"),
    ("review_recorded", "Review recorded"),
    ("override_recorded", "Override recorded"),
    ("approval_recorded", "Second person's verdict"),
    ("counter_offered", "Other terms offered"),
    ("input_corrected", "Application corrected"),
    ("case_decided", "Case decided"),
    ("case_withdrawn", "Application withdrawn"),
    ("case_reopened", "Case reopened"),
    ("case_expired", "Case expired"),
    ("information_requested", "Information requested"),
    ("information_received", "Information received"),
    ("letter_drafted", "Letter drafted"),
    ("letter_moved", "Letter passed on"),
    ("outcome_observed", "Outcome observed"),
    ("outcome_corrected", "Outcome corrected"),
    ("feedback_exported", "Feedback set exported"),
    ("person_added", "Person added"),
    ("role_changed", "Role changed"),
    ("person_left", "Person left"),
    ("key_added", "API key added"),
    ("key_revoked", "API key revoked"),
    ("record_viewed", "Record viewed"),
    ("verification_run", "Ledger verified"),
    ("checkpoint_anchored", "Checkpoint anchored"),
    ("restore_performed", "Restored from a backup"),
    ("clock_adjusted", "Clock adjusted"),
    ("key_rotated", "Key rotated"),
    ("erasure_requested", "Erasure requested"),
    ("erasure_approved", "Erasure approved"),
    ("erasure_refused", "Erasure refused"),
    ("record_erased", "Record erased"),
    ("legal_hold_set", "Legal hold set"),
    ("legal_hold_lifted", "Legal hold lifted"),
)

KEYS: tuple[tuple[str, str, str], ...] = (
    ("j", "Next case in the list", "Desk, search, ledger"),
    ("k", "Previous case in the list", "Desk, search, ledger"),
    ("Enter", "Open the case you are on", "Desk, search, ledger"),
    ("c", "Claim the case you are on, or the case you are reading", "Desk, case"),
    ("a", "Go to the button that agrees; Enter then records it", "Case"),
    ("v", "Go to the override form", "Case"),
    ("p", "Hand over, set aside or refer upwards", "Case"),
    ("n", "Take the next case", "Desk, decided case"),
    ("1 to 9", "Open the group with that number, then choose the reason in it", "Override form"),
    ("e", "Go to the evidence", "Override form"),
    ("/", "Go to the search field", "Everywhere"),
    ("?", "Open this page", "Everywhere"),
)

GLOSSARY: tuple[tuple[str, str], ...] = (
    (
        "Probability of bad",
        (
            "The model's estimate that the loan turns bad. Higher is worse. It is told as so many "
            "of 100 only where loans with such scores have borne it out; the model's card says "
            "where."
        ),
    ),
    (
        "Recommendation",
        (
            "What the model and the policy advise: approve, refer or decline. "
            "It is frozen when the score is made. A person decides."
        ),
    ),
    (
        "Cut-off",
        "Where the advice changes. A score exactly at the cut-off gets the kinder advice.",
    ),
    ("Refer", "The band between the cut-offs. Deciding there is your own work, not an override."),
    (
        "Low-side override",
        (
            "Approved although the model says decline. Some banks swap the two words; "
            "we always add what was done."
        ),
    ),
    ("High-side override", "Declined although the model says approve."),
    (
        "Principal reasons",
        (
            "At most four reasons against and four reasons for, in the order of their push on the "
            "score. All pushes together add up to the score."
        ),
    ),
    (
        "Claim",
        "A lease on a case, so that two people do not work on it at once. It runs out by itself.",
    ),
    (
        "Second person",
        (
            "An override above a limit, or with certain reasons, stands only when another person "
            "with that authority upholds it."
        ),
    ),
    (
        "Ledger",
        (
            "The list of everything that was done. Entries are only ever added; each one changes "
            "the root, so a later change to any entry shows."
        ),
    ),
    ("Checkpoint", "The ledger's size and root at one time, signed."),
    (
        "Label status",
        "Why the outcome of a loan is or is not known. Not yet known never counts as good.",
    ),
)


def day_words(at: date) -> str:
    """A date as people write it: ``22 Nov 2026``."""
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


def instant_words(at: datetime) -> str:
    """A date and a time of day, UTC: ``22 Nov 2026, 14:05``."""
    return f"{day_words(at)}, {at:%H:%M}"


def second_words(at: datetime) -> str:
    """A time of day to the second, UTC: ``14:05:31``."""
    return f"{at:%H:%M:%S}"


def span_words(span: timedelta) -> str:
    """How long something takes or took, in the largest unit that says it: ``3 hours``."""
    minutes = int(abs(span.total_seconds()) // 60)
    for size, unit in ((1440, "day"), (60, "hour")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def due_words(due: datetime, now: datetime) -> str:
    """When something is due, seen from ``now``: ``due in 2 hours``, ``overdue by 1 day``."""
    span = span_words(due - now)
    return f"overdue by {span}" if due < now else f"due in {span}"


def count_words(count: int) -> str:
    """A count with its thousands set apart: ``1,204``."""
    return f"{count:,}"


def of_hundred(probability: float, *beside: float | None) -> str:
    """A probability as a count of 100: ``18 of 100``; only where it was borne out by loans."""
    return f"{_hundredths(probability, beside)} of 100"


def score_words(probability: float, *beside: float | None) -> str:
    """A score as the model gives it: ``18 %``, with one place below ten.

    It gets as many places as tell it from the numbers it is read beside: ``29.1 %``.
    """
    return f"{_hundredths(probability, beside)}\N{NO-BREAK SPACE}%"


def _hundredths(probability: float, beside: Sequence[float | None]) -> str:
    """Hundredths with as many places as are needed."""
    hundred = probability * 100
    others = [100 * other for other in beside if other is not None and other != probability]
    plain = digits = 1 if hundred < 10 else 0  # noqa: PLR2004
    while digits < PLACES_MAX and any(
        f"{hundred:.{digits}f}" == f"{other:.{digits}f}" for other in others
    ):
        digits += 1
    text = f"{hundred:.{digits}f}"
    return text.removesuffix(".0") if digits == plain else text


def tie_lines(reasons: Iterable[tuple[str, bool]]) -> list[str]:
    """Of reasons by title and whether each is tied with the one before: whose order means nothing.

    A sentence for each run of ties, for a page and for a letter alike; none where there is none.
    """
    runs: list[list[str]] = []
    for title, tied in reasons:
        if tied and runs:
            runs[-1].append(title)
        else:
            runs.append([title])
    return [
        f"{_listed(run)}: which weighs more could not be told, so their order means nothing."
        for run in runs
        if len(run) > 1
    ]


def _listed(titles: Sequence[str]) -> str:
    """Titles in quotes, the last after "and"."""
    quoted = [f"“{title}”" for title in titles]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def push_words(amount: float) -> str:
    """A contribution with its sign: ``+0.41``. What rounds to nothing has none."""
    text = f"{amount:+.2f}"
    return "0.00" if text[1:] == "0.00" else text.replace("-", MINUS)


def tight(text: str) -> str:
    """A text whose numbers stay on one line with their percent signs."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")
