"""The table of drafts. No row leaves this package."""

from sqlalchemy import Column, LargeBinary, Text
from sqlmodel import Field, SQLModel


class DraftRow(SQLModel, table=True):
    """What one person typed into one form, sealed."""

    __tablename__ = "draft"

    person_ref: str = Field(sa_column=Column(Text, primary_key=True))
    place: str = Field(sa_column=Column(Text, primary_key=True))
    case_ref: str = Field(sa_column=Column(Text, nullable=False))
    saved_at: str = Field(sa_column=Column(Text, nullable=False, index=True))
    dek_id: str = Field(sa_column=Column(Text, nullable=False))
    nonce: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    ciphertext: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    commitment: str = Field(sa_column=Column(Text, nullable=False))


DRAFT = DraftRow.__table__  # type: ignore[attr-defined]
