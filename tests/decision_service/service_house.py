"""A whole service in a temporary folder, with one real bundle, for the tests of the service."""

import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from decision_service import wiring
from decision_service.access import HOST
from decision_service.app import create_app
from decision_service.errors import PersonKnown
from decision_service.people_changes import NewPerson, people_changes
from decision_service.services import Services
from decision_service.settings import Settings
from decision_service.signer_wiring import signer_at_work
from explain.bundle import Bundle
from explain.declared.bundle_files import seal
from explain.explainers import Parts
from explain.values import Row
from overrides.errors import SlotErased
from overrides.values import Actor, Role
from tests.decision_service.letting_out import promote_unsigned
from tests.sample_models.trained import sample_bundles

BUNDLE = "german-credit"
PASSWORD = "correct horse battery"

Attribute = Callable[[Sequence[Row]], list[Parts]]


@dataclass
class Chance:
    """The audit sample's chance, set by hand; 1.0 draws nobody."""

    number: float = 1.0

    def __call__(self) -> float:
        """The number that was set."""
        return self.number


@dataclass
class FaultyExplainer:
    """A model that does what it is told to instead of explaining."""

    attribute: Attribute
    method: str = "tree_path_dependent"


@dataclass
class House:
    """An installation that serves, and how to talk to it."""

    services: Services
    chance: Chance
    client: TestClient
    signer: "HouseSigner"
    keys: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    def key_of(self, name: str, role: Role = Role.SERVICE, **terms: Any) -> str:
        """The key of somebody, who is added when first named."""
        if name not in self.keys:
            changes = people_changes(self.services)
            password = None if role is Role.SERVICE else PASSWORD
            new = NewPerson(name=name, role=role, currency="DEM", password=password, **terms)
            with suppress(PersonKnown):  # of an installation that is opened again
                changes.add(HOST, new)
            self.keys[name] = changes.add_key(HOST, name)[1].text
        return self.keys[name]

    def headers(self, name: str = "core", role: Role = Role.SERVICE) -> dict[str, str]:
        """Headers of a request by somebody."""
        return {"Authorization": f"Bearer {self.key_of(name, role)}"}

    def fresh_key(self) -> str:
        """An Idempotency-Key that was not used before."""
        self._count += 1
        return f"key-{self._count}"

    def decide(self, key: str = "", **members: Any) -> Any:
        """Send one application; without fields, the bundle's example."""
        body = dict(members)
        if "fields" not in body:
            body["fields"] = self.example
        body.setdefault("application_id", f"A-{self.fresh_key()}")
        headers = {**self.headers(), "Idempotency-Key": key or self.fresh_key()}
        return self.client.post("/v1/decisions", json=body, headers=headers)

    def get(self, path: str, name: str = "core", role: Role = Role.SERVICE) -> Any:
        """Read something."""
        return self.client.get(path, headers=self.headers(name, role))

    @property
    def example(self) -> dict[str, Any]:
        """The example's fields."""
        return dict(self.bundle.example["fields"])

    @property
    def bundle(self) -> Bundle:
        """The bundle in memory."""
        loaded = self.services.registry.in_use(BUNDLE).loaded
        assert loaded is not None
        return loaded.bundle

    @property
    def folder(self) -> Path:
        """Where the registered bundle lies."""
        return self.bundle.directory

    @property
    def size(self) -> int:
        """Entries in the ledger."""
        return self.services.ledger.head().size

    def opened(self, event_id: str) -> dict[str, Any]:
        """The personal parts of an entry, none of them erased."""
        found = self.services.ledger.open_slots(event_id)
        assert not any(isinstance(slot, SlotErased) for slot in found.values())
        return dict(found)

    def break_model(self, attribute: Attribute) -> Callable[[], None]:
        """Let the model do this instead; returns what puts it right again."""
        adapter, explainer = self.bundle.parts_in_memory()
        self.bundle.use(adapter, FaultyExplainer(attribute))
        return lambda: self.bundle.use(adapter, explainer)

    def close(self) -> None:
        """Stop."""
        self.client.close()
        self.services.close()
        self.signer.close()


class HouseSigner:
    """The signer of a house, in a thread instead of a process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """Sign what is left and stop."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        """Sign like the process does."""
        home = self._settings.signer
        with signer_at_work(self._settings, home, on_problem=lambda _: None, words=str) as at_work:
            at_work.run(self._closing.wait)


def open_house(
    data: Path,
    *,
    policy: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> House:
    """An installation whose champion is the trees bundle, with these lines in its policy."""
    chance = Chance()
    services = wiring.build(Settings(data=data, **(settings or {})), serving=True, chance=chance)
    if not services.registry.standings(fresh=True).versions:
        services.registry.add(bundle_with(data / "incoming", policy or {}), HOST)
        promote_unsigned(services.registry, BUNDLE)
    app = create_app(services, warm=False)
    return House(services, chance, TestClient(app), HouseSigner(services.settings))


def bundle_with(folder: Path, policy: Mapping[str, str]) -> Path:
    """A copy of the trees bundle whose policy says these members otherwise."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sample_bundles() / BUNDLE, folder)
    path = folder / "policy.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    for member, value in policy.items():
        place = next(i for i, line in enumerate(lines) if line.startswith(f"{member}:"))
        lines[place] = f"{member}: {value}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    seal(folder, BUNDLE)
    return folder


def officer(name: str = "asha", branch: str = "north") -> Actor:
    """Somebody who decides."""
    return Actor(name, name, Role.OFFICER, branch, 500_000)


class Gate:
    """Holds whoever waits at it until it is opened; opened for good at the end of a test."""

    def __init__(self) -> None:
        self._open = threading.Event()

    def wait(self, rows: Sequence[Row]) -> list[Parts]:
        """Hang like a model that never answers."""
        self._open.wait(30)
        return [Parts(0.0, 0.0, ()) for _ in rows]

    def open(self) -> None:
        """Let go."""
        with suppress(RuntimeError):
            self._open.set()
