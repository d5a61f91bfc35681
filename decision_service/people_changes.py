"""Changes to who may come in and what they may decide. Each is an entry in the ledger.

The entry says who, which role, which limit; the name is its encrypted part. Hashes of passwords
and keys are written beside it in the same transaction, so nobody has a role without an entry and
no entry speaks of a key that does not exist.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from decision_service.errors import PersonHasLeft
from decision_service.installation_errors import UnknownKey
from decision_service.keys import PUBLIC_ID_CHARS, NewKey, make_key
from decision_service.passwords import first_password
from decision_service.people import (
    KnownKey,
    People,
    Person,
    PersonState,
    accepted_branch,
    accepted_name,
    folded,
)
from overrides.journal import Decided, Draft, Journal, OnceOnly, Receipt, SideWrite, Slot, State
from overrides.values import Actor, NewId, Role

if TYPE_CHECKING:
    from decision_service.services import Services

ROUTE = "people"
NAME_SLOT = "name"
Claims = Callable[[str], Sequence[str]]  # references of the cases a person has claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Somebody to be added. Without a password one is made, except for a service."""

    name: str
    role: Role
    branch: str = ""
    limit_minor: int = 0
    currency: str
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """Who was added. ``password`` is the one that was made: nobody can read it again."""

    ref: str
    name: str
    password: str | None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class PeopleChanges:
    """Adds people, changes whether they may come in, and gives them keys."""

    people: People
    journal: Journal
    new_id: NewId
    lookup: Callable[[str, str], str]  # keyed hash of a text for a purpose
    claims: Claims

    def add(self, by: Actor, new: NewPerson, *, key: str | None = None) -> Added:
        """Add a person or a service; with an idempotency ``key``, once however often it is asked.

        Raises:
            NameRefused, PasswordRefused, PersonKnown: what is wrong with it.

        """
        name, branch = accepted_name(new.name), accepted_branch(new.branch)
        ref, event_id = self.new_id(), self.new_id()
        made = new.password is None and new.role is not Role.SERVICE
        password = first_password(self.people.random_bytes) if made else new.password
        also = [self.people.store.take_name(ref, name)]
        if password is not None:
            kept = self.people.passwords.keep(name, password)
            also.append(self.people.store.keep_password(ref, kept))
        data = {
            "person": ref,
            "role": new.role.value,
            "branch": branch,
            "limit_minor": new.limit_minor,
            "currency": new.currency,
        }
        draft = Draft(
            event_id=event_id,
            type="person_added",
            actor=by.ref,
            role=by.role.value,
            data=data,
            slots=(Slot(NAME_SLOT, ref, {"name": name}),),
        )
        request = (name, new.role.value, branch, str(new.limit_minor), new.currency)
        once = self._once(by, key, ("add", *request))
        decided = Decided((draft,), {"person": ref}, tuple(also))
        receipt = self._record(lambda _: decided, once)
        shown = password if made and not receipt.replayed else None
        return Added(str(receipt.answer["person"]), name, shown, receipt.replayed)

    def lock(self, by: Actor, name: str, *, key: str | None = None) -> Person:
        """Keep a person out until unlocked: log-ins end, keys open nothing, claims go back."""
        person = self._present(name)
        also = (self.people.store.end_sessions(person.ref),)
        receipt = self._state(by, person, "locked", key, also, frees=True)
        if not receipt.replayed:
            self._given_meanwhile(by, person, "locked")
        return person

    def unlock(self, by: Actor, name: str, *, key: str | None = None) -> Person:
        """Let a locked person in again, and forget the attempts that failed."""
        person = self._present(name)
        self._state(by, person, "unlocked", key, ())
        self.people.lock_out.forgive(folded(person.name))
        return person

    def reset(self, by: Actor, name: str, *, password: str | None = None) -> tuple[Person, str]:
        """Give a person another password, which ends every log-in; the password to hand over."""
        person = self._present(name)
        fresh = password or first_password(self.people.random_bytes)
        kept = self.people.passwords.keep(person.name, fresh)
        write = self.people.store.keep_password(person.ref, kept)
        self._state(by, person, "password reset", None, (write,))
        self.people.lock_out.forgive(folded(person.name))
        return person, fresh

    def leave(self, by: Actor, name: str, *, key: str | None = None) -> tuple[Person, int]:
        """A person leaves: keys and log-ins end, claims go back; how many claims those were."""
        person = self._present(name)
        store = self.people.store
        revoked = [
            self._draft(
                by, "key_revoked", {"person": person.ref, "key": public_id, "reason": "left"}
            )
            for public_id in store.keys(person.ref)
        ]

        def decide(state: State) -> Decided:
            left = self._draft(by, "person_left", {"person": person.ref, "reason": "left"})
            released = self._released(by, state, person, self.claims(person.ref), "left")
            also = (store.end_sessions(person.ref), store.revoke_keys(person.ref, state.now))
            return Decided((left, *revoked, *released), {"released": len(released)}, also)

        receipt = self._record(decide, self._once(by, key, ("leave", person.ref)))
        more = 0 if receipt.replayed else self._given_meanwhile(by, person, "left")
        return person, int(receipt.answer["released"]) + more

    def add_key(self, by: Actor, name: str) -> tuple[Person, NewKey]:
        """A key for a person or a service; its text cannot be read again."""
        person, made = self._present(name), make_key(self.people.random_bytes)

        def decide(state: State) -> Decided:
            data = {"person": person.ref, "key": made.public_id}
            write = self.people.store.keep_key(person.ref, made.public_id, made.kept, state.now)
            return Decided((self._draft(by, "key_added", data),), also=(write,))

        self._record(decide, None)
        return person, made

    def revoke_key(self, by: Actor, public_id: str, reason: str) -> KnownKey:
        """Make one key open nothing, at once. Raises ``UnknownKey``."""
        store = self.people.store
        found = next((key for key in store.every_key() if key.public_id == public_id), None)
        if found is None or found.revoked_at is not None:
            raise UnknownKey(public_id=public_id[:PUBLIC_ID_CHARS])

        def decide(state: State) -> Decided:
            data = {"person": found.ref, "key": public_id, "reason": reason}
            write = store.revoke_key(public_id, state.now)
            return Decided((self._draft(by, "key_revoked", data),), also=(write,))

        self._record(decide, None)
        return found

    def _present(self, name: str) -> Person:
        """The person of this name, unless they have left."""
        person = self.people.named(name)
        if person.state is PersonState.LEFT:
            raise PersonHasLeft(name=person.name)
        return person

    def _released(
        self, by: Actor, state: State, person: Person, held: Sequence[str], why: str
    ) -> list[Draft]:
        """What the person still holds of these cases is free again."""
        return [
            self._draft(by, "case_released", {"person": person.ref, "why": why}, case)
            for case in held
            if _claimed_by(state, case, person.ref)
        ]

    def _given_meanwhile(self, by: Actor, person: Person, why: str) -> int:
        """Free what the person was given in the transaction that shut them out; how many cases.

        Commands of one transaction do not see each other's people. Those of later ones do, so
        after this nothing more is given to them.
        """
        held = self.claims(person.ref)
        if not held:
            return 0

        def decide(state: State) -> Decided:
            if self.people.actor(person.ref) is not None:  # let in again since
                return Decided(())
            return Decided(tuple(self._released(by, state, person, held, why)))

        return len(self._record(decide, None).entries)

    def _state(
        self,
        by: Actor,
        person: Person,
        reason: str,
        key: str | None,
        also: tuple[SideWrite, ...],
        *,
        frees: bool = False,
    ) -> Receipt:
        """Record that a person's access changed although role and limit did not.

        Where it ``frees``, the cases they hold go back for the same reason.
        """
        data = {
            "person": person.ref,
            "role": person.role.value,
            "branch": person.branch,
            "limit_minor": person.limit_minor,
            "currency": person.currency,
            "reason": reason,
        }
        changed = self._draft(by, "role_changed", data)

        def decide(state: State) -> Decided:
            held = self.claims(person.ref) if frees else ()
            released = self._released(by, state, person, held, reason)
            return Decided((changed, *released), also=also)

        return self._record(decide, self._once(by, key, (reason, person.ref)))

    def _draft(
        self, by: Actor, kind: str, data: Mapping[str, object], case: str | None = None
    ) -> Draft:
        """An entry about a person."""
        return Draft(
            event_id=self.new_id(),
            type=kind,
            actor=by.ref,
            role=by.role.value,
            data=data,
            case=case,
        )

    def _once(self, by: Actor, key: str | None, request: Sequence[str]) -> OnceOnly | None:
        """Identity of a request that may be sent twice; the fingerprint is keyed."""
        if key is None:
            return None
        return OnceOnly(by.ref, ROUTE, key, self.lookup("idempotency", "\0".join(request)))

    def _record(self, command: Callable[[State], Decided], once: OnceOnly | None) -> Receipt:
        """Write it down and wait until it is on disk."""
        return self.journal.submit(command, once=once).result()


def people_changes(services: "Services") -> PeopleChanges:
    """The changes that can be made in an installation."""
    return PeopleChanges(
        people=services.people,
        journal=services.journal,
        new_id=services.new_id,
        lookup=services.vault.lookup_hash,
        claims=services.cases.claims_of,
    )


def _claimed_by(state: State, case_ref: str, person: str) -> bool:
    """Whether a case is still claimed by this person."""
    case = state.case(case_ref)
    return case is not None and case.claim is not None and case.claim.person == person
