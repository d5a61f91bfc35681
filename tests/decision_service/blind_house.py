"""An installation where every case is drawn for a first view, and a score that is planted."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from decision_service.services import Services
from explain.explainers import Parts
from explain.values import Row
from overrides.blind_first import fingerprint
from overrides.journal import Decided
from overrides.oversight import Practice, decide_notice, decide_switch
from overrides.values import Actor
from tests.decision_service.desk_house import BUNDLE, DeskHouse, desk_house
from tests.decision_service.service_house import FaultyExplainer

NOTICE = "ab" * 32
HIGH, MIDDLE = (0.7182818284590453, 2.0345678912345602), (-0.8772156649015329, 0.3018512345678901)


def notify(services: Services, actor: Actor, *practices: Practice) -> None:
    """Record a notice to staff, given today."""
    now = services.clock()
    record(services, decide_notice(actor, practices, NOTICE, now.date(), now, services.new_id))


def switch(services: Services, actor: Actor, practice: Practice, share: str) -> None:
    """Set a share."""
    seed = fingerprint(services.oversight.make_seed(services.vault.random_bytes))
    known = services.oversight.practices(fresh=True)
    record(services, decide_switch(known, actor, practice, Decimal(share), seed, services.new_id))
    services.oversight.practices(fresh=True)


def record(services: Services, decided: Decided) -> None:
    """Write it."""
    services.journal.submit(lambda _: decided).result()


@contextmanager
def blind_house(data: Path, share: str = "1") -> Iterator[DeskHouse]:
    """People who were told, and cases that are drawn for this share."""
    with desk_house(data) as house:
        notify(house.services, house.actors["kofi"], *Practice)
        switch(house.services, house.actors["kofi"], Practice.BLIND_FIRST, share)
        yield house


def planted(house: DeskHouse, amounts: tuple[float, float], **members: Any) -> dict[str, Any]:
    """An application that the model scores by these two contributions and nothing else."""

    def attribute(rows: Sequence[Row]) -> list[Parts]:
        rest = [0.0] * (len(rows[0]) - len(amounts))
        return [Parts(sum(amounts), 0.0, (*amounts, *rest))] * len(rows)

    loaded = house.services.registry.in_use(BUNDLE).loaded
    assert loaded is not None
    adapter, explainer = loaded.bundle.parts_in_memory()
    loaded.bundle.use(adapter, FaultyExplainer(attribute))
    try:
        return house.apply(**members)
    finally:
        loaded.bundle.use(adapter, explainer)
