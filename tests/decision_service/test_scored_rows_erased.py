"""What was scored and not decided can be forgotten: by its own reference, by party, when due."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from decision_service.access import HOST
from decision_service.erasure_certificate import certificate
from decision_service.erasure_words import as_text
from decision_service.erasures import Named
from decision_service.facades.kserve import asked
from decision_service.facades.score_only import ScoreOnly, checked_rows
from overrides.canonical import canonical
from overrides.erasing import Standing, Why
from overrides.errors import SlotErased, UnknownCase
from overrides.examination import Trust
from overrides.retention import after_months
from overrides.signing import sign_checkpoint
from overrides.verify import SAME_HOST
from tests.decision_service.erasure_house import ErasureHouse, erasure_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ErasureHouse]:
    with erasure_house(tmp_path_factory.mktemp("data")) as made:
        yield made


def scored(house: ErasureHouse, party: str = "", key: str = "") -> str:
    """Two rows are scored; the reference of what was recorded."""
    used = house.services.registry.in_use("german-credit")
    bundle = used.loaded.bundle
    body: dict[str, Any] = {"instances": [bundle.example["fields"]] * 2}
    if party:
        body["parameters"] = {"party": party}
    question = asked(body, explained=True)
    checked = checked_rows(question.read(bundle.contract), bundle.contract)
    path = ScoreOnly(house.services)
    return path.record(question, checked, used, HOST, key=key, content=party).reference


def clean(house: ErasureHouse) -> bool:
    services = house.services
    sign_checkpoint(services.ledger, services.signer, services.clock)
    trust = Trust(keys=[services.signer.key], keys_from=SAME_HOST, vault=services.vault.holding())
    return str(services.verify(trust).verdict.name) == "CLEAN"


def test_its_own_reference_erases_one_call_and_no_other(house: ErasureHouse) -> None:
    first, second = scored(house, key="once"), scored(house)
    done = house.erase(case=first)
    assert done.standing is Standing.ERASED
    printed = "\n".join(as_text(certificate(house.services, done.request_id)))
    assert "(score_only): inputs" in printed
    assert set(house.parts(first).values()) == {"erased"}
    assert set(house.parts(second).values()) == {"read"}
    with pytest.raises(SlotErased):
        scored(house, key="once")
    with pytest.raises(UnknownCase):
        house.ask(case="01935018-b2f3-7abc-8def-0123456789ab")
    house.services.rebuild()
    assert clean(house)


def test_a_named_party_takes_their_calls_along(house: ErasureHouse) -> None:
    theirs, others = scored(house, "P-zoe"), scored(house, "P-yan")
    case = house.closed("P-zoe")
    house.erase(party="P-zoe")
    assert set(house.parts(theirs).values()) == {"erased"}
    assert ("decision_made", "inputs") in house.parts(case["case_id"])
    assert set(house.parts(others).values()) == {"read"}
    assert clean(house)


def test_a_hold_and_a_law_keep_it(house: ErasureHouse) -> None:
    kept = scored(house, "P-held")
    acts, carla = house.acts, house.people["carla"]
    hold = acts.hold(carla, acts.target(Named(case=kept)), "complaint", "")
    refused = house.ask(case=kept)
    assert (refused.standing, refused.why) == (Standing.REFUSED, Why.HOLD.value)
    acts.lift(carla, hold, "ended", "")
    own = house.services.settings.retention
    rule = {"class": "*", "jurisdiction": "*", "ending": "*", "keep_months": 0}
    rest = {**rule, "erase_after_months": 84, "law": "our policy"}
    mine = {**rule, "ending": "scored", "keep_months": 3, "erase_after_months": 6, "law": "L 1"}
    own.write_bytes(canonical({"rules": [mine, rest]}))
    try:
        refused = house.ask(case=kept)
        assert (refused.why, refused.refusal_ground) == (Why.KEPT_BY_LAW.value, "L 1")
        now: datetime = house.services.clock()
        assert not acts.due(after_months(now, 5))
        due = [line for line in acts.due(after_months(now, 7)) if line.case_ref == kept]
        assert {line.ending for line in due} == {"scored"}
        slots = {part.slot for line in due for part in line.parts}
        assert slots == {"inputs", "explanation", "monitor"}
    finally:
        own.unlink()
