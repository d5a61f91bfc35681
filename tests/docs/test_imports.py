"""Light stays light: what an auditor and a command line start with loads no model library."""

import subprocess
import sys

import pytest

MODEL_LIBRARIES = {"lightgbm", "llvmlite", "numba", "numpy", "pandas", "pyarrow", "scipy"}
MODEL_LIBRARIES |= {"shap", "sklearn", "skops"}
WEB_AND_TABLES = {"fastapi", "starlette", "pydantic", "sqlalchemy", "sqlmodel", "jinja2", "alembic"}

NO_MODELS = ["decision_service.wiring", "decision_service.app", "explain.bundle", "ui"]
NOTHING_HEAVY = [
    "countermand",
    "decision_service.cli",
    "overrides",
    "overrides.authority",
    "overrides.canonical",
    "overrides.cases",
    "overrides.desk",
    "overrides.errors",
    "overrides.events",
    "overrides.export",
    "overrides.feedback",
    "overrides.labels",
    "overrides.ledger",
    "overrides.merkle",
    "overrides.metrics",
    "overrides.notes",
    "overrides.outcomes",
    "overrides.statistics",
    "overrides.values",
    "overrides.vault",
    "overrides.verify",
]


def loaded_by(statement: str) -> set[str]:
    script = f"import sys; {statement}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in ran.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize("module", NOTHING_HEAVY)
def test_an_auditors_tools_load_nothing_heavy(module: str) -> None:
    assert not loaded_by(f"import {module}") & (MODEL_LIBRARIES | WEB_AND_TABLES)


@pytest.mark.parametrize("module", NO_MODELS)
def test_the_service_starts_without_a_model_library(module: str) -> None:
    assert not loaded_by(f"import {module}") & MODEL_LIBRARIES


def test_a_notebook_gets_explain_under_our_name_with_no_class_loaded_twice() -> None:
    """Through ``countermand.explain`` alone; the plain name may belong to somebody else there."""
    script = """
import importlib, pkgutil, sys
import countermand.explain as package
for found in pkgutil.iter_modules(package.__path__):
    importlib.import_module(f"countermand.explain.{found.name}")
print(*(name for name in sys.modules if name.partition(".")[0] in {"explain", "overrides", "ui"}))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_the_service_knows_explain_under_one_name_only() -> None:
    script = "import sys, decision_service.app; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not [name for name in ran.stdout.split() if name.startswith("countermand.explain")]
