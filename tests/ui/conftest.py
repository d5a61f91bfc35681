"""The pages over a fake application, and people who visit them."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from tests.ui.fake_office import FakeOffice
from tests.ui.fake_server import make_app
from ui.visit import SESSION_COOKIE

Visit = Callable[[str], TestClient]


@pytest.fixture
def office() -> FakeOffice:
    """The application behind the pages."""
    return FakeOffice()


@pytest.fixture
def visit(office: FakeOffice) -> Iterator[Visit]:
    """Someone's browser: ``visit("asha")`` is logged in, ``visit("")`` is nobody."""
    app = make_app(office)
    opened = []

    def arrive(name: str) -> TestClient:
        client = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
        if name:
            client.cookies.set(SESSION_COOKIE, f"token-{name}")
        opened.append(client)
        return client

    yield arrive
    for client in opened:
        client.close()
