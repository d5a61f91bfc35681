"""What is made once in a whole run of the tests, by whichever of its processes needs it first."""

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

RUN_FOLDER = "COUNTERMAND_TEST_RUN"
"""The variable that names the folder of a run: the workers of a run find it there."""


def open_run_folder() -> None:
    """Name a fresh folder to every process started from here on."""
    os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="countermand-run-")


def remove_run_folder() -> None:
    """Remove that folder."""
    shutil.rmtree(os.environ.pop(RUN_FOLDER), ignore_errors=True)


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder of this name, made by ``make`` unless another process of the run has made it.

    Whoever comes meanwhile waits. What was left unfinished is made again. Nobody may write into it:
    who wants to spoil something makes a copy. Outside a run of the tests it ends with the process.
    """
    if RUN_FOLDER not in os.environ:
        alone = Path(tempfile.mkdtemp(prefix=f"countermand-{name}-"))
        atexit.register(shutil.rmtree, alone, ignore_errors=True)
        make(alone)
        return alone
    run = Path(os.environ[RUN_FOLDER])
    made, unfinished = run / name, run / f"{name}.unfinished"
    with (run / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(made)
    return made
