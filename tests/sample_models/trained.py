"""The sample bundles, trained once per test run, for every test that needs a real one."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sample_models.train import train_german


@cache
def sample_bundles() -> Path:
    """The folder that holds both German bundles and the held-out applications."""
    folder = Path(tempfile.mkdtemp(prefix="countermand-bundles-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    train_german(folder)
    return folder
