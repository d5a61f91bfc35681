"""A server is alone, safe by default, and stops when told; commands work beside it."""

import ipaddress
import json
import signal
import socket
import ssl
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from decision_service.commands.serving import Listening, check_reach
from tests.decision_service.commands.servers import Start
from tests.decision_service.commands.shell import Shell


def test_commands_work_beside_a_running_server_and_it_stops_when_told(
    house: Shell, start: Start, bundle: Path, tmp_path: Path
) -> None:
    server = start(house.data, from_scratch=True)
    assert server.ask("/healthz")[0] == 200
    assert "serves" in house.refused_on_data("serve", "--port", "0")
    key = house.on_data("key", "add", "--user", "core", "--json").json["key"]
    house.on_data("user", "add", "asha", "--role", "officer", "--limit", "20000")
    example = house("bundle", "example", bundle).json
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "one"}
    status, body = server.ask("/v1/decisions", {"application_id": "A-1", **example}, **headers)
    assert status == 201, body
    seq = json.loads(body)["ledger"]["seq"]
    assert house.on_data("ledger", "show", seq, "--json").json["body"]["type"] == "decision_made"
    house.on_data("bundle", "suspend", "german-credit")
    deadline = time.monotonic() + 10
    while True:
        headers["Idempotency-Key"] = str(time.monotonic())
        _, body = server.ask("/v1/decisions", {"application_id": "A-2", **example}, **headers)
        if json.loads(body).get("score") is None or time.monotonic() > deadline:
            break
    assert json.loads(body)["score"] is None
    house.on_data("bundle", "resume", "german-credit")
    outcomes = tmp_path / "outcomes.csv"
    outcomes.write_text(
        "application_id,observed_at,kind,value\nA-1,2026-01-01T00:00:00Z,disbursed,1\n"
    )
    house.on_data("outcomes", "import", outcomes, ok=False)
    house.on_data("db", "backup", tmp_path / "backup")
    assert "serves" in house.refused_on_data("db", "restore", tmp_path / "backup")
    house.on_data("ledger", "rebuild")
    assert house.on_data("ledger", "verify").status == 0
    house.on_data("user", "lock", "core")
    deadline = time.monotonic() + 10
    while server.ask("/v1/bundles", Authorization=f"Bearer {key}")[0] != 401:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert server.stop() == (0, "")
    found = house.on_data("ledger", "verify", "--json").json
    assert (found["verdict"], found["signed_size"]) == ("clean", found["size"])


def test_a_killed_server_leaves_no_lock_and_its_successor_ends_when_ordered_to(
    house: Shell, start: Start
) -> None:
    start(house.data).stop(signal.SIGKILL)
    assert start(house.data).stop(signal.SIGTERM) == (0, "")
    assert house.on_data("ledger", "verify").status == 0


def test_a_port_that_is_taken_is_told(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "--port" in shell.refused_on_data("serve", "--port", port)


def test_the_embedded_database_is_served_by_one_process(shell: Shell) -> None:
    assert "PostgreSQL" in shell.refused_on_data("serve", "--workers", "2")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com"])
def test_passwords_never_travel_in_the_clear(shell: Shell, host: str) -> None:
    assert "--tls-cert" in shell.refused_on_data("serve", "--host", host, "--port", "0")


def test_loopback_and_proxies_need_no_certificate() -> None:
    for host in ("127.0.0.1", "::1", "localhost", "127.8.9.1"):
        check_reach(Listening(host, 8000))
    check_reach(Listening("0.0.0.0", 8000, proxy="10.0.0.1"))


def test_a_certificate_comes_with_its_key(shell: Shell, tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    assert "together" in shell.refused_on_data("serve", "--tls-cert", cert)
    cert.write_text("nonsense")
    said = shell.refused_on_data("serve", "--port", 0, "--tls-cert", cert, "--tls-key", cert)
    assert "certificate" in said


def test_over_tls_the_session_s_cookie_is_for_tls_only(
    house: Shell, start: Start, tmp_path: Path
) -> None:
    cert, key = self_signed(tmp_path)
    trust = ssl.create_default_context(cafile=str(cert))
    server = start(
        house.data, "--host", "127.0.0.1", "--tls-cert", cert, "--tls-key", key, trust=trust
    )
    assert server.address.startswith("https://")
    request = urllib.request.Request(f"{server.address}/healthz")
    with urllib.request.urlopen(request, context=trust, timeout=30) as answer:
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        assert "Server" not in answer.headers
    assert server.stop()[0] == 0


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names: list[Any] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, key
