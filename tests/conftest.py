"""What every test shares: examples, where files of a run lie, what passwords cost."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from decision_service import passwords
from tests.made_once import open_run_folder, remove_run_folder
from tests.postgres import (  # noqa: F401 - fixtures
    new_postgres,
    postgres_programs,
    postgres_server,
    postgres_url,
)

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100
)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_configure(config: pytest.Config) -> None:
    """Whoever hands out the tests opens the folder of the run, and its workers find it."""
    if not hasattr(config, "workerinput"):
        open_run_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    """And removes it at the end."""
    if not hasattr(config, "workerinput"):
        remove_run_folder()


@pytest.fixture(scope="session", autouse=True)
def runtime_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The PostgreSQL wheel warns, and so fails, where nothing says where run-time files may lie."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Keeping a password is made slow on purpose, and houses full of people would pay for it.

    The tests of passwords put the real cost back.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "MEMORY_KIB", 8)
        patch.setattr(passwords, "PASSES", 1)
        yield
