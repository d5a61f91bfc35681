"""People as the pages need them: logging in, the first page, and the list that admins keep."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from decision_service.access import ROLE_WORDS, may
from decision_service.amounts import NO_CURRENCY, accepted_currency, minor_units
from decision_service.errors import ServiceError
from decision_service.people import People, Person, PersonState
from decision_service.people_changes import NewPerson, PeopleChanges
from decision_service.problems import status_of
from decision_service.starting import steps_for
from decision_service.wording import amount
from overrides.errors import OverridesError
from overrides.values import Actor, Role
from ui.ports import Refused
from ui.views import PersonLine, StartView, Viewer

TITLES = {
    HTTPStatus.UNAUTHORIZED: "Not logged in",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many attempts",
    HTTPStatus.SERVICE_UNAVAILABLE: "Nothing was recorded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Showcase:
    """What the first page says of a demo; nothing of it in a real installation."""

    words: str = ""
    log_ins: tuple[tuple[str, str, str], ...] = ()  # name, password, role in words


@dataclass(frozen=True, slots=True)
class PeoplePages:
    """Fills ``ui.ports.People``."""

    known: People
    changes: PeopleChanges
    showcase: Showcase | None = None

    def sign_in(self, name: str, password: str, address: str) -> str:
        """A new session's token."""
        with _refusing():
            return self.known.sign_in(name, password, address)

    def sign_out(self, token: str) -> None:
        """End the session."""
        self.known.sign_out(token)

    def viewer(self, token: str) -> Viewer | None:
        """Whose session this is, if it still runs."""
        found = self.known.signed_in(token)
        if found is None:
            return None
        person, session = found
        return Viewer(
            person_ref=person.ref,
            name=person.name,
            role=person.role.value,
            role_words=ROLE_WORDS[person.role],
            branch=person.branch,
            may=may(person.role),
            csrf=session.csrf,
        )

    def start(self, viewer: Viewer | None) -> StartView:
        """The first page."""
        demo = self.showcase
        return StartView(
            viewer_role=viewer.role if viewer else "",
            steps=steps_for(Role(viewer.role) if viewer else None),
            demo=demo is not None,
            demo_words=demo.words if demo else "",
            log_ins=demo.log_ins if demo and viewer is None else (),
        )

    def people(self, viewer: Viewer) -> tuple[PersonLine, ...]:
        """Everyone."""
        self._admin(viewer)
        return tuple(_line(person) for person in self.known.everyone())

    def add_person(self, viewer: Viewer, fields: Mapping[str, str], key: str) -> str:
        """Add a person; a sentence, with the one-time password when one was made."""
        by = self._admin(viewer)
        new = _new_person(fields)
        with _refusing(field="name"):
            added = self.changes.add(by, new, key=key)
        words = f"{added.name} was added."
        if added.replayed:
            return f"{words} The password was shown when the form was sent first; reset it if lost."
        if added.password is None:
            return f"{words} A service needs a key: countermand key add --user {added.name}"
        return f"{words} First password, shown only here: {added.password}"

    def change_person(self, viewer: Viewer, name: str, change: str, key: str) -> str:
        """``lock``, ``unlock``, ``reset`` or ``leave``."""
        by = self._admin(viewer)
        with _refusing():
            if change == "lock":
                return f"{self.changes.lock(by, name, key=key).name} is locked out."
            if change == "unlock":
                return f"{self.changes.unlock(by, name, key=key).name} may come in again."
            if change == "reset":
                person, password = self.changes.reset(by, name)
                return f"New password of {person.name}, shown only here: {password}"
            if change == "leave":
                person, released = self.changes.leave(by, name, key=key)
                return f"{person.name} has left. Cases given back to the queue: {released}."
        raise Refused(422, "Please check", "Choose lock, unlock, reset or leave.")

    def _admin(self, viewer: Viewer) -> Actor:
        """The viewer as one who may keep the list of people."""
        by = self.known.actor(viewer.person_ref)
        if by is None or by.role is not Role.ADMIN:
            raise Refused(
                403, "Not for your role", "Only an administrator keeps the list of people."
            )
        return by


def _new_person(fields: Mapping[str, str]) -> NewPerson:
    """What the form says, or what is wrong with it."""
    with _field("role", "Choose a role."):
        role = Role(fields.get("role", ""))
    with _field("currency"):
        currency = accepted_currency(fields.get("currency") or NO_CURRENCY)
    with _field("limit"):
        limit = minor_units(fields.get("limit") or "0", currency)
    return NewPerson(
        name=fields.get("name", ""),
        role=role,
        branch=fields.get("branch", "").strip(),
        limit_minor=limit,
        currency=currency,
    )


@contextmanager
def _field(name: str, text: str = "") -> Iterator[None]:
    """Let what cannot be read leave as a refusal that points at its field."""
    try:
        yield
    except ValueError as wrong:
        said = text or f"{wrong}."
        raise Refused(422, "Please check", said, {name: said}) from None


@contextmanager
def _refusing(field: str = "") -> Iterator[None]:
    """Let errors leave as refusals, pointing at a field where one is at fault."""
    try:
        yield
    except (ServiceError, OverridesError) as error:
        status, text = status_of(error), str(error)
        title = TITLES.get(HTTPStatus(status), "Please check")
        raise Refused(status, title, text, {field: text} if field else {}) from error


def _line(person: Person) -> PersonLine:
    """One person in the list. No limit, no words."""
    currency = "" if person.currency == NO_CURRENCY else person.currency
    limit = amount(person.limit_minor, currency).strip() if person.limit_minor else ""
    return PersonLine(
        name=person.name,
        role=person.role.value,
        role_words=ROLE_WORDS[person.role],
        branch=person.branch,
        limit=limit,
        state=PersonState(person.state).value,
        last_seen=person.last_seen,
    )
