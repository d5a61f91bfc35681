"""Has an export judged by a verifier nobody here wrote: ``python -m tests.interop AICS_TLOG``.

``AICS_TLOG`` is the command of the PyPI package ``aics-tlog``, which needs Python 3.12 in an
environment of its own. It must accept the export and refuse it with one bit changed, wherever.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.ledger_sample import LOG, SampleBook
from overrides.export import export
from overrides.notes import Signer

SIZE = 70_000  # entries: three levels of tiles
SIGNER = Signer(LOG, bytes(range(32)))
INDEX = 4_242
BUNDLE = INDEX // 256
FILES = ("checkpoint", f"tile/entries/{BUNDLE:03d}", f"tile/0/{BUNDLE:03d}", "tile/1/000")
TOLD = ("ok", "size", "root", "index", "leaf_hash", "error")


def ask(folder: Path, tool: Path, verb: str, *words: str) -> bool:
    """Ask the other verifier one thing, show what was asked and answered; whether it accepts."""
    asked = [verb, "--tiles", "export", "--vkey-file", "log.key", *words]
    ran = subprocess.run(
        [str(tool.absolute()), *asked], cwd=folder, capture_output=True, text=True, check=False
    )
    sys.stdout.write(f"$ aics-tlog {' '.join(asked)}\n")
    try:
        answer = json.loads(ran.stdout)
    except ValueError:
        answer = {"error": (ran.stderr or ran.stdout).strip().splitlines()[-1]}
    told = {name: answer[name] for name in TOLD if name in answer}
    sys.stdout.write(f"{json.dumps(told)}  (exit status {ran.returncode})\n")
    return ran.returncode == 0 and bool(answer.get("ok"))


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def judge(folder: Path, tool: Path) -> bool:
    """Whether the export is accepted as it is, and refused with any of the bits changed."""
    export(
        SampleBook(SIZE, SIGNER),  # type: ignore[arg-type]
        folder / "export",
        SIGNER,
        lambda: datetime(2026, 6, 1, tzinfo=UTC),
    )
    (folder / "log.key").write_text(SIGNER.key.vkey + "\n")
    earlier = (folder / "export" / "checkpoints.jsonl").read_text("utf-8").splitlines()[10]
    (folder / "earlier.txt").write_text(json.loads(earlier)["note"])
    inclusion = ("verify-inclusion", "--index", str(INDEX))
    accepted = [
        ask(folder, tool, "verify-checkpoint"),
        ask(folder, tool, *inclusion),
        ask(folder, tool, "verify-consistency", "--old-checkpoint", "earlier.txt"),
    ]
    refused = []
    for name in FILES:
        path = folder / "export" / name
        flip(path)
        sys.stdout.write(f"# one bit of {name} changed\n")
        refused.append(not ask(folder, tool, *inclusion))
        flip(path)
    accepted.append(ask(folder, tool, *inclusion))
    return all(accepted) and all(refused)


def main() -> int:
    """Judge, and say what it came to."""
    words = argparse.ArgumentParser(prog="python -m tests.interop", description=__doc__)
    words.add_argument("tool", metavar="AICS_TLOG", type=Path)
    tool = words.parse_args().tool
    with tempfile.TemporaryDirectory() as folder:
        good = judge(Path(folder), tool)
    said = "Accepted as it is, refused with one bit changed." if good else "NOT as it should be."
    sys.stdout.write(said + "\n")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
