"""Time stamps (RFC 3161): the signed word of an authority that a checkpoint existed at a time.

Requests and replies are written and read by ``rfc3161-client``, an optional extra. Whom to believe
is said by whoever checks: a file with the authority's certificate and those above it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256, sha384, sha512
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from overrides.countermand_verify import (
    STAMPS,
    Finding,
    Findings,
    Memory,
    Sight,
    Verdict,
    Wrong,
    check_export,
    read_file,
)

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

REPLY_BYTES_MAX = 1_000_000
GRANTED = 0
HASHES = {
    "2.16.840.1.101.3.4.2.1": sha256,
    "2.16.840.1.101.3.4.2.2": sha384,
    "2.16.840.1.101.3.4.2.3": sha512,
}
EXTRA = "time stamps need the extra 'stamps': pip install 'countermand[stamps]'"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A reply as it is kept, with the signed checkpoint whose very bytes it is over."""

    size: int
    note: str
    reply: bytes

    @property
    def digest(self) -> str:
        """What tells it from others: SHA-256 of the reply, in hex."""
        return sha256(self.reply).hexdigest()

    @property
    def path(self) -> str:
        """Where it lies in an export, without the ending."""
        return f"{STAMPS}{self.size}.{self.digest[:16]}"


class StampBook(Protocol):
    """Where stamps are kept for ever."""

    def stamps(self) -> Sequence[Stamp]:
        """Every stamp, those over the fewest entries first."""

    def save(self, stamp: Stamp) -> None:
        """Keep a stamp; one that is kept already stays."""


@dataclass(eq=False)
class StampInvalid(Exception):
    """The time stamp does not count: {finding}."""

    finding: str
    foreign: bool = False  # it is not believed, which need not mean that anything was changed

    def __str__(self) -> str:
        """The finding as a sentence."""
        return f"the time stamp does not count: {self.finding}"


@dataclass(frozen=True, slots=True)
class Word:
    """What an authority said: when, by the name in the certificate it signed with, until then."""

    at: datetime
    by: str
    ends: datetime


def library() -> Any:
    """The library that reads stamps. Raises ``StampInvalid`` where the extra is not installed."""
    try:
        import rfc3161_client
    except ImportError:
        raise StampInvalid(finding=EXTRA) from None
    return rfc3161_client


def request_for(note: str) -> tuple[bytes, int]:
    """A request to stamp these very bytes, and the number that the reply has to repeat."""
    tsp = library()
    builder = tsp.TimestampRequestBuilder().data(note.encode())
    made = builder.hash_algorithm(tsp.HashAlgorithm.SHA256).build()
    return made.as_bytes(), made.nonce


def number_of(request: bytes) -> int:
    """The number in a request that was written before. Raises ``StampInvalid``."""
    library()
    from rfc3161_client._rust import parse_timestamp_request

    try:
        number = parse_timestamp_request(request).nonce
    except ValueError:
        number = None
    if number is None:
        raise StampInvalid(finding="the request is none that was written here")
    return number


def is_over(reply: bytes, data: bytes) -> bool:
    """Whether a reply is over these bytes. Raises ``StampInvalid`` when it is no reply."""
    imprint = _parsed(reply).tst_info.message_imprint
    hashed = HASHES.get(imprint.hash_algorithm.dotted_string)
    return hashed is not None and hashed(data).digest() == imprint.message


@dataclass(frozen=True, slots=True)
class Authority:
    """Whom to believe: an authority's own certificate, if it is named, and those above it."""

    own: tuple[x509.Certificate, ...]
    above: tuple[x509.Certificate, ...]

    @classmethod
    def read(cls, pinned: bytes) -> "Authority":
        """From a file of certificates. Raises ``StampInvalid`` when it does not reach the top."""
        try:
            if b"-----BEGIN" in pinned:
                every = tuple(x509.load_pem_x509_certificates(pinned))
            else:
                every = (x509.load_der_x509_certificate(pinned),)
        except ValueError:
            text = "there is no certificate in the file of the authority"
            raise StampInvalid(finding=text) from None
        issuers = {cert.issuer for cert in every if cert.issuer != cert.subject}
        own = tuple(c for c in every if c.subject not in issuers and _may_stamp(c))
        if not any(cert.issuer == cert.subject for cert in every):
            text = "the authority's file lacks the certificate at the top, which signs itself"
            raise StampInvalid(finding=text)
        return cls(own, tuple(cert for cert in every if cert not in own or _is_top(cert)))

    def judge(self, reply: bytes, note: str, number: int | None = None) -> Word:
        """What was said of these bytes. Raises ``StampInvalid`` unless all of it holds.

        ``number`` is that of the request, where the reply must be the answer to it.
        """
        if not is_over(reply, note.encode()):
            raise StampInvalid(finding="it is over other bytes than this checkpoint")
        return self.check(reply, number)

    def check(self, reply: bytes, number: int | None = None) -> Word:
        """The same of whatever bytes the reply is over."""
        tsp, response = library(), _parsed(reply)
        if number is not None and response.tst_info.nonce != number:
            raise StampInvalid(finding="it answers another request")
        if not {used.dotted_string for used in response.signed_data.digest_algorithms} <= {*HASHES}:
            raise StampInvalid(finding=_WEAK, foreign=True)
        signer, at = self._signer(response), response.tst_info.gen_time
        if not signer.not_valid_before_utc <= at <= signer.not_valid_after_utc:
            text = "its certificate is not valid at the time that it says"
            raise StampInvalid(finding=text, foreign=True)
        builder = tsp.VerifierBuilder(
            roots=[cert for cert in self.above if _is_top(cert)],
            intermediates=[cert for cert in self.above if not _is_top(cert)],
            tsa_certificate=signer if self.own else None,
        )
        try:
            builder.build().verify(response, response.tst_info.message_imprint.message)
        except (tsp.VerificationError, ValueError, x509.ExtensionNotFound) as broken:
            if "certificate verify error" in str(broken):
                raise StampInvalid(finding=_FOREIGN, foreign=True) from None
            raise StampInvalid(finding="its signature does not hold") from None
        return Word(at, _name(signer), signer.not_valid_after_utc)

    def _signer(self, response: "TimeStampResponse") -> x509.Certificate:
        """The certificate that the reply was signed with, whatever else is enclosed."""
        try:
            enclosed = map(x509.load_der_x509_certificate, response.signed_data.certificates)
            candidates = [*self.own, *([] if self.own else enclosed)]
            (info,) = response.signed_data.signer_infos
        except ValueError:
            raise StampInvalid(finding="it is not signed by one authority") from None
        for cert in candidates:
            if (cert.issuer, cert.serial_number) == (info.issuer, info.serial_number):
                return cert
        raise StampInvalid(finding=_FOREIGN, foreign=True)


_FOREIGN = "it is by an authority that you did not name"
_WEAK = "it is signed over a hash that can be forged, SHA-1 or another one that is not SHA-2"


def examine(
    stamps: Iterable[Stamp], authority: Authority
) -> tuple[list[tuple[Stamp, Word]], list[Finding]]:
    """Stamps whose signatures hold, with what was said, and what is wrong with the others.

    Whether the time can be is judged beside the entries: see ``Sight.can_be``.
    """
    held, found = [], []
    for stamp in stamps:
        over = f"a time stamp over {stamp.size:,} entries"
        try:
            word = authority.judge(stamp.reply, stamp.note)
        except StampInvalid as invalid:
            mild = invalid.foreign or invalid.finding == EXTRA
            verdict = Verdict.INCOMPLETE if mild else Verdict.ALTERED
            found.append(Finding(verdict, f"{over} does not count: {invalid.finding}"))
            continue
        held.append((stamp, word))
    return held, found


def seen_by(word: Word) -> Sight:
    """What an authority's word says: that the stamped entries existed, and not that no other did.

    A reply may have been on its way for days while the ledger grew.
    """
    return Sight(word.by, word.at, ended=False)


def check_with_stamps(folder: Path, memory: Memory, authority: Authority) -> Findings:
    """Check an export, and the time stamps in it. Raises ``WrongUsage`` as the check does."""
    held, found = examine(stamps_in(folder), authority)
    told = tuple((stamp.note, seen_by(word)) for stamp, word in held)
    findings = check_export(folder, replace(memory, stamped=told))
    return replace(findings, found=(*findings.found, *found))


def stamps_in(folder: Path) -> Iterator[Stamp]:
    """The stamps of an export, as they lie there: its own check says whether they belong to it."""
    for path in sorted((folder / STAMPS).glob("*.tsr")):
        size, named = path.name.partition(".")[0], f"{STAMPS}{path.name}"
        try:
            note = read_file(str(folder), named.removesuffix(".tsr") + ".note", 0).decode()
            reply = read_file(str(folder), named, 0)
            if size.isdecimal() and len(reply) <= REPLY_BYTES_MAX:
                yield Stamp(int(size), note, reply)
        except (Wrong, UnicodeDecodeError):
            continue  # the check of the export finds that it is not as it was listed


def _parsed(reply: bytes) -> "TimeStampResponse":
    """A reply that says something. Raises ``StampInvalid``."""
    tsp = library()
    try:
        response: TimeStampResponse = tsp.decode_timestamp_response(reply)
        if response.status != GRANTED:
            said = "; ".join(map(str, response.status_string))[:200]
            text = (
                f"the authority refused it (status {response.status}){': ' if said else ''}{said}"
            )
            raise StampInvalid(finding=text)
        response.tst_info  # noqa: B018 - says whether there is one
    except ValueError:
        raise StampInvalid(finding="this is no reply of a time stamping authority") from None
    return response


def _may_stamp(cert: x509.Certificate) -> bool:
    """Whether it is meant for time stamps."""
    try:
        usage = cert.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage.value


def _is_top(cert: x509.Certificate) -> bool:
    """Whether it signs itself."""
    return cert.issuer == cert.subject


def _name(cert: x509.Certificate) -> str:
    """An authority's name, with whose it is."""
    named = {oid: cert.subject.get_attributes_for_oid(oid) for oid in _NAMED}
    words = [str(found[0].value) for found in named.values() if found]
    return f"{words[0]} ({words[1]})" if len(words) > 1 else "".join(words) or "an authority"


_NAMED = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
