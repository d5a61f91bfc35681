"""What it costs to start the verifier, and to check a whole ledger with it."""

import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

STARTS = 9
MODEL_LIBRARIES = ("numpy", "pandas", "lightgbm", "sklearn", "shap", "numba")

STARTER = """
import os, sys, time
started = time.perf_counter()
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - started, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""


def measure(folder: Path) -> dict[str, Any]:
    """Seconds and megabytes of ``--help``, and of a verification of the installation's ledger."""
    words = ["-m", "countermand", "ledger", "verify"]
    helps = [timed([*words, "--help"]) for _ in range(STARTS)]
    seconds, memory, code = timed([*words, "--data", str(folder)])
    assert code == 0, f"verification ended with {code}"
    return {
        "help_s": median(seconds for seconds, _, _ in helps),
        "help_memory_mb": max(memory for _, memory, _ in helps),
        "verify_s": seconds,
        "verify_memory_mb": memory,
        "model_libraries_loaded": loaded(words[2:]),
    }


def timed(words: list[str]) -> tuple[float, float, int]:
    """Seconds, peak megabytes and exit code of one Python program.

    The peak that the system tells of a child begins with that of the process it was forked from,
    so a small one starts it instead of this one, which has models in memory.
    """
    starter = [sys.executable, "-S", "-c", STARTER, sys.executable, *words]
    told = subprocess.run(starter, capture_output=True, text=True, check=True).stdout
    seconds, kilobytes, code = told.split()[-3:]
    return float(seconds), int(kilobytes) / 1024, int(code)


def loaded(words: list[str]) -> list[str]:
    """Model libraries that the command line has imported by the time it prints its help."""
    script = f"""
import sys
from countermand.__main__ import main
sys.argv = ["countermand", *{words!r}, "--help"]
try:
    main()
except SystemExit:
    pass
print(*(name for name in {MODEL_LIBRARIES!r} if sys.modules.get(name)), file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return ran.stderr.split()
