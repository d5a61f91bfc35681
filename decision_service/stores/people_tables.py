"""Tables of people and of how they prove who they are. No row leaves this package.

``person`` is filled from the ledger and can be dropped and filled again. The others hold what must
never be in a ledger: hashes of passwords, keys and tokens, and counts of failed attempts. Instants
are text in the recorded form, so that text order is time order in every database.
"""

from sqlalchemy import BigInteger, Table
from sqlmodel import Field, SQLModel

from overrides.instants import INSTANT_CHARS

REF_CHARS = 40
HASH_CHARS = 64
NAME_CHARS = 64


class PersonRow(SQLModel, table=True):
    """A person or a service, as the ledger last said."""

    __tablename__ = "person"

    person_ref: str = Field(primary_key=True, max_length=REF_CHARS)
    name: str = Field(max_length=NAME_CHARS)
    name_key: str = Field(index=True, max_length=2 * NAME_CHARS)  # folding can lengthen a name
    role: str = Field(max_length=20)
    branch: str = Field(max_length=NAME_CHARS)
    limit_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    grant_event: str = Field(max_length=REF_CHARS)
    state: str = Field(max_length=10)
    added_at: str = Field(max_length=INSTANT_CHARS)


class CredentialRow(SQLModel, table=True):
    """How a person proves who they are, and when that last happened."""

    __tablename__ = "credential"

    person_ref: str = Field(primary_key=True, max_length=REF_CHARS)
    password_hash: str | None = Field(default=None, max_length=200)
    last_seen_at: str | None = Field(default=None, max_length=INSTANT_CHARS)


class ApiKeyRow(SQLModel, table=True):
    """A key of a person or a service."""

    __tablename__ = "api_key"

    public_id: str = Field(primary_key=True, max_length=16)
    person_ref: str = Field(index=True, max_length=REF_CHARS)
    secret_hash: str = Field(max_length=HASH_CHARS)
    added_at: str = Field(max_length=INSTANT_CHARS)
    revoked_at: str | None = Field(default=None, max_length=INSTANT_CHARS)


class SessionRow(SQLModel, table=True):
    """A log-in."""

    __tablename__ = "session"

    token_hash: str = Field(primary_key=True, max_length=HASH_CHARS)
    person_ref: str = Field(index=True, max_length=REF_CHARS)
    csrf: str = Field(max_length=HASH_CHARS)
    started_at: str = Field(index=True, max_length=INSTANT_CHARS)
    seen_at: str = Field(max_length=INSTANT_CHARS)


class LoginAttemptRow(SQLModel, table=True):
    """Attempts in a row that did not succeed, by keyed hash of account or address."""

    __tablename__ = "login_attempt"

    subject: str = Field(primary_key=True, max_length=HASH_CHARS)
    made: int
    last_at: str = Field(index=True, max_length=INSTANT_CHARS)


def _table(name: str) -> Table:
    """The table itself, for statements that go past the mapper."""
    return SQLModel.metadata.tables[name]


PERSON = _table("person")
CREDENTIAL = _table("credential")
API_KEY = _table("api_key")
SESSION = _table("session")
LOGIN_ATTEMPT = _table("login_attempt")
