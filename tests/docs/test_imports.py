"""Light stays light: what an auditor and a command line start with loads no model library."""

import subprocess
import sys
from pathlib import Path

import pytest

MODEL_LIBRARIES = {"lightgbm", "llvmlite", "numba", "numpy", "pandas", "pyarrow", "scipy"}
MODEL_LIBRARIES |= {"onnxruntime", "shap", "sklearn", "skops"}
WEB_AND_TABLES = {"fastapi", "starlette", "pydantic", "sqlalchemy", "sqlmodel", "jinja2", "alembic"}

ROOT = Path(__file__).parents[2]
LEDGER = sorted(f"overrides.{path.stem}" for path in (ROOT / "overrides").glob("[a-z]*.py"))
COMMANDS = ["countermand", "decision_service.cli"]
SERVICE = ["decision_service.wiring", "decision_service.app", "explain.bundle", "ui.render"]


def loaded_by(statement: str) -> set[str]:
    script = f"import sys; {statement}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in ran.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize("modules", [LEDGER, COMMANDS], ids=["ledger", "commands"])
def test_an_auditors_tools_load_nothing_heavy(modules: list[str]) -> None:
    assert not loaded_by(f"import {', '.join(modules)}") & (MODEL_LIBRARIES | WEB_AND_TABLES)


def test_the_service_starts_without_a_model_library() -> None:
    assert not loaded_by(f"import {', '.join(SERVICE)}") & MODEL_LIBRARIES


def test_checking_a_ledger_loads_no_model_and_no_database_layer(tmp_path: Path) -> None:
    """Not only its help: the whole verification of an installation."""
    folder = str(tmp_path / "data")
    start = [sys.executable, "-m", "countermand", "init", "--data", folder]
    subprocess.run(start, check=True, capture_output=True)
    verify = f"main(['ledger', 'verify', '--data', {folder!r}])"
    loaded = loaded_by(f"from decision_service.cli import main; {verify}")
    assert not loaded & (MODEL_LIBRARIES | WEB_AND_TABLES)


def test_a_notebook_gets_explain_under_our_name_with_no_class_loaded_twice() -> None:
    """Through ``countermand.explain`` alone; the plain name may belong to somebody else there."""
    script = """
import importlib, pkgutil, sys
import countermand.explain as package
for found in pkgutil.walk_packages(package.__path__, "countermand.explain."):
    importlib.import_module(found.name)
print(*(name for name in sys.modules if name.partition(".")[0] in {"explain", "overrides", "ui"}))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_the_service_knows_explain_under_one_name_only() -> None:
    script = "import sys, decision_service.app; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not [name for name in ran.stdout.split() if name.startswith("countermand.explain")]
