"""A witness signs what continues what it signed, once, and never forgets it."""

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overrides import cosigning, witness_post
from overrides import countermand_verify as verifier
from overrides.cosigning import KEY, LEDGERS, create_cosigner
from overrides.errors import WitnessRefused
from overrides.merkle import leaf_hash
from overrides.notes import Checkpoint, Signer
from overrides.offers import offer_of
from overrides.witness_post import Answer, Outcome, Seen, WitnessPost
from tests import plain_trees
from tests.ledgers import NOON, SteadyClock

LOG = Signer("bank.example/ledger", bytes(range(32)))
LEAVES = [leaf_hash(bytes([n])) for n in range(70)]
OTHERS = [leaf_hash(b"another history"), *LEAVES[1:]]


def note(size: int, leaves: Sequence[bytes] = tuple(LEAVES), signer: Signer = LOG) -> str:
    root = plain_trees.root(leaves[:size])
    return signer.sign(Checkpoint(signer.name, size, root).text)


def request(first: int, size: int, leaves: Sequence[bytes] = tuple(LEAVES)) -> str:
    proof = plain_trees.consistency(leaves[:size], first) if 0 < first < size else []
    return offer_of(first, proof, note(size, leaves)).text


def post_at(folder: Path) -> WitnessPost:
    create_cosigner(folder, "hq.example/w1", lambda n: bytes(range(n)))
    post = WitnessPost(folder, SteadyClock(step=timedelta(seconds=1)))
    assert post.take_on(LOG.key)
    return post


@pytest.fixture
def post(tmp_path: Path) -> WitnessPost:
    return post_at(tmp_path / "witness")


def cosigned(post: WitnessPost, answer: Answer, text: str) -> verifier.Checkpoint:
    """What the answer's signatures are over, both of which hold."""
    assert answer.outcome is Outcome.COSIGNED, answer
    cosigner = post.cosigner()
    assert cosigner is not None
    opened = verifier.open_note(text + answer.lines, cosigner.keys)
    assert opened.cosigners == cosigner.keys
    return verifier.Checkpoint.read(opened.text)


def test_a_ledger_that_grows_is_cosigned_step_by_step(post: WitnessPost) -> None:
    for first, size in ((0, 3), (3, 3), (3, 8), (8, 64), (64, 70)):
        answer = post.add_checkpoint(request(first, size))
        assert cosigned(post, answer, note(size)).size == size
        assert post.seen(LOG.name).size == size
    assert post.forks() == []


def test_a_ledger_is_told_what_was_signed_last_when_it_says_otherwise(post: WitnessPost) -> None:
    post.add_checkpoint(request(0, 8))
    for first, size in ((0, 8), (0, 9), (7, 9), (9, 12)):
        answer = post.add_checkpoint(request(first, size))
        assert (answer.outcome, answer.size, answer.lines) == (Outcome.BEHIND, 8, "")
    assert post.seen(LOG.name).size == 8


def test_a_fork_is_refused_and_both_notes_are_kept(post: WitnessPost) -> None:
    post.add_checkpoint(request(0, 8))
    before = post.seen(LOG.name)
    for _ in range(2):
        assert post.add_checkpoint(request(8, 8, OTHERS)).outcome is Outcome.FORKED
    assert post.add_checkpoint(request(8, 9, OTHERS)).outcome is Outcome.UNPROVEN
    assert post.seen(LOG.name) == before
    (kept,) = post.forks()
    told = json.loads(kept.read_text())
    assert (told["remembered"], told["shown"]) == (note(8), note(8, OTHERS))


def test_what_is_no_request_or_no_ledger_of_this_witness_is_refused(post: WitnessPost) -> None:
    thief = Signer(LOG.name, b"t" * 32)
    stranger = Signer("stranger.example/ledger", b"s" * 32)
    refused = {
        "": Outcome.UNREADABLE,
        "old 0\n\nno checkpoint\n": Outcome.UNREADABLE,
        note(3): Outcome.UNREADABLE,
        "old 03\n\n" + note(3): Outcome.UNREADABLE,
        "old 0\nAAAA\n\n" + note(3): Outcome.UNREADABLE,
        offer_of(0, [], note(3, signer=stranger)).text: Outcome.UNKNOWN,
        offer_of(0, [], note(3, signer=thief)).text: Outcome.UNSIGNED,
        offer_of(4, [], note(3)).text: Outcome.BACKWARDS,
        offer_of(0, [b"x" * 32], note(3)).text: Outcome.UNPROVEN,
    }
    assert {text: post.add_checkpoint(text).outcome for text in refused} == refused
    assert post.seen(LOG.name) == Seen(LOG.name)


def test_more_hashes_than_any_proof_has_are_refused(post: WitnessPost) -> None:
    answer = post.add_checkpoint(offer_of(0, [b"x" * 32] * 64, note(3)).text)
    assert answer.outcome is Outcome.UNREADABLE


def test_a_note_that_was_carried_needs_a_proof_only_where_something_is_remembered(
    post: WitnessPost,
) -> None:
    assert post.add_checkpoint(note(8), carried=True).outcome is Outcome.COSIGNED
    assert post.add_checkpoint(note(8), carried=True).outcome is Outcome.COSIGNED
    answer = post.add_checkpoint(note(9), carried=True)
    assert (answer.outcome, answer.size) == (Outcome.BEHIND, 8)
    assert post.add_checkpoint(request(8, 9), carried=True).outcome is Outcome.COSIGNED


def test_what_was_signed_is_on_the_disk_before_anybody_has_the_signature(
    post: WitnessPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_fails(_: WitnessPost, __: Seen) -> None:
        raise OSError

    monkeypatch.setattr(WitnessPost, "_remember", power_fails)
    with pytest.raises(OSError):  # noqa: PT011 - there is no answer
        post.add_checkpoint(request(0, 8))
    monkeypatch.undo()
    assert post.seen(LOG.name).size == 0
    assert post.add_checkpoint(request(0, 8)).outcome is Outcome.COSIGNED
    again = WitnessPost(post.folder, post.clock)
    assert again.seen(LOG.name).size == 8


def test_of_two_requests_at_once_one_wins_and_the_other_is_told(
    post: WitnessPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.add_checkpoint(request(0, 8))
    both, read = threading.Barrier(2, timeout=0.3), WitnessPost.seen

    def slowly(self: WitnessPost, log: str) -> Seen:
        """Read the memory, and let the other one read it too before anything else, if it can."""
        found = read(self, log)
        with suppress(threading.BrokenBarrierError):
            both.wait()
        return found

    monkeypatch.setattr(WitnessPost, "seen", slowly)
    with ThreadPoolExecutor(2) as pool:
        texts = (request(8, 20), request(8, 12))
        answers = list(pool.map(post.add_checkpoint, texts))
    monkeypatch.undo()
    won = [answer for answer in answers if answer.outcome is Outcome.COSIGNED]
    lost = [answer for answer in answers if answer.outcome is Outcome.BEHIND]
    assert (len(won), len(lost)) == (1, 1)
    assert post.seen(LOG.name).size == won[0].size == lost[0].size


def test_a_clock_that_went_back_stops_the_witness_and_says_so(post: WitnessPost) -> None:
    post.add_checkpoint(request(0, 8))
    assert isinstance(post.clock, SteadyClock)
    post.clock.at = NOON - timedelta(hours=1)
    with pytest.raises(WitnessRefused, match="the clock says 2026-01-02T11"):
        post.add_checkpoint(request(8, 9))


def test_a_damaged_memory_is_told_and_not_forgotten(post: WitnessPost) -> None:
    post.add_checkpoint(request(0, 8))
    (path,) = (post.folder / witness_post.SEEN).glob("*.json")
    path.write_text("{")
    with pytest.raises(WitnessRefused, match="cannot be read"):
        post.add_checkpoint(request(0, 9))


@pytest.mark.parametrize("signed_before", [True, False])
def test_a_memory_that_is_gone_lets_no_second_history_be_signed(
    post: WitnessPost, *, signed_before: bool
) -> None:
    if signed_before:
        post.add_checkpoint(request(0, 8))
    (path,) = (post.folder / witness_post.SEEN).glob("*.json")
    path.unlink()
    for again in (False, True):
        if again:
            new = Signer(LOG.name, b"n" * 32)
            assert not post.take_on(LOG.key), "taking it on once more does not help"
            assert post.take_on(new.key), "nor does a further key of it"
        with pytest.raises(WitnessRefused, match=r"is gone.* Make a new witness, under a new name"):
            post.add_checkpoint(request(0, 8, OTHERS))
        with pytest.raises(WitnessRefused, match="is gone"):
            post.seen(LOG.name)


def test_a_key_that_was_put_back_alone_witnesses_nothing(post: WitnessPost, tmp_path: Path) -> None:
    post.add_checkpoint(request(0, 8))
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / KEY).write_text((post.folder / KEY).read_text())
    again = WitnessPost(tmp_path / "again", post.clock)
    assert again.add_checkpoint(request(0, 8, OTHERS)).outcome is Outcome.UNKNOWN
    with pytest.raises(WitnessRefused, match="is gone"):
        again.take_on(LOG.key)
    assert again.add_checkpoint(request(0, 8, OTHERS)).outcome is Outcome.UNKNOWN


def test_a_ledger_taken_on_in_two_steps_is_remembered_once(post: WitnessPost) -> None:
    """As after a power cut between the memory and the list."""
    post.add_checkpoint(request(0, 8))
    (post.folder / LEDGERS).write_text("")
    assert post.take_on(LOG.key)
    assert post.seen(LOG.name).size == 8


def test_every_folder_that_is_new_is_on_the_disk_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    for module in (cosigning, witness_post):
        monkeypatch.setattr(module, "sync_folder", synced.append)
    post = post_at(tmp_path / "w")
    assert {tmp_path, post.folder, post.folder / witness_post.SEEN} <= {*synced}
    made = synced.index(post.folder / witness_post.SEEN)
    assert post.folder in synced[made - 1 : made]


def test_one_ledger_cannot_use_up_the_room_for_forks_of_another(
    post: WitnessPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness_post, "FORKS_MAX", 2)
    evil = Signer("evil.example/ledger", b"e" * 32)
    post.take_on(evil.key)
    for n in range(5):
        text = evil.sign(Checkpoint(evil.name, 3, bytes([n]) * 32).text)
        post.add_checkpoint(offer_of(3 if n else 0, [], text).text)
    assert len(post.forks()) == 2
    post.add_checkpoint(request(0, 8))
    assert post.add_checkpoint(request(8, 8, OTHERS)).outcome is Outcome.FORKED
    kept = [json.loads(path.read_text())["log"] for path in post.forks()]
    assert sorted(kept) == [LOG.name, evil.name, evil.name]


def test_no_entries_with_the_root_of_some_are_no_fork(post: WitnessPost) -> None:
    text = LOG.sign(Checkpoint(LOG.name, 0, b"x" * 32).text)
    answer = post.add_checkpoint(offer_of(0, [], text).text)
    assert answer.outcome is Outcome.UNREADABLE
    assert post.forks() == []


def test_a_ledger_whose_name_cannot_be_signed_is_not_taken_on(post: WitnessPost) -> None:
    with pytest.raises(WitnessRefused, match="at most 255 bytes"):
        post.take_on(Signer("x" * 256, b"l" * 32).key)
    longest = Signer("x" * 255, b"l" * 32)
    assert post.take_on(longest.key)
    text = offer_of(0, [], longest.sign(Checkpoint(longest.name, 3, b"r" * 32).text)).text
    assert post.add_checkpoint(text).outcome is Outcome.COSIGNED


def test_a_witness_without_keys_signs_nothing(tmp_path: Path) -> None:
    post = WitnessPost(tmp_path, SteadyClock())
    assert post.add_checkpoint(request(0, 1)).outcome is Outcome.UNKNOWN
    assert post.take_on(LOG.key)
    assert not post.take_on(LOG.key)
    with pytest.raises(WitnessRefused, match="there is no witness here"):
        post.add_checkpoint(request(0, 1))
    assert post.seen(LOG.name).size == 0, "and remembers nothing that it did not sign"


def test_a_ledger_whose_key_was_replaced_is_witnessed_under_both(post: WitnessPost) -> None:
    new = Signer(LOG.name, b"n" * 32)
    post.add_checkpoint(request(0, 3))
    text = offer_of(3, plain_trees.consistency(LEAVES[:5], 3), note(5, signer=new)).text
    assert post.add_checkpoint(text).outcome is Outcome.UNSIGNED
    assert post.take_on(new.key)
    assert post.add_checkpoint(text).outcome is Outcome.COSIGNED


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 20), st.booleans(), st.booleans()), max_size=12
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_asked_all_that_was_signed_is_one_history(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[int, int, bool, bool]]
) -> None:
    """Against the plainest witness there can be: one that keeps the leaves themselves."""
    post, kept = post_at(tmp_path_factory.mktemp("post") / "w"), list[bytes]()
    for first, size, forked, honest in asked:
        leaves = OTHERS if forked else LEAVES
        proof = plain_trees.consistency(leaves[:size], first) if 0 < first < size else []
        proof = proof if honest else [*proof, b"x" * 32]
        answer = post.add_checkpoint(offer_of(first, proof, note(size, leaves)).text)
        continues = leaves[: len(kept)] == kept and len(kept) <= size
        good = first == len(kept) and continues and honest
        assert (answer.outcome is Outcome.COSIGNED) is good, answer
        kept = list(leaves[:size]) if good else kept
        assert post.seen(LOG.name).root == plain_trees.root(kept)
