"""People as the pages need them: logging in, the first page, and the list that admins keep."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from decision_service.access import DECIDERS, ROLE_WORDS, may
from decision_service.amounts import accepted_currency, minor_units
from decision_service.errors import ServiceError
from decision_service.people import (
    People,
    Person,
    PersonState,
    accepted_branch,
    accepted_name,
    folded,
)
from decision_service.people_changes import NewPerson, PeopleChanges
from decision_service.problems import status_of
from decision_service.starting import steps_for
from decision_service.viewing import Viewings
from decision_service.wording import NO_CURRENCY, amount
from overrides.errors import OverridesError
from overrides.values import Actor, Role
from ui.ports import Refused
from ui.views import PersonLine, StartView, Viewer
from ui.words import day_words

FORM_FIELDS = ("name", "role", "branch", "limit", "currency")
SEVERAL_FAULTS = "These fields need another look."
BRANCH_ROLES = DECIDERS | {Role.TEAM_LEAD}  # a branch narrows what they see
ENDING = frozenset({"lock", "leave"})  # changes after which a person cannot come in
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
        return viewer_of(person.actor, session.csrf)

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
        with _refusing():
            self._viewings.note(self._admin(viewer), "people")
        everyone = self.known.everyone()
        times = Counter(folded(person.name) for person in everyone)
        waiting = self.known.lock_out.waiting(times)
        return tuple(
            _line(person, shared=times[name] > 1, waits=name in waiting)
            for person in everyone
            for name in (folded(person.name),)
        )

    def add_person(self, viewer: Viewer, fields: Mapping[str, str], key: str) -> str:
        """Add a person; a sentence, with the one-time password when one was made."""
        by = self._admin(viewer)
        new = _new_person(fields)
        with _refusing(field="name"):
            added = self.changes.add(by, new, key=key)
        words = f"{added.name} was added{_reach(new)}."
        if added.replayed:
            return f"{words} The password was shown when the form was sent first; reset it if lost."
        if added.password is None:
            return f"{words} A service needs a key: countermand key add --user {added.name}"
        return f"{words} First password, shown only here: {added.password}"

    def change_person(self, viewer: Viewer, name: str, change: str, key: str) -> str:
        """``lock``, ``unlock``, ``reset`` or ``leave``."""
        by = self._admin(viewer)
        if change in ENDING and folded(name) == folded(viewer.name):
            # Whoever ends another's access stays, so an administrator is always left.
            raise Refused(
                409, "Not yourself", "Another administrator must lock you or record that you left."
            )
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

    @property
    def _viewings(self) -> Viewings:
        """Who looked at the list."""
        return Viewings(self.changes.journal, self.changes.new_id, self.known.sessions.clock)

    def _admin(self, viewer: Viewer) -> Actor:
        """The viewer as one who may keep the list of people."""
        by = self.known.actor(viewer.person_ref)
        if by is None or by.role is not Role.ADMIN:
            raise Refused(
                403, "Not for your role", "Only an administrator keeps the list of people."
            )
        return by


def _new_person(fields: Mapping[str, str]) -> NewPerson:
    """What the form says; ``Refused`` with everything that is wrong with it at once."""
    typed = {name: fields.get(name, "").strip() for name in FORM_FIELDS}
    faults: dict[str, str] = {}
    role = next((role for role in Role if role.value == typed["role"]), None)
    limit, currency = 0, NO_CURRENCY
    with _noting(faults, "name"):
        accepted_name(typed["name"])
    with _noting(faults, "branch"):
        accepted_branch(typed["branch"])
    if role is None:
        faults["role"] = "Choose a role."
    with _noting(faults, "currency"):
        currency = accepted_currency(typed["currency"] or NO_CURRENCY)
    with _noting(faults, "limit"):
        limit = minor_units(typed["limit"] or "0", currency)
    if limit and not typed["currency"]:
        faults["currency"] = "A limit needs its currency, for instance EUR."
    if role is not None and role not in DECIDERS:
        pointless = ("limit",) if role is Role.TEAM_LEAD else ("branch", "limit")
        faults |= {
            name: f"{ROLE_WORDS[role]}: this role decides no cases. Leave the {name} empty."
            for name in pointless
            if typed[name]
        }
    if faults or role is None:
        said = next(iter(faults.values())) if len(faults) == 1 else SEVERAL_FAULTS
        raise Refused(422, "Please check", said, faults)
    return NewPerson(
        name=typed["name"],
        role=role,
        branch=typed["branch"],
        limit_minor=limit,
        currency=currency,
    )


def _reach(new: NewPerson) -> str:
    """Where and up to what somebody decides, said where it was left open; nothing otherwise."""
    if new.role not in BRANCH_ROLES:
        return ""
    where = f"branch {new.branch}" if new.branch else "all branches, since no branch was given"
    limit = f", limit {_limit(new)}" if new.role in DECIDERS else ""
    return f": {ROLE_WORDS[new.role].lower()}, {where}{limit}"


def _limit(grant: NewPerson | Person) -> str:
    """A limit with its currency."""
    currency = "" if grant.currency == NO_CURRENCY else grant.currency
    return amount(grant.limit_minor, currency).strip()


@contextmanager
def _noting(faults: dict[str, str], name: str) -> Iterator[None]:
    """Note what is wrong with a field and go on to the next."""
    try:
        yield
    except (ValueError, ServiceError) as wrong:
        said = str(wrong)
        faults[name] = said if said.endswith(".") else f"{said}."


def viewer_of(actor: Actor, csrf: str = "") -> Viewer:
    """Somebody in front of the pages; without a session's mark they can send no form."""
    return Viewer(
        person_ref=actor.ref,
        name=actor.name,
        role=actor.role.value,
        role_words=ROLE_WORDS[actor.role],
        branch=actor.branch,
        may=may(actor.role),
        csrf=csrf,
    )


@contextmanager
def _refusing(field: str = "") -> Iterator[None]:
    """Let errors leave as refusals, pointing at a field where one is at fault."""
    try:
        yield
    except (ServiceError, OverridesError) as error:
        status, text = status_of(error), str(error)
        title = TITLES.get(HTTPStatus(status), "Please check")
        raise Refused(status, title, text, {field: text} if field else {}) from error


def _line(person: Person, *, shared: bool, waits: bool) -> PersonLine:
    """One person in the list. Branch and limit are said of those who decide.

    Who ``waits`` typed too many wrong passwords and is let in again by waiting or by unlocking.

    A ``shared`` name is that of somebody who left and of who was added under it afterwards: two
    persons to the record, so each says when it was added.
    """
    earlier = "An earlier entry, added" if person.state is PersonState.LEFT else "Added"
    decides = person.role in DECIDERS
    return PersonLine(
        name=person.name,
        role=person.role.value,
        role_words=ROLE_WORDS[person.role],
        branch=person.branch or ("All branches" if person.role in BRANCH_ROLES else ""),
        limit=_limit(person) if person.limit_minor or decides else "",
        state="waiting" if waits and person.state is PersonState.ACTIVE else str(person.state),
        last_seen=person.last_seen,
        told_apart=f"{earlier} {day_words(person.added_at)}" if shared else "",
    )
