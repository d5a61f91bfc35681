"""Two installations witness each other, by file and over HTTP; who misbehaves is told of."""

import json
import re
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from overrides import countermand_verify as verifier
from overrides.cosigning import Cosigner
from overrides.notes import Checkpoint, Signer
from tests.decision_service.commands.servers import Start
from tests.decision_service.commands.shell import Said, Shell, copy
from tests.decision_service.commands.test_witness import served

STRANGER = Cosigner("stranger.example/w", b"s" * 32, b"t" * 32)


@dataclass
class Bank:
    """An installation with a witness in it."""

    shell: Shell
    data: Path

    def __call__(self, *words: object, ok: bool = True, given: str = "") -> Said:
        """Run a command on it."""
        return self.shell(*words, "--data", self.data, ok=ok, given=given)

    def refused(self, *words: object) -> str:
        """What a refused command says."""
        return self.shell.refused(*words, "--data", self.data)

    @property
    def key(self) -> Path:
        """The ledger's public key."""
        return self.data / "keys" / "signing.pub"

    @property
    def witness(self) -> Path:
        """The witness's public keys."""
        return self.data / "witness" / "witness.pub"

    def grow(self, name: str) -> None:
        """Record something."""
        self("user", "add", name, "--role", "service")

    def export(self, folder: Path) -> Path:
        """Export the ledger, with whatever witnesses sign."""
        self("ledger", "export", folder)
        return folder

    def standing(self) -> dict[str, Any]:
        """What is known of its only witness."""
        (one,) = self("cosigner", "list", "--json").json["cosigners"]
        found: dict[str, Any] = one
        return found


def bank(shell: Shell, folder: Path, name: str) -> Bank:
    """A new installation."""
    made = Bank(shell, folder / name)
    made("init")
    made("witness", "init", f"{name}.example/w1")
    return made


@pytest.fixture
def branch(empty: Shell, tmp_path: Path) -> Bank:
    return bank(empty, tmp_path, "branch")


@pytest.fixture
def hq(empty: Shell, tmp_path: Path) -> Bank:
    return bank(empty, tmp_path, "hq")


def written(path: Path, said: Said) -> Path:
    """What a command printed, as a file."""
    path.write_text(said.out, encoding="utf-8")
    return path


def test_two_installations_witness_each_other_by_file(
    branch: Bank, hq: Bank, tmp_path: Path
) -> None:
    for ledger, witness in ((branch, hq), (hq, branch)):
        witness("witness", "add", ledger.key)
        ledger("cosigner", "add", "other", "--key", witness.witness)
        first = written(tmp_path / "1.txt", ledger("ledger", "checkpoint"))
        back = written(tmp_path / "2.txt", witness("witness", "cosign", first))
        assert "other signed 1 entries" in ledger("cosigner", "take", back).out
        ledger.grow("asha")
        bare = written(tmp_path / "3.txt", ledger("ledger", "checkpoint"))
        said = witness.refused("witness", "cosign", bare)
        assert "checkpoint --since 1' prints" in said
        proven = written(tmp_path / "4.txt", ledger("ledger", "checkpoint", "--since", 1))
        back = written(tmp_path / "5.txt", witness("witness", "cosign", proven))
        ledger("cosigner", "take", back)
        (seen,) = witness("witness", "ledgers", "--json").json["ledgers"]
        assert seen["size"] == ledger.standing()["size"] > 1
    policy = written(tmp_path / "policy", branch("cosigner", "policy"))
    folder = branch.export(tmp_path / "out")
    found = branch.shell("ledger", "verify", folder, "--policy", policy).out
    assert "hq.example/w1 saw the first" in found
    assert "Nothing was changed" in found


def test_damaged_files_of_what_was_signed_do_not_keep_a_signature_from_being_taken(
    branch: Bank, hq: Bank, tmp_path: Path
) -> None:
    hq("witness", "add", branch.key)
    branch("cosigner", "add", "hq", "--key", hq.witness)
    first = written(tmp_path / "1.txt", branch("ledger", "checkpoint"))
    back = written(tmp_path / "2.txt", hq("witness", "cosign", first))
    branch("cosigner", "take", back)
    book = branch.data / "cosigners"
    (day,) = (book / "signed").glob("*.jsonl")
    for damaged in (book / "standing.json", day):
        damaged.write_text("{")
    said = branch("cosigner", "take", back)
    assert "hq signed 1 entries: it is kept." in said.out
    for name in ("standing.json", day.name):
        assert f"{name} is damaged, and is {name}.damaged-1 now" in said.err
    (book / "cosigners.json").write_text("{")
    refused = branch.refused("cosigner", "take", back)
    assert "cosigners.json cannot be used" in refused
    assert "name the witnesses again" in refused


def test_what_was_not_cosigned_yet_is_missed_by_who_has_the_policy(
    branch: Bank, hq: Bank, tmp_path: Path
) -> None:
    hq("witness", "add", branch.key)
    branch("cosigner", "add", "hq", "--key", hq.witness)
    offer = written(tmp_path / "1.txt", branch("ledger", "checkpoint"))
    branch("cosigner", "take", written(tmp_path / "2.txt", hq("witness", "cosign", offer)))
    branch.grow("asha")
    policy = written(tmp_path / "policy", branch("cosigner", "policy"))
    folder = branch.export(tmp_path / "out")
    found = branch.shell("ledger", "verify", folder, "--policy", policy, ok=False)
    assert found.status == verifier.Verdict.INCOMPLETE
    assert "NO QUORUM: enough of your witnesses signed the first 1, and not yet" in found.out


def test_two_servers_witness_each_other(
    branch: Bank, hq: Bank, start: Start, tmp_path: Path
) -> None:
    servers = {one: start(one) for one in (branch.data, hq.data)}
    pairs = ((branch, hq), (hq, branch))
    for ledger, witness in pairs:
        witness("witness", "add", ledger.key)
        at = f"{servers[witness.data].address}/witness"
        ledger("cosigner", "add", "other", "--key", witness.witness, "--at", at)
    for ledger, witness in pairs:
        ledger.grow("asha")
        assert "other signed" in ledger("cosigner", "ask").out
        (seen,) = witness("witness", "ledgers", "--json").json["ledgers"]
        assert seen["size"] == ledger.standing()["size"]
        ledger.grow("bruno")
        policy = written(tmp_path / "policy", ledger("cosigner", "policy"))
        folder = ledger.export(tmp_path / f"{ledger.data.name}.out")
        found = ledger.shell("ledger", "verify", folder, "--policy", policy)
        assert f"{witness.data.name}.example/w1 saw the ledger end after" in found.out
        assert "NO QUORUM" not in found.out


def test_a_server_asks_by_itself_and_tells_the_ledger_page_s_readers(
    branch: Bank, hq: Bank, start: Start
) -> None:
    hq("witness", "add", branch.key)
    address = f"{start(hq.data).address}/witness"
    branch("cosigner", "add", "hq", "--key", hq.witness, "--at", address)
    server = start(branch.data)
    until = time.monotonic() + 30
    while not branch.standing()["signed_at"] and time.monotonic() < until:
        time.sleep(0.2)
    assert branch.standing()["problem"] is None
    assert branch.standing()["size"] > 0
    metrics = server.ask("/metrics")[1].decode()
    assert "countermand_ledger_unanchored_entries 0" in metrics
    assert server.stop()[0] == 0


@dataclass
class Imp:
    """A witness that does as it is told to, and writes down what it was asked."""

    status: int = 200
    body: Callable[[str], bytes] = lambda _: b""
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        """Answer."""
        text = request.rfile.read(int(request.headers.get("Content-Length", 0))).decode()
        self.asked.append((request.path, text))
        time.sleep(self.wait)
        told = self.body(text)
        with suppress(OSError):  # who asked has heard enough
            request.send_response(self.status)
            for name, value in {"Content-Length": str(len(told)), **self.headers}.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(told)


def signing(cosigner: Cosigner, *, late: float = 0.0) -> Callable[[str], bytes]:
    """Signs whatever is shown, at a time that is so many seconds off."""

    def sign(text: str) -> bytes:
        note = text.partition("\n\n")[2]
        at = verifier.Checkpoint.read(note.rpartition("\n\n")[0] + "\n")
        when = datetime.now(UTC) + timedelta(seconds=late)
        return cosigner.lines(Checkpoint(*at), when).encode()

    return sign


IMP = Cosigner("imp.example/w", b"i" * 32, b"j" * 32)
SIZE = {"Content-Type": "text/x.tlog.size"}


@pytest.fixture
def asked(branch: Bank, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Asks a witness once, and says what its problem is."""
    pub = tmp_path / "imp.pub"
    pub.write_text("".join(f"{key}\n" for key in IMP.keys))

    def ask(imp: Imp, *options: object) -> str:
        with served(imp) as address:
            branch("cosigner", "add", "imp", "--key", pub, "--at", f"{address}/w/")
            said = branch("cosigner", "ask", "--json", *options, ok=False)
        (one,) = said.json["asked"]
        assert said.status == (1 if one["problem"] else 0)
        assert branch.standing()["problem"] == one["problem"]
        return str(one["problem"] or "")

    return ask  # type: ignore[return-value]


def test_a_witness_is_shown_the_checkpoint_at_its_own_address(
    asked: Callable[..., str], branch: Bank
) -> None:
    imp = Imp(body=signing(IMP))
    assert asked(imp) == ""
    ((path, text),) = imp.asked
    assert path == "/w/add-checkpoint"
    assert text.startswith("old 0\n\n")
    branch.grow("asha")
    assert asked(imp) == ""
    old = re.match(r"old (\d+)\n", imp.asked[-1][1])
    assert old is not None
    assert int(old[1]) > 0


@pytest.mark.parametrize(
    ("imp", "problem"),
    [
        (Imp(302, headers={"Location": "http://127.0.0.1:1/x"}), "it sends on to http://127.0"),
        (Imp(403, lambda _: b"No\nkey of yours.\n"), "it answered 403: No key of yours."),
        (Imp(404), "it answered 404"),
        (Imp(500, lambda _: b"x" * 2_000_000), "its answer has no end"),
        (Imp(200, lambda _: b"\xff"), "its answer is no text"),
        (Imp(200), "no witness of this ledger|a signature by a key that is pinned"),
        (Imp(200, lambda _: b"signed\n"), "cannot be used"),
        (Imp(200, signing(STRANGER)), "a signature by a key that is pinned"),
        (Imp(200, signing(IMP, late=3600)), "a time that is still to come: a clock is wrong"),
        (Imp(409, lambda _: b"0\n", SIZE), "another size each time"),
        (Imp(409, lambda _: b"99\n", SIZE), "remembers 99 entries and there are"),
        (Imp(409, lambda _: b"-1\n", SIZE), "it answered 409"),
        (Imp(409, lambda _: b"9" * 99, SIZE), "it answered 409"),
        (Imp(409, lambda _: b"0\n"), "it answered 409"),
    ],
)
def test_a_witness_that_does_not_sign_is_told_of(
    asked: Callable[..., str], branch: Bank, imp: Imp, problem: str
) -> None:
    assert re.search(problem, asked(imp))
    assert branch.standing()["signed_at"] is None
    assert len(imp.asked) <= 2


def test_a_fork_that_a_witness_sees_is_called_one(asked: Callable[..., str], branch: Bank) -> None:
    assert asked(Imp(body=signing(IMP))) == ""
    size = branch.standing()["size"]
    assert "FORK" in asked(Imp(409, lambda _: f"{size}\n".encode(), SIZE))


def test_a_witness_that_never_answers_costs_the_seconds_that_were_given(
    asked: Callable[..., str],
) -> None:
    start = time.monotonic()
    assert asked(Imp(wait=3.0), "--seconds", 1) == "not within 1 seconds"
    assert time.monotonic() - start < 8


def test_witnesses_are_asked_all_at_once(branch: Bank, tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=5)

    def together(text: str) -> bytes:
        both.wait()
        return signing(IMP)(text)

    imps = {"imp": IMP, "other": Cosigner("other.example/w", b"o" * 32)}
    with served(Imp(body=together)) as address:
        for name, cosigner in imps.items():
            pub = tmp_path / name
            pub.write_text("".join(f"{key}\n" for key in cosigner.keys))
            branch("cosigner", "add", name, "--key", pub, "--at", address)
        said = branch("cosigner", "ask", "--json", ok=False).json["asked"]
    assert [one["problem"] is None for one in said] == [True, False], "who signed as somebody else"


def test_a_signature_that_came_too_late_for_who_is_asked_over_the_network_is_refused(
    branch: Bank, hq: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verifiers would take its time for that at which the ledger ended, and cry wolf."""
    hq("witness", "add", branch.key)
    offer = written(tmp_path / "1.txt", branch("ledger", "checkpoint"))
    branch.grow("asha")
    monkeypatch.setattr(verifier, "CLOCKS_DIFFER", timedelta(microseconds=1))
    monkeypatch.setattr("decision_service.cosigning.CLOCKS_DIFFER", timedelta(microseconds=1))
    monkeypatch.setattr("decision_service.cosigning.ASK_SECONDS", 1.0)
    time.sleep(1.1)
    back = written(tmp_path / "2.txt", hq("witness", "cosign", offer))
    branch("cosigner", "add", "hq", "--key", hq.witness, "--at", "http://127.0.0.1:9/w")
    assert "it came too late" in branch.refused("cosigner", "take", back)
    branch("cosigner", "add", "hq", "--key", hq.witness)
    assert "it is kept" in branch("cosigner", "take", back).out


def test_what_is_carried_back_is_of_this_ledger_and_of_its_witnesses(
    branch: Bank, hq: Bank, tmp_path: Path
) -> None:
    offer = written(tmp_path / "1.txt", branch("ledger", "checkpoint"))
    assert "not told to witness that ledger" in hq.refused("witness", "cosign", offer)
    hq("witness", "add", branch.key)
    back = written(tmp_path / "2.txt", hq("witness", "cosign", offer))
    assert "no witness of this ledger signed it" in branch.refused("cosigner", "take", back)
    branch("cosigner", "add", "hq", "--key", hq.witness)
    assert "not signed by this ledger's own key" in hq.refused("cosigner", "take", back)
    back.write_text(back.read_text().replace("\n1\n", "\n2\n", 1))
    assert "is wrong" in branch.refused("cosigner", "take", back)


def test_a_witness_is_one_and_has_a_name_and_a_key(branch: Bank, hq: Bank) -> None:
    assert "there is a witness in" in hq.refused("witness", "init", "other.example/w")
    hq("witness", "add", branch.key)
    assert "already, with this key" in hq("witness", "add", branch.key).out
    assert "not an Ed25519 key" in hq.refused("witness", "add", hq.witness)
    for name in ("a b", "", "none", "all-of-them", "a/b", "#a"):
        branch.refused("cosigner", "add", name, "--key", hq.witness)
    branch("cosigner", "add", "hq", "--key", hq.witness)
    assert "one witness cannot be two" in branch.refused(
        "cosigner", "add", "again", "--key", hq.witness
    )
    assert "not the public key of a witness" in branch.refused(
        "cosigner", "add", "x", "--key", branch.key
    )
    for address in ("hq.example", "http://hq.example/w", "https://u@hq.example", "file:///x"):
        assert "no address of a ledger" in branch.refused(
            "cosigner", "add", "hq", "--key", hq.witness, "--at", address
        )
    branch("cosigner", "remove", "hq")
    assert "there is no witness hq" in branch.refused("cosigner", "remove", "hq")
    assert "no witness with an address" in branch("cosigner", "ask").out
    assert branch("cosigner", "policy").out.endswith("quorum none\n")
    assert "Nobody witnesses this ledger" in branch("cosigner", "list").out


def test_a_fork_is_kept_and_shown_by_the_witness(branch: Bank, hq: Bank, tmp_path: Path) -> None:
    hq("witness", "add", branch.key)
    offer = written(tmp_path / "1.txt", branch("ledger", "checkpoint"))
    hq("witness", "cosign", offer)
    log, _, secret = (branch.data / "keys" / "signing.key").read_text().strip().partition(" ")
    forged = Signer(log, b64decode(secret)).sign(Checkpoint(log, 1, b"f" * 32).text)
    path = tmp_path / "forged.txt"
    path.write_text(forged)
    assert "FORK: this witness signed other 1 entries" in hq.refused("witness", "cosign", path)
    shown = hq("witness", "ledgers")
    assert "FORK:" in shown.out
    (kept,) = hq("witness", "ledgers", "--json").json["forks"]
    assert json.loads(Path(kept).read_text())["shown"] == forged
    assert b64encode(b"f" * 32).decode() in forged


def test_a_backup_that_is_put_back_is_seen_by_the_witness_and_its_memory_is_no_part_of_it(
    branch: Bank, hq: Bank, start: Start, tmp_path: Path
) -> None:
    hq("witness", "add", branch.key)
    address = f"{start(hq.data).address}/witness"
    branch("cosigner", "add", "hq", "--key", hq.witness, "--at", address)
    hq("db", "backup", tmp_path / "hq.db")
    branch("db", "backup", tmp_path / "branch.db")
    for name in ("asha", "bruno", "chitra"):
        branch.grow(name)
    branch("cosigner", "ask")
    size = branch.standing()["size"]
    branch("db", "restore", tmp_path / "branch.db", "--over-newer")
    branch("signer", "--start-anew")
    (one,) = branch("cosigner", "ask", "--json", ok=False).json["asked"]
    assert f"it remembers {size} entries and there are" in one["problem"]
    policy = written(tmp_path / "policy", branch("cosigner", "policy"))
    folder = branch.export(tmp_path / "out")
    found = branch.shell("ledger", "verify", folder, "--policy", policy, ok=False)
    assert "NO QUORUM" in found.out
    (seen,) = hq("witness", "ledgers", "--json").json["ledgers"]
    assert seen["size"] == size


def test_a_witness_whose_database_is_put_back_remembers_all_the_same(
    branch: Bank, hq: Bank, tmp_path: Path
) -> None:
    hq("witness", "add", branch.key)
    hq("db", "backup", tmp_path / "hq.db")
    branch.grow("asha")
    offer = written(tmp_path / "1.txt", branch("ledger", "checkpoint"))
    hq("witness", "cosign", offer)
    hq("db", "restore", tmp_path / "hq.db")
    (seen,) = hq("witness", "ledgers", "--json").json["ledgers"]
    assert seen["size"] > 1


def test_of_many_requests_at_once_by_several_programs_one_history_comes(
    branch: Bank, hq: Bank, tmp_path: Path
) -> None:
    """Two processes and two threads of each; sizes that the witness signs only ever grow."""
    hq("witness", "add", branch.key)
    hq("witness", "cosign", written(tmp_path / "0.txt", branch("ledger", "checkpoint")))
    offers = []
    for name in ("asha", "bruno", "chitra", "dina"):
        branch.grow(name)
        offer = branch("ledger", "checkpoint", "--since", 1)
        offers.append(written(tmp_path / f"{name}.txt", offer))
    programs = [copy(["witness", "cosign", offer, "--data", hq.data]) for offer in offers]
    said = [one.communicate(timeout=60) for one in programs]
    won = [out for (out, _), one in zip(said, programs, strict=True) if one.returncode == 0]
    assert len(won) == 1
    assert sum("show that they are its beginning" in err for _, err in said) == 3


def test_the_proof_of_an_entry_carries_what_witnesses_signed(
    branch: Bank, hq: Bank, tmp_path: Path
) -> None:
    hq("witness", "add", branch.key)
    branch("cosigner", "add", "hq", "--key", hq.witness)
    offer = written(tmp_path / "1.txt", branch("ledger", "checkpoint"))
    branch("cosigner", "take", written(tmp_path / "2.txt", hq("witness", "cosign", offer)))
    branch.grow("asha")
    policy = written(tmp_path / "policy", branch("cosigner", "policy"))
    for seq, status in ((0, verifier.Verdict.CLEAN), (1, verifier.Verdict.INCOMPLETE)):
        proof = tmp_path / f"{seq}.proof"
        branch("ledger", "proof", seq, "--out", proof)
        found = branch.shell("ledger", "verify", proof, "--policy", policy, ok=False)
        assert found.status == status, found.out
        assert ("hq.example/w1 signed that checkpoint" in found.out) is (seq == 0)
