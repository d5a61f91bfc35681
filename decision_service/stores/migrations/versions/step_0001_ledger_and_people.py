"""The first tables: the ledger, and people."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables. The guards of the ledger follow every upgrade."""
    _api_key()
    _credential()
    _data_key()
    _idempotency()
    _ledger_checkpoint()
    _ledger_event()
    _ledger_head()
    _ledger_payload()
    _ledger_subtree()
    _login_attempt()
    _person()
    _session()


def downgrade() -> None:
    """There is no way back: a ledger that lost entries is not that ledger any more."""
    msg = "restore a backup instead"
    raise NotImplementedError(msg)


def _api_key() -> None:
    """Table ``api_key``."""
    op.create_table(
        "api_key",
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("person_ref", sa.String(length=40), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.String(length=27), nullable=False),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("public_id"),
    )
    op.create_index(op.f("ix_api_key_person_ref"), "api_key", ["person_ref"], unique=False)


def _credential() -> None:
    """Table ``credential``."""
    op.create_table(
        "credential",
        sa.Column("person_ref", sa.String(length=40), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("last_seen_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("person_ref"),
    )


def _data_key() -> None:
    """Table ``data_key``."""
    op.create_table(
        "data_key",
        sa.Column("dek_id", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("kek_epoch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dek_id"),
        sa.UniqueConstraint("subject_ref"),
    )


def _idempotency() -> None:
    """Table ``idempotency``."""
    op.create_table(
        "idempotency",
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "route", "key_hash"),
    )
    op.create_index("idempotency_by_time", "idempotency", ["recorded_at"], unique=False)


def _ledger_checkpoint() -> None:
    """Table ``ledger_checkpoint``."""
    op.create_table(
        "ledger_checkpoint",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("signed_at", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log", "size", "signed_at"),
    )


def _ledger_event() -> None:
    """Table ``ledger_event``."""
    op.create_table(
        "ledger_event",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.Column("case_ref", sa.Text(), nullable=True),
        sa.Column("actor_ref", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(leaf_hash) = 32", name="ledger_event_hash_size"),
        sa.PrimaryKeyConstraint("log", "seq"),
        sa.UniqueConstraint("event_id"),
    )
    op.create_index(
        "ledger_event_by_case", "ledger_event", ["log", "case_ref", "seq"], unique=False
    )
    op.create_index("ledger_event_by_type", "ledger_event", ["log", "type", "seq"], unique=False)


def _ledger_head() -> None:
    """Table ``ledger_head``."""
    op.create_table(
        "ledger_head",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("last_ts", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log"),
    )


def _ledger_payload() -> None:
    """Table ``ledger_payload``."""
    op.create_table(
        "ledger_payload",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("dek_id", sa.Text(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "seq", "slot"),
    )
    op.create_index(op.f("ix_ledger_payload_dek_id"), "ledger_payload", ["dek_id"], unique=False)


def _ledger_subtree() -> None:
    """Table ``ledger_subtree``."""
    op.create_table(
        "ledger_subtree",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("level", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "level", "idx"),
    )


def _login_attempt() -> None:
    """Table ``login_attempt``."""
    op.create_table(
        "login_attempt",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_index(op.f("ix_login_attempt_last_at"), "login_attempt", ["last_at"], unique=False)


def _person() -> None:
    """Table ``person``."""
    op.create_table(
        "person",
        sa.Column("person_ref", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("name_key", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("grant_event", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("added_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("person_ref"),
    )
    op.create_index(op.f("ix_person_name_key"), "person", ["name_key"], unique=False)


def _session() -> None:
    """Table ``session``."""
    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_ref", sa.String(length=40), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.String(length=27), nullable=False),
        sa.Column("seen_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index(op.f("ix_session_person_ref"), "session", ["person_ref"], unique=False)
    op.create_index(op.f("ix_session_started_at"), "session", ["started_at"], unique=False)
