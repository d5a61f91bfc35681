"""Promotion waits for the validator and the four owners, in the transaction that records it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from decision_service.access import HOST
from decision_service.errors import InvalidRequest, UnknownPerson
from decision_service.governing import Governing, suspend_lapsed
from decision_service.governing_pages import GoverningPages
from decision_service.services import Services
from decision_service.validation_files import read_validation
from overrides.events import read_event
from overrides.governance_errors import NotSignedOff, OtherVersion
from overrides.values import Role
from tests.decision_service.desk_house import DeskHouse, desk_house
from tests.decision_service.letting_out import SIGNERS, VALIDATOR, record_of, sign_all
from tests.decision_service.service_house import BUNDLE, bundle_with
from ui.ports import Refused


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DeskHouse]:
    """A house with a newer version than its champion's."""
    with desk_house(tmp_path / "data") as built:
        built.services.registry.add(bundle_with(tmp_path / "next", {"near_cutoff": '"0.04"'}), HOST)
        yield built


@pytest.fixture
def services(house: DeskHouse) -> Services:
    return house.services


def validate(services: Services, **members: object) -> None:
    Governing(services).validate(VALIDATOR, BUNDLE, record_of(services, BUNDLE, **members))


def test_a_newer_version_decides_once_it_is_validated_and_signed(services: Services) -> None:
    registry = services.registry
    with pytest.raises(NotSignedOff, match="no validation record"):
        registry.promote(BUNDLE, HOST)
    validate(services)
    with pytest.raises(NotSignedOff, match="compliance has not signed"):
        registry.promote(BUNDLE, HOST)
    sign_all(services, BUNDLE)
    standing = registry.promote(BUNDLE, HOST)
    assert standing.active == standing.versions[-1]
    (*_, last) = services.ledger.changes(-1, 1000, ("bundle_promoted",))
    named = read_event(last.body).data["signed"]
    record = registry.record(standing.active)
    assert record.validation is not None
    assert named == [record.validation.event_id, *(one.event_id for one in record.signed)]


def test_a_version_that_was_not_looked_at_is_not_validated(
    services: Services, tmp_path: Path
) -> None:
    read = record_of(services, BUNDLE)
    services.registry.add(bundle_with(tmp_path / "third", {"near_cutoff": '"0.03"'}), HOST)
    with pytest.raises(OtherVersion):
        Governing(services).validate(VALIDATOR, BUNDLE, read)


def test_the_texts_of_a_validation_are_kept_encrypted(services: Services) -> None:
    finding = {"id": "F1", "severity": "low", "text": "Sparse over 70.", "status": "open"}
    validate(services, findings=[finding])
    (entry,) = services.ledger.changes(-1, 1000, ("bundle_validated",))
    assert b"Sparse" not in entry.body
    opened = services.ledger.open_slots(entry.event_id, ("record",))["record"]
    assert isinstance(opened, dict)
    assert opened["findings"] == [finding]


@pytest.mark.parametrize(
    ("members", "at"),
    [
        ({"tests": []}, "/tests"),
        ({"exposure": "huge"}, "/exposure"),
        ({"extra": "x"}, "/extra"),
        ({"expires": "soon"}, "/expires"),
        ({"findings": [{"id": "my finding"}]}, "/findings/0/id"),
    ],
)
def test_a_record_that_says_too_little_is_refused_by_member(
    services: Services, members: dict[str, object], at: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        validate(services, **members)
    assert at in [fault.pointer for fault in refused.value.faults]


def test_a_finding_is_numbered_once_and_a_developer_is_somebody(services: Services) -> None:
    one = {"id": "F1", "severity": "low", "text": "a", "status": "open"}
    with pytest.raises(InvalidRequest, match="once"):
        validate(services, findings=[one, one])
    with pytest.raises(UnknownPerson):
        validate(services, developers=["nobody at all"])
    with pytest.raises(InvalidRequest):
        read_validation("- a\n- &b c\n- *b\n", str)


def test_a_champion_by_exception_is_stopped_when_it_runs_out_and_stays_so(
    house: DeskHouse, services: Services
) -> None:
    governing, registry = Governing(services), services.registry
    until = services.clock() + timedelta(days=5)
    governing.ask_exception(SIGNERS[Role.MODEL_OWNER], BUNDLE, 24, until, "the old one fails")
    for role in (Role.RISK, Role.COMPLIANCE, Role.OPERATIONS):
        governing.vote(SIGNERS[role], BUNDLE, agrees=True)
    registry.promote(BUNDLE, HOST)
    suspend_lapsed(services)
    assert not registry.standings(fresh=True).standing(BUNDLE).suspended
    house.clock.passes(days=6)
    suspend_lapsed(services)
    assert registry.standings(fresh=True).standing(BUNDLE).suspended
    size = services.ledger.head().size
    suspend_lapsed(services)
    assert services.ledger.head().size == size
    with pytest.raises(NotSignedOff):
        registry.resume(BUNDLE, HOST)
    validate(services)
    sign_all(services, BUNDLE)
    registry.resume(BUNDLE, HOST)
    assert not registry.standings(fresh=True).standing(BUNDLE).suspended


def test_an_owner_signs_on_the_page_once_and_what_was_shown(house: DeskHouse) -> None:
    services, pages = house.services, GoverningPages(house.services)
    validate(services)
    kofi = house.viewer("kofi")
    seen = pages.sign_offs(kofi, BUNDLE)
    assert (seen.sign_for, seen.ready, seen.tests) == (
        "compliance",
        False,
        (("promises", "kept", True),),
    )
    with pytest.raises(Refused, match="not the one you read"):
        pages.sign(kofi, BUNDLE, "", "", "k1")
    said = pages.sign(kofi, BUNDLE, seen.validation_id, "read", "k2")
    assert pages.sign(kofi, BUNDLE, seen.validation_id, "read", "k2") == said
    with pytest.raises(Refused):
        pages.sign(kofi, BUNDLE, seen.validation_id, "read", "k3")
    after = pages.sign_offs(house.viewer("mina"), BUNDLE)
    assert [owner.signer for owner in after.owners] == ["", "", "kofi", ""]
    assert after.sign_for == ""
    with pytest.raises(Refused) as refused:
        pages.sign(house.viewer("mina"), BUNDLE, seen.validation_id, "", "k4")
    assert refused.value.status == 403
