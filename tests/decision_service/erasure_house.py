"""An installation in which something is to be erased: two parties, closed cases, two people."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from decision_service.access import HOST
from decision_service.erasures import ErasureActs, Named
from decision_service.people_changes import NewPerson, people_changes
from overrides.erasing import Request
from overrides.errors import SlotErased
from overrides.stores.engine import open_engine, writing
from overrides.stores.guards import install_guards, remove_guards
from overrides.values import Actor, Role
from tests.decision_service.desk_house import DeskHouse, desk_house
from ui.views import EvidenceTyped

NOTE = "Zanzibar payslips were seen in the original and fit the account."
COPIED = ("ledger_payload", "data_key")
EVERYONE = (
    ("carla", Role.COMPLIANCE),
    ("dora", Role.COMPLIANCE),
    ("rita", Role.RISK),
)


@dataclass
class ErasureHouse:
    """The house, and what is done about erasures in it."""

    desk: DeskHouse
    acts: ErasureActs
    people: Mapping[str, Actor]

    @property
    def services(self) -> Any:
        """The parts of the installation."""
        return self.desk.services

    def closed(
        self, *refs: str, note: str = NOTE, evidence: str = "archive/77", **members: Any
    ) -> dict[str, Any]:
        """A decided case of these parties, with a note and evidence; its decision object."""
        parties = [
            {"ref": ref, "role": "applicant" if number == 0 else "co-applicant"}
            for number, ref in enumerate(refs)
        ]
        told: dict[str, Any] = {"parties": parties} if parties else {}
        made = self.desk.apply(**told, **members)
        advice = made["recommendation"]
        form = self.desk.form(
            "hanna",
            made["case_id"],
            decision="approve" if advice == "refer" else advice,
            note=note,
            evidence=(EvidenceTyped(kind="BANK_STMT", reference=evidence),),
        )
        self.desk.desk.review(self.desk.viewer("hanna"), made["case_id"], form)
        return made

    def ask(self, who: str = "carla", ground: str = "person_asked", **named: Any) -> Request:
        """Ask that something be erased."""
        target = self.acts.target(Named(**named))
        return self.acts.ask(self.people[who], target, ground, "letter 17")

    def erase(self, **named: Any) -> Request:
        """Ask and approve."""
        asked = self.ask(**named)
        return self.acts.approve(self.people["dora"], asked.request_id, asked.root, "seen")

    def altered(self, *statements: str, **values: Any) -> None:
        """Statements of somebody who owns the database: guards gone meanwhile, then put back."""
        engine = open_engine(self.services.settings.url)
        with writing(engine) as connection:
            remove_guards(connection)
            for statement in statements:
                connection.execute(text(statement), values)
            install_guards(connection)
        engine.dispose()

    def parts(self, case_id: str) -> dict[tuple[str, str], str]:
        """Every part of a case about its parties: kind of entry and slot, whether it is read."""
        found = {}
        for entry in self.services.ledger.entries_of_case(case_id):
            if entry.type.startswith(("erasure", "legal_hold")):
                continue
            for slot, part in self.services.ledger.open_slots(entry.event_id).items():
                found[entry.type, slot] = "erased" if isinstance(part, SlotErased) else "read"
        return found


class Copies:
    """Rows of personal parts and keys, kept by somebody who owns the database."""

    def __init__(self, house: ErasureHouse) -> None:
        self.house = house
        house.altered(*(f"CREATE TABLE {t}_kept AS SELECT * FROM {t}" for t in COPIED))

    def put_back(self) -> None:
        """Those of them that are gone, as they were."""
        self.house.altered(
            "INSERT INTO ledger_payload SELECT * FROM ledger_payload_kept k WHERE NOT EXISTS"
            " (SELECT 1 FROM ledger_payload p"
            " WHERE p.log = k.log AND p.seq = k.seq AND p.slot = k.slot)",
            "INSERT INTO data_key SELECT * FROM data_key_kept k WHERE NOT EXISTS"
            " (SELECT 1 FROM data_key d WHERE d.dek_id = k.dek_id)",
        )


@contextmanager
def erasure_house(data: Path, url: str = "", **options: Any) -> Iterator[ErasureHouse]:
    """An installation with the people who erase."""
    with desk_house(data, url, **options) as desk:
        changes = people_changes(desk.services)
        people = {}
        for name, role in EVERYONE:
            new = NewPerson(name=name, role=role, currency="DEM", password="a long password")
            person = desk.services.people.actor(changes.add(HOST, new).ref)
            assert person is not None
            people[name] = person
        yield ErasureHouse(desk, ErasureActs(desk.services), people)
