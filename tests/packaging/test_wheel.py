"""The wheel puts one name into site-packages, and runs there beside other people's ``overrides``.

The fresh environment borrows the libraries of the one the tests run in (a path file names its
site-packages), so that nothing but PyPI's ``overrides`` has to be fetched.
"""

import os
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).parents[2]
START_SECONDS_MAX = 60
FOREIGN = "overrides>=7"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    return next(folder.glob("countermand-*.whl"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it, and nothing of the checkout on its path."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python"), "install", "-q"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def run(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Start a program of that environment in a folder of its own, as its user would."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def start(*command: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            [environment / "bin" / command[0], *command[1:]],
            cwd=elsewhere,
            env=clean(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran

    return start


@pytest.fixture(scope="module")
def foreign_overrides(environment: Path) -> None:
    """PyPI's decorator library of that name, which Jupyter needs, in the same environment."""
    python = str(environment / "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps"]
    got = subprocess.run([*pip, FOREIGN], capture_output=True, text=True, timeout=120, check=False)
    if got.returncode:
        pytest.skip(f"no package index can be reached, so {FOREIGN} is not at hand")


@pytest.fixture(scope="module")
def data(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installation") / "data"
    run("countermand", "init", "--data", str(folder))
    return folder


@pytest.fixture
def address(environment: Path, data: Path) -> Iterator[str]:
    """Where the installed wheel serves, until the test is done."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--data", str(data), "--port", str(port)]
    server = subprocess.Popen(
        [environment / "bin/countermand", "serve", *options],
        cwd=data.parent,
        env=clean(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        wait_until_served(f"http://127.0.0.1:{port}/healthz", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.communicate(timeout=30)


def clean() -> dict[str, str]:
    """The environment without anything that would lead Python to the checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def wait_until_served(address: str, server: "subprocess.Popen[bytes]") -> None:
    """Return once the server answers; fail with what it said when it ends instead."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if server.poll() is not None:
            said = server.stdout.read().decode() if server.stdout else ""
            pytest.fail(f"the server ended: {said}")
        try:
            fetch(address)
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"nothing answers at {address}")


def fetch(address: str) -> str:
    """A page."""
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())


def test_the_wheel_has_one_name_and_carries_what_the_program_needs(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.partition("/")[0] for name in names}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"countermand"}
    inside = {name.partition("_app/")[2] for name in names}
    assert {"ui/templates/case.html", "sample_models/german.csv"} <= inside
    assert not [name for name in names if "__pycache__" in name or "/bundles/" in name]


def test_a_ledger_is_verified_from_the_wheel(run: Run, data: Path) -> None:
    ran = run("countermand", "ledger", "verify", "--data", str(data))
    assert "signed by a key on the same host" in ran.stdout


def test_a_page_is_served_from_the_wheel(address: str) -> None:
    page = fetch(f"{address}/login")
    assert "Countermand" in page
    assert "<form" in page


@pytest.mark.usefixtures("foreign_overrides")
def test_the_decorator_library_of_the_same_name_goes_on_working(run: Run) -> None:
    use = "from overrides import final; import countermand; print(final(lambda: 'works')())"
    assert run("python", "-c", use).stdout.strip() == "works"


@pytest.mark.usefixtures("foreign_overrides")
def test_the_program_finds_its_own_beside_the_decorator_library(run: Run, data: Path) -> None:
    run("countermand", "ledger", "verify", "--data", str(data))


@pytest.mark.usefixtures("foreign_overrides")
def test_a_notebook_reaches_explain_without_any_of_our_folders_on_its_path(run: Run) -> None:
    use = """
import countermand.explain.values as values, overrides, sys
print(values.Attribution.__module__)
print([name for name in sys.path if "_app" in name], hasattr(overrides, "EnforceOverrides"))
"""
    said = run("python", "-c", use).stdout.split("\n")
    assert said[:2] == ["countermand.explain.values", "[] True"]
