"""Nothing that is sent to a reviewer before their first view depends on the score.

Two installations are the same but for one score. Whoever has yet to say what they think asks every
route of both: the answers are the same, byte for byte.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service.access import HOST, ROUTES
from decision_service.app import create_app
from decision_service.people_changes import people_changes
from tests.decision_service.blind_house import HIGH, MIDDLE, blind_house, planted
from tests.decision_service.desk_house import BUNDLE, START, DeskHouse
from ui.visit import SESSION_COOKIE

PASSWORD = "a long password"
REVIEWERS = ("asha", "elena", "hanna")
# Hashes and signatures rest on every byte of an entry; shared numbers are of all cases together.
OF_ALL = frozenset(
    {
        *("/v1/ledger/checkpoint", "/v1/ledger/proof", "/v1/ledger/consistency"),
        *("/ledger/receipt", "/ledger/receipts/{seq}", "/ledger/receipts/{seq}/file"),
        *("/board", "/v1/metrics/board", "/metrics"),
    }
)
HOLE = re.compile(r"\{[a-z_:]+\}", re.ASCII)  # of what has nothing to do with a case
MADE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{64}\b", re.ASCII)
ENDING = {("POST", "/logout")}  # ends what the walk is made with, and shows no case
QUERIES: Mapping[str, tuple[str, ...]] = {
    "/desk": (
        "",
        "?status=in_review",
        "?status=in_review&holder=me",
        *(f"?status=in_review&queue={name}" for name in ("standard", "referred", "unscored")),
        *(
            f"?status=in_review&reason={code}"
            for code in ("refer_band", "near_cutoff", "automation_none", "not_reliably_explained")
        ),
    ),
    "/search": ("", "?words={application_id}", "?words=north", "?q={application_id}"),
    "/v1/cases": (
        "",
        "?application_id={application_id}",
        "?status=in_review",
        *(f"?queue={name}" for name in ("standard", "referred", "unscored")),
    ),
    "/v1/ledger/proof": ("?seq={seq}&size={size}",),
    "/ledger/receipt": ("", "?seq={seq}"),
}
ANSWERS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "review": (
        {"decision": "approve", "seen_version": 1},
        {"decision": "decline", "seen_version": 1, "adverse_reasons": ["R01"]},
    ),
    "override": tuple(
        {
            "decision": decision,
            "justification_code": "X01",
            "note": "Seen the payslips of the last six months, and the rent book too.",
            "evidence": [{"type": "BANK_STMT", "reference": "archive/77"}],
            "seen_version": 1,
        }
        for decision in ("approve", "decline")
    ),
    "approval": ({"verdict": "uphold", "note": "I agree with it."},),
    "rescore": ({},),
    "withdrawal": ({},),
    "first-view": ({}, {"view": "maybe", "confidence": 9}),
}


def later(step: int) -> datetime:
    """A time after everything that was set up."""
    return START + timedelta(minutes=1, milliseconds=200 * step)


def plain(answer: Any) -> str:
    """What was answered, without ids that are drawn anew and the hashes that rest on them."""
    return MADE.sub("an id", answer.text)


@dataclass
class World:
    """One installation, the case that was drawn, and its callers."""

    house: DeskHouse
    made: dict[str, Any]
    client: TestClient
    tokens: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    times: Iterator[datetime] = field(default_factory=lambda: map(later, itertools.count(1)))

    def parts(self) -> dict[str, str]:
        """What stands in the holes of an address."""
        ledger = self.house.services.ledger
        loaded = self.house.services.registry.in_use(BUNDLE).loaded
        assert loaded is not None
        return {
            "case_id": self.made["case_id"],
            "decision_id": self.made["decision_id"],
            "application_id": self.made["application_id"],
            "application_id:path": self.made["application_id"],
            "seq": str(self.made["ledger"]["seq"]),
            "size": str(ledger.head().size),
            "name": BUNDLE,
            "concept": loaded.bundle.concepts[0].id,
            "version": self.made["model"]["version"],
            "path:path": "app.css",
            "change": "lock",
        }

    def ask(self, who: str, method: str, template: str) -> Iterator[tuple[str, Any]]:
        """Everything that is asked of one route by somebody."""
        api = template.startswith(("/v1/", "/v2", "/invocations"))
        ending = template.rsplit("/", 1)[-1]
        bodies: tuple[dict[str, Any] | None, ...] = (None,)
        if method in ("POST", "DELETE"):
            bodies = ANSWERS.get(ending, ({},)) if method == "POST" else (None,)
        for query in QUERIES.get(template, ("",)):
            path = template + query
            for name, value in self.parts().items():
                path = path.replace("{" + name + "}", value)
            path = HOLE.sub("none", path)
            for body in bodies:
                self.client.cookies.clear()
                self.house.clock.at = next(self.times)
                headers = {"Idempotency-Key": self.house.key(), "Accept": "text/html"}
                if api:
                    headers |= {"Authorization": f"Bearer {self.keys[who]}", "Accept": "*/*"}
                    answer = self.client.request(method, path, headers=headers, json=body)
                else:
                    self.client.cookies.set(SESSION_COOKIE, self.tokens[who])
                    answer = self.client.request(
                        method, path, headers=headers, data=self.form(who, body)
                    )
                yield f"{method} {path} {body}", answer

    def form(self, who: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        """A body of the interface as a page's form."""
        if body is None:
            return None
        viewer = self.house.services.people.signed_in(self.tokens[who])
        assert viewer is not None
        typed = {name: value for name, value in body.items() if isinstance(value, str | int)}
        page = self.client.get("/desk", headers={"Accept": "text/html"}).text
        csrf = page.split('name="csrf" value="', 1)[1].split('"', 1)[0]
        ref = self.house.actors[who].ref
        return {**typed, "person": ref, "csrf": csrf, "idempotency_key": self.house.key()}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    """Two installations with the same people and applications; one score differs."""
    with ExitStack() as opened:
        made = []
        for name, amounts in (("high", HIGH), ("middle", MIDDLE)):
            house = opened.enter_context(blind_house(tmp_path_factory.mktemp(name)))
            world = World(
                house,
                planted(house, amounts),
                opened.enter_context(
                    TestClient(create_app(house.services, warm=False), follow_redirects=False)
                ),
            )
            changes = people_changes(house.services)
            for who in (*REVIEWERS, "greta", "kofi"):
                world.tokens[who] = house.services.people.sign_in(who, PASSWORD, who)
                world.keys[who] = changes.add_key(HOST, who)[1].text
            made.append(world)
        yield made[0], made[1]


def secrets_of(world: World) -> set[str]:
    """What a page says of the score to somebody who may see it."""
    view = world.house.desk.case(world.house.viewer("kofi"), world.made["case_id"])
    said = {view.recommendation_words, view.odds_words, view.distance_words}
    said |= {reason.text for reason in (*view.adverse, *view.favourable)}
    score = world.made["score"]
    said |= {
        score["probability_of_bad"],
        score["raw"],
        *(str(bar.contribution) for bar in view.bars),
    }
    return {text for text in said if text and text != "0.0"}


def test_the_two_differ_in_what_is_hidden(worlds: tuple[World, World]) -> None:
    high, middle = worlds
    assert (high.made["recommendation"], middle.made["recommendation"]) == ("decline", "refer")
    assert len(secrets_of(high)) > 6
    assert len(secrets_of(high) - secrets_of(middle)) > 4
    for world in worlds:
        (_, told), *_ = world.ask("kofi", "GET", "/v1/cases/{case_id}")
        assert world.made["score"]["raw"] in told.text
        (_, page), *_ = world.ask("greta", "GET", "/cases/{case_id}")
        assert high.made["case_id"] == middle.made["case_id"]
        assert any(secret in page.text for secret in secrets_of(world)), "others are not blinded"


@pytest.mark.parametrize("who", REVIEWERS)
def test_no_byte_of_any_route_or_page_depends_on_the_score(
    worlds: tuple[World, World], who: str
) -> None:
    high, middle = worlds
    hidden = secrets_of(high) | secrets_of(middle)
    asked = 0
    for method, template in sorted(ROUTES.keys() - ENDING):
        pairs = zip(high.ask(who, method, template), middle.ask(who, method, template), strict=True)
        for (what, one), (_, other) in pairs:
            asked += 1
            assert one.status_code == other.status_code, what
            assert one.status_code < 500, what
            told = {text for text in hidden if text in one.text + other.text}
            assert not told, (what, told)
            if template not in OF_ALL:
                assert plain(one) == plain(other), what
                assert one.headers.get("location") == other.headers.get("location"), what
    assert asked > len(ROUTES)
    for world in worlds:  # whoever asked is as blind as before, and the case as open
        file = world.house.services.cases.case(world.made["case_id"])
        assert file is not None
        assert file.row.status == "in_review"
        assert "first_view_recorded" not in world.house.kinds(file.row.case_ref)
        assert "reasons_shown" not in world.house.kinds(file.row.case_ref)


def test_every_route_about_a_case_is_walked_with_the_drawn_case(
    worlds: tuple[World, World],
) -> None:
    high, _ = worlds
    parts = high.parts()
    for _, template in ROUTES:
        holes = {part.split("}")[0] for part in template.split("{")[1:]}
        known = holes <= parts.keys()
        assert known or not {"cases", "applications", "decisions"} & set(template.split("/")), (
            template
        )
