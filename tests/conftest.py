"""What every test shares: how many examples are generated, and a place for run-time files."""

import os

import pytest
from hypothesis import HealthCheck, settings

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


@pytest.fixture(scope="session", autouse=True)
def runtime_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The PostgreSQL wheel warns, and so fails, where nothing says where run-time files may lie."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
