"""An authority says when a checkpoint existed; its word is checked before it counts."""

import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from overrides import countermand_verify as verifier
from overrides import stamps
from overrides.countermand_verify import Findings, Key, Memory, Verdict
from overrides.instants import instant_text
from overrides.notes import Signer, claimed_checkpoint
from overrides.stamps import Authority, Stamp, StampInvalid, check_with_stamps
from tests.authorities import OPENSSL, Post, TestAuthority, needs_openssl
from tests.decision_service.commands.shell import Shell
from tests.decision_service.commands.test_ledger_commands import DATABASE, edit
from tests.forging import checkpoint_over, edited, forged_export, short_ledger
from tests.golden.drafts import GOLDEN
from tests.ledgers import LOG, NOON

pytestmark = needs_openssl


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("tsa") / "one", "Notary One").make()


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("tsa") / "two", "Notary Two").make()


@pytest.fixture
def post(tsa: TestAuthority) -> Iterator[Post]:
    with Post() as opened:
        opened.authority = tsa
        yield opened


@dataclass(frozen=True)
class Stamped:
    """An installation with one stamp."""

    shell: Shell
    tsa: TestAuthority

    def verify(self, *words: object) -> str:
        """What the check of the ledger says."""
        return self.shell.on_data("ledger", "verify", *words, ok=False).out

    @property
    def named(self) -> tuple[object, ...]:
        """The authority, named."""
        return ("--authority", self.tsa.pinned)

    @property
    def above(self) -> Path:
        """The certificate above the authority's."""
        return self.tsa.folder / "above.pem"


@pytest.fixture
def stamped(shell: Shell, tsa: TestAuthority, post: Post) -> Stamped:
    shell.on_data("user", "add", "asha", "--role", "officer")
    shell.on_data("ledger", "stamp", "--tsa", post.address, "--authority", tsa.pinned)
    return Stamped(shell, tsa)


def test_an_authority_is_asked_once_and_its_word_is_recorded_and_told(
    shell: Shell, tsa: TestAuthority, post: Post
) -> None:
    words = ("ledger", "stamp", "--tsa", post.address, "--authority", tsa.pinned)
    said = shell.on_data(*words)
    assert said.out.startswith("Its first entry existed on ")
    assert "by the word of Notary One (Tests)" in said.out
    assert post.asked == [("/tsr", "application/timestamp-query")]
    entry = shell.on_data("ledger", "show", 1, "--json").json["body"]
    told = entry["data"]
    assert (entry["type"], told["kind"], told["size"]) == ("checkpoint_anchored", "stamp", 1)
    assert told["witness"] == "Notary One (Tests)"
    assert told["at"] in said.out
    assert shell.on_data(*words, "--json").json["size"] == 2


def test_the_ledger_says_what_stamps_show_and_that_they_were_not_checked(stamped: Stamped) -> None:
    said = stamped.verify(*stamped.named)
    assert said.startswith("Nothing was changed")
    assert "Its first 2 entries existed on " in said
    assert "Whether others stood there before, no time stamp shows." in said
    unchecked = stamped.verify()
    assert unchecked.startswith("Nothing was changed")
    assert "Time stamps are in it (1). They were not checked" in unchecked
    assert "existed on" not in unchecked


def test_an_export_carries_stamps_that_openssl_verifies_too(
    stamped: Stamped, tmp_path: Path
) -> None:
    folder = tmp_path / "export"
    stamped.shell.on_data("ledger", "export", folder)
    key = ("--key", stamped.shell.data / "keys" / "signing.pub")
    told = stamped.shell("ledger", "verify", folder, *key, *stamped.named).out
    assert "Its first 2 entries existed on " in told
    assert "They were not checked" in stamped.shell("ledger", "verify", folder, *key).out
    alone = [sys.executable, "-I", "-S", verifier.__file__, str(folder), *map(str, key)]
    ran = subprocess.run(alone, capture_output=True, text=True, check=True)
    assert "Time stamps are in it (1). They were not checked" in ran.stdout
    (reply,) = (folder / "stamps").glob("*.tsr")
    assert OPENSSL
    files = {"-in": reply, "-data": reply.with_suffix(".note"), "-CAfile": stamped.above}
    words = [OPENSSL, "ts", "-verify", *(str(word) for pair in files.items() for word in pair)]
    subprocess.run(words, check=True, capture_output=True)
    for path in (reply, reply.with_suffix(".note")):
        whole = path.read_bytes()
        path.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
        for authority in ((), stamped.named):
            again = ("ledger", "verify", folder, *key, *authority)
            assert stamped.shell(*again, ok=False).status == 1
        path.write_bytes(whole)
    reply.unlink()
    assert stamped.shell("ledger", "verify", folder, *key, ok=False).status == 1


def test_another_authority_s_word_does_not_count(stamped: Stamped, other: TestAuthority) -> None:
    said = stamped.verify("--authority", other.pinned)
    assert said.startswith("INCOMPLETE")
    assert "it is by an authority that you did not name" in said
    assert "existed on" not in said


def test_another_authority_under_the_same_root_counts_only_where_the_root_is_named(
    tmp_path: Path,
) -> None:
    tsa = TestAuthority(tmp_path / "tsa", "Notary One").make()
    tsa.issue("Notary Three")
    reply = tsa.reply(stamps.request_for("x\n")[0])
    with pytest.raises(StampInvalid, match="did not name") as refused:
        Authority.read(tsa.pinned.read_bytes()).judge(reply, "x\n")
    assert refused.value.foreign
    root = Authority.read((tsa.folder / "above.pem").read_bytes())
    assert root.judge(reply, "x\n").by == "Notary Three"


def test_the_file_of_an_authority_reaches_up_to_who_signs_itself(
    stamped: Stamped, tmp_path: Path
) -> None:
    assert "Its first 2 entries existed" in stamped.verify("--authority", stamped.above)
    own = (stamped.tsa.folder / "own.pem").read_bytes()
    (tmp_path / "own.pem").write_bytes(own)
    text = stamped.shell.refused_on_data(
        "ledger", "verify", "--authority", tmp_path / "own.pem", status=64
    )
    assert "lacks the certificate at the top" in text


CHANGES = {
    "the reply": "UPDATE ledger_stamp SET reply = CAST(substr(reply, 1, length(reply) - 9)"
    " || x'00' || substr(reply, -8) AS BLOB)",
    "the reply into no text": "UPDATE ledger_stamp SET reply = substr(reply, 1, 99) || x'ff'",
    "the checkpoint": "UPDATE ledger_stamp SET note = replace(note, '\n2\n', '\n3\n')",
    "the size": "UPDATE ledger_stamp SET size = 1",
    "the checkpoint it is over": "DELETE FROM ledger_checkpoint WHERE size = 2",
    "its type": "UPDATE ledger_stamp SET reply = 'text'",
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_stamp_that_was_changed_in_the_database_is_a_finding(stamped: Stamped, name: str) -> None:
    edit(stamped.shell, CHANGES[name])
    said = stamped.verify(*stamped.named)
    assert said.startswith("ALTERED")
    assert "time stamp" in said.lower() or "cannot be read" in said


def exported_with_stamp(
    folder: Path, tsa: TestAuthority, bodies: Sequence[bytes], now: datetime | None = None
) -> Findings:
    """What is found in an export of these entries, with a stamp over the first of them."""
    signer = Signer(LOG, b"s" * 32)
    note = checkpoint_over(signer, bodies[:1])
    stamp = Stamp(1, note, tsa.reply(stamps.request_for(note)[0]))
    forged_export(folder, signer, bodies, [note], stamps=[stamp])
    memory = Memory(keys=(Key.read(signer.key.vkey),), now=now)
    return check_with_stamps(folder, memory, Authority.read(tsa.pinned.read_bytes()))


def test_entries_of_while_a_stamp_was_on_its_way_are_clean(
    tmp_path: Path, tsa: TestAuthority
) -> None:
    """A stamp says that the stamped entries existed, and not that no other did."""
    found = exported_with_stamp(tmp_path / "export", tsa, long_before())
    assert (found.verdict, found.found) == (Verdict.CLEAN, ())
    assert "Its first entry existed on " in str(found.checked)


def test_an_entry_dated_later_than_its_stamp_is_dated_ahead(
    tmp_path: Path, tsa: TestAuthority
) -> None:
    later = instant_text(datetime.now(UTC) + timedelta(days=30))
    bodies = [edited(body, ts=later) for body in long_before()]
    found = exported_with_stamp(tmp_path / "export", tsa, bodies)
    assert [(one.verdict, one.seq) for one in found.found] == [(Verdict.INCOMPLETE, 0)]
    assert f"DATED AHEAD: it says {later}, but Notary One (Tests) saw" in str(found.found[0])
    assert "existed on" not in str(found.checked)


def test_an_entry_of_the_ledger_itself_dated_later_than_its_stamp_is_dated_ahead(
    stamped: Stamped,
) -> None:
    assert "DATED AHEAD" not in stamped.verify(*stamped.named)
    edit(stamped.shell, "UPDATE ledger_event SET recorded_at = '2099' || substr(recorded_at, 5)")
    said = stamped.verify(*stamped.named)
    assert "entry 1: DATED AHEAD: it says 2099-" in said
    assert "existed on" not in said


def long_before() -> list[bytes]:
    """Two entries of long before any stamp."""
    return short_ledger(LOG, GOLDEN)


def test_a_ledger_rewritten_beneath_a_stamp_is_found_from_the_export(
    tmp_path: Path, tsa: TestAuthority
) -> None:
    signer = Signer(LOG, b"s" * 32)
    bodies = long_before()
    note = checkpoint_over(signer, bodies[:1])
    request, _ = stamps.request_for(note)
    stamp = Stamp(1, note, tsa.reply(request))
    forged_export(tmp_path / "export", signer, bodies[1:], [], stamps=[stamp])
    memory = Memory(keys=(Key.read(signer.key.vkey),))
    authority = Authority.read(tsa.pinned.read_bytes())
    found = check_with_stamps(tmp_path / "export", memory, authority)
    assert found.verdict is Verdict.ALTERED
    assert any("stamped by Notary One (Tests) over 1" in str(one) for one in found.found)


def test_stamps_travel_as_files_where_there_is_no_network(
    shell: Shell, tsa: TestAuthority, tmp_path: Path
) -> None:
    request, reply = tmp_path / "ask.tsq", tmp_path / "said.tsr"
    said = shell.on_data("ledger", "stamp", "--request", request)
    assert "asks for a time stamp of the checkpoint over 1 entry" in said.out
    note = shell.on_data("ledger", "checkpoint").out
    assert sha256(note.encode()).digest() in request.read_bytes()
    assert "exists" in shell.refused_on_data("ledger", "stamp", "--request", request)
    reply.write_bytes(tsa.reply(request.read_bytes()))
    words = ("ledger", "stamp", "--request", request, "--reply", reply)
    assert "name the authority" in shell.refused_on_data(*words, status=2)
    shell.on_data(*words, "--authority", tsa.pinned)
    shell.on_data(*words, "--authority", tsa.pinned)  # the same again is kept once
    with closing(sqlite3.connect(shell.data / DATABASE)) as connection:
        ((kept, size),) = connection.execute("SELECT note, size FROM ledger_stamp").fetchall()
    assert claimed_checkpoint(kept).size == size == 1
    again, _ = stamps.request_for(kept)
    request.write_bytes(again)
    text = shell.refused_on_data(*words, "--authority", tsa.pinned)
    assert "it answers another request" in text


def test_a_reply_over_something_else_is_refused(
    shell: Shell, tsa: TestAuthority, tmp_path: Path
) -> None:
    request, number = stamps.request_for("something else\n")
    (tmp_path / "ask.tsq").write_bytes(request)
    (tmp_path / "said.tsr").write_bytes(tsa.reply(request))
    files = ("--request", tmp_path / "ask.tsq", "--reply", tmp_path / "said.tsr")
    words = ("ledger", "stamp", *files, "--authority", tsa.pinned)
    assert "over none of the checkpoints" in shell.refused_on_data(*words)
    authority = Authority.read(tsa.pinned.read_bytes())
    with pytest.raises(StampInvalid, match="over other bytes"):
        authority.judge(tsa.reply(request), "something", number)


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (b"no stamp", 200, "no reply of a time stamping authority"),
        (b"", 503, "it answered 503"),
        (bytes.fromhex("30053003020102"), 200, "the authority refused it (status 2)"),
        (b"x" * 1_000_001, 200, "its answer has no end"),
    ],
    ids=["nonsense", "error", "refused", "endless"],
)
def test_what_is_no_stamp_is_told_and_nothing_is_kept(
    shell: Shell, tsa: TestAuthority, answer: bytes, status: int, said: str
) -> None:
    with Post(answer, status=status) as post:
        words = ("ledger", "stamp", "--tsa", post.address, "--authority", tsa.pinned)
        assert said in shell.refused_on_data(*words)
    assert shell.on_data("ledger", "verify", "--json").json["size"] == 1


def test_a_stamp_of_somebody_else_is_not_kept(
    shell: Shell, tsa: TestAuthority, other: TestAuthority, post: Post
) -> None:
    post.authority = other
    words = ("ledger", "stamp", "--tsa", post.address, "--authority", tsa.pinned)
    assert "an authority that you did not name" in shell.refused_on_data(*words)
    assert shell.on_data("ledger", "verify", "--json").json["size"] == 1


def test_no_redirect_is_followed(shell: Shell, tsa: TestAuthority, post: Post) -> None:
    with Post(b"", status=307, sends_on=post.address) as sends:
        words = ("ledger", "stamp", "--tsa", sends.address, "--authority", tsa.pinned)
        assert f"it sends on to {post.address}" in shell.refused_on_data(*words)
    assert post.asked == []


def test_waiting_has_an_end(shell: Shell, tsa: TestAuthority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        words = ("ledger", "stamp", "--tsa", address, "--authority", tsa.pinned, "--seconds", 1)
        assert "not within 1 seconds" in shell.refused_on_data(*words)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--tsa", "http://x", "--request", "y"),
        ("--tsa", "ftp://x"),
        ("--tsa", "http://user@x/"),
        ("--reply", "y"),
    ],
)
def test_a_stamp_is_asked_for_in_one_way(shell: Shell, words: tuple[str, ...]) -> None:
    shell.refused_on_data("ledger", "stamp", *words, status=2)


def test_without_the_extra_it_is_said_what_to_install(
    stamped: Stamped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    said = stamped.verify(*stamped.named)
    assert said.startswith("INCOMPLETE")
    assert "pip install 'countermand[stamps]'" in said
    assert "They were not checked" in stamped.verify()
    words = ("ledger", "stamp", "--request", stamped.tsa.folder / "new.tsq")
    assert "countermand[stamps]" in stamped.shell.refused_on_data(*words)


def test_a_stamp_from_the_future_means_that_a_clock_is_wrong(
    tmp_path: Path, tsa: TestAuthority
) -> None:
    found = exported_with_stamp(tmp_path / "export", tsa, long_before(), NOON)
    assert [one.verdict for one in found.found] == [Verdict.INCOMPLETE]
    assert "which is still to come: a clock is wrong" in str(found.found[0])
    assert "existed on" not in str(found.checked)


def test_a_stamp_that_is_signed_over_sha_1_does_not_count(tmp_path: Path) -> None:
    tsa = TestAuthority(tmp_path / "tsa", "Notary One").make()
    config = tsa.folder / "ts.cnf"
    config.write_text(config.read_text().replace("signer_digest = sha256", "signer_digest = sha1"))
    reply = tsa.reply(stamps.request_for("x\n")[0])
    with pytest.raises(StampInvalid, match="can be forged, SHA-1") as refused:
        Authority.read(tsa.pinned.read_bytes()).judge(reply, "x\n")
    assert refused.value.foreign, "which need not mean that anything was changed"


@pytest.mark.parametrize("days", [(-9, -1), (1, 9)], ids=["ended", "not begun"])
def test_a_stamp_outside_of_its_certificate_s_time_does_not_count_and_says_why(
    tmp_path: Path, days: tuple[int, int]
) -> None:
    tsa = TestAuthority(tmp_path / "tsa", "Notary One").make()
    tsa.valid(*days)
    reply = tsa.reply(stamps.request_for("x\n")[0])
    for pinned in (tsa.pinned, tsa.folder / "above.pem"):
        with pytest.raises(StampInvalid, match="certificate is not valid at the time") as refused:
            Authority.read(pinned.read_bytes()).judge(reply, "x\n")
        assert refused.value.foreign
