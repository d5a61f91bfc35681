"""Which account of a loan an outcome is of."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns; what earlier releases recorded is of the loan as a whole."""
    op.add_column("outcome", sa.Column("account", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outcome", sa.Column("account_key", sa.Text(), nullable=True))


def downgrade() -> None:
    """There is no way back: a ledger that lost entries is not that ledger any more."""
    msg = "restore a backup instead"
    raise NotImplementedError(msg)
