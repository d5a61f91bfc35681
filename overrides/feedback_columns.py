"""The columns every row of a feedback set has: what each holds, in words, and how it is written.

A row has one exact form that no file format changes: JSON with its members in the order of their
names, without blanks, where numbers are the shortest decimal that reads back as the same float64,
as text, instants are text, and members that are null or empty are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType

import msgspec

from overrides.appeals import AppealResult
from overrides.labels import LabelSource, LabelStatus
from overrides.values import CaseStatus, Decision, Recommendation

TEXT, TEXTS, WHOLE, NUMBER, FLAG, INSTANT = "text", "texts", "whole", "number", "flag", "instant"
OBSERVATIONS, ACTS = "observations", "acts"  # lists of structures
STATED, SCORED, CONTRIBUTION = "stated", "scored", "contribution"  # before a field's own name

HUMAN_ACTS = frozenset(
    {"review_recorded", "override_recorded", "approval_recorded", "case_withdrawn", "case_reopened"}
    | {"counter_offered", "input_corrected"}
)
"""Acts by which a person decides on a case."""

STRUCTURES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        OBSERVATIONS: (
            ("kind", TEXT),
            ("value", TEXT),
            ("observed_at", INSTANT),
            ("months_on_book", WHOLE),
            ("account", WHOLE),
        ),
        ACTS: (
            ("kind", TEXT),
            ("at", INSTANT),
            ("person_pseudonym", TEXT),
            ("role", TEXT),
            ("decision", TEXT),
            ("justification_code", TEXT),
            ("verdict", TEXT),
            ("reasons", TEXTS),
            ("dwell_ms", WHOLE),
            ("ledger_seq", WHOLE),
        ),
    }
)
"""What an observation of the loan and an act of a person hold, in order."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, kind, what it says, and where the values are few, which they are.

    ``role`` is that of the field in the data contract, for columns made of one.
    """

    name: str
    kind: str
    words: str
    values: tuple[str, ...] = ()
    required: bool = False
    role: str = ""


def _text(name: str, words: str, values: tuple[str, ...] = (), *, required: bool = False) -> Column:
    """A column of text."""
    return Column(name, TEXT, words, values, required)


def _number(name: str, words: str) -> Column:
    """A column of numbers."""
    return Column(name, NUMBER, words)


def _flag(name: str, words: str) -> Column:
    """A column of yes and no."""
    return Column(name, FLAG, words, required=True)


def _version(part: str) -> tuple[Column, Column]:
    """Version and hash of one of the three things a decision rests on."""
    words = f"of the {part} the decision rests on; empty where no score could be made"
    return (
        _text(f"{part}_version", f"Version {words}."),
        _text(f"{part}_sha256", f"SHA-256 {words}."),
    )


AT_ONCE = 1_000  # cases read and rows made together

ANSWERED = tuple(result.value for result in AppealResult if result is not AppealResult.OPEN)
SOURCES = (LabelSource.OWN_BOOK.value, LabelSource.RANDOM_ACCEPT.value)

ROW_COLUMNS: tuple[Column, ...] = (
    _text("case_pseudonym", "The case, under a keyed pseudonym.", required=True),
    _text("bundle", "Name of the model's bundle.", required=True),
    *_version("model"),
    *_version("policy"),
    *_version("codebook"),
    Column(
        "observed_at", INSTANT, "When it was scored: features are as known then.", required=True
    ),
    Column("closed_at", INSTANT, "When the case was closed.", required=True),
    Column("attempt", WHOLE, "1 for the first score of the case, more where re-scored."),
    _number("pd_at_decision", "Probability of bad, as recorded at decision; higher is worse."),
    _number("raw_score", "The model's own score on its scale, before it is a probability."),
    _number("approve_up_to", "Cut-off of the policy then: up to it, approve is recommended."),
    _number("decline_above", "Cut-off of the policy then: above it, decline is recommended."),
    _text("recommendation", "What model and policy advised.", tuple(Recommendation), required=True),
    _text("case_status", "How the case ended.", tuple(CaseStatus), required=True),
    _text("final_decision", "What was decided; empty where nobody decided.", tuple(Decision)),
    _text("decided_by", "Who decided.", ("person", "policy")),
    Column("override_flag", WHOLE, "1 approved against the model, -1 declined against it, else 0."),
    _text("justification_code", "Code of the override."),
    _text("reviewer_pseudonym", "Who decided or proposed, under a keyed pseudonym."),
    _text("approver_pseudonym", "Who upheld it, under a keyed pseudonym."),
    _flag("appealed", "Whether the applicant contested a decision. Known afterwards: no feature."),
    _text("appeal_result", "What the latest appeal came to.", ANSWERED),
    _text("queue", "Where the case waited."),
    Column("routing", TEXTS, "Codes: why it came to a person."),
    Column("knockouts", TEXTS, "Knock-out rules that held."),
    _flag("audit_sample", "Drawn to be looked at by a person, whatever the score."),
    _text("assignment_policy", "How it came to this person.", ("self_selected", "drawn_by_chance")),
    _number("assignment_seed", "The number drawn when it was given to somebody by chance."),
    Column("eligible_reviewers", TEXTS, "Pseudonyms of those among whom that draw was made."),
    _number("p_routed", "Chance, by design, that a case like this comes to a person."),
    _number("p_assigned", "Chance, by design, that it came to this person; empty where chosen."),
    _number("p_random_accept", "Chance, by design, of a random approval; empty where none."),
    _number("p_approve_est", "Chance of an approval, estimated from cases alike."),
    _text("p_approve_est_method", "How it was estimated."),
    _text("p_approve_est_reason", "Why there is no estimate, where there is none."),
    _flag("random_accept", "Approved by chance, below the cut-off."),
    _flag("reasons_reliable", "Whether the reasons shown could be relied on."),
    Column("principal_reasons", TEXTS, "Concepts of the reasons against, strongest first."),
    _text("product", "The product applied for."),
    _text("branch", "The branch."),
    _text("channel", "How the application came."),
    _text("jurisdiction", "Whose law holds."),
    Column("amount_minor", WHOLE, "Amount applied for, in minor units of the currency."),
    _text("currency", "ISO 4217 code of the amount."),
    Column("label", WHOLE, "1 bad, 0 good; only of loans whose performance window has closed."),
    _text(
        "label_status",
        "Whether the outcome is seen, or why not.",
        tuple(LabelStatus),
        required=True,
    ),
    _text("label_unmanaged", "The same where forbearance may hide no arrears.", tuple(LabelStatus)),
    _text(
        "label_source",
        "Where the label is from.",
        (LabelSource.OWN_BOOK, LabelSource.RANDOM_ACCEPT),
    ),
    _text("label_reason", "What made the label."),
    Column("label_matures_at", INSTANT, "When the performance window closes."),
    _flag("cohort_closed", "Whether that window had closed at the cut."),
    _text("outcome_definition_id", "The definition of good and bad in use.", required=True),
    _number("weight", "Weight of a labelled row, against selection; see the next column."),
    _text("weight_method", "How the weight was made."),
    _text("split", "Suggested part, by time of closing.", ("train", "validation", "test")),
    Column(OBSERVATIONS, OBSERVATIONS, "What the books said of the loan, corrections applied."),
    Column(ACTS, ACTS, "Everything people decided on the case, in order, by its codes."),
    Column("ledger_seq", WHOLE, "Place of the decision in the ledger.", required=True),
    _text("ledger_entry_hash", "Leaf hash of that entry, in hex.", required=True),
    _flag("simulated", "Made by a simulated clock, not lived."),
)
COLUMNS = tuple(column.name for column in ROW_COLUMNS)

_encode = msgspec.json.Encoder().encode


def exact_numbers(recorded: Sequence[str | None]) -> list[str | None]:
    """Recorded decimals, each as the shortest text that reads back as the same float64.

    That is Python's spelling, which some numbers have another one than the encoder's.
    """
    distinct = dict.fromkeys(recorded)
    if 2 * len(distinct) < len(recorded):
        known = dict(zip(distinct, exact_numbers(list(distinct)), strict=True))
        return [known[text] for text in recorded]
    numbers = [float(text) for text in recorded if text is not None]
    if not numbers:
        return [None] * len(recorded)
    together = _encode(numbers)[1:-1].decode()
    told = together.split(",")
    if "e" in together or "0.0000" in together or "null" in together:
        told = [
            repr(number) if "e" in text or "0.0000" in text or text == "null" else text
            for text, number in zip(told, numbers, strict=True)
        ]
    if len(told) == len(recorded):
        return [*told]
    left = iter(told)
    return [None if text is None else next(left) for text in recorded]


class RowHash:
    """A hash over rows in any order: of the hashes of all rows, the smallest first."""

    def __init__(self) -> None:
        self.digests: list[bytes] = []

    def add(self, row: bytes) -> None:
        """Take in a row in its exact form."""
        self.digests.append(sha256(row).digest())

    def update(self, other: "RowHash") -> None:
        """Take in the rows of another one."""
        self.digests += other.digests

    def hexdigest(self) -> str:
        """The hash, in hex."""
        return sha256(b"".join(sorted(self.digests))).hexdigest()
