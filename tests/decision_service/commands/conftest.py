"""A shell on an empty directory, one on a whole installation, and a bundle."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.decision_service.commands.servers import Servers
from tests.decision_service.commands.shell import Shell, run_copy
from tests.decision_service.letting_out import promote_in
from tests.made_once import made_once
from tests.sample_models.trained import sample_bundles


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No installation of the developer's is touched."""
    for name in ("COUNTERMAND_DATA", "COUNTERMAND_DATABASE_URL", "COUNTERMAND_LOG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    """A shell on a directory in which nothing is installed."""
    return Shell(tmp_path / "data", capsys, monkeypatch)


@pytest.fixture
def shell(empty: Shell) -> Shell:
    """A shell on an empty installation."""
    empty.on_data("init")
    return empty


@pytest.fixture(scope="session")
def bundle() -> Path:
    """Folder of the trees bundle."""
    return sample_bundles() / "german-credit"


@pytest.fixture(scope="session")
def furnished(bundle: Path) -> Path:
    """An installation with a champion and a person, made once and copied by who needs it."""

    def furnish(folder: Path) -> None:
        data = folder / "data"
        for words in (
            ("init",),
            ("bundle", "add", bundle),
            ("user", "add", "core", "--role", "service"),
        ):
            said = run_copy(*words, "--data", data)
            assert said.status == 0, said
        promote_in(data, bundle.name)

    return made_once("furnished", furnish) / "data"


@pytest.fixture
def house(empty: Shell, furnished: Path) -> Shell:
    """A shell on a copy of that installation."""
    shutil.copytree(furnished, empty.data)
    return empty


@pytest.fixture
def start() -> Iterator[Servers]:
    """Starts servers, and ends those that are left."""
    servers = Servers()
    yield servers
    servers.end()
