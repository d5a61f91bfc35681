"""The letter that each case calls for.

The letters of cases of an earlier release are on the list after ``countermand ledger rebuild``.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

COLUMNS = (
    *("kind", "called_by", "state", "due_at", "branch", "by_person", "letter_id", "replaces"),
    *("locale", "holds", "drafter", "moved_at", "simulated"),
)


def upgrade() -> None:
    """Add the table and its indexes."""
    op.create_table(
        "letter",
        sa.Column("case_ref", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in COLUMNS),
    )
    op.create_index("letter_list", "letter", ["state", "due_at", "case_ref"])
    op.create_index("letter_branch", "letter", ["branch", "state", "due_at", "case_ref"])


def downgrade() -> None:
    """There is no way back: a ledger that lost entries is not that ledger any more."""
    msg = "restore a backup instead"
    raise NotImplementedError(msg)
