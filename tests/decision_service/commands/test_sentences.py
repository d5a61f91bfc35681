"""What went wrong is said with a cure that cures it."""

import sqlite3

import pytest

from decision_service.amounts import minor_units
from decision_service.commands.sentences import OWN_PACKAGES, sentence
from decision_service.wording import NO_CURRENCY
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


def test_a_database_that_is_busy_is_to_be_waited_for() -> None:
    said = sentence(sqlite3.OperationalError("database is locked"))
    assert "another program is writing" in said
    assert sentence(sqlite3.OperationalError("no such table")).startswith("the database cannot be")


def test_an_amount_is_told_in_its_currency_where_there_is_one() -> None:
    with pytest.raises(ValueError, match="'12x' is not an amount: write"):
        minor_units("12x", NO_CURRENCY)
    with pytest.raises(ValueError, match="'12x' is not an amount of EUR: write"):
        minor_units("12x", "EUR")
