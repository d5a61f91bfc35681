"""Known answers of other implementations, where their folder lies beside the repository."""

import json
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parents[2] / "shared" / "vectors"

needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="no folder of known answers beside the repository"
)


def known(path: str) -> Any:
    """One file of known answers."""
    return json.loads((VECTORS / path).read_text("utf-8"))
