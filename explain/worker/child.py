"""The process in which a model's library reads a file and answers, and of which it may die.

``python -m explain.worker.child`` speaks over the socket that is its standard input and ends with
it. Libraries for models trust their files: a damaged one makes them read beyond their memory, take
all there is, or never come back. So the process limits itself before it reads anything: in memory,
in time for each answer, and no core is left that would hold what it was told.
"""

import math
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..adapters import ModelAdapter
from ..declared.bundle_schema import BundleSpec
from ..declared.plain_yaml import read as read_yaml
from ..errors import ExplainError
from ..formats import ModelFile, read_model
from ..tree import Tree, UnsupportedForestError
from ..values import Row
from .messages import card_told, error_told, receive, send, tree_told

MEMORY_BYTES_MAX = 4 * 1024 * 1024 * 1024
"""Of address space, libraries with their code included."""

GRACE_SECONDS = 5
"""So long after its time it lives, where nobody ends it before."""

WORDS_MAX = 200

UNUSED: Mapping[str, tuple[str, ...]] = {
    "xgboost-json": ("pandas", "sklearn"),
    "xgboost-ubj": ("pandas", "sklearn"),
}
"""What a format's library imports where it is installed, to be used with it, which it is not here.

That would be most of the time until the first answer, and most of the memory.
"""

Message = Mapping[str, Any]


def main() -> None:
    """Answer until the other side has gone."""
    limit_itself()
    with socket.socket(fileno=0) as line:
        serve(line)


def limit_itself() -> None:
    """Give up what a library could do harm with, as far as the system lets one."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    with suppress(OSError):  # where memory is short, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def serve(line: socket.socket) -> None:
    """Read the file that is sent first, and answer what is asked of it."""
    model: ModelAdapter | None = None
    while (heard := receive(line)) is not None:
        message, content = heard
        # Whoever asked may be gone, and a library that hangs would not notice.
        signal.alarm(math.ceil(message["seconds"]) + GRACE_SECONDS)
        try:
            if message["ask"] == "read":
                model = read(message, content)
            send(line, {"told": asked_of(model, message)})
        except UnsupportedForestError as refused:
            send(line, {"unsupported": str(refused)})
        except ExplainError as refused:
            send(line, {"refused": error_told(refused)})
        except Exception as failed:  # noqa: BLE001 # a library may raise anything
            # Only of the file: what is said later may hold an applicant's values.
            words = f": {failed}"[:WORDS_MAX] if message["ask"] == "read" else ""
            send(line, {"failed": f"{type(failed).__name__}{words}"})
        signal.alarm(0)


def read(message: Message, content: bytes) -> ModelAdapter:
    """The model in this file, in its library's hands."""
    spec = BundleSpec.model_validate(read_yaml(message["model.yaml"]))
    for name in UNUSED.get(spec.model.format, ()):
        sys.modules[name] = None  # type: ignore[assignment] # means: not to be had
    file = ModelFile(spec.model, content, spec.contract.build(), message["path"], list)
    model = read_model(file)
    getattr(model, "booster", None)  # some are read when they are first asked
    return model


def about(model: Any) -> Message:
    """What can be asked of it."""
    return {
        "features": model.features,
        "precision": model.precision,
        "scale": model.scale,
        "trees": hasattr(model, "trees"),
        "single": hasattr(model, "trees") and model.encoder.single,
        "card": hasattr(model, "card"),
    }


def asked_of(model: Any, message: Message) -> Any:
    """What it says."""
    match message["ask"]:
        case "read":
            return None
        case "what it is":
            return about(model)
        case "scores":
            return model.score(rows_of(message))
        case "contributions":
            return model.contributions(rows_of(message))
        case "trees":
            return [tree_told(tree) for tree in trees_of(model)]
        case "the card":
            return card_told(model.card)
    raise ValueError


def rows_of(message: Message) -> list[Row]:
    """The rows asked about."""
    return [dict(zip(message["names"], values, strict=True)) for values in message["rows"]]


def trees_of(model: Any) -> Sequence[Tree]:
    """The trees; UnsupportedForestError for anything but a refusal of the file."""
    try:
        trees: Sequence[Tree] = model.trees()
    except ExplainError:
        raise
    # What our reader stumbles over, the library may still explain.
    except Exception as failed:
        raise UnsupportedForestError(type(failed).__name__) from failed
    return trees


if __name__ == "__main__":
    main()
