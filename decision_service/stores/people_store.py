"""People, log-ins and keys in the database; nothing here ever sees a secret, only hashes."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from decision_service.errors import PersonKnown
from decision_service.passwords import Attempts
from decision_service.people import KnownKey, Person, PersonState, folded
from decision_service.sessions import Session
from decision_service.stores.people_tables import (
    API_KEY,
    CREDENTIAL,
    LOGIN_ATTEMPT,
    PERSON,
    SESSION,
)
from overrides.errors import LedgerUnavailable
from overrides.instants import instant_text, parse_instant
from overrides.journal import SideWrite
from overrides.stores.engine import reading, writing
from overrides.values import Role

LEFT = PersonState.LEFT.value

COUNT_ATTEMPT = text(
    """
    INSERT INTO login_attempt (subject, made, last_at) VALUES (:subject, 1, :now)
    ON CONFLICT (subject) DO UPDATE SET
      last_at = CASE WHEN login_attempt.made < :most THEN :now ELSE login_attempt.last_at END,
      made = login_attempt.made + 1
    RETURNING made, last_at
    """
)
KEEP_PASSWORD = text(
    """
    INSERT INTO credential (person_ref, password_hash) VALUES (:ref, :kept)
    ON CONFLICT (person_ref) DO UPDATE SET password_hash = :kept
    """
)
SEEN = text(
    """
    INSERT INTO credential (person_ref, last_seen_at) VALUES (:ref, :now)
    ON CONFLICT (person_ref) DO UPDATE SET last_seen_at = :now
    """
)


class SqlPeopleStore:
    """The list of people, and the writes that go with entries about them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def by_ref(self, ref: str) -> Person | None:
        """The person with this reference."""
        found = self._people(_people().where(PERSON.c.person_ref == ref))
        return found[0] if found else None

    def by_name(self, key: str) -> Person | None:
        """The person of this folded name; someone who left only when nobody else has it."""
        statement = _people().where(PERSON.c.name_key == key)
        order = (PERSON.c.state == LEFT, PERSON.c.added_at.desc(), PERSON.c.person_ref)
        found = self._people(statement.order_by(*order).limit(1))
        return found[0] if found else None

    def by_key(self, public_id: str) -> tuple[Person, str] | None:
        """Whose key this is, with the hash of its secret; None when unknown or revoked."""
        statement = (
            _people()
            .add_columns(API_KEY.c.secret_hash)
            .join(API_KEY, API_KEY.c.person_ref == PERSON.c.person_ref)
            .where(API_KEY.c.public_id == public_id, API_KEY.c.revoked_at.is_(None))
        )
        with reading(self._engine) as connection:
            row = connection.execute(statement).first()
        return None if row is None else (_person(row), row.secret_hash)

    def everyone(self) -> tuple[Person, ...]:
        """Everyone there ever was, by name."""
        return self._people(_people().order_by(PERSON.c.name_key, PERSON.c.person_ref))

    def names(self, refs: Iterable[str]) -> Mapping[str, str]:
        """Names of these persons."""
        wanted = sorted(set(refs))
        statement = select(PERSON.c.person_ref, PERSON.c.name)
        statement = statement.where(PERSON.c.person_ref.in_(wanted))
        if not wanted:
            return {}
        with reading(self._engine) as connection:
            return {row.person_ref: row.name for row in connection.execute(statement)}

    def password(self, ref: str) -> str | None:
        """Kept form of a password."""
        statement = select(CREDENTIAL.c.password_hash).where(CREDENTIAL.c.person_ref == ref)
        with reading(self._engine) as connection:
            return connection.execute(statement).scalar()

    def keys(self, ref: str) -> tuple[str, ...]:
        """Public ids of the keys that open something."""
        mine = (API_KEY.c.person_ref == ref) & API_KEY.c.revoked_at.is_(None)
        statement = select(API_KEY.c.public_id).where(mine).order_by(API_KEY.c.public_id)
        with reading(self._engine) as connection:
            return tuple(connection.execute(statement).scalars())

    def seen(self, ref: str, now: datetime) -> None:
        """Note that somebody was here."""
        with _writing(self._engine) as connection:
            connection.execute(SEEN, {"ref": ref, "now": instant_text(now)})

    def take_name(self, ref: str, name: str) -> SideWrite:
        """Refuse (``PersonKnown``) when another person who has not left holds the name."""
        held = (PERSON.c.name_key == folded(name)) & (PERSON.c.person_ref != ref)
        statement = select(PERSON.c.person_ref).where(held, PERSON.c.state != LEFT).limit(1)

        def check(connection: Connection) -> None:
            if connection.execute(statement).first() is not None:
                raise PersonKnown(name=name)

        return check

    def keep_password(self, ref: str, kept: str) -> SideWrite:
        """Replace the password and end every session it opened."""
        end = self.end_sessions(ref)

        def write(connection: Connection) -> None:
            connection.execute(KEEP_PASSWORD, {"ref": ref, "kept": kept})
            end(connection)

        return write

    def keep_key(self, ref: str, public_id: str, kept: str, now: datetime) -> SideWrite:
        """Keep a key."""
        row = {
            "public_id": public_id,
            "person_ref": ref,
            "secret_hash": kept,
            "added_at": instant_text(now),
        }
        return lambda connection: _run(connection, insert(API_KEY).values(**row))

    def every_key(self) -> list[KnownKey]:
        """Every key there ever was, the oldest first."""
        columns = (API_KEY.c.public_id, API_KEY.c.person_ref, PERSON.c.name)
        times = (API_KEY.c.added_at, API_KEY.c.revoked_at)
        statement = (
            select(*columns, *times)
            .join(PERSON, API_KEY.c.person_ref == PERSON.c.person_ref)
            .order_by(API_KEY.c.added_at, API_KEY.c.public_id)
        )
        with reading(self._engine) as connection:
            return [
                KnownKey(*row[:3], parse_instant(row[3]), parse_instant(row[4]) if row[4] else None)
                for row in connection.execute(statement)
            ]

    def revoke_key(self, public_id: str, now: datetime) -> SideWrite:
        """Make one key open nothing."""
        this = (API_KEY.c.public_id == public_id) & API_KEY.c.revoked_at.is_(None)
        statement = update(API_KEY).where(this).values(revoked_at=instant_text(now))
        return lambda connection: _run(connection, statement)

    def revoke_keys(self, ref: str, now: datetime) -> SideWrite:
        """Make every key of a person open nothing."""
        mine = (API_KEY.c.person_ref == ref) & API_KEY.c.revoked_at.is_(None)
        statement = update(API_KEY).where(mine).values(revoked_at=instant_text(now))
        return lambda connection: _run(connection, statement)

    def end_sessions(self, ref: str) -> SideWrite:
        """End every session of a person."""
        statement = delete(SESSION).where(SESSION.c.person_ref == ref)
        return lambda connection: _run(connection, statement)

    def _people(self, statement: Select[Any]) -> tuple[Person, ...]:
        """People found by a statement over ``_people()``."""
        with reading(self._engine) as connection:
            return tuple(_person(row) for row in connection.execute(statement))


class SqlSessionStore:
    """Log-in sessions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def session(self, token_hash: str) -> Session | None:
        """The session with this hash."""
        with reading(self._engine) as connection:
            row = connection.execute(
                select(SESSION).where(SESSION.c.token_hash == token_hash)
            ).first()
        if row is None:
            return None
        started, seen = parse_instant(row.started_at), parse_instant(row.seen_at)
        return Session(row.token_hash, row.person_ref, row.csrf, started, seen)

    def start(self, session: Session, *, forget_before: datetime) -> None:
        """Keep a session; those started before that instant are over and may go."""
        over = SESSION.c.started_at < instant_text(forget_before)
        row = {
            "token_hash": session.token_hash,
            "person_ref": session.person,
            "csrf": session.csrf,
            "started_at": instant_text(session.started_at),
            "seen_at": instant_text(session.seen_at),
        }
        with _writing(self._engine) as connection:
            connection.execute(delete(SESSION).where(over))
            connection.execute(insert(SESSION), row)

    def touch(self, token_hash: str, now: datetime) -> None:
        """Note that the session is in use; reading goes on where nothing can be written."""
        mine = SESSION.c.token_hash == token_hash
        with suppress(LedgerUnavailable), _writing(self._engine) as connection:
            connection.execute(update(SESSION).where(mine).values(seen_at=instant_text(now)))

    def end(self, token_hash: str) -> None:
        """Forget one session."""
        with _writing(self._engine) as connection:
            connection.execute(delete(SESSION).where(SESSION.c.token_hash == token_hash))


class SqlAttemptStore:
    """Attempts to sign in that did not succeed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, subject: str, now: datetime, *, most: int, forget_before: datetime) -> Attempts:
        """Count one more, in one step, and say how many there are; old subjects are forgotten."""
        old = LOGIN_ATTEMPT.c.last_at <= instant_text(forget_before)
        values = {"subject": subject, "now": instant_text(now), "most": most}
        with _writing(self._engine) as connection:
            connection.execute(delete(LOGIN_ATTEMPT).where(old))
            row = connection.execute(COUNT_ATTEMPT, values).one()
        return Attempts(row.made, parse_instant(row.last_at))

    def reached(self, subjects: Collection[str], most: int, since: datetime) -> frozenset[str]:
        """Those of the subjects with at least so many attempts, the last one after ``since``."""
        columns = LOGIN_ATTEMPT.c
        wanted = (columns.made >= most) & (columns.last_at > instant_text(since))
        with reading(self._engine) as connection:
            found = connection.execute(select(columns.subject).where(wanted)).scalars()
            return frozenset(found) & frozenset(subjects)

    def forgive(self, subject: str) -> None:
        """Forget a subject."""
        with _writing(self._engine) as connection:
            connection.execute(delete(LOGIN_ATTEMPT).where(LOGIN_ATTEMPT.c.subject == subject))

    def give_back(self, subject: str) -> None:
        """Take back one count."""
        mine = LOGIN_ATTEMPT.c.subject == subject
        with _writing(self._engine) as connection:
            connection.execute(
                update(LOGIN_ATTEMPT).where(mine).values(made=LOGIN_ATTEMPT.c.made - 1)
            )


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes; ``LedgerUnavailable`` where the database cannot be written."""
    try:
        with writing(engine) as connection:
            yield connection
    except DBAPIError as failure:
        raise LedgerUnavailable(cause="the database takes no writes just now") from failure


def _run(connection: Connection, statement: Any) -> None:
    """Execute for the effect alone."""
    connection.execute(statement)


def _people() -> Select[Any]:
    """Everything known of people, with when they were last seen."""
    seen = PERSON.c.person_ref == CREDENTIAL.c.person_ref
    return select(PERSON, CREDENTIAL.c.last_seen_at).outerjoin(CREDENTIAL, seen)


def _person(row: Row[Any]) -> Person:
    """The value a row stands for."""
    return Person(
        ref=row.person_ref,
        name=row.name,
        role=Role(row.role),
        branch=row.branch,
        limit_minor=row.limit_minor,
        currency=row.currency,
        grant=row.grant_event,
        state=PersonState(row.state),
        added_at=parse_instant(row.added_at),
        last_seen=parse_instant(row.last_seen_at) if row.last_seen_at else None,
    )
