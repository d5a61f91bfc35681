"""Personal data: a data key for each party, case and class of records; what erasures took."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables, and give the keys there are a scope: all of their party's."""
    _data_key()
    _erased_slot()
    _erasure_request()
    _legal_hold()


def downgrade() -> None:
    """There is no way back: a ledger that lost entries is not that ledger any more."""
    msg = "restore a backup instead"
    raise NotImplementedError(msg)


def _data_key() -> None:
    """Table ``data_key`` anew: its only unique column becomes one of three."""
    op.execute("CREATE TABLE data_key_before AS SELECT * FROM data_key")
    op.drop_table("data_key")
    op.create_table(
        "data_key",
        sa.Column("dek_id", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=False),
        sa.Column("case_ref", sa.Text(), nullable=False),
        sa.Column("record_class", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("kek_epoch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dek_id"),
        sa.UniqueConstraint("subject_ref", "case_ref", "record_class", name="data_key_scope"),
    )
    op.execute(
        "INSERT INTO data_key SELECT dek_id, subject_ref, '', '', wrapped, kek_epoch"
        " FROM data_key_before"
    )
    op.drop_table("data_key_before")
    op.create_index("data_key_by_case", "data_key", ["case_ref"], unique=False)
    op.create_index("data_key_by_epoch", "data_key", ["kek_epoch"], unique=False)


def _erased_slot() -> None:
    """Table ``erased_slot``."""
    op.create_table(
        "erased_slot",
        sa.Column("erasure", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("erasure", "place"),
    )
    op.create_index("erased_slot_by_event", "erased_slot", ["event_id"], unique=False)


def _erasure_request() -> None:
    """Table ``erasure_request``."""
    op.create_table(
        "erasure_request",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("case_ref", sa.Text(), nullable=False),
        sa.Column("classes", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("refusal_ground", sa.Text(), nullable=False),
        sa.Column("kept_until", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.Text(), nullable=False),
        sa.Column("erased_event", sa.Text(), nullable=False),
        sa.Column("erased_seq", sa.BigInteger(), nullable=True),
        sa.Column("destroyed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("request_id"),
    )
    op.create_index("erasure_request_by_place", "erasure_request", ["log", "seq"], unique=False)


def _legal_hold() -> None:
    """Table ``legal_hold``."""
    op.create_table(
        "legal_hold",
        sa.Column("hold_id", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("case_ref", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.Text(), nullable=False),
        sa.Column("lifted_by", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hold_id"),
    )
