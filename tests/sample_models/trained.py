"""The sample bundles, trained once per test run, for every test that needs a real one."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sample_models.train import train_german

TRAINED = "COUNTERMAND_TRAINED_BUNDLES"


@cache
def sample_bundles() -> Path:
    """The folder that holds both German bundles and the held-out applications.

    Processes that the tests start find it in their environment.
    """
    if TRAINED in os.environ:
        return Path(os.environ[TRAINED])
    folder = Path(tempfile.mkdtemp(prefix="countermand-bundles-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    train_german(folder)
    return folder
