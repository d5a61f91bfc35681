"""Who exists, and who it is that sends a key, a password or a session.

The same person has one reference, whatever key, log-in or browser they use, so that "another
person" can be demanded and not just another key. Roles, limits and whether someone is locked or
has left come from the ledger; hashes of secrets lie beside it.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from decision_service.access import HOST
from decision_service.errors import NameRefused, SignInFailed, Unauthenticated, UnknownPerson
from decision_service.keys import opens, presented
from decision_service.passwords import LockOut, Passwords
from decision_service.sessions import Session, Sessions
from overrides.journal import SideWrite
from overrides.values import Actor, Role

NAME_CHARS_MAX = 64


class PersonState(StrEnum):
    """Whether somebody may come in."""

    ACTIVE = "active"
    LOCKED = "locked"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person or a service. ``grant`` is the ledger entry that gave this role and limit."""

    ref: str
    name: str
    role: Role
    branch: str
    limit_minor: int
    currency: str
    grant: str
    state: PersonState
    added_at: datetime
    last_seen: datetime | None = None

    @property
    def actor(self) -> Actor:
        """The person as one who acts."""
        return Actor(
            self.ref,
            self.name,
            self.role,
            self.branch,
            self.limit_minor,
            self.grant,
            self.currency if self.limit_minor else "",
        )


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key, without anything that opens something."""

    public_id: str
    ref: str
    name: str
    added_at: datetime
    revoked_at: datetime | None = None


class PeopleStore(Protocol):
    """Where people and their secrets' hashes lie.

    The methods that return a ``SideWrite`` do nothing yet: what they return runs in the ledger's
    own transaction, beside the entry that says why.
    """

    def by_ref(self, ref: str) -> Person | None:
        """The person with this reference."""

    def by_name(self, key: str) -> Person | None:
        """The person of this folded name; someone who left only when nobody else has it."""

    def by_key(self, public_id: str) -> tuple[Person, str] | None:
        """Whose key this is, with the hash of its secret; None when unknown or revoked."""

    def everyone(self) -> tuple[Person, ...]:
        """Everyone there ever was, by name."""

    def names(self, refs: Iterable[str]) -> Mapping[str, str]:
        """Names of these persons."""

    def password(self, ref: str) -> str | None:
        """Kept form of a password."""

    def keys(self, ref: str) -> tuple[str, ...]:
        """Public ids of the keys that open something."""

    def seen(self, ref: str, now: datetime) -> None:
        """Note that somebody was here."""

    def take_name(self, ref: str, name: str) -> SideWrite:
        """Refuse (``PersonKnown``) when another person who has not left holds the name."""

    def keep_password(self, ref: str, kept: str) -> SideWrite:
        """Replace the password and end every session it opened."""

    def keep_key(self, ref: str, public_id: str, kept: str, now: datetime) -> SideWrite:
        """Keep a key."""

    def every_key(self) -> Sequence[KnownKey]:
        """Every key there ever was, the oldest first."""

    def revoke_key(self, public_id: str, now: datetime) -> SideWrite:
        """Make one key open nothing."""

    def revoke_keys(self, ref: str, now: datetime) -> SideWrite:
        """Make every key of a person open nothing."""

    def end_sessions(self, ref: str) -> SideWrite:
        """End every session of a person."""


@dataclass(frozen=True, slots=True)
class People:
    """Tells who somebody is."""

    store: PeopleStore
    sessions: Sessions
    passwords: Passwords
    lock_out: LockOut
    random_bytes: Callable[[int], bytes]

    def authenticate(self, authorization: str | None) -> Actor:
        """Who sends this ``Authorization`` header.

        Raises:
            Unauthenticated: there is no key in it, or none that opens anything.

        """
        shown = presented(authorization)
        found = self.store.by_key(shown[0]) if shown else None
        if shown is None or found is None or not opens(found[1], shown[1]):
            raise Unauthenticated
        person, _ = found
        if person.state is not PersonState.ACTIVE:
            raise Unauthenticated
        return person.actor

    def sign_in(self, name: str, password: str, address: str) -> str:
        """Token of a new session; ``address`` is where the attempt comes from.

        Raises:
            SignInFailed: wrong name, wrong password, locked or left: one answer for all.
            TooManyAttempts: the account or the address has to wait.

        """
        key = folded(name)
        self.lock_out.attempt(key, address)
        person = self.store.by_name(key)
        admitted = person is not None and person.state is PersonState.ACTIVE
        if person is not None and person.role is Role.SERVICE:
            admitted = False
        kept = self.store.password(person.ref) if person and admitted else None
        if not self.passwords.matches(kept, password) or person is None:
            raise SignInFailed
        self.lock_out.succeeded(key, address)
        self.store.seen(person.ref, self.sessions.clock())
        return self.sessions.start(person.ref)

    def sign_out(self, token: str) -> None:
        """End a session."""
        self.sessions.end(token)

    def signed_in(self, token: str) -> tuple[Person, Session] | None:
        """Whose session this is, while it runs and its person may come in."""
        session = self.sessions.find(token)
        person = self.store.by_ref(session.person) if session else None
        if session is None or person is None or person.state is not PersonState.ACTIVE:
            return None
        return person, session

    def actor(self, ref: str) -> Actor | None:
        """The person with this reference as one who may act; None when locked, gone or unknown."""
        person = self.store.by_ref(ref)
        return person.actor if person and person.state is PersonState.ACTIVE else None

    def named(self, name: str) -> Person:
        """The person of this name. Raises ``UnknownPerson``."""
        person = self.store.by_name(folded(name))
        if person is None:
            raise UnknownPerson(name=name)
        return person

    def everyone(self) -> tuple[Person, ...]:
        """Everyone there ever was, by name."""
        return self.store.everyone()

    def names(self, refs: Iterable[str]) -> Mapping[str, str]:
        """Names for references, the host's own among them; an unknown reference stays as it is."""
        wanted = set(refs)
        known: dict[str, str] = {HOST.ref: HOST.name, **self.store.names(wanted - {HOST.ref})}
        return {ref: known.get(ref, ref) for ref in wanted}


def folded(name: str) -> str:
    """The form in which two spellings of one name are the same."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def accepted_name(name: str) -> str:
    """A name in its one form. Raises ``NameRefused``."""
    tidy = accepted_branch(name)
    if not tidy:
        raise NameRefused(problem=f"it needs 1 to {NAME_CHARS_MAX} characters")
    return tidy


def accepted_branch(branch: str) -> str:
    """A branch's name in its one form, or nothing for none. Raises ``NameRefused``."""
    tidy = unicodedata.normalize("NFC", branch.strip())
    if len(tidy) > NAME_CHARS_MAX:
        raise NameRefused(problem=f"it needs 1 to {NAME_CHARS_MAX} characters")
    if not tidy.isprintable() or "/" in tidy:
        raise NameRefused(problem="it has a character that cannot be shown, or a slash")
    return tidy
