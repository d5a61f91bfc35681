"""A model decides only when its files are the registered ones, and every change is an entry."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from decision_service import wiring
from decision_service.access import HOST
from decision_service.errors import (
    BundleKnown,
    BundleUnavailable,
    NoChampion,
    NothingToRollBack,
    StandingUnchanged,
    UnknownBundle,
)
from decision_service.registry import Registry
from decision_service.services import Services
from decision_service.settings import Settings
from explain.bundle import Bundle
from explain.declared.bundle_files import seal
from explain.errors import BundleError, BundleInvalid
from overrides.events import read_event
from overrides.values import Direction
from tests.decision_service.letting_out import promote_unsigned
from tests.decision_service.service_house import BUNDLE, bundle_with
from tests.sample_models.trained import sample_bundles


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    built = wiring.build(Settings(data=tmp_path / "data"), serving=False)
    yield built
    built.close()


@pytest.fixture
def registry(services: Services) -> Registry:
    return services.registry


def add(registry: Registry, tmp_path: Path, **policy: str) -> str:
    return registry.add(bundle_with(tmp_path / "incoming", policy), HOST).sha256


def test_a_registered_bundle_lies_where_the_service_looks_and_is_proven(
    services: Services, tmp_path: Path
) -> None:
    sha256 = add(services.registry, tmp_path)
    folder = services.settings.bundles / BUNDLE / sha256[:16]
    assert (folder / "manifest.json").is_file()
    used = services.registry.in_use(BUNDLE)
    assert used.problem == ""
    assert used.loaded is not None
    assert used.loaded.bundle.directory == folder


def test_nothing_decides_by_default_before_a_promotion(registry: Registry, tmp_path: Path) -> None:
    add(registry, tmp_path)
    with pytest.raises(NoChampion):
        registry.in_use()
    promote_unsigned(registry, BUNDLE)
    assert registry.in_use().version.name == BUNDLE


def test_a_folder_that_breaks_a_promise_is_not_registered(
    services: Services, tmp_path: Path
) -> None:
    folder = bundle_with(tmp_path / "incoming", {})
    (folder / "card.md").write_text("another card", encoding="utf-8")
    size = services.ledger.head().size
    with pytest.raises(BundleError):
        services.registry.add(folder, HOST)
    assert services.ledger.head().size == size
    assert not services.settings.bundles.exists()


def test_a_bundle_whose_reasons_nobody_could_read_is_not_registered(
    registry: Registry, tmp_path: Path
) -> None:
    folder = bundle_with(tmp_path / "incoming", {})
    path = folder / "codebook.yaml"
    book = path.read_text(encoding="utf-8")
    path.write_text(book.replace('{en: "', '{en: "Notwithstanding insufficiency, ', 1))
    seal(folder, BUNDLE)
    with pytest.raises(BundleInvalid, match="hard to read"):
        registry.add(folder, HOST)
    assert registry.standings(fresh=True).versions == {}


def test_the_same_version_is_registered_once(registry: Registry, tmp_path: Path) -> None:
    add(registry, tmp_path)
    with pytest.raises(BundleKnown):
        add(registry, tmp_path)


def test_every_change_is_an_entry_with_the_three_versions(
    services: Services, tmp_path: Path
) -> None:
    registry = services.registry
    add(registry, tmp_path)
    promote_unsigned(registry, BUNDLE)
    registry.suspend(BUNDLE, HOST, "too many complaints")
    registry.resume(BUNDLE, HOST)
    events = [read_event(entry.body) for entry in services.ledger.entries(1, 10)]
    assert [event.type for event in events] == [
        "bundle_registered",
        "bundle_promoted",
        "bundle_suspended",
        "bundle_resumed",
    ]
    for event in events:
        assert None not in (event.model, event.policy, event.codebook)
        assert event.actor == HOST.ref
    note = services.ledger.open_slots(events[2].event_id, ["note"])["note"]
    assert note == {"text": "too many complaints"}


def test_changes_that_change_nothing_are_refused(registry: Registry, tmp_path: Path) -> None:
    add(registry, tmp_path)
    promote_unsigned(registry, BUNDLE)
    with pytest.raises(StandingUnchanged):
        registry.promote(BUNDLE, HOST)
    with pytest.raises(StandingUnchanged):
        registry.resume(BUNDLE, HOST)
    registry.suspend(BUNDLE, HOST)
    with pytest.raises(StandingUnchanged):
        registry.suspend(BUNDLE, HOST)
    with pytest.raises(NothingToRollBack):
        registry.rollback(BUNDLE, HOST)
    with pytest.raises(UnknownBundle):
        registry.promote("nobody", HOST)


def test_another_version_decides_when_promoted_and_the_first_again_after_a_rollback(
    registry: Registry, tmp_path: Path
) -> None:
    first = add(registry, tmp_path)
    promote_unsigned(registry, BUNDLE)
    second = add(registry, tmp_path, near_cutoff='"0.05"')
    assert registry.in_use().version.sha256 == first
    promote_unsigned(registry, BUNDLE)
    assert registry.in_use().version.sha256 == second
    assert registry.in_use().version.model == registry.standings().versions[BUNDLE][0].model
    registry.rollback(BUNDLE, HOST)
    assert registry.in_use().version.sha256 == first


def test_an_open_case_finds_the_rules_it_was_opened_under(
    registry: Registry, tmp_path: Path
) -> None:
    add(registry, tmp_path)
    old = registry.in_use(BUNDLE).version.policy.sha256
    add(registry, tmp_path, approve_up_to='"0.01"')
    promote_unsigned(registry, BUNDLE)
    assert str(registry.rules(BUNDLE).cutoffs.approve_up_to) == "0.01"
    assert str(registry.rules(BUNDLE, policy=old).cutoffs.approve_up_to) != "0.01"


def test_rules_say_what_the_codebook_says(registry: Registry, tmp_path: Path) -> None:
    add(registry, tmp_path)
    rules, loaded = registry.rules(BUNDLE), registry.loaded(BUNDLE)
    assert rules.concepts == {concept.id for concept in loaded.bundle.concepts}
    assert len(rules.justifications) == len(loaded.bundle.justifications)
    assert {code.direction for code in rules.justifications} <= set(Direction)


def test_another_process_sees_a_change_when_it_looks(services: Services, tmp_path: Path) -> None:
    add(services.registry, tmp_path)
    other = wiring.build(services.settings, serving=False)
    try:
        promote_unsigned(other.registry, BUNDLE)
        assert services.registry.standings(fresh=True).champion == BUNDLE
    finally:
        other.close()


def test_a_folder_that_is_gone_makes_its_version_unavailable(
    services: Services, tmp_path: Path
) -> None:
    add(services.registry, tmp_path)
    shutil.rmtree(services.settings.bundles)
    other = wiring.build(services.settings, serving=False)
    try:
        used = other.registry.in_use(BUNDLE)
        assert (used.loaded, bool(used.problem)) == (None, True)
        assert other.registry.warm() == (BUNDLE,)
        with pytest.raises(BundleUnavailable):
            other.registry.rules(BUNDLE)
    finally:
        other.close()


def test_what_a_version_tells_of_itself_is_verified_and_needs_no_proof(
    services: Services, tmp_path: Path
) -> None:
    add(services.registry, tmp_path)
    other = wiring.build(services.settings, serving=False)
    try:
        told = other.registry.told(BUNDLE, model="of another version")
        assert not isinstance(told, Bundle), "nothing was loaded for it"
        assert other.registry.loaded(BUNDLE).bundle.contract.fields == told.contract.fields
        assert other.registry.loaded(BUNDLE).bundle is other.registry.told(BUNDLE)
    finally:
        other.close()
    (told.directory / "policy.yaml").write_text("")
    other = wiring.build(services.settings, serving=False)
    try:
        with pytest.raises(BundleUnavailable):
            other.registry.told(BUNDLE)
    finally:
        other.close()


def test_a_file_put_back_makes_the_version_available_again(
    services: Services, tmp_path: Path
) -> None:
    add(services.registry, tmp_path)
    used = services.registry.in_use(BUNDLE)
    assert used.loaded is not None
    folder = used.loaded.bundle.directory
    clock = [0.0]
    services.registry._loader._monotonic = lambda: clock[0]
    good = (folder / "card.md").read_bytes()
    (folder / "card.md").write_bytes(b"another")
    clock[0] += 1e6
    assert services.registry.ready(BUNDLE) is None, "it has to be read again"
    assert services.registry.in_use(BUNDLE).problem
    (folder / "card.md").write_bytes(good)
    clock[0] += 1e6
    assert services.registry.in_use(BUNDLE).problem == ""


def test_a_second_sample_bundle_stands_beside_the_champion(
    registry: Registry, tmp_path: Path
) -> None:
    add(registry, tmp_path)
    promote_unsigned(registry, BUNDLE)
    registry.add(sample_bundles() / "german-scorecard", HOST)
    assert [standing.name for standing in registry.standings().all()] == [
        BUNDLE,
        "german-scorecard",
    ]
    assert registry.warm() == ()
