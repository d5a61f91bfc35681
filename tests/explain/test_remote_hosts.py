"""Requests for scores go where the operator lets them, and nowhere that a name leads them to."""

import ipaddress
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from explain.remote.call import Caller, NoAnswerError
from explain.remote.hosts import (
    AllowedHost,
    HostRefusedError,
    address_of,
    allowed_host,
)

INSIDE = (
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2002:7f00:0001::",
    "2002:a9fe:a9fe::",
    "localhost",
)


@pytest.mark.parametrize("host", INSIDE)
def test_a_host_allowed_without_its_network_must_have_a_public_address(host: str) -> None:
    allowed = allowed_host(host, 80, f"{host}:80")
    with pytest.raises((HostRefusedError, OSError)):
        address_of(allowed, 5.0)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("169.254.169.254", "0.0.0.0/0"),
        ("169.254.169.254", "169.254.0.0/16"),
        ("::ffff:169.254.169.254", "::/0"),
        ("fe80::1", "::/0"),
        ("0.0.0.0", "0.0.0.0/0"),
        ("224.0.0.1", "0.0.0.0/0"),
        ("10.21.0.1", "10.20.0.0/16"),
        ("::1", "10.20.0.0/16"),
    ],
)
def test_no_network_lets_requests_go_to_this_link_or_past_itself(
    address: str, network: str
) -> None:
    allowed = AllowedHost("scorer", 80, ipaddress.ip_network(network))
    assert not allowed.admits(ipaddress.ip_address(address))


def test_an_own_network_and_the_public_are_let() -> None:
    own = allowed_host("scorer", 8443, "other:1, Scorer:8443=10.20.0.0/16")
    assert own.admits(ipaddress.ip_address("10.20.3.4"))
    assert own.admits(ipaddress.ip_address("::ffff:10.20.3.4"))
    public = allowed_host("scorer.example", 443, "scorer.example:443")
    assert public.admits(ipaddress.ip_address("93.184.215.14"))


@pytest.mark.parametrize(
    "setting", ["", "scorer", "scorer:80", "scorer:8443x", "a.scorer:8443", "*:8443", ":8443"]
)
def test_only_the_very_host_and_port_are_let(setting: str) -> None:
    with pytest.raises(HostRefusedError, match="scorer:8443 is not among the hosts"):
        allowed_host("scorer", 8443, setting)


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(HostRefusedError, match=r"10\.20.* is no network such as"):
        allowed_host("scorer", 8443, "scorer:8443=10.20")


def test_a_name_that_leads_elsewhere_the_second_time_is_refused_the_second_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = iter(["93.184.215.14", "169.254.169.254"])

    def look_up(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(told), 443))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    allowed = AllowedHost("scorer.example", 443, None)
    assert address_of(allowed, 5.0) == "93.184.215.14"
    with pytest.raises(HostRefusedError, match="does not lie where"):
        address_of(allowed, 5.0)


def test_a_look_up_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: Any, **__: Any) -> list[Any]:
        time.sleep(3)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()
    with pytest.raises(NoAnswerError, match="no answer within"):
        Caller(AllowedHost("scorer", 80, None), tls=False).post("/", b"{}", seconds=0.2, limit=10)
    assert time.monotonic() - began < 1.5


def self_signed(folder: Path) -> Path:
    """A certificate for this machine that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("trusted", [True, False])
def test_a_server_is_believed_only_with_a_certificate_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool
) -> None:
    file = self_signed(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    line = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        taken, _ = line.accept()
        try:
            with context.wrap_socket(taken, server_side=True) as secured:
                asked = b""
                # What is left unread would be answered by a reset, and the answer lost.
                while not asked.endswith(b"{}") and (part := secured.recv(65536)):
                    asked += part
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        except OSError:
            taken.close()

    serving = Thread(target=answer)
    serving.start()
    allowed = AllowedHost("127.0.0.1", line.getsockname()[1], ipaddress.ip_network("127.0.0.0/8"))
    caller = Caller(allowed, tls=True)
    try:
        if trusted:
            assert caller.post("/", b"{}", seconds=5.0, limit=10) == b"{}"
        else:
            with pytest.raises(NoAnswerError, match="certificate is not trusted"):
                caller.post("/", b"{}", seconds=5.0, limit=10)
    finally:
        caller.close()
        serving.join()
        line.close()
