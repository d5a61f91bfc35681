"""What every test of the service shares: houses do not prove the same bundle again and again."""

from collections.abc import Iterator

import pytest

from tests.proven_once import proven_once


@pytest.fixture(scope="package", autouse=True)
def bundles_proven_once() -> Iterator[None]:
    """The tests of what dies or is damaged prove each time."""
    with proven_once():
        yield
