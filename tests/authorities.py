"""A time stamping authority of one's own, made with ``openssl ts`` in a folder."""

import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="there is no openssl to stamp with")

_CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
[stamping]
extendedKeyUsage = critical,timeStamping
[above]
basicConstraints = critical,CA:true
[tsa]
default_tsa = here
[here]
dir = {folder}
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
tsa_name = yes
ess_cert_id_chain = no
"""


@dataclass(frozen=True)
class TestAuthority:
    """An authority in a folder; ``pinned`` is the file that whoever believes it names."""

    __test__ = False
    folder: Path
    name: str

    @property
    def pinned(self) -> Path:
        """Its own certificate and the one above it."""
        return self.folder / "pinned.pem"

    def make(self) -> Self:
        """Make its keys and certificates."""
        self.folder.mkdir(parents=True)
        (self.folder / "ts.cnf").write_text(_CONFIG.format(folder=self.folder))
        (self.folder / "serial").write_text("01\n")
        for which, subject in (("above", f"{self.name} root"), ("own", self.name)):
            self._run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{which}.key")
            request = ("-subj", f"/O=Tests/CN={subject}", "-out", f"{which}.csr")
            self._run("req", "-new", "-config", "ts.cnf", "-key", f"{which}.key", *request)
        signed = ("x509", "-req", "-days", "30", "-extfile", "ts.cnf")
        self._run(
            *signed, "-in", "above.csr", "-signkey", "above.key", "-extensions", "above",
            "-out", "above.pem",
        )  # fmt: skip
        self._run(
            *signed, "-in", "own.csr", "-CA", "above.pem", "-CAkey", "above.key",
            "-CAcreateserial", "-extensions", "stamping", "-out", "own.pem",
        )  # fmt: skip
        certificates = [(self.folder / f"{which}.pem").read_text() for which in ("own", "above")]
        self.pinned.write_text("".join(certificates))
        return self

    def issue(self, name: str) -> None:
        """Give its place to another authority under the same root."""
        self._run("req", "-new", "-config", "ts.cnf", "-key", "own.key", "-subj", f"/CN={name}",
                  "-out", "own.csr")  # fmt: skip
        self._run("x509", "-req", "-days", "30", "-extfile", "ts.cnf", "-in", "own.csr", "-CA",
                  "above.pem", "-CAkey", "above.key", "-CAcreateserial", "-extensions", "stamping",
                  "-out", "own.pem")  # fmt: skip

    def valid(self, first: int, last: int) -> None:
        """Give its certificate another time to be valid in, in days from now."""
        top = x509.load_pem_x509_certificate((self.folder / "above.pem").read_bytes())
        own = x509.load_pem_x509_certificate((self.folder / "own.pem").read_bytes())
        key = load_pem_private_key((self.folder / "above.key").read_bytes(), None)
        assert isinstance(key, EllipticCurvePrivateKey)
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(own.issuer, own.subject, own.public_key(), own.serial_number)
            .not_valid_before(now + timedelta(days=first))
            .not_valid_after(now + timedelta(days=last))
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
            .sign(key, SHA256())
            .public_bytes(Encoding.PEM)
        )
        (self.folder / "own.pem").write_bytes(made)
        self.pinned.write_bytes(made + top.public_bytes(Encoding.PEM))

    def reply(self, request: bytes) -> bytes:
        """What it says to a request."""
        (self.folder / "in.tsq").write_bytes(request)
        self._run(
            "ts", "-reply", "-config", "ts.cnf", "-queryfile", "in.tsq", "-signer", "own.pem",
            "-inkey", "own.key", "-out", "out.tsr",
        )  # fmt: skip
        return (self.folder / "out.tsr").read_bytes()

    def _run(self, *words: str) -> None:
        """One command of openssl."""
        assert OPENSSL
        subprocess.run([OPENSSL, *words], cwd=self.folder, check=True, capture_output=True)


class Post:
    """An authority over HTTP on this host, or something that stands in its place."""

    def __init__(
        self, answer: bytes | None = None, *, status: int = 200, sends_on: str = ""
    ) -> None:
        self.authority: TestAuthority | None = None
        self.asked: list[tuple[str, str]] = []
        post = self

        class Handler(BaseHTTPRequestHandler):
            """Answers requests for stamps."""

            def do_POST(self) -> None:
                """Reply."""
                request = self.rfile.read(int(self.headers["content-length"]))
                post.asked.append((self.path, self.headers["content-type"]))
                body = answer
                if body is None:
                    assert post.authority is not None
                    body = post.authority.reply(request)
                self.send_response(status)
                if sends_on:
                    self.send_header("Location", sends_on)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/tsr"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        """Open for business."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
