"""What is filled from the ledger: cases, decisions, acts, outcomes, exports."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables. The guards of the ledger follow every upgrade."""
    _case_act()
    _case_count()
    _case_decision()
    _case_file()
    _feedback_export()
    _outcome()


def downgrade() -> None:
    """There is no way back: a ledger that lost entries is not that ledger any more."""
    msg = "restore a backup instead"
    raise NotImplementedError(msg)


def _case_act() -> None:
    """Table ``case_act``."""
    op.create_table(
        "case_act",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column(
            "case_ref", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("final", sa.Text(), nullable=True),
        sa.Column("side", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("by_person", sa.Boolean(), nullable=True),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("log", "seq"),
    )
    op.create_index("case_act_case", "case_act", ["case_ref", "seq"], unique=False)


def _case_count() -> None:
    """Table ``case_count``."""
    op.create_table(
        "case_count",
        sa.Column("bundle", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bundle", "branch", "queue", "status"),
    )


def _case_decision() -> None:
    """Table ``case_decision``."""
    op.create_table(
        "case_decision",
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column(
            "case_ref", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("recommendation", sa.Text(), nullable=False),
        sa.Column("probability", sa.Text(), nullable=True),
        sa.Column("reliable", sa.Boolean(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Text(), nullable=True),
        sa.Column("completed_at", sa.Text(), nullable=True),
        sa.Column("due_at", sa.Text(), nullable=True),
        sa.Column("random_accept", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_index("case_decision_case", "case_decision", ["case_ref", "seq"], unique=False)


def _case_file() -> None:
    """Table ``case_file``."""
    op.create_table(
        "case_file",
        sa.Column(
            "case_ref", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=False),
        sa.Column("application_key", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("decision_event", sa.Text(), nullable=False),
        sa.Column("recommendation", sa.Text(), nullable=False),
        sa.Column("probability", sa.Text(), nullable=True),
        sa.Column("reliable", sa.Boolean(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("routing", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Text(), nullable=True),
        sa.Column("due_at", sa.Text(), nullable=True),
        sa.Column("list_order", sa.Text(), nullable=False),
        sa.Column("claim_person", sa.Text(), nullable=True),
        sa.Column("claim_until", sa.Text(), nullable=True),
        sa.Column("proposal", sa.Text(), nullable=True),
        sa.Column("proposal_person", sa.Text(), nullable=True),
        sa.Column("excluded", sa.Text(), nullable=False),
        sa.Column("final", sa.Text(), nullable=True),
        sa.Column("side", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("by_person", sa.Boolean(), nullable=True),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.Text(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("case_ref"),
        sa.UniqueConstraint("application_key"),
    )
    for name, columns in (
        ("branch", ["branch", "list_order", "case_ref"]),
        ("branch_status", ["branch", "status", "list_order", "case_ref"]),
        ("holder", ["claim_person", "list_order", "case_ref"]),
        ("list", ["list_order", "case_ref"]),
        ("queue", ["queue", "list_order", "case_ref"]),
        ("status", ["status", "list_order", "case_ref"]),
        ("subject", ["subject", "opened_at"]),
    ):
        op.create_index(f"case_file_{name}", "case_file", columns, unique=False)


def _feedback_export() -> None:
    """Table ``feedback_export``."""
    op.create_table(
        "feedback_export",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("erasure_epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("log", "seq"),
    )


def _outcome() -> None:
    """Table ``outcome``."""
    op.create_table(
        "outcome",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column(
            "case_ref", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.Text(), nullable=False),
        sa.Column("months_on_book", sa.Integer(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("log", "seq"),
    )
    op.create_index(
        "outcome_case", "outcome", ["case_ref", "kind", "observed_at", "seq"], unique=False
    )
