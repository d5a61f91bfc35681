"""No table of legal holds beside the entries that set them; data keys stay whose they are.

The guard over data keys comes with the others, which are put in place after every upgrade.
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Drop the table."""
    op.drop_table("legal_hold")


def downgrade() -> None:
    """There is no way back: a ledger that lost entries is not that ledger any more."""
    msg = "restore a backup instead"
    raise NotImplementedError(msg)
