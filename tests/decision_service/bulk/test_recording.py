"""A file is recorded as its applications would have been one by one, whatever comes in between."""

import gc
import json
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Pipe
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from msgspec import structs

from decision_service.access import HOST
from decision_service.bulk import worker
from decision_service.bulk import workers as processes
from decision_service.bulk.file_decider import Counts, FileDecider, Stopped, Told
from decision_service.bulk.garbage import BLOCKS, looked_for_between_blocks
from decision_service.bulk.making import Maker
from decision_service.bulk.messages import (
    Block,
    Line,
    Refusal,
    Task,
    encoded,
    read_block,
    told_settings,
)
from decision_service.bulk.recording_made import Made
from decision_service.bulk.worker import Drawn
from overrides.canonical import canonical, read_canonical
from overrides.errors import LedgerUnavailable, OutOfDate
from overrides.examination import Trust
from overrides.journal import Receipt
from tests.decision_service.service_house import BUNDLE, House, open_house
from tests.decision_service.test_two_paths import entry_of


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = open_house(tmp_path_factory.mktemp("house"))
    yield opened
    opened.close()


@pytest.fixture
def maker(house: House) -> Maker:
    return Maker(house.services.decisions, HOST, house.services.ledger.log, 4_000)


def line(house: House, name: str, **members: Any) -> bytes:
    return json.dumps({"application_id": name, "fields": house.example, **members}).encode()


def decide(
    house: House, folder: Path, lines: Sequence[bytes], workers: int = 0, block: int = 1_500
) -> tuple[Counts, list[Told]]:
    """Record a file of these lines; what was counted and what was told."""
    file = folder / "applications.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    answers: list[Told] = []
    decider = FileDecider(
        house.services, file, workers, lambda _, told: answers.extend(told), block_bytes=block
    )
    return decider.decide(), answers


def made_of(block: Block) -> list[Line]:
    """What was made, none of it refused, as it comes over the line."""
    made = [one for one in read_block(encoded(block)).made if isinstance(one, Line)]
    assert len(made) == len(block.made)
    return made


def write(house: House, made: Line) -> Receipt | Exception:
    """What becomes of a made decision."""
    command = Made(made, house.services.decisions)
    (outcome,) = house.services.groups.submit_group([(command, command.once(HOST.ref))])
    return outcome


def test_what_is_made_apart_is_the_bytes_that_the_plain_way_gives(
    house: House, maker: Maker
) -> None:
    for place, row in enumerate(house.bundle.reference[:6]):
        fields = {**house.example, **row}
        text = json.dumps({"application_id": f"apart-{place}", "fields": fields}).encode()
        receipt = write(house, made_of(maker.block([text]))[0])
        assert isinstance(receipt, Receipt)
        body = {"application_id": f"plainly-{place}", "fields": fields}
        plain = house.services.decisions.decide_now(body, HOST).body["decision_id"]
        apart = entry_of(house, receipt.answer["decision_id"])
        for one, other in zip(apart, entry_of(house, plain), strict=True):
            assert one == other


def test_every_line_is_told_in_its_place_and_a_bad_one_spoils_no_other(
    house: House, tmp_path: Path
) -> None:
    lines = [
        line(house, "f-1"),
        b"{broken",
        b"",
        line(house, "f-2", idempotency_key="own"),
        line(house, "f-3", fields={**house.example, "duration_months": "x"}),
        line(house, "f-4", idempotency_key=""),
        line(house, "f-5") + b" " * 300_000,
        line(house, "f-6"),
    ]
    counts, told = decide(house, tmp_path, lines)
    assert [answer["line"] for answer in told] == [1, 2, 4, 5, 6, 7, 8]
    kinds = [answer.get("problem", {}).get("type", "").rpartition(":")[2] for answer in told]
    wrong = ["malformed", "", "contract-broken", "idempotency-key-invalid", "too-large", ""]
    assert kinds == ["", *wrong]
    assert (counts.recorded, counts.refused, counts.lines) == (3, 4, 8)
    assert told[3]["problem"]["errors"], "the faulty field is named"


def test_a_file_sent_again_records_nothing_and_tells_the_same_decisions(
    house: House, tmp_path: Path
) -> None:
    lines = [line(house, f"again-{n}") for n in range(5)]
    _, first = decide(house, tmp_path, [*lines, lines[0]])
    size = house.size
    counts, second = decide(house, tmp_path, [line(house, "again-new"), *lines])
    assert first[5] == {**_named(first[0]), "line": 6, "replayed": True}
    assert counts.replayed == 5
    assert house.size == size + 1
    assert [_named(told)["decision_id"] for told in second[1:]] == [
        told["decision_id"] for told in first[:5]
    ]


def _named(told: Told) -> dict[str, Any]:
    return {name: told[name] for name in ("line", "application_id", "decision_id", "case_id")}


def test_a_second_line_of_an_application_scores_its_case_again(
    house: House, tmp_path: Path
) -> None:
    later = {**house.example, "duration_months": 6.0}
    lines = [line(house, "twice"), line(house, "between"), line(house, "twice", fields=later)]
    _, (first, _, second) = decide(house, tmp_path, lines)
    assert second["case_id"] == first["case_id"]
    decision = house.services.decisions.reader.made(second["decision_id"])
    assert (decision["supersedes"], decision["attempt"]) == (first["decision_id"], 2)


def test_what_was_made_before_the_model_was_stopped_is_not_written(
    house: House, maker: Maker, tmp_path: Path
) -> None:
    made = made_of(maker.block([line(house, "stopped")]))[0]
    house.services.registry.suspend(BUNDLE, HOST)
    try:
        assert isinstance(write(house, made), OutOfDate)
        _, (told,) = decide(house, tmp_path, [line(house, "stopped")])
    finally:
        house.services.registry.resume(BUNDLE, HOST)
    assert told["probability_of_bad"] is None
    assert told["status"] == "in_review"


def test_what_was_made_under_another_key_above_the_data_keys_is_decided_again(
    house: House, maker: Maker
) -> None:
    made = made_of(maker.block([line(house, "rotated"), line(house, "beside")]))
    house.services.rotation.rotate(HOST, "so that what was made is late")
    assert [type(write(house, one)) for one in made] == [OutOfDate, OutOfDate]
    (fresh,) = made_of(maker.block([line(house, "rotated")]))
    assert isinstance(write(house, fresh), Receipt)


@pytest.mark.parametrize(
    "changed", [{"sha256": "0" * 64}, {"assigned": "nobody"}, {"key": "of another request"}]
)
def test_what_no_longer_fits_is_decided_again(
    house: House, maker: Maker, changed: dict[str, str]
) -> None:
    (made,) = made_of(maker.block([line(house, "fits")]))
    assert isinstance(write(house, structs.replace(made, **changed)), OutOfDate)


def test_what_was_made_before_the_clock_fell_is_decided_again(house: House, maker: Maker) -> None:
    (made,) = made_of(maker.block([line(house, "fell")]))
    held = replace(made.entries[0], clock="adjusted")
    assert isinstance(write(house, structs.replace(made, entries=(held,))), OutOfDate)


def test_data_keys_leave_the_process_wrapped_only(
    house: House, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[bytes] = []
    vault = maker.decisions.preparer.vault

    def draw(count: int) -> bytes:
        drawn.append(secrets.token_bytes(count))
        return drawn[-1]

    monkeypatch.setattr(vault, "random_bytes", draw)
    message = encoded(maker.block([line(house, "wrapped")]))
    keys = [chance[-32:] for chance in drawn if len(chance) == 16 + 12 + 32]
    assert keys, "a key was drawn"
    assert not any(key in message for key in keys)


def test_worker_processes_tell_what_this_process_would(house: House, tmp_path: Path) -> None:
    lines = [line(house, f"w-{n}") for n in range(12)] + [b"{broken"]
    counts, told = decide(house, tmp_path, lines, workers=2)
    assert [answer.get("application_id") for answer in told] == [
        *(f"w-{n}" for n in range(12)),
        None,
    ]
    assert (counts.recorded, counts.refused) == (12, 1)
    seqs = [answer["seq"] for answer in told[:12]]
    assert seqs == sorted(seqs), "they lie in the ledger as they lie in the file"


@pytest.mark.parametrize("program", ["raise SystemExit(3)", "import os; os.write(3, b'nonsense')"])
def test_without_its_workers_the_file_is_decided_all_the_same(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(processes, "PROGRAM", (sys.executable, "-c", program))
    name = program[:5]
    lines = [line(house, f"alone-{name}-{n}") for n in range(5)]
    counts, told = decide(house, tmp_path, lines, workers=2)
    assert counts.recorded == 5
    assert [answer["application_id"] for answer in told] == [f"alone-{name}-{n}" for n in range(5)]


def test_a_ledger_that_cannot_be_written_stops_the_file_and_says_where(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(asked: Sequence[object]) -> list[Exception]:
        return [LedgerUnavailable(cause="the disk is full") for _ in asked]

    monkeypatch.setattr(house.services.groups, "submit_group", full)
    told: list[Told] = []
    file = tmp_path / "applications.jsonl"
    file.write_bytes(b"{broken\n" + line(house, "full"))
    decider = FileDecider(house.services, file, 0, lambda _, group: told.extend(group))
    with pytest.raises(Stopped, match="the disk is full") as stopped:
        decider.decide()
    assert stopped.value.line == 2
    assert [answer["line"] for answer in told] == [1], "what is known by then is told"


def test_a_fault_of_ours_is_told_of_its_line_and_the_others_go_in(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = house.services.groups.submit_group

    def broken(asked: Sequence[Any]) -> list[Any]:
        return [ZeroDivisionError("secret"), *group(asked[1:])]

    monkeypatch.setattr(house.services.groups, "submit_group", broken)
    counts, told = decide(house, tmp_path, [line(house, "ours"), line(house, "theirs")])
    assert (counts.refused, counts.recorded) == (1, 1)
    assert told[0]["problem"]["status"] == 500
    assert "secret" not in json.dumps(told[0])


def test_a_refused_line_is_no_error_of_ours(maker: Maker) -> None:
    (told,) = maker.block([b"[]"]).made
    assert isinstance(told, Refusal)
    assert told.problem["status"] < 500


def test_random_bytes_are_given_once() -> None:
    asked: list[int] = []
    count = iter(range(256))

    def source(size: int) -> bytes:
        asked.append(size)
        return bytes([next(count)]) * size

    drawn = Drawn(source)
    found = b"".join(drawn(size) for size in (1000, 20, 10, 3000, 5))
    assert len(found) == 4035
    assert asked == [1024, 1024, 3000, 1024]
    assert found[:1000] == b"\0" * 1000


def test_a_made_entry_differs_in_place_and_time_alone(house: House, maker: Maker) -> None:
    made = made_of(maker.block([line(house, "placed")]))[0]
    receipt = write(house, made)
    assert isinstance(receipt, Receipt)
    (entry,) = receipt.entries
    whole = read_canonical(entry.body)
    assert canonical(whole) == entry.body
    assert (whole["seq"], whole["case"]) == (entry.seq, made.entries[0].case)
    assert entry.body.startswith(made.entries[0].before)
    assert entry.body.endswith(made.entries[0].after)


def test_garbage_is_looked_for_again_afterwards() -> None:
    assert gc.isenabled()
    with looked_for_between_blocks() as block_done:
        assert not gc.isenabled()
        for _ in range(BLOCKS):
            block_done()
    assert gc.isenabled()
    assert not gc.get_freeze_count()


def test_a_worker_that_nobody_listens_to_makes_no_more(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "applications.jsonl"
    file.write_bytes(b"{broken\n" * 4_000)
    made: list[int] = []
    block = Maker.block

    def counted(self: Maker, lines: Sequence[bytes]) -> Block:
        made.append(len(lines))
        return block(self, lines)

    monkeypatch.setattr(Maker, "block", counted)
    ours, theirs = Pipe()
    settings = told_settings(house.services.settings)
    ours.send_bytes(encoded(Task(settings, str(file), 8, 0, 1)))
    working = Thread(target=worker.work, args=(theirs,))
    working.start()
    assert read_block(ours.recv_bytes()).lines == 1
    ours.close()
    working.join(60)
    assert not working.is_alive()
    assert len(made) < 4_000, "it does not go through the file to its end"


@pytest.mark.postgres
def test_a_file_is_recorded_on_a_database_server_too(
    new_postgres: Callable[[], str], tmp_path: Path
) -> None:
    served = open_house(tmp_path / "data", settings={"database_url": new_postgres()})
    try:
        lines = [line(served, f"pg-{n}") for n in range(8)]
        counts, told = decide(served, tmp_path, [*lines, lines[0], b"{broken"], workers=2)
        assert (counts.recorded, counts.replayed, counts.refused) == (9, 1, 1)
        assert told[8]["decision_id"] == told[0]["decision_id"]
        seqs = [answer["seq"] for answer in told[:8]]
        assert seqs == sorted(seqs)
        trust = Trust(keys=(served.services.signer.key,), keys_from="here")
        assert served.services.verify(trust).verdict.name == "CLEAN"
    finally:
        served.close()
