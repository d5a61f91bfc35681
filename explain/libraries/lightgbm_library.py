"""LightGBM's own library, asked by its C interface.

The Python package around it imports scipy, pandas and scikit-learn where they are installed, which
takes ten times as long and a hundred megabytes more than the library
(https://lightgbm.readthedocs.io/en/stable/C-API.html).
"""

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LIBRARIES = ("lib_lightgbm.so", "lib_lightgbm.dylib", "lib_lightgbm.dll")
PLACES = ("lib", "bin", ".", "..")
"""What the library is called on each system, and where below its package it may lie."""

_FLOAT64 = 1
_RAW, _CONTRIBUTIONS = 1, 3


class LightGbmError(RuntimeError):
    """LightGBM refused, in its own words."""


@cache
def _library() -> ctypes.CDLL:
    """The library beside LightGBM's Python package; LightGbmError where there is none."""
    spec = find_spec("lightgbm")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in (Path(folder, place, name) for place in PLACES for name in LIBRARIES):
            if path.is_file():
                library = ctypes.CDLL(str(path))
                library.LGBM_GetLastError.restype = ctypes.c_char_p
                return library
    msg = "LightGBM is not installed"
    raise LightGbmError(msg)


def _ask(function: str, *given: Any) -> None:
    """Call one function of the library; LightGbmError with what it says where it fails."""
    library = _library()
    if getattr(library, function)(*given):
        raise LightGbmError(library.LGBM_GetLastError().decode(errors="replace"))


class LightGbm:
    """A model in the library's hands, read from LightGBM's text format."""

    def __init__(self, text: str) -> None:
        self._handle = ctypes.c_void_p()
        rounds = ctypes.c_int()
        content = ctypes.c_char_p(text.encode())
        found = (ctypes.byref(rounds), ctypes.byref(self._handle))
        _ask("LGBM_BoosterLoadModelFromString", content, *found)

    def __del__(self) -> None:
        """Give the model's memory back."""
        if self._handle.value:
            _library().LGBM_BoosterFree(self._handle)

    def scores(self, matrix: "NDArray[np.float64]", threads: int) -> "NDArray[np.float64]":
        """The raw score of each row; with 0 threads the library chooses how many."""
        return self._predict(matrix, _RAW, 1, threads)[:, 0]

    def contributions(self, matrix: "NDArray[np.float64]", threads: int) -> "NDArray[np.float64]":
        """Path-dependent: for each row one number per feature, then the base."""
        return self._predict(matrix, _CONTRIBUTIONS, matrix.shape[1] + 1, threads)

    def _predict(
        self, matrix: "NDArray[np.float64]", what: int, width: int, threads: int
    ) -> "NDArray[np.float64]":
        """What the library says of each row, so many numbers wide."""
        import numpy as np

        given = np.ascontiguousarray(matrix, np.float64)
        rows, features = given.shape
        wanted, told = ctypes.c_int64(), ctypes.c_int64()
        settings = ctypes.c_char_p(f"num_threads={threads}".encode() if threads else b"")
        _ask(
            "LGBM_BoosterCalcNumPredict",
            *(self._handle, ctypes.c_int(rows), ctypes.c_int(what), *_ALL),
            ctypes.byref(wanted),
        )
        if wanted.value != rows * width:
            msg = f"the model gives {wanted.value} numbers for {rows} rows, not {rows * width}"
            raise LightGbmError(msg)
        found = np.empty((rows, width))
        _ask(
            "LGBM_BoosterPredictForMat",
            *(self._handle, given.ctypes.data_as(ctypes.c_void_p), ctypes.c_int(_FLOAT64)),
            *(ctypes.c_int32(rows), ctypes.c_int32(features), ctypes.c_int(1), ctypes.c_int(what)),
            *(*_ALL, settings, ctypes.byref(told)),
            found.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
        )
        return found


_ALL = (ctypes.c_int(0), ctypes.c_int(-1))
"""From the first round to the last."""
