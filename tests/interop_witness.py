"""Has a ledger witnessed by a witness nobody here wrote, and ours checked by a tool of others.

``python -m tests.interop_witness AICS_WITNESS AICS_TLOG``: the commands of two PyPI packages, which
need Python 3.12 in an environment of their own. The one must sign what we show it, step by step,
and the other accept what our witness signs, and refuse it when a letter of it was changed.
"""

import argparse
import io
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from decision_service.cli import main as countermand
from tests.interop import ask

ADDRESS, NAME = "127.0.0.1:17380", "ours.example/w1"
LETTER = 40  # of a line: in the midst of the signature
VKEY = re.compile(r"\S+\+[0-9a-f]{8}\+\S+")
BEGIN_SECONDS, TRIES = 0.2, 50
SHOWN = {("cosigner", "add"), ("cosigner", "ask"), ("cosigner", "take")}


def ours(*words: object) -> int:
    """Run a command of ours; what it says of witnesses is shown."""
    told = io.StringIO()
    with redirect_stdout(told):
        status = countermand([str(word) for word in words])
    if words[:2] in SHOWN:
        named = (word.name if isinstance(word, Path) else str(word) for word in words[:-2])
        sys.stdout.write(f"$ countermand {' '.join(named)}\n{told.getvalue()}")
    return status


@contextmanager
def witness(tool: Path, folder: Path, ledger: str) -> Iterator[Path]:
    """A witness of others that knows a ledger; the file of its key."""
    config = ["--config", str(folder / "witness.json")]

    def theirs(*words: str) -> str:
        command = [str(tool.absolute()), words[0], *config, *words[1:]]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    found = VKEY.search(theirs("init", "--name", "other.example/w1", "--listen", ADDRESS))
    assert found is not None
    (folder / "theirs.pub").write_text(f"{found[0]}\n")
    theirs("add-log", "--origin", ledger.partition("+")[0], "--vkey", ledger)
    log = (folder / "witness.log").open("w")
    with log, subprocess.Popen([str(tool.absolute()), "serve", *config], stderr=log) as server:
        try:
            for _ in range(TRIES):
                time.sleep(BEGIN_SECONDS)
                if "listening" in (folder / "witness.log").read_text():
                    break
            yield folder / "theirs.pub"
        finally:
            server.terminate()


def judge(folder: Path, signs: Path, checks: Path) -> bool:
    """Whether they sign what we show, and accept what we sign and nothing else."""
    data, export = folder / "data", folder / "export"
    ours("init", "--data", data)
    ours("witness", "init", NAME, "--data", data)
    key = data / "keys" / "signing.pub"
    (folder / "log.key").write_text(key.read_text())
    done = []
    with witness(signs, folder, key.read_text().strip()) as theirs:
        ours(
            "cosigner",
            "add",
            "theirs",
            "--key",
            theirs,
            "--at",
            f"http://{ADDRESS}",
            "--data",
            data,
        )
        for name in ("asha", "bruno", "chitra"):
            ours("user", "add", name, "--role", "service", "--data", data)
            done.append(ours("cosigner", "ask", "--data", data) == 0)
    sys.stdout.write((folder / "witness.log").read_text())
    ours("witness", "add", key, "--data", data)
    ours("cosigner", "add", "ours", "--key", data / "witness" / "witness.pub", "--data", data)
    ours("cosigner", "remove", "theirs", "--data", data)
    note, signed = folder / "offer.txt", folder / "signed.txt"
    for words, path in ((("ledger", "checkpoint"), note), (("witness", "cosign", note), signed)):
        path.write_text(_said(*words, "--data", data), encoding="utf-8")
    done.append(ours("cosigner", "take", signed, "--data", data) == 0)
    ours("ledger", "export", export, "--data", data)
    vkey = (data / "witness" / "witness.pub").read_text().splitlines()[0]
    quorum = ("verify-checkpoint", "--witness-key", vkey, "--quorum", "1")
    done.append(ask(folder, checks, *quorum))
    whole = (export / "checkpoint").read_text("utf-8")
    place = whole.index(NAME) + len(NAME) + LETTER
    other = "B" if whole[place] == "A" else "A"
    (export / "checkpoint").write_text(whole[:place] + other + whole[place + 1 :], encoding="utf-8")
    sys.stdout.write("# one letter of our witness's line changed\n")
    done.append(not ask(folder, checks, *quorum))
    return all(done)


def _said(*words: object) -> str:
    """What a command of ours prints."""
    command = [sys.executable, "-m", "countermand", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> int:
    """Judge, and say what it came to."""
    words = argparse.ArgumentParser(prog="python -m tests.interop_witness", description=__doc__)
    words.add_argument("aics_witness", type=Path)
    words.add_argument("aics_tlog", type=Path)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        good = judge(Path(folder), given.aics_witness, given.aics_tlog)
    sys.stdout.write("Each signed for the other.\n" if good else "They do NOT agree.\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
