"""Countermand: the layer between a scored model and the people who answer for its decisions."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def wrap(model: Any, columns: Any, *, background: Any = None) -> Any:
    """A fitted model as a classifier of scikit-learn's kind that takes its scores apart, exactly.

    ``columns`` is a frame like the one it was trained on, of pandas, Polars or Arrow, or a
    Contract; with a ``background`` frame contributions are measured from it. What comes back has
    ``explain``.
    """
    return import_module("countermand.explain.notebook.wrapping").wrap(
        model, columns, background=background
    )
