"""Every request passes one door: known addresses only, our own pages only, known people only."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from decision_service.door import KnownKeys
from decision_service.errors import Unauthenticated
from decision_service.front import DEFAULT_HEADERS
from decision_service.route_table import RouteTable
from overrides.values import Actor, Role
from tests.decision_service.service_house import PASSWORD, House, open_house
from ui.visit import SESSION_COOKIE

PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = open_house(tmp_path_factory.mktemp("house"))
    yield opened
    opened.close()


@pytest.fixture
def session(house: House) -> Iterator[str]:
    """An officer's session, in the browser."""
    house.key_of("asha", Role.OFFICER)
    token = house.services.people.sign_in("asha", PASSWORD, "127.0.0.1")
    house.client.cookies.set(SESSION_COOKIE, token)
    yield token
    house.client.cookies.clear()


def send(house: House, method: str, path: str, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return house.client.request(method, path, headers=named, follow_redirects=False)


def test_an_address_that_the_table_does_not_name_does_not_exist(house: House) -> None:
    for path in ("/docs", "/redoc", "/v1", "/v1/", "/v1/decisions/", "/admin/x/y", "/v2/x"):
        assert send(house, "GET", path).status_code == 404, path


def test_an_address_says_which_methods_it_takes(house: House) -> None:
    answer = send(house, "PUT", "/v1/decisions")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.headers["content-type"] == "application/problem+json"
    assert send(house, "OPTIONS", "/v1/decisions").status_code == 405
    assert send(house, "TRACE", "/desk").status_code == 405


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic YTpi",
        "bearer cmk_0000000000000000_" + "0" * 64,
        "Bearer cmk_" + "z" * 81,
        "Bearer " + "x" * 5000,
    ],
)
def test_a_key_that_opens_nothing_is_unauthenticated(house: House, authorization: str) -> None:
    answer = send(house, "GET", "/v1/bundles", authorization=authorization)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert authorization[10:] not in answer.text or not authorization[10:]


def test_a_right_key_with_a_wrong_secret_opens_nothing(house: House) -> None:
    key = house.key_of("core")
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert send(house, "GET", "/v1/bundles", authorization=f"Bearer {wrong}").status_code == 401
    assert send(house, "GET", "/v1/bundles", authorization=f"bearer {key}").status_code == 200


def test_a_session_opens_the_interface_for_who_is_logged_in(house: House, session: str) -> None:
    assert session
    assert send(house, "GET", "/v1/cases").status_code == 200
    assert send(house, "GET", "/v1/ledger/entries").status_code == 403
    house.client.cookies.set(SESSION_COOKIE, "0" * 64)
    assert send(house, "GET", "/v1/cases").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "unheard-of"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver.evil.example"},
    ],
)
def test_another_sites_page_can_make_nobody_act(
    house: House, session: str, headers: dict[str, str]
) -> None:
    assert session
    for path in ("/v1/cases/x/claim", "/logout", "/desk/next", "/login"):
        answer = send(house, "POST", path, **headers)
        assert answer.status_code == 403, path
    assert send(house, "DELETE", "/v1/cases/x/claim", **headers).status_code == 403


def test_our_own_pages_and_plain_programs_may_act(house: House) -> None:
    for headers in (
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"origin": "http://testserver"},
        {},
    ):
        assert send(house, "POST", "/logout", **headers).status_code == 303


def test_a_link_from_another_site_may_be_followed(house: House) -> None:
    answer = send(house, "GET", "/desk", sec_fetch_site="cross-site", **PAGE)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?after=%2Fdesk"


def test_what_was_typed_without_a_log_in_comes_back_with_the_log_in_page(house: House) -> None:
    form = {"decision": "approve", "note": "twelve payslips seen", "person": "p"}
    answer = house.client.post("/cases/c-1/review", data=form, headers=PAGE)
    assert answer.status_code == 401
    assert "twelve payslips seen" in answer.text


def test_an_api_key_is_no_log_in_for_pages(house: House) -> None:
    answer = send(house, "GET", "/desk", authorization=f"Bearer {house.key_of('core')}", **PAGE)
    assert answer.headers["location"].startswith("/login")


@pytest.mark.parametrize(
    "path", ["/", "/login", "/v1/bundles", "/nowhere", "/healthz", "/desk", "/metrics"]
)
def test_every_answer_has_the_security_headers_and_is_not_kept(house: House, path: str) -> None:
    answer = send(house, "GET", path, **PAGE)
    for name, value in DEFAULT_HEADERS.items():
        assert answer.headers[name] == value, name
    assert "'unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"]
    assert "strict-transport-security" not in answer.headers


def test_over_tls_browsers_are_told_to_stay_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    secure = open_house(tmp_path_factory.mktemp("tls"), settings={"secure_cookies": True})
    assert "max-age" in send(secure, "GET", "/healthz").headers["strict-transport-security"]
    secure.close()


def test_people_get_a_page_and_programs_a_problem(house: House) -> None:
    page = send(house, "GET", "/nowhere", **PAGE)
    assert page.headers["content-type"].startswith("text/html")
    problem = send(house, "GET", "/nowhere")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["instance"].endswith(problem.headers["x-request-id"])
    under_v1 = send(house, "GET", "/v1/nowhere", **PAGE)
    assert under_v1.headers["content-type"] == "application/problem+json"


def test_a_parameter_at_fault_is_named_and_not_repeated(house: House) -> None:
    key = house.key_of("kofi", Role.COMPLIANCE)
    path = "/v1/ledger/entries?start=secret-canary"
    answer = send(house, "GET", path, authorization=f"Bearer {key}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/start"
    assert "secret-canary" not in answer.text


def test_what_breaks_inside_is_told_without_its_words(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        msg = "the applicant Canary Smith broke it"
        raise RuntimeError(msg)

    monkeypatch.setattr(type(house.services.registry), "standings", broken)
    answer = send(house, "GET", "/v1/bundles", authorization=f"Bearer {house.key_of('core')}")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-security-policy"]
    assert "Canary" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


def test_a_database_that_cannot_be_read_is_no_fault_of_the_senders(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        statement = "SELECT secret"
        raise OperationalError(statement, {}, ConnectionError())

    monkeypatch.setattr(type(house.services.registry), "standings", unreachable)
    answer = send(house, "GET", "/v1/bundles", authorization=f"Bearer {house.key_of('core')}")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "SELECT" not in answer.text


def test_a_known_key_is_looked_up_once_a_second_and_a_wrong_one_every_time() -> None:
    class Everyone:
        asked = 0

        def authenticate(self, authorization: str) -> Actor:
            """Let anyone in who says please."""
            self.asked += 1
            if authorization not in ("please", "I am asha"):
                raise Unauthenticated
            role = Role.SERVICE if authorization == "please" else Role.OFFICER
            return Actor("p", "p", role)

    now = [0.0]
    people = Everyone()
    keys = KnownKeys(people, lambda: now[0])  # type: ignore[arg-type] # asks nothing else
    assert keys.recall("please") is None
    keys.ask("please")
    now[0] = 0.99
    assert keys.recall("please") is not None
    now[0] = 1.0
    assert keys.recall("please") is None, "so a key that was revoked opens nothing any more"
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            keys.ask("now")
    assert keys.recall("now") is None
    keys.ask("I am asha")
    assert keys.recall("I am asha") is None, "what people may do is looked up when they act"


def test_an_address_belongs_to_the_row_that_says_most() -> None:
    table = RouteTable(
        [("GET", "/a/{x}"), ("GET", "/a/b"), ("POST", "/a/{x}/c"), ("GET", "/s/{p:path}")]
    )
    found = {path: table.find(path) for path in ("/a/b", "/a/z", "/a/z/c", "/s/d/e", "/a", "/a/z/")}
    assert {path: row and row.template for path, row in found.items()} == {
        "/a/b": "/a/b",
        "/a/z": "/a/{x}",
        "/a/z/c": "/a/{x}/c",
        "/s/d/e": "/s/{p:path}",
        "/a": None,
        "/a/z/": None,
    }
    exact = found["/a/b"]
    assert exact is not None
    assert exact.methods == {"GET", "HEAD"}
