"""A package that is installed can read a format of its own, and nothing can that is not."""

import sys
from pathlib import Path
from shutil import copytree

import pytest

from explain.bundle import load
from explain.checks import check_bundle
from explain.errors import BundleInvalid
from explain.values import Explanation, Row
from tests.explain.families import put_model
from tests.sample_models.trained import sample_bundles

PACKAGE = '''
"""Somebody else's model: a sum of two fields times a number in its file."""

class AcmeModel:
    precision = 1e-9
    scale = "probability-of-bad"

    def __init__(self, file):
        self.weight = float(file.text)
        self.features = tuple(field.name for field in file.contract.features)

    def score(self, rows):
        months = [min(row["duration_months"], 72.0) / 72.0 for row in rows]
        amounts = [min(row["credit_amount"], 20000.0) / 20000.0 for row in rows]
        return [self.weight * (m + a) for m, a in zip(months, amounts)]
'''


def score(row: Row) -> float:
    """The same here."""
    months, amount = row["duration_months"], row["credit_amount"]
    assert isinstance(months, float)
    assert isinstance(amount, float)
    return 0.4 * (min(months, 72.0) / 72.0 + min(amount, 20000.0) / 20000.0)


def install(
    folder: Path, name: str, patch: pytest.MonkeyPatch, leads_to: str = "AcmeModel"
) -> None:
    """A distribution as an installer would leave it, for this process and those it starts."""
    told = folder / f"{name}-1.0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(
        f"[countermand.models]\nacme-sum = {name}_models:{leads_to}\n"
    )
    (folder / f"{name}_models.py").write_text(PACKAGE)
    patch.syspath_prepend(str(folder))
    patch.setenv("PYTHONPATH", str(folder))
    patch.delitem(sys.modules, f"{name}_models", raising=False)


def bundle(folder: Path, method: str = "sampled_interventional") -> Path:
    """A bundle of that format."""
    copied = Path(copytree(sample_bundles() / "german-scorecard", folder / "acme"))
    lines = (copied / "background.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (copied / "background.csv").write_text("".join(lines[:21]), encoding="utf-8")
    told = {
        "file": "acme.txt",
        "format": "acme-sum",
        "scale": "probability-of-bad",
        "explainer": method,
    }
    contract = load(sample_bundles() / "german-scorecard", prove=False).contract
    put_model(copied, told, b"0.4", contract, lambda rows: map(score, rows))
    return copied


@pytest.mark.parametrize("apart", [False, True])
def test_a_format_of_an_installed_package_is_read_proven_and_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, apart: bool
) -> None:
    install(tmp_path / "site", "acme", monkeypatch)
    loaded = load(bundle(tmp_path), apart=apart)
    (one,) = loaded.explain(loaded.reference[:1])
    assert isinstance(one, Explanation)
    assert one.reliable
    assert abs(one.attribution.score - score(loaded.reference[0])) <= 1e-12


def test_its_model_is_held_to_the_same_promises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "acme", monkeypatch)
    texts = [one.text for one in check_bundle(bundle(tmp_path)) if one.ok]
    assert "a row scores the same alone and among others" in texts
    assert "contributions add up, alone and among others" in texts


def test_a_format_that_nobody_reads_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(BundleInvalid, match="no installed package reads acme-sum; known without"):
        load(bundle(tmp_path))


def test_two_packages_for_one_format_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "one", "acme", monkeypatch)
    install(tmp_path / "two", "emca", monkeypatch)
    with pytest.raises(BundleInvalid, match="several installed packages read acme-sum: acme, emca"):
        load(bundle(tmp_path))


def test_a_package_that_is_broken_is_named_by_its_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "acme", monkeypatch, leads_to="NoSuchModel")
    with pytest.raises(BundleInvalid, match="reads acme-sum cannot be used"):
        load(bundle(tmp_path))


def test_a_method_that_its_model_does_not_serve_is_refused_with_one_that_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "acme", monkeypatch)
    with pytest.raises(BundleInvalid, match="let it be sampled_interventional"):
        load(bundle(tmp_path, "linear_independent"))


def test_a_package_cannot_take_the_place_of_a_format_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "acme", monkeypatch)
    points = tmp_path / "site" / "acme-1.0.dist-info" / "entry_points.txt"
    points.write_text("[countermand.models]\nsklearn-skops = acme_models:AcmeModel\n")
    loaded = load(sample_bundles() / "german-scorecard")
    assert type(loaded.parts_in_memory()[0]).__name__ == "SklearnLinear"
