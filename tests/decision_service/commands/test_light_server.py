"""A server holds no library of models in memory: they are asked in processes of their own."""

import json
import re
import sys
from pathlib import Path

import pytest

from decision_service.kept_out import MODEL_LIBRARIES
from tests.decision_service.commands.servers import Start
from tests.decision_service.commands.shell import Shell

PROGRAMS = re.compile(r"/site-packages/(\w+?)(?:\.libs)?/")


@pytest.mark.skipif(sys.platform != "linux", reason="reads what the system tells of a process")
def test_a_server_that_decided_has_loaded_no_library_of_models(
    house: Shell, start: Start, bundle: Path
) -> None:
    key = house.on_data("key", "add", "--user", "core", "--json").json["key"]
    example = house("bundle", "example", bundle).json
    server = start(house.data, from_scratch=True)
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "one"}
    status, body = server.ask("/v1/decisions", {"application_id": "A-1", **example}, **headers)
    assert status == 201, body
    assert json.loads(body)["reasons"]["reliable"] is True
    told = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="utf-8")
    loaded = set(PROGRAMS.findall(told))
    assert "numpy" in loaded
    assert not loaded.intersection(MODEL_LIBRARIES)
    assert server.stop() == (0, "")
