"""Nothing sent to whoever decides on an appeal, before their own view, tells of the decision.

Two installations are the same but for the first decision: who made it, which it was, and why.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service.access import HOST, ROUTES
from decision_service.app import create_app
from decision_service.people_changes import people_changes
from tests.decision_service.blind_house import MIDDLE, planted
from tests.decision_service.desk_house import desk_house
from tests.decision_service.test_blind_walk import ENDING, OF_ALL, PASSWORD, World, plain

SAID = "My employer changed in May."
FIRST: tuple[tuple[str, dict[str, Any]], ...] = (
    ("asha", {"decision": "decline", "adverse_reasons": [], "note": "Rent book missing."}),
    ("bruno", {"decision": "approve", "note": "Known to the branch for years."}),
)
REVIEWERS = ("elena",)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    """Two installations with the same people and applications; the first decision differs."""
    with ExitStack() as opened:
        made = []
        for who, decision in FIRST:
            house = opened.enter_context(desk_house(tmp_path_factory.mktemp(who)))
            client = opened.enter_context(
                TestClient(create_app(house.services, warm=False), follow_redirects=False)
            )
            world = World(house, planted(house, MIDDLE), client)
            changes = people_changes(house.services)
            for name in ("asha", "bruno", *REVIEWERS, "core", "kofi"):
                if name != "core":
                    world.tokens[name] = house.services.people.sign_in(name, PASSWORD, name)
                world.keys[name] = changes.add_key(HOST, name)[1].text
            address = f"/v1/cases/{world.made['case_id']}"
            said = {**decision, "seen_version": 1}
            if "adverse_reasons" in said:
                said["adverse_reasons"] = [world.parts()["concept"]]
            for caller, act, body in ((who, "review", said), ("core", "appeal", {"view": SAID})):
                headers = {"Idempotency-Key": house.key()}
                headers["Authorization"] = f"Bearer {world.keys[caller]}"
                answer = client.post(f"{address}/{act}", headers=headers, json=body)
                assert answer.status_code == 201, answer.text
            made.append(world)
        yield made[0], made[1]


def test_the_two_differ_in_what_is_hidden(worlds: tuple[World, World]) -> None:
    for world, (who, decision) in zip(worlds, FIRST, strict=True):
        (_, told), *_ = world.ask("kofi", "GET", "/v1/cases/{case_id}")
        (_, page), *_ = world.ask("kofi", "GET", "/cases/{case_id}")
        assert f'"by":"{who}"' in told.text.replace(" ", "")
        assert str(decision["note"]) in page.text


@pytest.mark.parametrize("who", REVIEWERS)
def test_no_byte_of_any_route_or_page_tells_of_the_first_decision(
    worlds: tuple[World, World], who: str
) -> None:
    notes = {str(decision["note"]) for _, decision in FIRST}
    for method, template in sorted(ROUTES.keys() - ENDING):
        pairs = zip(
            *(world.ask(who, method, template) for world in worlds),
            strict=True,
        )
        for (what, one), (_, other) in pairs:
            assert one.status_code == other.status_code, what
            assert one.status_code < 500, what
            assert not {note for note in notes if note in one.text + other.text}, what
            if template not in OF_ALL:
                assert plain(one) == plain(other), what
                assert one.headers.get("location") == other.headers.get("location"), what
    for world in worlds:  # whoever asked is as blind as before, and the case as open
        kinds = world.house.kinds(world.made["case_id"])
        assert not {"first_view_recorded", "reasons_shown"} & set(kinds), kinds


def test_the_applicants_words_are_shown_to_whoever_is_to_decide(
    worlds: tuple[World, World],
) -> None:
    for world in worlds:
        (_, told), *_ = world.ask("elena", "GET", "/v1/cases/{case_id}")
        (_, page), *_ = world.ask("elena", "GET", "/cases/{case_id}")
        assert told.json()["appeal"]["view"] == SAID
        assert SAID in page.text
        assert "Your own view first" in page.text
