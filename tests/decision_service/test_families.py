"""Models of other libraries serve like any: decided, explained, recorded, read back."""

import math
from collections.abc import Iterator

import pytest

from decision_service.access import HOST
from decision_service.casework import Casework
from decision_service.people_changes import NewPerson, people_changes
from decision_service.people_pages import viewer_of
from explain.bundle import load
from overrides.events import read_event
from overrides.values import Role
from sample_models.samples import german
from tests.decision_service.letting_out import promote_unsigned
from tests.decision_service.service_house import BUNDLE, House, open_house
from tests.explain.families import ON_PROBABILITY, bundle_of
from tests.sample_models.trained import sample_bundles


@pytest.fixture(scope="module", params=["catboost", "xgboost", *sorted(ON_PROBABILITY)])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A service whose champion is of this family."""
    folder = tmp_path_factory.mktemp("family")
    contract = load(sample_bundles() / BUNDLE, prove=False).contract
    rows = [contract.check(contract.from_text(one.cells)).features for one in german()[:400]]
    opened = open_house(folder / "data")
    opened.services.registry.add(bundle_of(request.param, folder / "bundle", contract, rows), HOST)
    promote_unsigned(opened.services.registry, BUNDLE)
    yield opened
    opened.close()


def scale_of(house: House) -> str:
    """The scale its champion's scores should be on."""
    return "probability" if house.bundle.scale == "probability-of-bad" else "log-odds"


def test_an_application_is_decided_and_explained_by_it(house: House) -> None:
    answer = house.decide()
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["score"]["scale"] == scale_of(house)
    assert made["reasons"]["reliable"] is True
    (score,) = house.bundle.score([house.bundle.contract.check(house.example).features])
    raw = float(made["score"]["raw"])
    assert raw == pytest.approx(score, abs=2e-5)
    read = house.get(f"/v1/decisions/{made['decision_id']}").json()
    assert read["score"] == made["score"]
    parts = [float(told["contribution"]) for told in read["contributions"]]
    assert math.fsum([float(made["reasons"]["base"]), *parts]) == pytest.approx(raw, abs=1e-9)
    chance = float(made["score"]["probability_of_bad"])
    on_probability = scale_of(house) == "probability"
    assert chance == pytest.approx(raw if on_probability else 1 / (1 + math.exp(-raw)), abs=1e-9)


def test_an_entry_names_the_scale_where_it_is_not_the_log_odds(house: House) -> None:
    made = house.decide().json()
    entry = house.services.ledger.entry(made["ledger"]["seq"])
    assert entry is not None
    wanted = "probability" if scale_of(house) == "probability" else None
    assert read_event(entry.body).data.get("scale") == wanted


def test_the_case_page_names_the_scale(house: House) -> None:
    made = house.decide().json()
    new = NewPerson(name="hanna", role=Role.CREDIT_MANAGER, limit_minor=10**9, currency="DEM")
    manager = house.services.people.actor(people_changes(house.services).add(HOST, new).ref)
    assert manager is not None
    shown = Casework(house.services).case(viewer_of(manager), made["case_id"])
    assert shown.scale_words == scale_of(house)
