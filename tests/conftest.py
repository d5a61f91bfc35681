"""What every test shares: examples, where files of a run lie, what passwords cost."""

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.cheap_passwords import cheap_passwords
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
    """Whoever hands out the tests opens the folder of the run, and its workers find it.

    Compiled modules are kept even where the surroundings say otherwise: each of the hundreds of
    processes that the tests start would compile the whole product for itself.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if not hasattr(config, "workerinput"):
        open_run_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    """And removes it at the end."""
    if not hasattr(config, "workerinput"):
        remove_run_folder()


def pytest_collection_finish() -> None:
    """What thousands of collected tests consist of stays to the end.

    The collector of garbage need not walk through it again and again.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def runtime_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The PostgreSQL wheel warns, and so fails, where nothing says where run-time files may lie."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords_kept() -> Iterator[None]:
    """No test pays for keeping passwords; the tests of passwords put the real cost back."""
    with cheap_passwords():
        yield
