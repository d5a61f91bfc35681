"""Both clocks of a case, and whether it is set aside or was referred upwards.

A case of an earlier release has one date, the earlier of both clocks. It stays the target until
``countermand ledger rebuild`` reads again what its decision said.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

OPEN = sa.text("list_order < '1'")
ASLEEP = sa.text("asleep_until IS NOT NULL")
REFERRED = sa.text("referred IS NOT NULL")


def upgrade() -> None:
    """Add the columns and their indexes."""
    for name in ("limit_at", "target_at", "asleep_until", "referred"):
        op.add_column("case_file", sa.Column(name, sa.Text(), nullable=True))
    op.execute("UPDATE case_file SET target_at = due_at")
    op.create_index(
        "case_file_limit",
        "case_file",
        ["limit_at", "case_ref"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "case_file_asleep",
        "case_file",
        ["asleep_until"],
        sqlite_where=ASLEEP,
        postgresql_where=ASLEEP,
    )
    op.create_index(
        "case_file_referred",
        "case_file",
        ["referred"],
        sqlite_where=REFERRED,
        postgresql_where=REFERRED,
    )


def downgrade() -> None:
    """There is no way back: a ledger that lost entries is not that ledger any more."""
    msg = "restore a backup instead"
    raise NotImplementedError(msg)
