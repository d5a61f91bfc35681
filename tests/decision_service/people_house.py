"""A small installation with people in it and nothing else, for the tests of people."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from decision_service.access import HOST
from decision_service.passwords import LockOut, Passwords
from decision_service.people import People
from decision_service.people_changes import NewPerson, PeopleChanges
from decision_service.sessions import Sessions
from decision_service.stores.people_projection import PeopleProjector
from decision_service.stores.people_store import SqlAttemptStore, SqlPeopleStore, SqlSessionStore
from overrides.cases import Case
from overrides.events import read_event
from overrides.ids import id_maker
from overrides.journal import Command, Entry
from overrides.stores.engine import create_all, open_engine, reading, writing
from overrides.stores.hot_path import HotPath
from overrides.stores.reading import entries_between
from overrides.stores.writer import SqlJournal
from overrides.values import Role
from overrides.vault import Vault

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that moves when told to."""

    at: datetime = START

    def __call__(self) -> datetime:
        """The time it was set to."""
        return self.at

    def passes(self, **how_long: float) -> None:
        """Let time pass."""
        self.at += timedelta(**how_long)


@dataclass(frozen=True)
class CasesAtHand:
    """A state in which only the given cases exist."""

    now: datetime
    cases: dict[str, Case]

    def case(self, case_ref: str) -> Case | None:
        """One of them."""
        return self.cases.get(case_ref)

    def __getattr__(self, name: str) -> Any:
        """Nothing else may be asked."""
        raise AssertionError(name)


@dataclass
class House:
    """People, their log-ins and a ledger, in a directory of their own."""

    directory: Path
    clock: HandClock = field(default_factory=HandClock)
    cases: dict[str, Case] = field(default_factory=dict)
    busy_seconds: float = 5.0
    commands: int = 0  # how many were run, or run again

    def __post_init__(self) -> None:
        """Put the parts together."""
        chance = random.Random(7)
        self.random_bytes = chance.randbytes
        self.vault = Vault({0: b"k" * 32}, b"l" * 32, self.random_bytes)
        url = f"sqlite:///{self.directory / 'people.sqlite3'}"
        self.engine = open_engine(url, busy_seconds=self.busy_seconds)
        create_all(self.engine)
        self.new_id = id_maker(self.clock, self.random_bytes)
        self.projector = PeopleProjector()
        self.journal = SqlJournal(
            self.engine,
            log="test",
            vault=self.vault,
            clock=self.clock,
            new_id=self.new_id,
            projectors=[self.projector],
            states=self,
            grouped=False,
        )
        self.store = SqlPeopleStore(self.engine)
        self.sessions = Sessions(SqlSessionStore(self.engine), self.clock, self.random_bytes)
        self.people = People(
            store=self.store,
            sessions=self.sessions,
            passwords=Passwords(),
            lock_out=LockOut(SqlAttemptStore(self.engine), self.clock, self.vault.lookup_hash),
            random_bytes=self.random_bytes,
        )
        self.changes = PeopleChanges(
            people=self.people,
            journal=self.journal,
            new_id=self.new_id,
            lookup=self.vault.lookup_hash,
            claims=self.claims,
        )

    def claims(self, person: str) -> list[str]:
        """Cases this person has claimed and that were not released."""
        free = {body["case"] for body in self.bodies() if body["type"] == "case_released"}
        return [
            ref
            for ref, case in self.cases.items()
            if case.claim and case.claim.person == person and ref not in free
        ]

    def ahead(self, _connection: object, commands: Sequence[Command]) -> None:
        """Everything is at hand."""

    def state(self, _connection: object, now: datetime) -> CasesAtHand:
        """What a command sees."""
        self.commands += 1
        return CasesAtHand(now, self.cases)

    def add(
        self, name: str, role: Role = Role.OFFICER, password: str | None = "a long password"
    ) -> str:
        """Add somebody; their reference."""
        new = NewPerson(
            name=name,
            role=role,
            branch="north",
            limit_minor=500_000,
            currency="DEM",
            password=None if role is Role.SERVICE else password,
        )
        return self.changes.add(HOST, new).ref

    def entries(self) -> list[Entry]:
        """Every entry of the ledger."""
        with reading(self.engine) as connection:
            return entries_between(connection, "test", 0, 1_000)

    def bodies(self) -> list[dict[str, Any]]:
        """What the entries say."""
        return [json.loads(entry.body) for entry in self.entries()]

    def kinds(self) -> list[str]:
        """Kinds of the entries, in order."""
        return [entry.type for entry in self.entries()]

    def rebuild(self, *, opened: bool = True) -> None:
        """Fill the list of people again, with or without what is encrypted."""
        names = self.people.names(person.ref for person in self.people.everyone())
        with writing(self.engine) as connection:
            self.projector.clear(connection)
            for entry in entries_between(connection, "test", 0, 1_000):
                event = read_event(entry.body)
                name = names[str(event.data["person"])]
                slots = {"name": {"name": name}} if opened and event.commit else {}
                with HotPath(connection) as path:
                    self.projector.apply(path, event, slots)

    def close(self) -> None:
        """Let go of the database."""
        self.journal.close()
        self.engine.dispose()
