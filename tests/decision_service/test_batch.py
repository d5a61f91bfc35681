"""A file of applications is answered line by line, in order, and one bad line spoils no other."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision_service.api_batch import BATCHES_MAX, TOGETHER_MAX, blocks_of
from decision_service.errors import Malformed, TooLarge
from tests.decision_service.service_house import House, open_house

KIND = "application/x-ndjson"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = open_house(tmp_path_factory.mktemp("house"), settings={"batch_lines_max": 400})
    yield opened
    opened.close()


def send(house: House, lines: Sequence[object], kind: str = KIND) -> list[dict[str, Any]]:
    content = b"\n".join(
        line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines
    )
    headers = {**house.headers(), "Content-Type": kind}
    answer = house.client.post("/v1/decisions/batch", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == KIND
    return [json.loads(line) for line in answer.text.splitlines()]


def line(house: House, name: str, **changes: Any) -> dict[str, Any]:
    return {
        "idempotency_key": f"batch-{name}",
        "application_id": name,
        "fields": {**house.example, **changes},
    }


def test_answers_come_in_the_order_of_the_lines(house: House) -> None:
    told = send(house, [line(house, f"o-{n}") for n in range(150)])
    assert [answer["application_id"] for answer in told] == [f"o-{n}" for n in range(150)]


def test_a_bad_line_is_a_problem_in_its_place(house: House) -> None:
    told = send(
        house,
        [
            line(house, "good-1"),
            b"{broken",
            {"application_id": "keyless", "fields": house.example},
            line(house, "faulty", duration_months="x"),
            b'["no object"]',
            b'{"idempotency_key": "x", "idempotency_key": "y"}',
            line(house, "good-2"),
        ],
    )
    statuses = [answer["status"] for answer in told]
    assert statuses == ["in_review", 400, 400, 422, 400, 400, "in_review"]
    assert [answer.get("line") for answer in told] == [None, 2, 3, 4, 5, 6, None]
    assert told[3]["errors"][0]["pointer"] == "/fields/duration_months"


def test_the_same_batch_again_records_nothing(house: House) -> None:
    lines = [line(house, f"again-{n}") for n in range(3)]
    first = send(house, lines)
    size = house.size
    second = send(house, lines)
    assert house.size == size
    assert all(answer.pop("replayed") for answer in second)
    assert second == first


def test_a_batch_and_a_single_request_share_their_keys(house: House) -> None:
    (told,) = send(house, [line(house, "shared")])
    again = house.decide(key="batch-shared", application_id="shared")
    assert again.status_code == 200
    assert again.json() == told


def test_scoring_one_application_twice_in_a_batch_keeps_the_order(house: House) -> None:
    lines = [{**line(house, "twice"), "idempotency_key": f"t-{n}"} for n in range(TOGETHER_MAX + 6)]
    told = send(house, lines)
    assert [answer["attempt"] for answer in told] == list(range(1, len(lines) + 1))
    for before, after in itertools.pairwise(told):
        assert after["supersedes"] == before["decision_id"]


def test_a_line_is_answered_before_the_next_one_is_sent(house: House) -> None:
    lines = [json.dumps(line(house, f"slowly-{n}")).encode() + b"\n" for n in range(3)]
    told: list[dict[str, Any]] = []

    async def talk() -> None:
        answered = asyncio.Semaphore(1)

        async def receive() -> dict[str, Any]:
            """One line at a time, each only after the answer to the one before it."""
            await answered.acquire()
            body = lines.pop(0) if lines else b""
            return {"type": "http.request", "body": body, "more_body": bool(lines)}

        async def send(message: Any) -> None:
            if message.get("body"):
                told.append(json.loads(message["body"]))
                answered.release()

        headers = {**house.headers(), "Content-Type": KIND}
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/decisions/batch",
            "query_string": b"",
            "headers": [(n.lower().encode(), v.encode()) for n, v in headers.items()],
        }
        await asyncio.wait_for(house.client.app(scope, receive, send), 20)

    asyncio.run(talk())
    assert [answer["application_id"] for answer in told] == [f"slowly-{n}" for n in range(3)]


def test_only_so_many_batches_are_answered_at_once(house: House) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/decisions/batch",
        "query_string": b"",
        "headers": [
            (n.lower().encode(), v.encode())
            for n, v in {**house.headers(), "Content-Type": KIND}.items()
        ],
    }

    async def crowd() -> list[int]:
        done, told, all_told = asyncio.Event(), list[int](), asyncio.Event()

        async def receive() -> dict[str, Any]:
            await done.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                told.append(message["status"])
                if len(told) > BATCHES_MAX:
                    all_told.set()

        asking = [
            asyncio.ensure_future(house.client.app(dict(scope), receive, send))
            for _ in range(BATCHES_MAX + 1)
        ]
        await asyncio.wait_for(all_told.wait(), 20)
        done.set()
        await asyncio.wait_for(asyncio.gather(*asking), 20)
        return told

    assert sorted(asyncio.run(crowd())) == [200] * BATCHES_MAX + [503]
    assert send(house, [line(house, "after-the-crowd")])[0]["application_id"] == "after-the-crowd"


def test_a_line_whose_key_was_used_for_another_spoils_none_beside_it(house: House) -> None:
    lines = [line(house, f"beside-{n}") for n in range(5)]
    lines[3]["idempotency_key"] = lines[1]["idempotency_key"]
    told = send(house, lines)
    assert [answer["status"] for answer in told] == [*["in_review"] * 3, 422, "in_review"]
    assert told[3]["line"] == 4


def test_one_line_sent_twice_in_a_batch_is_decided_once(house: House) -> None:
    size = house.size
    first, second = send(house, [line(house, "double")] * 2)
    assert second.pop("replayed")
    assert second == first
    assert house.size == size + 1


def test_an_empty_line_has_its_answer_and_an_empty_batch_has_none(house: House) -> None:
    assert send(house, []) == []
    told = send(house, [b"", line(house, "one"), b"  ", b""])
    assert [answer.get("status") for answer in told[:3]] == [400, "in_review", 400]
    assert told[0]["line"] == 1
    assert "empty" in told[2]["detail"]


def test_too_many_lines_end_the_batch_with_a_word(house: House) -> None:
    told = send(house, [b"{}"] * 500)
    assert len(told) == 401
    assert "at most 400 lines" in told[-1]["detail"]


def test_a_batch_of_another_kind_is_refused(house: House) -> None:
    headers = {**house.headers(), "Content-Type": "text/csv"}
    answer = house.client.post("/v1/decisions/batch", content=b"a,b", headers=headers)
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"


def test_nobody_sends_a_batch_without_a_key_of_their_own(house: House) -> None:
    assert house.client.post("/v1/decisions/batch", content=b"{}").status_code == 401


def gathered(chunks: list[bytes], limit: int) -> list[bytes | str]:
    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def gather() -> list[bytes | str]:
        return [
            line if isinstance(line, bytes) else type(line).__name__
            async for block in blocks_of(stream(), limit)
            for line in block
        ]

    return asyncio.run(gather())


@given(st.lists(st.binary(max_size=12), max_size=20), st.data())
def test_lines_do_not_depend_on_how_the_bytes_arrive(lines: list[bytes], data: Any) -> None:
    whole = b"\n".join(lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    edges = [0, *cuts, len(whole)]
    chunks = [whole[a:b] for a, b in itertools.pairwise(edges)]
    *ended, rest = whole.split(b"\n")
    plain = [*ended, rest] if rest.strip() or len(rest) > 9 else ended
    assert gathered(chunks, 9) == [
        TooLarge.__name__ if len(line) > 9 else line if line.strip() else Malformed.__name__
        for line in plain
    ]
