"""Tables in which the service and the signer, who may be another user's process, tell each other.

They hold no part of the ledger: both can be emptied at any time and nothing is lost.
"""

from sqlalchemy import BigInteger, Column, Text
from sqlmodel import Field, SQLModel


def _text(*, primary_key: bool = False) -> Column[str]:
    """A text column."""
    return Column(Text, primary_key=primary_key, nullable=False)


class SignerReport(SQLModel, table=True):
    """What the signer of a log last said of itself."""

    __tablename__ = "signer_report"

    log: str = Field(sa_column=_text(primary_key=True))
    home: str = Field(sa_column=_text())  # which memory it has: random, made with the memory
    reported_at: str = Field(sa_column=_text())
    standing: str = Field(sa_column=_text())  # running, stopped
    signed_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    problem: str = Field(sa_column=_text())  # why it refuses to sign, "" when it does not


class SigningRequest(SQLModel, table=True):
    """Something the service wants signed, and the signer's answer."""

    __tablename__ = "signing_request"

    log: str = Field(sa_column=_text(primary_key=True))
    request_id: str = Field(sa_column=_text(primary_key=True))
    asked_at: str = Field(sa_column=_text())
    text: str = Field(sa_column=_text())  # "" asks for a checkpoint
    note: str = Field(sa_column=_text())  # the signed note, "" while there is none
    refusal: str = Field(sa_column=_text())
