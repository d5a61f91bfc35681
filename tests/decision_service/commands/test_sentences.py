"""What went wrong is said with a cure that cures it."""

import pytest

from decision_service.commands.sentences import OWN_PACKAGES, sentence
from tests.decision_service.commands.shell import ROOT


@pytest.mark.parametrize("module", ["numpy", "lightgbm.basic", "uvicorn"])
def test_a_missing_library_is_to_be_installed(module: str) -> None:
    said = sentence(ModuleNotFoundError(f"No module named {module!r}", name=module))
    assert said == f"{module} is not installed: install countermand[full]"


@pytest.mark.parametrize(
    "module", ["decision_service.nowhere", "explain.nowhere", "overrides", "ui.nowhere", None]
)
def test_a_module_of_our_own_that_is_missing_is_no_missing_library(module: str | None) -> None:
    said = sentence(ModuleNotFoundError(f"No module named {module!r}", name=module))
    assert "install countermand" not in said
    assert f"No module named {module!r}" in said


def test_the_own_packages_are_those_that_the_product_is_made_of() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - OWN_PACKAGES == {"benchmarks", "sample_models", "tests"}
    assert packages >= OWN_PACKAGES
