"""A witness on another computer: what they see, what they refuse, and that they never wait long."""

import json
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from overrides.countermand_verify import read_memory
from overrides.instants import instant_text
from overrides.merkle import leaf_hash
from overrides.notes import Checkpoint, Signer
from overrides.offers import offer_of
from tests import plain_trees
from tests.decision_service.commands.servers import Start
from tests.decision_service.commands.shell import Said, Shell
from tests.forging import checkpoint_over, forged_export, short_ledger
from tests.golden.drafts import GOLDEN

LOG = "bank.example/ledger"
SIGNER = Signer(LOG, bytes(range(32)))
LEAVES = [leaf_hash(bytes([n])) for n in range(60)]
OTHERS = [leaf_hash(b"another history"), *LEAVES[1:]]


@dataclass
class Ledger:
    """A ledger that says whatever a test wants it to."""

    leaves: Sequence[bytes] = tuple(LEAVES)
    size: int = 10
    signer: Signer = SIGNER
    told: list[dict[str, object]] = field(default_factory=list)
    tell_status: int = 201
    signed_at: str = ""  # a date of HTTP
    says: Mapping[str, str] = field(default_factory=dict)  # headers

    @property
    def note(self) -> str:
        """Its checkpoint."""
        root = plain_trees.root(self.leaves[: self.size])
        return self.signer.sign(Checkpoint(LOG, self.size, root).text)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """As the interface does."""
        asked = urlsplit(path)
        if asked.path == "/v1/ledger/checkpoint":
            return 200, self.note.encode()
        if method == "POST":
            self.told.append(json.loads(body))
            return self.tell_status, b'{"detail": "You may not."}'
        query = {name: int(value[0]) for name, value in parse_qs(asked.query).items()}
        hashes = plain_trees.consistency(self.leaves[: query["second"]], query["first"])
        return 200, json.dumps({"hashes": [b64encode(h).decode() for h in hashes]}).encode()


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    """A server that answers like this, and its address."""

    class Handler(BaseHTTPRequestHandler):
        answers: ClassVar[dict[str, Answer]] = {"it": answer}

        def do_GET(self) -> None:
            self.answers["it"](self)

        do_POST = do_GET  # noqa: N815 - the name that the library looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def by(ledger: Ledger) -> Answer:
    """Answer as this ledger does."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        status, said = ledger.answer(request.command, request.path, body)
        request.send_response(status)
        if ledger.signed_at:
            request.send_header("Last-Modified", ledger.signed_at)
        for name, value in ledger.says.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(said)))
        request.end_headers()
        request.wfile.write(said)

    return answer


@dataclass
class Auditor:
    """Somebody with a memory of their own."""

    shell: Shell
    memory: Path
    key: Path

    def pull(self, *words: object, status: int = 0, given: str = "") -> str:
        """Look, and see this come of it."""
        options = ("--memory", self.memory, "--key", self.key)
        said: Said = self.shell("witness", "pull", *words, *options, given=given, ok=False)
        assert said.status == status, said
        return said.out + said.err

    @property
    def sizes(self) -> list[int]:
        """What is remembered."""
        found = self.shell("witness", "show", "--memory", self.memory, "--json").json
        return [seen["size"] for seen in found["sightings"]]

    @property
    def evidence(self) -> list[Path]:
        """What was kept of contradictions."""
        return sorted(self.memory.parent.glob("*.contradiction-*"))


@pytest.fixture
def auditor(empty: Shell, tmp_path: Path) -> Auditor:
    key = tmp_path / "ledger.pub"
    key.write_text(SIGNER.key.vkey + "\n")
    return Auditor(empty, tmp_path / "memory.jsonl", key)


def test_a_ledger_that_grows_is_remembered_visit_by_visit(auditor: Auditor) -> None:
    ledger = Ledger()
    with served(by(ledger)) as address:
        assert "first that you remember" in auditor.pull(address)
        assert "Nothing was added" in auditor.pull(address)
        ledger.size = 13
        said = auditor.pull(address)
        assert "still its beginning, unchanged" in said
        assert "3 entries were added, 13 in all" in said
        assert "3 of your visits" in said
    assert auditor.sizes == [10, 10, 13]
    assert [told["size"] for told in ledger.told] == [10, 10, 13]
    assert ledger.told[0]["root"] == plain_trees.root(LEAVES[:10]).hex()
    shown = auditor.shell("witness", "show", "--memory", auditor.memory).out
    assert LOG in shown
    assert shown.count("\n") == 5


def marks(auditor: Auditor) -> list[bool]:
    """Of each line of a memory, whether it says that the ledger ended there then."""
    return [bool(sight and sight.ended) for _, sight in read_memory(auditor.memory.read_text())]


@pytest.mark.parametrize(
    ("minutes", "fresh"), [(0, True), (1.5, True), (1.8, False), (-3, False), (None, False)]
)
def test_a_visit_says_where_the_ledger_ended_if_it_had_signed_just_then(
    auditor: Auditor, minutes: float | None, *, fresh: bool
) -> None:
    """A signer that stands still hands out an old checkpoint, and the ledger has more entries."""
    at = datetime.now(UTC) - timedelta(minutes=minutes or 0)
    ledger = Ledger(signed_at="" if minutes is None else format_datetime(at, usegmt=True))
    with served(by(ledger)) as address:
        said = auditor.pull(address)
        assert ("It was not signed just now" in said) is not fresh
        assert marks(auditor) == [fresh]
        for no_date in ("yesterday", f"Mon, 01 Jan 2024 00:00:00 +{'9' * 20}"):
            ledger.signed_at = no_date
            auditor.pull(address)
    assert marks(auditor) == [fresh, False, False]


@pytest.mark.parametrize(
    ("size", "minutes", "ended"),
    [
        ("10", 0, True),
        ("10", 1.5, True),
        ("11", 0, False),
        ("9", 0, False),
        ("10", 1.8, False),
        ("10", -3, False),
        ("", 0, False),
        ("ten", 0, False),
        ("1" * 4_500, 0, False),
    ],
)
def test_a_quiet_ledger_says_that_it_has_no_entry_more(
    auditor: Auditor, size: str, minutes: float, *, ended: bool
) -> None:
    """Signed an hour ago, as nothing was recorded since."""
    now = datetime.now(UTC)
    ledger = Ledger(
        signed_at=format_datetime(now - timedelta(hours=1), usegmt=True),
        says={
            "Ledger-Size": size,
            "Ledger-Time": instant_text(now - timedelta(minutes=minutes)),
        },
    )
    with served(by(ledger)) as address:
        said = auditor.pull(address)
        assert ("does not say that it has no entry more" in said) is not ended
        assert marks(auditor) == [ended]
        ledger.says = {"Ledger-Size": size, "Ledger-Time": "now"}
        auditor.pull(address)
    assert marks(auditor) == [ended, False]


def test_what_was_carried_here_does_not_say_where_the_ledger_ended(
    auditor: Auditor, tmp_path: Path
) -> None:
    carried, folder = tmp_path / "carried.txt", tmp_path / "export"
    bodies = short_ledger(LOG, GOLDEN)
    carried.write_text(checkpoint_over(SIGNER, bodies[:1]))
    forged_export(folder, SIGNER, bodies)
    auditor.pull(carried)
    auditor.pull(folder)
    assert auditor.sizes == [1, 2]
    assert marks(auditor) == [False, False]


def test_a_ledger_signed_by_another_s_key_is_not_remembered_from_an_export(
    auditor: Auditor, tmp_path: Path
) -> None:
    """It could not be read from the memory again, and nothing after it."""
    other = Signer("branch.example/ledger", bytes(32))
    folder = tmp_path / "export"
    bodies = short_ledger(LOG, GOLDEN)
    forged_export(folder, other, bodies, log=LOG)
    auditor.key.write_text(other.key.vkey)
    assert "not signed by the key it should be" in auditor.pull(folder, status=1)
    assert auditor.sizes == []


def test_the_key_and_the_place_are_needed_once(auditor: Auditor) -> None:
    shell, memory = auditor.shell, ("--memory", auditor.memory)
    assert "say where" in auditor.pull(status=64)
    with served(by(Ledger())) as address:
        assert "--key" in shell("witness", "pull", address, *memory, ok=False).err
        auditor.pull(address)
        assert shell("witness", "pull", *memory).status == 0
    assert auditor.sizes == [10, 10]


@pytest.mark.parametrize("size", [10, 13])
def test_another_history_is_refused_aloud_and_the_proof_of_it_kept(
    auditor: Auditor, size: int
) -> None:
    ledger = Ledger()
    with served(by(ledger)) as address:
        auditor.pull(address)
        ledger.leaves, ledger.size = OTHERS, size
        said = auditor.pull(address, status=1)
        assert said.startswith("FORK")
        assert "Your memory stays as it was" in said
        assert len(ledger.told) == 1
    assert auditor.sizes == [10]
    (kept,) = auditor.evidence
    told = json.loads(kept.read_text())
    assert told["shown"]["note"] == ledger.note
    assert str(kept) in said


def test_a_ledger_that_lost_entries_is_refused_aloud(auditor: Auditor) -> None:
    ledger = Ledger()
    with served(by(ledger)) as address:
        auditor.pull(address)
        ledger.size = 7
        assert auditor.pull(address, status=1).startswith("ROLLBACK")
        assert len(auditor.evidence) == 1
        ledger.size = 12
        assert auditor.pull(address).startswith("Everything you remember")
    assert auditor.sizes == [10, 12]


def test_another_key_is_an_impostor_until_somebody_is_told_of_it(
    auditor: Auditor, tmp_path: Path
) -> None:
    ledger = Ledger()
    with served(by(ledger)) as address:
        auditor.pull(address)
        ledger.size, ledger.signer = 12, Signer(LOG, bytes(32))
        assert auditor.pull(address, status=1).startswith("IMPOSTOR")
        auditor.key = tmp_path / "new.pub"
        auditor.key.write_text(ledger.signer.key.vkey)
        assert "2 entries were added" in auditor.pull(address)
    assert auditor.sizes == [10, 12]


def test_a_file_that_was_carried_needs_its_proof(auditor: Auditor, tmp_path: Path) -> None:
    carried = tmp_path / "carried.txt"
    carried.write_text(Ledger(size=10).note)
    auditor.pull(carried)
    carried.write_text(Ledger(size=14).note)
    assert "--since 10" in auditor.pull(carried, status=2)
    proof = plain_trees.consistency(LEAVES[:14], 10)
    carried.write_text(offer_of(10, proof, Ledger(size=14).note).text)
    assert "4 entries were added" in auditor.pull(carried)
    carried.write_text(Ledger(size=12).note)
    assert "older than what you remember" in auditor.pull(carried, status=3)
    carried.write_text(offer_of(14, proof, Ledger(size=20).note).text)
    assert auditor.pull(carried, status=1).startswith("FORK")
    carried.write_text("nonsense")
    assert "is no checkpoint" in auditor.pull(carried, status=2)
    assert "no such file" in auditor.pull(tmp_path / "nothing", status=64)
    assert auditor.sizes == [10, 14]


def test_who_does_not_want_to_be_known_does_not_tell(auditor: Auditor) -> None:
    ledger = Ledger(tell_status=403)
    with served(by(ledger)) as address:
        assert "was not told that you remember it: it answered 403: You may not." in auditor.pull(
            address
        )
        auditor.pull(address, "--silent")
    assert len(ledger.told) == 1
    assert auditor.sizes == [10, 10]


def hang(request: BaseHTTPRequestHandler) -> None:
    """Accept and say nothing."""
    time.sleep(3)
    request.close_connection = True


def drip(request: BaseHTTPRequestHandler) -> None:
    """Answer, a byte at a time, for ever."""
    request.send_response(200)
    request.end_headers()
    for _ in range(60):
        request.wfile.write(b"x")
        request.wfile.flush()
        time.sleep(0.05)


def flood(request: BaseHTTPRequestHandler) -> None:
    """Answer without an end."""
    request.send_response(200)
    request.end_headers()
    for _ in range(3):
        request.wfile.write(bytes(1_000_000))


def redirect(request: BaseHTTPRequestHandler) -> None:
    """Send on to somewhere else."""
    request.send_response(302)
    request.send_header("Location", "https://elsewhere.example/")
    request.end_headers()


def garbage(request: BaseHTTPRequestHandler) -> None:
    """Answer with something that is no text."""
    request.send_response(200)
    request.end_headers()
    request.wfile.write(b"\xff\xfe")


def other_page(request: BaseHTTPRequestHandler) -> None:
    """Answer with a page, as hotels do."""
    request.send_response(200)
    request.end_headers()
    request.wfile.write(b"<html>Welcome</html>")


def refuse(request: BaseHTTPRequestHandler) -> None:
    """Let nobody in."""
    request.send_response(401)
    request.end_headers()
    request.wfile.write(b'{"detail": "Say who you are."}')


def no_page(request: BaseHTTPRequestHandler) -> None:
    """Be something else."""
    request.send_response(404)
    request.end_headers()
    request.wfile.write(b"<html>")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (hang, "not within 1 seconds"),
        (drip, "not within 1 seconds"),
        (flood, "its answer has no end"),
        (redirect, "it sends on to https://elsewhere.example/"),
        (garbage, "its answer is no text"),
        (other_page, "is no checkpoint"),
        (refuse, "it answered 401: Say who you are."),
        (no_page, "it is not a Countermand service"),
    ],
)
def test_what_does_not_tell_is_incomplete_and_is_not_waited_for(
    auditor: Auditor, answer: Answer, said: str
) -> None:
    before = time.monotonic()
    with served(answer) as address:
        found = auditor.pull(address, "--seconds", "1", status=2)
    assert said in found
    assert auditor.sizes == []
    assert time.monotonic() - before < 8


def test_nobody_at_the_address_is_told(auditor: Auditor) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    assert "refused" in auditor.pull(f"http://127.0.0.1:{port}", status=2)


@pytest.mark.parametrize(
    "address",
    [
        "http://bank.example",
        "http://192.0.2.1",
        "https://",
        "https://name:word@bank.example",
        "https://bank.example?x=1",
        "https://bank.example:port",
    ],
)
def test_a_key_is_sent_to_no_odd_address(auditor: Auditor, address: str) -> None:
    assert "no address of a ledger" in auditor.pull(address, status=64)


def test_a_damaged_memory_is_told_and_left_alone(auditor: Auditor) -> None:
    auditor.memory.write_text("nonsense\n")
    with served(by(Ledger())) as address:
        assert "line 1" in auditor.pull(address, status=64)
    assert auditor.memory.read_text() == "nonsense\n"


def test_answers_are_json_for_programs(auditor: Auditor) -> None:
    with served(by(Ledger())) as address:
        found = json.loads(auditor.pull(address, "--json"))
    assert (found["outcome"], found["status"], found["size"], found["log"]) == (
        "consistent",
        0,
        10,
        LOG,
    )


def test_a_witness_of_a_real_ledger_is_known_to_it_and_sees_a_restore(
    house: Shell, start: Start, tmp_path: Path
) -> None:
    auditor = Auditor(house, tmp_path / "memory.jsonl", house.data / "keys" / "signing.pub")
    house.on_data("user", "add", "kofi", "--role", "compliance", "--password-stdin", given=WORD)
    key = house.on_data("key", "add", "--user", "kofi", "--json").json["key"]
    house.patch.setenv("COUNTERMAND_KEY", key)
    house.on_data("db", "backup", tmp_path / "backup")
    house.on_data("user", "add", "asha", "--role", "officer", "--limit", "20000")
    server = start(house.data)
    said = auditor.pull(server.address)
    assert "The ledger was told that you remember it." in said
    assert "By its own word it was signed last on" in said
    (size,) = auditor.sizes
    anchor = house.on_data("ledger", "show", size, "--json").json["body"]
    assert (anchor["type"], anchor["data"]["size"]) == ("checkpoint_anchored", size)
    house.patch.delenv("COUNTERMAND_KEY")
    assert "401" in auditor.pull(server.address, status=2)
    login = ("--user", "kofi", "--password-stdin")
    assert "let kofi in" in auditor.pull(server.address, *login, given="wrong\n", status=2)
    house.on_data("ledger", "checkpoint")
    assert "1 entry was added" in auditor.pull(server.address, *login, given=WORD)
    assert house.on_data("ledger", "checkpoint").out.splitlines()[1] == str(size + 1), (
        "what only visits leave is not told again"
    )
    server.stop()

    house.on_data("user", "add", "ben", "--role", "officer", "--limit", "20000")
    offer = house.on_data("ledger", "checkpoint", "--since", auditor.sizes[-1]).out
    (tmp_path / "offer.txt").write_text(offer)
    assert "added" in auditor.pull(tmp_path / "offer.txt")
    house.on_data("user", "add", "cato", "--role", "officer", "--limit", "20000")
    house.on_data("ledger", "export", tmp_path / "export")
    assert "among them, unchanged" in auditor.pull(tmp_path / "export")
    against = ("--against", auditor.memory)
    assert house.on_data("ledger", "verify", *against).status == 0

    house.on_data("db", "restore", "--over-newer", tmp_path / "backup")
    house.patch.setenv("COUNTERMAND_KEY", key)
    server = start(house.data)
    assert auditor.pull(server.address, status=1).startswith("ROLLBACK")
    assert house.on_data("ledger", "verify", *against, ok=False).status == 1


WORD = "correct horse battery\n"
