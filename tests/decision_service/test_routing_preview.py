"""What another routing would have asked of the desk is counted on past cases."""

from pathlib import Path

from decision_service.access import HOST
from decision_service.governing_pages import GoverningPages
from decision_service.routing_preview import RoutingPreviews
from decision_service.routing_words import json_of, lines_of, table_of
from tests.decision_service.desk_house import BUNDLE, desk_house
from tests.decision_service.service_house import bundle_with

WIDER = {"automation": '"none"', "version": '"2024.9"'}


def test_a_policy_that_automates_nothing_would_have_sent_every_case_to_a_person(
    tmp_path: Path,
) -> None:
    with desk_house(tmp_path / "data") as house:
        services = house.services
        for _ in range(40):
            house.apply()
        previews = RoutingPreviews(services)
        same = previews.of(HOST, BUNDLE)
        assert same.in_force
        assert same.work.cases == 40
        assert same.work.before == same.work.after, "the same version routes as it did"
        assert (same.work.gained, same.work.lost) == (0, 0)
        assert all(was == would for _, was, would in same.work.codes)
        services.registry.add(bundle_with(tmp_path / "next", WIDER), HOST)
        size = services.ledger.head().size
        house.clock.passes(days=10)
        found = previews.of(HOST, BUNDLE)
        recorded = [entry.type for entry in services.ledger.entries(size, 100)]
        assert recorded == ["record_viewed"]
        assert not found.in_force
        assert found.work.after == 40
        assert found.work.gained + same.work.before >= 39, "chance alone is in both"
        assert {code: would for code, _, would in found.work.codes}["automation_none"] == 40
        assert found.work.cases_a_day is not None
        assert abs(found.work.cases_a_day - (40 - found.work.before) / found.work.days) < 1e-9
        assert 9.9 < found.work.days < 11, "a young ledger is not taken for one of 90 days"
        said = " ".join(lines_of(found))
        assert "Officer-hours a day: not enough data yet, 0 reading times." in said
        assert json_of(found)["extra_hours_a_day"] is None
        assert len(table_of(found)) > 1
        view = GoverningPages(services).routing(house.viewer("mina"), BUNDLE)
        assert (view.lines[0], view.in_force) == (lines_of(found)[0], False)
        house.clock.passes(days=91)
        house.apply()
        few = previews.of(HOST, BUNDLE)
        assert few.work.cases == 1
        assert lines_of(few) == (
            "Not enough data yet: 30 cases in 90 days are needed, 1 could be scored again.",
        )
        assert len(table_of(few)) == 1, "one case's reasons are told to nobody"
