"""The server looks at matured loans every month, and an alarm names the set to retrain on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from decision_service.board import NOT_ENOUGH
from decision_service.board_page import BoardPage
from decision_service.model_pages import ModelPages
from decision_service.outcome_import import OutcomeImport
from decision_service.watch_words import FIRED, TITLE, watch_json, watch_table, watch_words
from decision_service.watching import Watching, cohorts, watch_all
from overrides.outcome_lines import OutcomeLine, read_record
from tests.decision_service.desk_house import BUNDLE, DeskHouse, desk_house
from tests.decision_service.letting_out import VALIDATOR
from tests.overrides.test_metrics import AS_OF, DEFINITION, fact

MONTH = date(2025, 1, 1)
LATER: list[dict[str, str]] = []


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """Loans of one month under a watch declared before, that all went bad."""
    with desk_house(tmp_path_factory.mktemp("watched")) as made:
        watching = Watching(made.services)
        watching.declare(VALIDATOR, BUNDLE, {"odds": 5.0, "lag_months": 1}, "agreed with owners")
        for _ in range(6):
            loan = made.apply_until("approve")
            case = loan["case_id"]
            made.desk.review(
                made.viewer("hanna"), case, made.form("hanna", case, decision="approve")
            )
            record = {
                "application_id": loan["application_id"],
                "observed_at": "2026-09-01",
                "kind": "written_off",
                "value": "",
            }
            made.clock.at += timedelta(seconds=1)
            LATER.append(record)
        yield made


def test_a_look_is_taken_when_a_month_has_matured_and_its_alarm_proposes_retraining(
    house: DeskHouse,
) -> None:
    services = house.services
    watch_all(services)
    watch = services.watches.known(fresh=True).held(BUNDLE)
    assert watch is not None
    assert watch.looks == ()
    assert NOT_ENOUGH in watch_words(watch)
    house.clock.passes(days=400)
    OutcomeImport(services).records(
        [OutcomeLine(0, read_record(one)) for one in LATER], house.actors["core"]
    )
    house.clock.at = watch.plan.closes(date(2026, 3, 1))
    watch_all(services)
    watch_all(services)
    watch = services.watches.known(fresh=True).held(BUNDLE)
    assert watch is not None
    last = watch.looks[-1]
    assert (last.month, last.loans, last.bad, last.fires) == (date(2026, 3, 1), 6, 6, True)
    assert watch.proposal is not None
    (made,) = services.cases.feedback_exports()
    assert made.manifest_sha256 == watch.proposal.manifest_sha256
    manifest = services.settings.feedback / watch.proposal.folder / "manifest.json"
    assert sha256(manifest.read_bytes()).hexdigest() == watch.proposal.manifest_sha256
    assert watch.proposal.manifest_sha256 in watch_words(watch)
    assert watch_json(watch)["fired"] is True
    kinds = [e.type for e in services.ledger.changes(-1, 1000, ("retraining_proposed",))]
    assert kinds == ["retraining_proposed"], "once, however often the server looks"
    board = BoardPage(services).board(house.viewer("kofi"), BUNDLE)
    section = next(one for one in board.sections if one.title == TITLE)
    assert FIRED in section.lead
    assert len(section.table) == 1 + len(watch.looks)
    card = ModelPages(services).bundle(house.viewer("kofi"), BUNDLE)
    assert (card.watch, card.watch_words) == (watch_table(watch), watch_words(watch))


def test_only_loans_that_tell_of_the_score_are_counted_and_the_rest_is_left_out() -> None:
    agreed = [fact("approve", "approve", worst=120), fact("approve", "approve", worst=0)]
    unknown = fact("approve", "approve")
    against = fact("decline", "approve", worst=0)
    referred = fact("refer", "approve", worst=0)
    other_terms = replace(fact("approve", "approve", worst=0), countered=True)
    chance = replace(against, side=None, ending=replace(against.ending, random_accept=True))
    every = [*agreed, unknown, against, referred, other_terms, chance, fact("approve")]
    (found,) = cohorts(every, [MONTH], DEFINITION, AS_OF)
    assert sorted(found.outcomes) == [(0.1, False), (0.1, True), (0.4, False)]
    assert found.left_out == 1


def test_loans_are_of_the_month_they_were_decided_in() -> None:
    late = fact("approve", "approve", worst=0, opened=datetime.fromisoformat("2025-01-31T23:30Z"))
    found = cohorts([late], [MONTH, date(2025, 2, 1)], DEFINITION, AS_OF + timedelta(days=60))
    assert [len(one.outcomes) for one in found] == [0, 1]


def test_nobody_watches_until_somebody_declares_it(tmp_path: Path) -> None:
    with desk_house(tmp_path / "data") as house:
        card = ModelPages(house.services).bundle(house.viewer("kofi"), BUNDLE)
        assert "Nobody declared" in card.watch_words
