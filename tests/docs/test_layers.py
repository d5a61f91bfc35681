"""Who may import whom: the contracts of pyproject.toml hold, and there are contracts."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_import_contract_is_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    command = [str(linter), "--no-cache"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_every_package_lies_under_the_contracts() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    linted = set(settings["tool"]["importlinter"]["root_packages"])
    shipped = set(settings["tool"]["hatch"]["build"]["targets"]["wheel"]["sources"])
    assert linted == shipped
