"""Past cases are scored again by a challenger: the reading is recorded, and nothing is decided."""

from pathlib import Path

from decision_service.access import HOST
from decision_service.compare_words import GROUPS, json_of, lines_of, table_of
from decision_service.comparing import challenger_of, replayed, terms_of
from overrides.analysis.challenge import challenged
from tests.decision_service.desk_house import BUNDLE, desk_house
from tests.decision_service.service_house import bundle_with

LENIENT = {"approve_up_to": '"0.99"', "decline_above": '"0.995"', "version": '"2024.2"'}


def test_a_more_lenient_version_swaps_in_what_was_declined_and_its_outcomes_are_unknown(
    tmp_path: Path,
) -> None:
    with desk_house(tmp_path / "data") as house:
        services = house.services
        wanted = ("approve", "decline", "decline")
        for choice in wanted:
            case = house.apply_until(choice)["case_id"]
            form = house.form("hanna", case, decision=choice)
            house.desk.review(house.viewer("hanna"), case, form)
        services.registry.add(bundle_with(tmp_path / "next", LENIENT), HOST)
        size = services.ledger.head().size
        challenger = challenger_of(services, BUNDLE)
        replay = replayed(services, HOST, BUNDLE, challenger)
        recorded = services.ledger.entries(size, 100)
        assert [entry.type for entry in recorded] == ["record_viewed"]
        found = challenged(replay.cases, terms_of(challenger))
        assert (found.agreement.count, found.agreement.of) == (1, 3)
        assert (found.swap_in.of, found.swap_in.unknown, found.swap_out.of) == (2, 2, 0)
        assert found.appear.of == 2, "both declines would go against its advice"
        assert all(case.before == case.after for case in replay.cases), "it is the same model"
        assert len(table_of(found)) == 1 + len(GROUPS)
        assert json_of(found, replay)["swap_in"]["unknown"] == 2
        assert "Same advice on 1 of 3" in lines_of(found, replay)[0]
