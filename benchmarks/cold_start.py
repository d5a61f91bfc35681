"""From the start of a process to the first explained decision, beside a script that imports shap.

Both scripts read the same model file and explain the same row. Ours reads a whole bundle, proves it
and words the reasons; without numba the library explains, as on a small machine. Then the service
itself is started and sent one application. ``python -m benchmarks.cold_start`` prints this alone.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import servers
from benchmarks.credit_bundle import MODEL_FILE, NAME, write_bundle
from benchmarks.verifier import timed

ROUNDS = 5
SERVICE_SECONDS_MAX = 120.0
EDGE = Path(__file__).parents[1] / "requirements/edge.txt"

OURS = """
import sys
from pathlib import Path
from explain.bundle import load
bundle = load(Path(sys.argv[1]))
row = bundle.contract.check(bundle.example["fields"]).features
(answer,) = bundle.explain([row])
assert answer.reliable, answer
"""
WITHOUT_NUMBA = "import sys; sys.modules['numba'] = None\n" + OURS
THEIRS = """
import json, sys
import lightgbm, numpy, shap
booster = lightgbm.Booster(model_file=sys.argv[1])
row = numpy.array([json.loads(sys.argv[2])], dtype=float)
explanation = shap.TreeExplainer(booster)(row)
total = explanation.values.sum() + explanation.base_values[0]
assert abs(total - booster.predict(row, raw_score=True)[0]) < 1e-6
"""


def measure(folder: Path) -> dict[str, Any]:
    """Medians of seconds and megabytes over rounds in which every side has a turn."""
    bundle = folder / "cold-bundle"
    row = write_bundle(bundle)[0].tolist()
    theirs = [
        "-W",
        "ignore",
        "-c",
        THEIRS,
        str(bundle / MODEL_FILE),
        json.dumps(row),
    ]
    scripts = {
        "ours": ["-c", OURS, str(bundle)],
        "ours without numba": ["-c", WITHOUT_NUMBA, str(bundle)],
        "a script that imports shap": theirs,
    }
    data = folder / "cold-data"
    with servers.ours(bundle, data):  # compiles what is compiled once for an installation
        pass
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        for name, words in scripts.items():
            seconds, memory, code = timed(words)
            assert code == 0, f"{name} ended with {code}"
            found.setdefault(name, []).append((seconds, memory))
        found.setdefault("the service", []).append(first_decision(data, bundle))
    told = {
        name: {"seconds": median(s for s, _ in turns), "memory_mb": median(m for _, m in turns)}
        for name, turns in found.items()
    }
    return {"starts": told, "edge_mb": edge_megabytes()}


def first_decision(data: Path, bundle: Path) -> tuple[float, float]:
    """Seconds from the start of the server to its first answer, and its peak memory then."""
    options = ["--data", str(data)]
    key = json.loads(
        servers.countermand("key", "add", "--user", "bench-service", "--json", *options)
    )["key"]
    example = json.loads(servers.countermand("bundle", "example", str(bundle)))
    body = json.dumps({"application_id": f"cold-{time.time_ns()}", "bundle": NAME, **example})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    headers["Idempotency-Key"] = str(time.time_ns())
    port = servers.free_port()
    address = f"http://127.0.0.1:{port}/v1/decisions"
    command = [sys.executable, "-m", "countermand", "serve", "--port", str(port), *options]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **servers.ONE_THREAD}, stdout=subprocess.DEVNULL
    )
    try:
        while time.perf_counter() - started < SERVICE_SECONDS_MAX:
            request = urllib.request.Request(address, body.encode(), headers)
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    made = json.load(answer)
            except urllib.error.HTTPError as refused:
                with refused:
                    raise AssertionError(refused.read()) from None
            except OSError:  # not listening yet
                time.sleep(0.01)
            else:
                assert made["reasons"]["reliable"], made
                return time.perf_counter() - started, peak_megabytes(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)
    msg = "the server did not decide"
    raise AssertionError(msg)


def peak_megabytes(process_id: int) -> float:
    """The most memory a process ever had, or has now where the system does not say."""
    try:
        told = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    except OSError:
        shown = ["ps", "-o", "rss=", "-p", str(process_id)]
        return int(subprocess.run(shown, capture_output=True, check=True).stdout) / 1024
    found = re.search(r"VmHWM:\s+(\d+) kB", told)
    assert found is not None
    return int(found[1]) / 1024


def edge_megabytes() -> float:
    """What the packages of the small lock take on disk here, their compiled caches included."""
    names = set(re.findall(r"^([a-z0-9-]+)==", EDGE.read_text(encoding="utf-8"), re.MULTILINE))
    total = 0
    for name in names:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:  # of another platform or Python
            continue
        places = {Path(str(file.locate())) for file in files}
        caches = {cache for place in places if place.suffix == ".py" for cache in caches_of(place)}
        total += sum(place.stat().st_size for place in places | caches if place.is_file())
    return total / 1e6


def caches_of(source: Path) -> list[Path]:
    """The compiled forms of a source file."""
    return list((source.parent / "__pycache__").glob(f"{source.stem}.cpython-*.pyc"))


def show(found: Mapping[str, Any]) -> None:
    """Print every side."""
    print(f"\n{'from start to the first explained decision':52}{'s':>10}{'MB':>10}")
    for name, figures in found["starts"].items():
        print(f"{name:52}{figures['seconds']:10.2f}{figures['memory_mb']:10.0f}")
    print(f"{'packages of the base install on disk':62}{found['edge_mb']:10.0f}")


def goals(found: Mapping[str, Any]) -> list[tuple[str, float, float, bool, str]]:
    """The promises about starting."""
    starts = found["starts"]
    ours, theirs = starts["ours"], starts["a script that imports shap"]
    time_, memory = "seconds", "memory_mb"
    return [
        ("cold start: ours / a script with shap", ours[time_] / theirs[time_], 0.5, False, "times"),
        ("memory of that: ours / theirs", ours[memory] / theirs[memory], 2 / 3, False, "times"),
        ("service after its first decision", starts["the service"][memory], 250, False, "MB"),
        ("base install on disk", found["edge_mb"], 300, False, "MB"),
    ]


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.cold_start", description=__doc__
    ).parse_args()
    with tempfile.TemporaryDirectory(prefix="countermand-cold-") as folder:
        found = measure(Path(folder))
    show(found)
    for what, measured, limit, _, unit in goals(found):
        print(f"{what:52}{measured:10.2f} ≤{limit:.2f} {unit}")


if __name__ == "__main__":
    main()
