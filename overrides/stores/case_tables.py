"""Tables of the cases. Each can be dropped and filled again from the ledger.

No row holds personal data: ``application_key`` and ``subject`` are keyed hashes, and what a person
wrote stays in the ledger's payloads. Instants are text in the recorded form, so text order is time
order; lists are JSON.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, text
from sqlmodel import Field, SQLModel

# Written into queries as it stands here, or no database sees that the index serves them.
IS_OPEN = text("list_order < '1'")
IS_ASLEEP = text("asleep_until IS NOT NULL")
IS_REFERRED = text("referred IS NOT NULL")
IS_APPEALED = text("appeal IS NOT NULL")

# References are compared by range for prefix search, which needs the order of their bytes.
_REF = Text().with_variant(Text(collation="C"), "postgresql")


def _text(*, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    """A text column."""
    return Column(Text, primary_key=primary_key, nullable=nullable)


def _ref(*, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    """A reference, ordered by its bytes."""
    return Column(_REF, primary_key=primary_key, nullable=nullable)


def _integer(*, nullable: bool = False) -> Column[int]:
    """A count."""
    return Column(Integer, nullable=nullable)


def _place(*, primary_key: bool = False) -> Column[int]:
    """A place in the ledger, or an amount."""
    return Column(BigInteger, primary_key=primary_key, nullable=False, autoincrement=False)


def _flag(*, nullable: bool = False) -> Column[bool]:
    """Yes or no."""
    return Column(Boolean, nullable=nullable)


class CaseFileRow(SQLModel, table=True):
    """One case as it stands."""

    __tablename__ = "case_file"
    __table_args__ = (
        Index("case_file_list", "list_order", "case_ref"),
        Index("case_file_status", "status", "list_order", "case_ref"),
        Index("case_file_branch", "branch", "list_order", "case_ref"),
        Index("case_file_branch_status", "branch", "status", "list_order", "case_ref"),
        Index("case_file_queue", "queue", "list_order", "case_ref"),
        Index("case_file_holder", "claim_person", "list_order", "case_ref"),
        Index("case_file_subject", "subject", "opened_at"),
        Index(
            *("case_file_limit", "limit_at", "case_ref"),
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        Index(
            *("case_file_asleep", "asleep_until"),
            sqlite_where=IS_ASLEEP,
            postgresql_where=IS_ASLEEP,
        ),
        Index(
            *("case_file_referred", "referred"),
            sqlite_where=IS_REFERRED,
            postgresql_where=IS_REFERRED,
        ),
        Index(
            *("case_file_appeal", "limit_at"),
            sqlite_where=IS_APPEALED,
            postgresql_where=IS_APPEALED,
        ),
    )

    case_ref: str = Field(sa_column=_ref(primary_key=True))
    log: str = Field(sa_column=_text())
    bundle: str = Field(sa_column=_text())
    application_key: str | None = Field(sa_column=Column(Text, unique=True))  # None once erased
    subject: str = Field(sa_column=_text())
    status: str = Field(sa_column=_text())
    version: int = Field(sa_column=_integer())
    attempt: int = Field(sa_column=_integer())
    decision_id: str = Field(sa_column=_text())
    decision_event: str = Field(sa_column=_text())
    recommendation: str = Field(sa_column=_text())
    probability: str | None = Field(sa_column=_text(nullable=True))
    reliable: bool = Field(sa_column=_flag())
    amount_minor: int = Field(sa_column=_place())
    currency: str = Field(sa_column=_text())
    product: str = Field(sa_column=_text())
    branch: str = Field(sa_column=_text())
    queue: str = Field(sa_column=_text())
    routing: str = Field(sa_column=_text())
    opened_at: str = Field(sa_column=_text())
    received_at: str | None = Field(sa_column=_text(nullable=True))
    due_at: str | None = Field(sa_column=_text(nullable=True))
    limit_at: str | None = Field(sa_column=_text(nullable=True))  # the law's
    target_at: str | None = Field(sa_column=_text(nullable=True))  # what the lender promised
    asleep_until: str | None = Field(sa_column=_text(nullable=True))  # set aside
    referred: str | None = Field(sa_column=_text(nullable=True))  # upwards: why
    appeal: str | None = Field(sa_column=_text(nullable=True))  # JSON: the latest one
    list_order: str = Field(sa_column=_text())  # see ``standing.list_order``
    claim_person: str | None = Field(sa_column=_text(nullable=True))
    claim_until: str | None = Field(sa_column=_text(nullable=True))
    proposal: str | None = Field(sa_column=_text(nullable=True))  # JSON
    proposal_person: str | None = Field(sa_column=_text(nullable=True))
    excluded: str = Field(sa_column=_text())
    final: str | None = Field(sa_column=_text(nullable=True))
    side: str | None = Field(sa_column=_text(nullable=True))
    code: str = Field(sa_column=_text())
    by_person: bool | None = Field(sa_column=_flag(nullable=True))
    reviewer: str = Field(sa_column=_text())
    approver: str = Field(sa_column=_text())
    closed_at: str | None = Field(sa_column=_text(nullable=True))
    simulated: bool = Field(sa_column=_flag())


class CaseDecisionRow(SQLModel, table=True):
    """Where each decision stands in the ledger, and what the shared numbers need of it."""

    __tablename__ = "case_decision"
    __table_args__ = (Index("case_decision_case", "case_ref", "seq"),)

    decision_id: str = Field(sa_column=_text(primary_key=True))
    case_ref: str = Field(sa_column=_ref())
    log: str = Field(sa_column=_text())
    seq: int = Field(sa_column=_place())
    event_id: str = Field(sa_column=_text())
    recommendation: str = Field(sa_column=_text())
    probability: str | None = Field(sa_column=_text(nullable=True))
    reliable: bool = Field(sa_column=_flag())
    amount_minor: int = Field(sa_column=_place())
    currency: str = Field(sa_column=_text())
    branch: str = Field(sa_column=_text())
    received_at: str | None = Field(sa_column=_text(nullable=True))
    completed_at: str | None = Field(sa_column=_text(nullable=True))
    due_at: str | None = Field(sa_column=_text(nullable=True))
    random_accept: bool = Field(sa_column=_flag())


class CaseActRow(SQLModel, table=True):
    """One event of a case, and how the case stood after it."""

    __tablename__ = "case_act"
    __table_args__ = (Index("case_act_case", "case_ref", "seq"),)

    log: str = Field(sa_column=_text(primary_key=True))
    seq: int = Field(sa_column=_place(primary_key=True))
    event_id: str = Field(sa_column=_text())
    case_ref: str = Field(sa_column=_ref())
    type: str = Field(sa_column=_text())
    at: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    about: str | None = Field(sa_column=_text(nullable=True))  # the decision the act names
    decision_id: str = Field(sa_column=_text())  # the decision that stands
    status: str = Field(sa_column=_text())
    version: int = Field(sa_column=_integer())
    final: str | None = Field(sa_column=_text(nullable=True))
    side: str | None = Field(sa_column=_text(nullable=True))
    code: str = Field(sa_column=_text())
    by_person: bool | None = Field(sa_column=_flag(nullable=True))
    reviewer: str = Field(sa_column=_text())
    approver: str = Field(sa_column=_text())
    closed_at: str | None = Field(sa_column=_text(nullable=True))


class CaseCountRow(SQLModel, table=True):
    """How many cases stand in a state, kept so that a list's head costs the same at any size."""

    __tablename__ = "case_count"

    bundle: str = Field(sa_column=_text(primary_key=True))
    branch: str = Field(sa_column=_text(primary_key=True))
    queue: str = Field(sa_column=_text(primary_key=True))
    status: str = Field(sa_column=_text(primary_key=True))
    cases: int = Field(sa_column=_integer())


class OutcomeObservedRow(SQLModel, table=True):
    """One observation from the lender's books, corrected ones too."""

    __tablename__ = "outcome"
    __table_args__ = (Index("outcome_case", "case_ref", "kind", "observed_at", "seq"),)

    log: str = Field(sa_column=_text(primary_key=True))
    seq: int = Field(sa_column=_place(primary_key=True))
    event_id: str = Field(sa_column=_text())
    case_ref: str = Field(sa_column=_ref())
    at: str = Field(sa_column=_text())
    kind: str = Field(sa_column=_text())
    value: str = Field(sa_column=_text())
    observed_at: str = Field(sa_column=_text())
    months_on_book: int | None = Field(sa_column=_integer(nullable=True))
    source: str = Field(sa_column=_text())
    corrects: str | None = Field(sa_column=_text(nullable=True))
    simulated: bool = Field(sa_column=_flag())
    # Of the case, in the order they were heard of; 0 for the loan as a whole.
    account: int = Field(sa_column=Column(Integer, nullable=False, server_default="0"))
    account_key: str | None = Field(sa_column=_text(nullable=True))  # None once erased


class FeedbackMadeRow(SQLModel, table=True):
    """A feedback set that was made."""

    __tablename__ = "feedback_export"

    log: str = Field(sa_column=_text(primary_key=True))
    seq: int = Field(sa_column=_place(primary_key=True))
    at: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    bundle: str = Field(sa_column=_text())
    folder: str = Field(sa_column=_text())
    manifest_sha256: str = Field(sa_column=_text())
    rows: int = Field(sa_column=_integer())
    counts: str = Field(sa_column=_text())
    as_of: str = Field(sa_column=_text())
    purpose: str = Field(sa_column=_text())
    erasure_epoch: int = Field(sa_column=_integer())


def _table(model: Any) -> Table:
    """The Core table of a table class."""
    table: Table = model.__table__
    return table


FILES, DECISIONS, ACTS = map(_table, (CaseFileRow, CaseDecisionRow, CaseActRow))
COUNTS, OUTCOMES, EXPORTS = map(_table, (CaseCountRow, OutcomeObservedRow, FeedbackMadeRow))
TABLES = (FILES, DECISIONS, ACTS, COUNTS, OUTCOMES, EXPORTS)
