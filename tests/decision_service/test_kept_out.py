"""The program does not import libraries of models, and what would use them goes on without."""

import subprocess
import sys

SCRIPT = """
import importlib
from decision_service.kept_out import MODEL_LIBRARIES, keep_out
keep_out()
for name in MODEL_LIBRARIES:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as refused:
        assert refused.name == name, refused
    else:
        raise AssertionError(name)
import pyarrow as pa  # asks for pandas when it is first given a list
assert pa.Table.from_pylist([{"amount": 1}]).num_rows == 1
from explain.attribution import interventional
from explain.attribution import treeshap# compiled by numba, which asks for scipy
"""


def test_what_is_kept_out_is_not_there_and_what_asks_for_it_works_all_the_same() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert not ran.returncode, ran.stderr
