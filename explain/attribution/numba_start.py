"""Starts numba without scipy, of which it only wants to know whether it is there.

Importing scipy's linear algebra takes as long as numba itself and 13 MB. Code that needs it, which
is somebody else's in the same process, asks for it again when it is compiled.
"""

from importlib.util import find_spec

from numba.np import linalg

_asks = linalg.ensure_blas
if find_spec("scipy"):
    linalg.ensure_blas = lambda: None
try:
    from numba.np import arraymath  # noqa: F401 # asks once, now
finally:
    linalg.ensure_blas = _asks
