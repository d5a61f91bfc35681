"""Which cases an applicant contested, and by when an answer is due."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

APPEALED = sa.text("appeal IS NOT NULL")


def upgrade() -> None:
    """Add the column and its index; no earlier release records an appeal."""
    op.add_column("case_file", sa.Column("appeal", sa.Text(), nullable=True))
    op.create_index(
        "case_file_appeal",
        "case_file",
        ["limit_at"],
        sqlite_where=APPEALED,
        postgresql_where=APPEALED,
    )


def downgrade() -> None:
    """There is no way back: a ledger that lost entries is not that ledger any more."""
    msg = "restore a backup instead"
    raise NotImplementedError(msg)
