"""The locks pin all that the project asks for, by hash, and name no place to get it from."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = ROOT / "requirements/lock.txt"
EDGE = ROOT / "requirements/edge.txt"
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)(?P<marker> ;.*?)? \\$", re.MULTILINE)
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def pins(lock: Path) -> dict[str, set[str]]:
    """Pinned versions by name; some names have one per Python or platform."""
    found: dict[str, set[str]] = {}
    for pin in PIN.finditer(lock.read_text(encoding="utf-8")):
        found.setdefault(pin["name"], set()).add(pin["version"])
    return found


def base() -> list[str]:
    return list(PROJECT["project"]["dependencies"])


def everything() -> list[str]:
    extras = chain.from_iterable(PROJECT["project"]["optional-dependencies"].values())
    groups = chain.from_iterable(PROJECT["dependency-groups"].values())
    build = PROJECT["build-system"]["requires"]
    return [*base(), *extras, *build, *(entry for entry in groups if isinstance(entry, str))]


@pytest.mark.parametrize(("lock", "asked"), [(LOCK, everything()), (EDGE, base())])
def test_a_lock_covers_what_the_project_asks_for(lock: Path, asked: list[str]) -> None:
    pinned = pins(lock)
    for requirement in map(Requirement, asked):
        versions = pinned.get(canonicalize_name(requirement.name))
        assert versions, f"run `make lock`: {requirement.name} is not in {lock.name}"
        fitting = [v for v in versions if requirement.specifier.contains(Version(v))]
        assert len(fitting) == len(versions), f"run `make lock`: {requirement} is pinned otherwise"


def test_the_small_lock_repeats_the_versions_of_the_large_one() -> None:
    large = pins(LOCK)
    assert all(versions <= large[name] for name, versions in pins(EDGE).items())


@pytest.mark.parametrize("lock", [LOCK, EDGE], ids=lambda path: path.name)
def test_a_lock_holds_pins_and_hashes_and_no_address(lock: Path) -> None:
    lines = lock.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    strange = [line for line in lines[1:] if not (HASH.match(line) or PIN.match(line))]
    assert not strange
    ends = [i for i, line in enumerate(lines) if PIN.match(line)]
    assert all(HASH.match(lines[i + 1]) for i in ends), "a pin without a hash"


def test_the_base_install_has_no_heavy_library_it_can_do_without() -> None:
    heavy = {"llvmlite", "numba", "pandas", "pyarrow", "scikit-learn", "scipy", "shap", "skops"}
    assert not heavy & set(pins(EDGE))
