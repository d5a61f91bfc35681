"""What others wrote lies beside its licence, unchanged."""

import json
from hashlib import sha256
from pathlib import Path

from ui.render import STATIC

HTMX = STATIC / "vendor" / "htmx"
WEIGHT_MAX = {
    "app.css": 29_000,
    "app.js": 9_600,
    "sw.js": 4_000,
    "line.js": 2_500,
    "queue.js": 12_500,
}


def test_htmx_is_the_file_that_was_released() -> None:
    told = json.loads((HTMX / "VENDOR.json").read_text())
    content = (HTMX / told["file"]).read_bytes()
    assert told["version"] == "4.0.1"
    assert sha256(content).hexdigest() == told["sha256"]
    assert told["sha256"] == "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
    assert len(content) == told["bytes"]


def test_its_licence_lies_beside_it() -> None:
    told = json.loads((HTMX / "VENDOR.json").read_text())
    assert "Zero-Clause BSD" in (HTMX / told["licence_file"]).read_text()


def test_our_own_files_stay_small() -> None:
    for name, most in WEIGHT_MAX.items():
        assert (STATIC / name).stat().st_size <= most


def test_our_own_files_load_nothing() -> None:
    for name in WEIGHT_MAX:
        text = Path(STATIC / name).read_text()
        for sign in ("http:", "https:", "@import", "eval(", "new Function"):
            assert sign not in text
