"""The table of requests for erasure. It can be dropped and filled again from the ledger.

No row holds personal data: a party is its keyed reference. Instants are text in the recorded form.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Table, Text
from sqlmodel import Field, SQLModel


def _text(*, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    """A text column."""
    return Column(Text, primary_key=primary_key, nullable=nullable)


def _number(*, nullable: bool = False) -> Column[int]:
    """A place in the ledger, or a count."""
    return Column(BigInteger, nullable=nullable)


class ErasureRequestRow(SQLModel, table=True):
    """One request for erasure, or one erasure done again at a restore, as it stands."""

    __tablename__ = "erasure_request"
    __table_args__ = (Index("erasure_request_by_place", "log", "seq"),)

    request_id: str = Field(sa_column=_text(primary_key=True))
    log: str = Field(sa_column=_text())
    seq: int = Field(sa_column=_number())
    scope: str = Field(sa_column=_text())
    subject: str = Field(sa_column=_text())
    case_ref: str = Field(sa_column=_text())
    classes: str = Field(sa_column=_text())  # JSON
    as_of: str = Field(sa_column=_text())
    ground: str = Field(sa_column=_text())
    root: str = Field(sa_column=_text())
    count: int = Field(sa_column=_number())
    schedule: str = Field(sa_column=_text())
    standing: str = Field(sa_column=_text())
    asked_by: str = Field(sa_column=_text())
    asked_at: str = Field(sa_column=_text())
    why: str = Field(sa_column=_text())
    refusal_ground: str = Field(sa_column=_text())
    kept_until: str = Field(sa_column=_text())
    settled_by: str = Field(sa_column=_text())
    settled_at: str = Field(sa_column=_text())
    erased_event: str = Field(sa_column=_text())
    erased_seq: int | None = Field(sa_column=_number(nullable=True))
    destroyed: int = Field(sa_column=_number())


def _table(model: Any) -> Table:
    """The Core table of a table class."""
    table: Table = model.__table__
    return table


REQUESTS = _table(ErasureRequestRow)
