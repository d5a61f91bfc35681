"""The ledger's tables. ``body`` is what was hashed; other columns are derived from it."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

_HASH = "length({}) = 32"


def _text(*, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    """A text column."""
    return Column(Text, primary_key=primary_key, nullable=nullable)


class LedgerEvent(SQLModel, table=True):
    """One entry. Rows are added and never change; triggers see to it."""

    __tablename__ = "ledger_event"
    __table_args__ = (
        CheckConstraint(_HASH.format("leaf_hash"), name="ledger_event_hash_size"),
        Index("ledger_event_by_case", "log", "case_ref", "seq"),
        Index("ledger_event_by_type", "log", "type", "seq"),
    )

    log: str = Field(sa_column=_text(primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    type: str = Field(sa_column=_text())
    recorded_at: str = Field(sa_column=_text())
    case_ref: str | None = Field(sa_column=_text(nullable=True))
    actor_ref: str = Field(sa_column=_text())
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    leaf_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class LedgerSubtree(SQLModel, table=True):
    """Root of a whole subtree of 2**8, 2**16 or 2**24 entries, written once."""

    __tablename__ = "ledger_subtree"

    log: str = Field(sa_column=_text(primary_key=True))
    level: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    idx: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class LedgerHead(SQLModel, table=True):
    """Where the ledger stands. The row always exists: writers take their turns on it."""

    __tablename__ = "ledger_head"

    log: str = Field(sa_column=_text(primary_key=True))
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    frontier: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    last_ts: str = Field(sa_column=_text())  # "" before the first entry
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))  # counts restores


class LedgerPayload(SQLModel, table=True):
    """The personal part of an entry, encrypted under a party's key."""

    __tablename__ = "ledger_payload"

    log: str = Field(sa_column=_text(primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    slot: str = Field(sa_column=_text(primary_key=True))
    event_id: str = Field(sa_column=_text())
    dek_id: str = Field(sa_column=Column(Text, nullable=False, index=True))
    nonce: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    ciphertext: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DataKey(SQLModel, table=True):
    """A data key, wrapped by a key that lies outside the database.

    It locks one class of records of one party in one case; keys of the first releases, which have
    neither case nor class, lock all of a party's.
    """

    __tablename__ = "data_key"
    __table_args__ = (
        UniqueConstraint("subject_ref", "case_ref", "record_class", name="data_key_scope"),
        Index("data_key_by_case", "case_ref"),
        Index("data_key_by_epoch", "kek_epoch"),
    )

    dek_id: str = Field(sa_column=_text(primary_key=True))
    subject_ref: str = Field(sa_column=_text())
    case_ref: str = Field(sa_column=_text())
    record_class: str = Field(sa_column=_text())
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    kek_epoch: int = Field(sa_column=Column(BigInteger, nullable=False))


class ErasedSlot(SQLModel, table=True):
    """One of the parts that an erasure took, in the order of its hash tree. Kept for ever."""

    __tablename__ = "erased_slot"
    __table_args__ = (Index("erased_slot_by_event", "event_id"),)

    erasure: str = Field(sa_column=_text(primary_key=True))  # event id of the ``record_erased``
    place: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: str = Field(sa_column=_text())
    slot: str = Field(sa_column=_text())


class LedgerCheckpoint(SQLModel, table=True):
    """A signed checkpoint, kept for ever."""

    __tablename__ = "ledger_checkpoint"

    log: str = Field(sa_column=_text(primary_key=True))
    size: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    signed_at: str = Field(sa_column=_text(primary_key=True))
    note: str = Field(sa_column=_text())


class LedgerStamp(SQLModel, table=True):
    """A time stamp of a signed checkpoint, kept for ever."""

    __tablename__ = "ledger_stamp"

    log: str = Field(sa_column=_text(primary_key=True))
    digest: str = Field(sa_column=_text(primary_key=True))  # SHA-256 of the reply, in hex
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    note: str = Field(sa_column=_text())  # the very bytes that were stamped
    reply: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Idempotency(SQLModel, table=True):
    """A request that was carried out: the same one again gets the same answer."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("idempotency_by_time", "recorded_at"),)

    actor: str = Field(sa_column=_text(primary_key=True))
    route: str = Field(sa_column=_text(primary_key=True))
    key_hash: str = Field(sa_column=_text(primary_key=True))
    fingerprint: str = Field(sa_column=_text())
    answer: str = Field(sa_column=_text())
    log: str = Field(sa_column=_text())
    first_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    entries: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: str = Field(sa_column=_text())
