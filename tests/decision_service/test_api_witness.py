"""The witness over HTTP answers as C2SP tlog-witness has it, to whoever asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from httpx2 import Response

from overrides import countermand_verify as verifier
from overrides.cosigning import create_cosigner
from overrides.notes import Signer
from overrides.offers import offer_of
from overrides.witness_post import WitnessPost
from tests.decision_service.service_house import House, open_house
from tests.overrides.test_witness_post import LEAVES, LOG, OTHERS, note, request

ADDRESS = "/witness/add-checkpoint"
PLAIN_TEXT = "text/plain; charset=utf-8"


@dataclass
class Witnessing:
    """A service that witnesses others."""

    house: House
    post: WitnessPost

    def shown(self, text: str | bytes, **headers: str) -> Response:
        """The answer to a checkpoint."""
        content = text.encode() if isinstance(text, str) else text
        answer: Response = self.house.client.post(ADDRESS, content=content, headers=headers)
        return answer

    @property
    def keys(self) -> tuple[verifier.Key, ...]:
        """The witness's keys."""
        cosigner = self.post.cosigner()
        assert cosigner is not None
        return cosigner.keys


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = open_house(tmp_path_factory.mktemp("house"))
    yield opened
    opened.close()


@pytest.fixture
def witness(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Witnessing:
    """A new witness each time, in the same service."""
    monkeypatch.setattr(type(house.services.settings), "witness", tmp_path / "witness")
    folder = house.services.settings.witness
    create_cosigner(folder, "hq.example/w1", lambda n: bytes(range(n)))
    post = WitnessPost(folder, house.services.clock)
    post.take_on(LOG.key)
    return Witnessing(house, post)


def test_a_checkpoint_that_continues_is_answered_with_a_line_for_each_key(
    witness: Witnessing,
) -> None:
    for first, size in ((0, 5), (5, 5), (5, 12)):
        answer = witness.shown(request(first, size))
        assert (answer.status_code, answer.headers["content-type"]) == (200, PLAIN_TEXT)
        assert all(line.startswith("\N{EM DASH} hq.e") for line in answer.text.splitlines())
        opened = verifier.open_note(note(size) + answer.text, witness.keys)
        assert opened.cosigners == witness.keys


def test_nothing_but_the_request_is_needed_to_be_let_in(witness: Witnessing) -> None:
    headers = {"Content-Type": "application/octet-stream", "User-Agent": "somebody"}
    assert witness.shown(request(0, 5), **headers).status_code == 200
    headers["Content-Type"] = "application/json"
    assert witness.shown(request(5, 6), **headers).status_code == 200


def test_another_size_is_answered_with_the_one_that_was_signed(witness: Witnessing) -> None:
    answer = witness.shown(request(3, 5))
    assert (answer.status_code, answer.text) == (409, "0\n")
    assert answer.headers["content-type"] == "text/x.tlog.size"
    witness.shown(request(0, 5))
    answer = witness.shown(request(0, 6))
    assert (answer.status_code, answer.text) == (409, "5\n")


def test_a_fork_is_a_conflict_too(witness: Witnessing) -> None:
    witness.shown(request(0, 5))
    answer = witness.shown(request(5, 5, OTHERS))
    assert (answer.status_code, answer.text) == (409, "5\n")
    assert len(witness.post.forks()) == 1


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 400),
        (b"\xff", 400),
        (note(5), 400),
        ("old 5\n" + note(5), 400),
        (offer_of(6, [], note(5)).text, 400),
        (offer_of(0, [b"x" * 32] * 64, note(5)).text, 400),
        (offer_of(0, [], note(5, signer=Signer("x.example/l", b"s" * 32))).text, 404),
        (offer_of(0, [], note(5, signer=Signer(LOG.name, b"t" * 32))).text, 403),
        (offer_of(0, [LEAVES[0]], note(5)).text, 422),
    ],
)
def test_each_refusal_has_the_status_of_the_specification(
    witness: Witnessing, text: str | bytes, status: int
) -> None:
    answer = witness.shown(text)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PLAIN_TEXT), answer.text
    assert witness.post.seen(LOG.name).size == 0


def test_a_proof_that_does_not_hold_is_unprocessable(witness: Witnessing) -> None:
    witness.shown(request(0, 5))
    assert witness.shown(request(5, 9, OTHERS)).status_code == 422
    assert witness.shown(offer_of(5, [], note(9)).text).status_code == 422
    assert witness.post.seen(LOG.name).size == 5


def test_a_body_without_end_is_not_read(witness: Witnessing) -> None:
    assert witness.shown("x" * 300_000).status_code == 413
    answer = witness.shown(request(0, 5) + "\N{EM DASH} a AAAAAAAA\n" * 3000)
    assert (answer.status_code, answer.text) == (400, "It has more than 32 KiB.\n")
    many = "".join(f"\N{EM DASH} w{n}.example/w {'A' * 140}\n" for n in range(99))
    assert witness.shown(request(0, 5) + many).status_code == 200


def test_a_page_of_another_site_cannot_ask(witness: Witnessing) -> None:
    assert witness.shown(request(0, 5), **{"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_service_that_witnesses_nobody_says_so(house: House) -> None:
    assert house.client.post(ADDRESS, content=request(0, 5)).status_code == 404


def test_a_memory_that_cannot_be_read_is_a_failure_and_not_a_signature(
    witness: Witnessing,
) -> None:
    """And strangers are not told where it lies."""
    witness.shown(request(0, 5))
    (path,) = (witness.post.folder / "seen").glob("*.json")
    path.write_text("{")
    damaged = witness.shown(request(5, 6))
    path.unlink()
    gone = witness.shown(request(0, 5))
    path.mkdir()
    locked = witness.shown(request(0, 5))
    for answer in (damaged, gone, locked):
        assert answer.status_code == 503
        assert path.name in answer.text
        assert str(witness.post.folder) not in answer.text
