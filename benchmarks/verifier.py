"""What it costs to start the verifier, and to check a whole ledger with it."""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

STARTS = 9
MODEL_LIBRARIES = ("numpy", "pandas", "lightgbm", "sklearn", "shap", "numba")


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
    """Seconds, peak megabytes and exit code of one Python program."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - started, usage.ru_maxrss / 1024, process.returncode


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
print(*(name for name in {MODEL_LIBRARIES!r} if name in sys.modules), file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return ran.stderr.split()
