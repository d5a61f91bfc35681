"""What the tests of this package share: both sample bundles and real rows to explain."""

import shutil
from pathlib import Path

import pytest

from explain.bundle import Bundle, load
from explain.values import Row
from sample_models.samples import german
from tests.sample_models.trained import path_dependent_bundle, sample_bundles

NAMES = ("german-credit", "german-scorecard")


@pytest.fixture(scope="session")
def trees() -> Bundle:
    """The LightGBM bundle, explained by its training rows."""
    return load(path_dependent_bundle())


@pytest.fixture(scope="session")
def scorecard() -> Bundle:
    """The scikit-learn bundle."""
    return load(sample_bundles() / "german-scorecard")


@pytest.fixture(scope="session", params=NAMES)
def bundle(request: pytest.FixtureRequest) -> Bundle:
    """Each sample bundle in turn."""
    return load(sample_bundles() / request.param)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of that bundle that a test may spoil."""
    return Path(shutil.copytree(path_dependent_bundle(), tmp_path / "german-credit"))


@pytest.fixture(scope="session")
def rows(trees: Bundle) -> list[Row]:
    """All 1,000 real applications as checked rows."""
    contract = trees.contract
    return [contract.check(contract.from_text(a.cells)).features for a in german()]
