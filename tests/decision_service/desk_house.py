"""A whole installation with the sample model, people of two branches, and real applications."""

import csv
import itertools
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from decision_service.access import HOST
from decision_service.casework import Casework
from decision_service.people_changes import NewPerson, PeopleChanges
from decision_service.people_pages import viewer_of
from decision_service.services import Services
from decision_service.settings import Settings
from decision_service.wiring import build
from explain.bundle import describe
from overrides.values import Actor, Role
from tests.decision_service.letting_out import promote_unsigned
from tests.sample_models.trained import sample_bundles
from ui.views import ActForm, Viewer

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BUNDLE = "german-credit"

PEOPLE: tuple[tuple[str, Role, str, int], ...] = (
    ("asha", Role.OFFICER, "north", 1_000_000),
    ("bruno", Role.OFFICER, "north", 1_000_000),
    ("chitra", Role.OFFICER, "river", 1_000_000),
    ("elena", Role.SENIOR_OFFICER, "north", 2_000_000),
    ("greta", Role.TEAM_LEAD, "north", 0),
    ("hanna", Role.CREDIT_MANAGER, "north", 9_000_000),
    ("kofi", Role.COMPLIANCE, "", 0),
    ("mina", Role.DATA_SCIENTIST, "", 0),
    ("otto", Role.OPERATIONS, "", 0),
    ("root", Role.ADMIN, "", 0),
    ("core", Role.SERVICE, "", 0),
    ("other-core", Role.SERVICE, "", 0),
)


@dataclass
class Clock:
    """A clock that moves a millisecond when it is read, and further when told to."""

    at: datetime = START

    def __call__(self) -> datetime:
        """The time."""
        self.at += timedelta(milliseconds=1)
        return self.at

    def passes(self, **how_long: float) -> None:
        """Let time pass."""
        self.at += timedelta(**how_long)


@cache
def applications() -> tuple[Mapping[str, Any], ...]:
    """The held-out applications as request bodies without branch, in the order of the file."""
    contract = describe(sample_bundles() / BUNDLE).contract
    with (sample_bundles() / "held_out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        {
            "application_id": row["application_id"],
            "fields": contract.from_text({k: v for k, v in row.items() if k in contract}),
        }
        for row in rows
    )


@dataclass
class DeskHouse:
    """The installation and quick ways to use it."""

    services: Services
    clock: Clock
    actors: Mapping[str, Actor]
    _applications: Iterator[Mapping[str, Any]] = field(default_factory=lambda: iter(applications()))
    _keys: Iterator[int] = field(default_factory=itertools.count)

    @property
    def desk(self) -> Casework:
        """The desk."""
        return Casework(self.services)

    def viewer(self, name: str) -> Viewer:
        """Somebody looking at pages."""
        return viewer_of(self.actors[name])

    def key(self) -> str:
        """A fresh idempotency key."""
        return f"key-{next(self._keys)}"

    def apply(self, *, by: str = "core", **members: Any) -> dict[str, Any]:
        """Send the next application; its decision object."""
        body = {**next(self._applications), "branch": "north", **members}
        answer = self.services.decisions.decide_now(body, self.actors[by], self.key())
        return dict(answer.body)

    def simulate(self) -> dict[str, Any]:
        """Send the next application as a simulated one; its decision object."""
        body = {**next(self._applications), "branch": "north"}
        core = self.actors["core"]
        return dict(self.services.decisions.decide_now(body, core, "", simulated=True).body)

    def again(self, application_id: str, **members: Any) -> dict[str, Any]:
        """Send an application once more, changed as told; its decision object."""
        found = next(a for a in applications() if a["application_id"] == application_id)
        body = {**found, "branch": "north", **members}
        answer = self.services.decisions.decide_now(body, self.actors["core"], self.key())
        return dict(answer.body)

    def apply_until(self, recommendation: str, **members: Any) -> dict[str, Any]:
        """Send applications until one gets this recommendation."""
        while True:
            made = self.apply(**members)
            if made["recommendation"] == recommendation:
                return made

    def form(self, who: str, case_id: str, **members: Any) -> ActForm:
        """A form filled in on the case's page as it stands."""
        view = self.desk.case(self.viewer(who), case_id)
        filled = {"seen_version": view.version, "idempotency_key": self.key(), **members}
        return ActForm(**filled)

    def kinds(self, case_id: str) -> list[str]:
        """Kinds of the entries of a case, in order."""
        return [entry.type for entry in self.services.ledger.entries_of_case(case_id)]


@contextmanager
def desk_house(
    data: Path, url: str = "", *, serving: bool = False, demo_note: str = ""
) -> Iterator[DeskHouse]:
    """An installation in a directory; on another database than the embedded one if named."""
    clock = Clock()
    chance = random.Random(11)
    services = build(
        Settings(data=data, database_url=url, log="test.example/desk"),
        serving=serving,
        clock=clock,
        chance=lambda: 0.99,
        random_bytes=chance.randbytes,
        demo_note=demo_note,
    )
    try:
        services.registry.add(sample_bundles() / BUNDLE, HOST)
        promote_unsigned(services.registry, BUNDLE)
        changes = PeopleChanges(
            people=services.people,
            journal=services.journal,
            new_id=services.new_id,
            lookup=services.vault.lookup_hash,
            claims=services.cases.claims_of,
        )
        actors = {}
        for name, role, branch, limit in PEOPLE:
            new = NewPerson(
                name=name,
                role=role,
                branch=branch,
                limit_minor=limit,
                currency="DEM",
                password=None if role is Role.SERVICE else "a long password",
            )
            person = services.people.actor(changes.add(HOST, new).ref)
            assert person is not None
            actors[name] = person
        yield DeskHouse(services, clock, actors)
    finally:
        services.close()


def spoiled_copy(folder: Path) -> Path:
    """A copy of the sample bundle that a test may spoil."""
    return Path(shutil.copytree(sample_bundles() / BUNDLE, folder))
