"""Write the hash locks again: every release pinned, for every supported Python, naming no index."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent / "pyproject.toml"
OLDEST_PYTHON = "3.11"

PICTURES = (
    "contourpy",
    "cycler",
    "fonttools",
    "graphviz",
    "kiwisolver",
    "matplotlib",
    "plotly",
)
"""CatBoost's package draws with these; it reads and scores without, and shap starts faster so."""

LOCKS = {
    "lock.txt": [
        *("--extra", "full", "--extra", "stamps", "--extra", "xgboost", "--extra", "catboost"),
        *("--extra", "onnx"),
        *("--group", "dev"),
        *(word for name in PICTURES for word in ("--no-emit-package", name)),
    ],
    "edge.txt": [
        *("--constraint", str(HERE / "lock.txt")),
        *("--no-emit-package", "narwhals", "--no-emit-package", "scipy"),
    ],
}
"""What each file holds. The small one repeats versions of the large one, so it comes second.

It leaves out what only the Python package around LightGBM needs, since its library alone is asked.
"""

HEADINGS = {
    "lock.txt": "Everything, for pip's --no-deps: to run, to test, to build.",
    "edge.txt": "The base install alone, for pip's --no-deps: to serve, decide and audit on a small"
    " machine.",
}


def compile_lock(name: str, options: list[str]) -> None:
    """Resolve one file with uv, keeping pins that still fit unless ``--upgrade`` was given."""
    target = HERE / name
    uv = Path(sys.executable).with_name("uv")
    flags = ["--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes"]
    quiet = ["--no-header", "--no-annotate", "--quiet", *sys.argv[1:]]
    subprocess.run(  # noqa: S603
        [uv, "pip", "compile", PROJECT, *options, *flags, *quiet, "--output-file", target],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    heading = f"# {HEADINGS[name]} Written by `make lock`.\n"
    target.write_text(heading + target.read_text(encoding="utf-8"), encoding="utf-8")


def main() -> None:
    """Write every lock."""
    for name, options in LOCKS.items():
        compile_lock(name, options)
        print(f"requirements/{name}")


if __name__ == "__main__":
    main()
