"""Nobody does what their role may not do: every role against every route, and nothing left out."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastapi.routing import iter_route_contexts
from httpx2 import Response
from starlette.routing import Mount, Route

from decision_service.access import (
    HOST,
    ROLES,
    ROUTES,
    Permission,
    check,
    may,
    permission,
    sees_branch,
)
from decision_service.app import create_app
from decision_service.errors import Forbidden, Unauthenticated
from decision_service.people_changes import NewPerson, people_changes
from overrides.values import Actor, Role
from tests.decision_service.service_house import House, open_house
from ui.visit import SESSION_COOKIE

# What was agreed, role by role, written down a second time on purpose.
AGREED = {
    Role.OFFICER: "desk search decide answer appeal hand_on letters write_letters cases"
    " contract proofs board models training",
    Role.SENIOR_OFFICER: (
        "desk search decide approve answer reopen appeal approvals hand_on letters write_letters"
        " cases contract proofs board models training"
    ),
    Role.TEAM_LEAD: "desk search reopen appeal approvals hand_on team letters write_letters cases"
    " contract proofs board models training train reconcile findings",
    Role.CREDIT_MANAGER: (
        "desk search decide approve answer reopen appeal approvals hand_on team letters"
        " write_letters cases contract proofs board models training train reconcile findings"
    ),
    Role.COMPLIANCE: (
        "sign_off desk search letters cases contract proofs ledger verify witness board models"
        " overrides"
        " fairness"
        " training erasures erase erase_approve protected reconcile findings"
    ),
    Role.RISK: (
        "sign_off desk search letters cases contract proofs ledger verify witness board models"
        " overrides"
        " training erasures erase_approve protected findings"
    ),
    Role.OPERATIONS: "sign_off contract proofs board models",
    Role.DATA_SCIENTIST: "contract proofs board models feedback feedback_export findings",
    Role.MODEL_OWNER: "sign_off contract proofs board models feedback feedback_export findings",
    Role.ADMIN: "proofs admin training",
    Role.SERVICE: "appeal cases submit answer contract proofs witness",
}
PASSWORD = "a long password"
ADDRESS_PARTS = {
    "case_id": "01a20000-0000-7000-8000-000000000000",
    "decision_id": "01a20000-0000-7000-8000-000000000000",
    "application_id": "NOBODY-1",
    "application_id:path": "NOBODY-1",
    "name": "nobody",
    "change": "lock",
    "seq": "999999",
    "run_id": "01a20000-0000-7000-8000-000000000000",
    "finding_id": "01a20000-0000-7000-8000-000000000000",
    "request_id": "01a20000-0000-7000-8000-000000000000",
    "hold_id": "01a20000-0000-7000-8000-000000000000",
    "folder": "none",
    "path:path": "none.css",
}
GUARDED = sorted(key for key, needed in ROUTES.items() if needed is not Permission.PUBLIC)


@dataclass
class Crowd:
    """One person of each role, with a key and a session."""

    house: House
    tokens: dict[Role, str]

    def ask(self, method: str, template: str, role: Role | None) -> Response:
        """A request to this route by somebody of this role."""
        path = template
        for name, value in ADDRESS_PARTS.items():
            path = path.replace("{" + name + "}", value)
        client = self.house.client
        client.cookies.clear()
        headers = {"Idempotency-Key": self.house.fresh_key()}
        if path.startswith("/v1/"):
            if role:
                headers["Authorization"] = f"Bearer {self.house.keys[role]}"
            body: dict[str, str] | None = {} if method == "POST" else None
            return client.request(method, path, headers=headers, json=body)
        if role and role is not Role.SERVICE:
            client.cookies.set(SESSION_COOKIE, self.tokens[role])
        headers["Accept"] = "text/html"
        data = {"person": "x"} if method == "POST" else None
        return client.request(method, path, headers=headers, data=data, follow_redirects=False)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    house = open_house(tmp_path_factory.mktemp("access"))
    changes, tokens = people_changes(house.services), {}
    for role in Role:
        password = None if role is Role.SERVICE else PASSWORD
        changes.add(HOST, NewPerson(name=role, role=role, currency="DEM", password=password))
        house.keys[role] = changes.add_key(HOST, role)[1].text
        if password:
            tokens[role] = house.services.people.sign_in(role, password, role)
    yield Crowd(house, tokens)
    house.close()


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_what_was_agreed_and_no_more(role: Role) -> None:
    assert may(role) == {"public", "enter", *AGREED[role].split()}


def test_only_two_roles_read_the_ledger_and_neither_decides() -> None:
    assert ROLES[Permission.LEDGER] == {Role.COMPLIANCE, Role.RISK}
    assert not ROLES[Permission.LEDGER] & (ROLES[Permission.DECIDE] | ROLES[Permission.APPROVE])


def test_who_keeps_the_log_ins_sees_no_case() -> None:
    for needed in (Permission.DESK, Permission.SEARCH, Permission.CASES, Permission.LEDGER):
        assert Role.ADMIN not in ROLES[needed]


def test_every_route_of_the_application_has_its_row_and_every_row_its_route(crowd: Crowd) -> None:
    app = create_app(crowd.house.services, warm=False)
    found: set[tuple[str, str | None]] = set()
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            found.add(("GET", f"{route.path}/{{path:path}}"))
        else:
            assert route.methods, route
            found |= {(method, route.path) for method in route.methods - {"HEAD"}}
    assert set(ROUTES) == found


@pytest.mark.parametrize("role", list(Role))
def test_each_route_lets_a_role_in_exactly_when_the_table_does(crowd: Crowd, role: Role) -> None:
    wrong = []
    for method, template in GUARDED:
        if role is Role.SERVICE and not template.startswith("/v1/"):
            continue  # a service has no log-in: see the test for nobody
        answer = crowd.ask(method, template, role)
        expected = ROUTES[method, template].value in may(role)
        let_in = answer.status_code not in (401, 403) and not _asks_to_log_in(answer)
        if let_in is not expected or answer.status_code >= 500:
            wrong.append((method, template, answer.status_code, answer.text[:200]))
    assert wrong == []


def test_nobody_known_is_let_in_nowhere(crowd: Crowd) -> None:
    for method, template in GUARDED:
        answer = crowd.ask(method, template, None)
        if template.startswith("/v1/"):
            assert answer.status_code == 401, (method, template)
        else:
            assert answer.status_code == 401 or _asks_to_log_in(answer), (method, template)


def test_a_refused_role_is_told_so_and_not_to_log_in(crowd: Crowd) -> None:
    answer = crowd.ask("GET", "/v1/ledger/entries", Role.OFFICER)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith(":forbidden")
    assert crowd.ask("GET", "/admin", Role.OFFICER).status_code == 403


def test_a_route_without_a_row_does_not_exist_for_anybody(crowd: Crowd) -> None:
    assert permission("GET", "/v1/secret") is None
    for role in Role:
        with pytest.raises(Forbidden):
            check("GET", "/v1/secret", role)
    with pytest.raises(Unauthenticated):
        check("GET", "/v1/secret", None)
    app = crowd.house.client.app
    app.router.routes.append(Route("/v1/secret", lambda _: None))  # type: ignore[attr-defined]
    try:
        assert crowd.ask("GET", "/v1/secret", Role.COMPLIANCE).status_code == 404
    finally:
        app.router.routes.pop()  # type: ignore[attr-defined]


def test_asking_for_the_head_of_a_page_needs_what_the_page_needs() -> None:
    assert permission("HEAD", "/admin") is Permission.ADMIN
    with pytest.raises(Forbidden):
        check("HEAD", "/admin", Role.OFFICER)


@pytest.mark.parametrize(
    ("role", "own", "case", "sees"),
    [
        (Role.OFFICER, "north", "north", True),
        (Role.OFFICER, "north", "river", False),
        (Role.OFFICER, "north", "", True),
        (Role.OFFICER, "", "river", True),
        (Role.TEAM_LEAD, "north", "river", False),
        (Role.CREDIT_MANAGER, "north", "river", False),
        (Role.COMPLIANCE, "north", "river", True),
        (Role.RISK, "north", "river", True),
    ],
)
def test_a_branch_keeps_to_itself_but_for_oversight(
    role: Role, own: str, case: str, *, sees: bool
) -> None:
    assert sees_branch(Actor("p", "p", role, own), case) is sees


def _asks_to_log_in(answer: Response) -> bool:
    """Whether the answer sends a person to the log-in page."""
    return answer.status_code == 303 and answer.headers["location"].startswith("/login")
