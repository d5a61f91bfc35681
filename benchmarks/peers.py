"""What serves models elsewhere, beside us: MLflow without explanations, BentoML with them.

Neither checks a contract, words a reason, or records anything. They are large, so they are not
installed for this: ``BENCH_PEERS`` names a Python that has ``mlflow``, ``bentoml``, ``lightgbm``.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.credit_bundle import MODEL_FILE
from benchmarks.credit_fields import FIELDS
from benchmarks.decisions import MANY_CLIENTS, turn
from benchmarks.servers import Server, free_port, running

PYTHON = "BENCH_PEERS"
MLFLOW, BENTOML = "MLflow, no explanations", "BentoML, pred_contrib"
OK = 200
SAVE = """
import sys, lightgbm, mlflow.lightgbm
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

booster = lightgbm.Booster(model_file=sys.argv[1])
columns = Schema([ColSpec("double", name) for name in booster.feature_name()])  # gaps are NaN then
mlflow.lightgbm.save_model(booster, sys.argv[2], signature=ModelSignature(columns))
"""
SERVICE = """
import os, bentoml, lightgbm, numpy

@bentoml.service(workers=1)
class Credit:
    def __init__(self) -> None:
        self.model = lightgbm.Booster(model_file=os.environ["TEXTBOOK_MODEL"])

    @bentoml.api
    def explain(self, row: list) -> list:
        rows = numpy.array([row], dtype=float)
        return self.model.predict(rows, pred_contrib=True, num_threads=1)[0].tolist()
"""

Rows = list[dict[str, float | None]]


def python() -> Path | None:
    """Where the peers are installed, if anywhere."""
    return Path(os.environ[PYTHON]) if PYTHON in os.environ else None


@contextmanager
def mlflow(peers: Path, bundle: Path, folder: Path) -> Iterator[Server]:
    """``mlflow models serve`` with one worker."""
    folder.mkdir(parents=True)
    model = folder / "model"
    subprocess.run([peers, "-c", SAVE, bundle / MODEL_FILE, model], check=True, capture_output=True)
    port = free_port()
    command = [str(peers.parent / "mlflow"), "models", "serve", "-m", str(model), "-p", str(port)]
    command += ["--env-manager", "local", "--workers", "1"]
    path = {"PATH": f"{peers.parent}:{os.environ['PATH']}"}
    with running(command, path, f"http://127.0.0.1:{port}/ping") as process_id:
        yield Server(MLFLOW, port, process_id, "/invocations", {}, OK)


@contextmanager
def bentoml(peers: Path, bundle: Path, folder: Path) -> Iterator[Server]:
    """A BentoML service as its first tutorial writes one, with the library's contributions."""
    folder.mkdir(parents=True)
    (folder / "service.py").write_text(SERVICE)
    port = free_port()
    command = [str(peers.parent / "bentoml"), "serve", "service:Credit", "--port", str(port)]
    command += ["--working-dir", str(folder)]
    place = {
        "TEXTBOOK_MODEL": str(bundle / MODEL_FILE),
        "BENTOML_HOME": str(folder / "home"),
        "BENTOML_DO_NOT_TRACK": "true",
        "PATH": f"{peers.parent}:{os.environ['PATH']}",
    }
    with running(command, place, f"http://127.0.0.1:{port}/readyz") as process_id:
        yield Server(BENTOML, port, process_id, "/explain", {}, OK)


def measure(
    mine: Server, bodies: list[str], rows: Rows, bundle: Path, folder: Path, *, rounds: int
) -> dict[str, float]:
    """Requests per second at 32 clients, in turns with ours; medians. Empty without peers."""
    peers = python()
    if peers is None:
        return {}
    names = [field.name for field in FIELDS]
    lines = [[row[name] for name in names] for row in rows]
    split = [json.dumps({"dataframe_split": {"columns": names, "data": [line]}}) for line in lines]
    plain = [json.dumps({"row": line}) for line in lines]
    runs: dict[str, list[float]] = {}
    with (
        mlflow(peers, bundle, folder / "mlflow") as one,
        bentoml(peers, bundle, folder / "bentoml") as other,
    ):
        sent = ((mine, bodies), (one, split), (other, plain))
        for server, texts in sent:
            turn(server, texts, MANY_CLIENTS, 1.0)
        for _ in range(rounds):
            for server, texts in sent:
                report = turn(server, texts, MANY_CLIENTS, 3.0)
                runs.setdefault(server.name, []).append(report.requests_per_s)
    return {name: median(found) for name, found in runs.items()}


def show(found: dict[str, float]) -> None:
    """Print them, or that there is nobody to compare with."""
    if not found:
        print(f"\nMLflow and BentoML were not measured: set {PYTHON} to a Python that has them.")
        return
    print(f"\n{'32 clients, in turns':28}{'requests/s':>12}")
    for name, rate in found.items():
        print(f"{name:28}{rate:12.0f}")


def goals(found: dict[str, Any]) -> Iterator[tuple[str, float, float, bool, str]]:
    """To answer more, and durably, than what explains less."""
    for name in (MLFLOW, BENTOML):
        if name in found:
            ratio = found["countermand"] / found[name]
            yield (f"requests at 32 clients: ours / {name}", ratio, 1.0, True, "times")
