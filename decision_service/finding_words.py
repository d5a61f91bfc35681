"""Findings and runs in words that claim what the record shows."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from decision_service.board import interval_words
from decision_service.wording import money, percent
from overrides.finding_register import MODEL_MISS, Closing, Run, Tracked
from overrides.reconciling import BranchCount, FindingKind, Standing
from overrides.values import Money
from ui.finding_views import BranchLine, Pairs, RunLine, RunView
from ui.words import day_words

KIND_WORDS: Mapping[str, str] = {
    FindingKind.WITHOUT_DECISION: "Booked without a decision",
    FindingKind.BOOKED_UNDECIDED: "Booked while undecided",
    FindingKind.BOOKED_AGAINST_DECISION: "Booked though declined",
    FindingKind.DECIDED_AFTER_BOOKING: "Decided after booking",
    FindingKind.BOOKED_BEFORE_SECOND_APPROVAL: "Booked before the second approval",
    FindingKind.TERMS_DIFFER: "Booked on other terms",
    FindingKind.NEEDS_CHECKING: "Needs checking",
    FindingKind.APPROVED_NOT_BOOKED: "Approved and not booked",
    MODEL_MISS: "What the model misses",
}
CLOSING_WORDS: Mapping[str, str] = {
    Closing.NO_BREACH: "No breach: the policy allows it",
    Closing.SOURCE_CORRECTED: "The file or the core system was wrong and is corrected",
    Closing.DECIDED_SINCE: "A decision was recorded since",
    Closing.BREACH: "A breach, dealt with as the note says",
    Closing.FEATURE_ADDED: "The model is given it",
    Closing.RULE_CHANGED: "The policy was changed",
    Closing.DATA_COLLECTED: "It is asked for from now on",
    Closing.NOT_FOLLOWED: "Looked into, and left as it is",
}
STATE_WORDS = {
    "unowned": "No owner yet",
    "late": "Late",
    "open": "Being looked into",
    "closed": "Closed",
}
_FACTS = (
    ("detail", "What"),
    ("loan_id", "Loan"),
    ("application_id", "Application"),
    ("booked_on", "Booked on"),
    ("product", "Product"),
    ("line", "Line of the file"),
    ("text", "What"),
)
ERASED = "Erased"
READ_WORDS = {
    "encoding": "Encoding",
    "dates": "Dates",
    "decimal": "Before the decimals",
    "separator": "Between cells",
}
HOW_WORDS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar"}


def state_of(found: Tracked, today: date) -> str:
    """How a finding stands: ``closed``, ``unowned``, ``late`` or ``open``."""
    if not found.open:
        return "closed"
    if not found.owner:
        return "unowned"
    return "late" if found.late(today) else "open"


def branch_line(row: Sequence[Any]) -> BranchLine:
    """A branch of a run, as its entry has it: the name, then a count for each standing."""
    name, *counts = row
    by = dict(zip(Standing, counts, strict=True))
    count = BranchCount(name, by)
    return BranchLine(
        name=name,
        matched=by[Standing.MATCHED],
        without=by[Standing.WITHOUT_DECISION],
        checking=by[Standing.NEEDS_CHECKING],
        out_of_scope=by[Standing.OUT_OF_SCOPE],
        of=count.of,
        rate="" if count.rate is None else percent(count.rate),
        interval=interval_words(count.interval, "{:.1%}"),
    )


def scope_words(run: Run) -> Pairs:
    """What was declared of a run."""
    scope: Mapping[str, Any] = run.told["scope"]
    return (
        ("Products", ", ".join(scope["products"]) or "All"),
        ("Branches", ", ".join(scope["branches"]) or "All"),
        ("Kinds that need no decision", ", ".join(scope["exempt_kinds"]) or "None"),
        ("Amounts may differ by", percent(float(Decimal(scope["amount_share"])))),
        ("Days from an approval, where no application is named", str(scope["days_apart"])),
        ("Days within which an approval should be booked", str(scope["unbooked_days"])),
    )


def branches_of(run: Run) -> tuple[str, ...]:
    """Branches that a run was for; empty for all."""
    return tuple(run.told["scope"]["branches"])


def run_line(run: Run, by: str) -> RunLine:
    """One run in a list."""
    told = run.told
    return RunLine(
        run_id=run.run_id,
        at=run.at,
        by=by,
        loans=told["loans"],
        unread=told["unread"],
        opened=told["opened"],
        known=told["known"],
        branches=branches_of(run),
    )


def run_view(run: Run, by: str, broken: Sequence[Mapping[str, Any]], branch: str) -> RunView:
    """One run whole; of one branch, that branch's loans and those that name none."""
    told = run.told
    rows = [row for row in told["branches"] if branch in ("", row[0]) or not row[0]]
    kinds = (kind for kind in KIND_WORDS if kind != MODEL_MISS)
    return RunView(
        line=run_line(run, by),
        seq=run.seq,
        sha256=told["file_sha256"],
        scope=scope_words(run),
        read_as=tuple(
            (READ_WORDS.get(k, k), HOW_WORDS.get(v, v)) for k, v in told["read_as"].items()
        ),
        branches=tuple(branch_line(row) for row in rows),
        counts=tuple((KIND_WORDS[kind], f"{told['counts'].get(kind, 0):,}") for kind in kinds),
        broken=tuple((one["line"], one["problem"]) for one in broken),
        broken_left=told["unread"] - len(broken) if broken else 0,
    )


def fact_words(told: object) -> Pairs:
    """What the core system booked, or what a model misses; that it is erased, where it is."""
    if not isinstance(told, Mapping):
        return (("What", ERASED),)
    pairs = [(words, _said(told[name])) for name, words in _FACTS if told.get(name)]
    if "amount_minor" in told:
        pairs.append(("Amount", money(Money(told["amount_minor"], told["currency"]))))
    return tuple(pairs)


def _said(value: object) -> str:
    """A fact; days as days are written."""
    text = str(value)
    try:
        return day_words(datetime.strptime(text, "%Y-%m-%d").date())  # noqa: DTZ007 # a day has no zone
    except ValueError:
        return text
