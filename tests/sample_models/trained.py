"""The sample bundles, trained once per test run, for every test that needs a real one."""

import os
import shutil
from functools import cache
from pathlib import Path

from explain.bundle import load
from explain.declared.bundle_contents import MEASURED_FILE
from explain.declared.bundle_files import seal
from explain.measures.measuring import write_measured
from sample_models.train import train_german
from tests.made_once import made_once

TRAINED = "COUNTERMAND_TRAINED_BUNDLES"


@cache
def sample_bundles() -> Path:
    """The folder that holds both German bundles and the held-out applications.

    Processes that the tests start find it in their environment.
    """
    if TRAINED in os.environ:
        return Path(os.environ[TRAINED])
    return made_once("bundles", train_german)


@cache
def path_dependent_bundle() -> Path:
    """The trees of the first sample in a bundle that is explained by their training rows."""
    return made_once("path-dependent", _path_dependent) / "german-credit"


def _path_dependent(parent: Path) -> None:
    """Make that bundle of a copy."""
    folder = parent / "german-credit"
    shutil.copytree(sample_bundles() / folder.name, folder)
    text = (folder / "model.yaml").read_text(encoding="utf-8")
    for told, instead in (
        ('"tree_interventional"', '"tree_path_dependent"'),
        ('"background": "background.csv", ', ""),
        ('"background_population": "all"', ""),
    ):
        assert told in text
        text = text.replace(told, instead)
    (folder / "model.yaml").write_text(text.replace(", }", "}"), encoding="utf-8")
    for gone in ("background.csv", MEASURED_FILE):
        (folder / gone).unlink()
    seal(folder, folder.name)
    write_measured(load(folder), folder)
