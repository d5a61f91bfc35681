"""A model's library is asked in a process apart, and whatever it does harms nobody else."""

import gc
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lightgbm
import pytest

from explain.adapters import Encoder
from explain.bundle import Bundle, load
from explain.checks import check_bundle, check_explainer, check_model_adapter
from explain.declared.bundle_files import seal
from explain.errors import BundleInvalid, LibraryFailed, ModelUnavailable, UnsafeModelFile
from explain.explainers import LibraryTreeExplainer
from explain.libraries.lightgbm_library import LightGbm
from explain.libraries.lightgbm_text import read_lightgbm
from explain.values import Explanation, Row
from explain.worker import model as worker_model
from explain.worker.child import MEMORY_BYTES_MAX
from explain.worker.messages import GarbledError, card_of, card_told, tree_of, tree_told
from explain.worker.model import WorkerModel, WorkerTrees
from tests.explain.families import FAMILIES, bundle_of
from tests.sample_models.trained import sample_bundles

ROOT = Path(__file__).parents[2]
NAMES = ("german-credit", "german-scorecard")


def worker_of(bundle: Bundle) -> worker_model.Worker:
    adapter, _ = bundle.parts_in_memory()
    assert isinstance(adapter, WorkerModel)
    return adapter.worker


def asking_its_library(folder: Path) -> Bundle:
    """The bundle where the kernel is not at hand: every explanation is the library's."""
    bundle = load(folder, apart=True)
    adapter, _ = bundle.parts_in_memory()
    assert isinstance(adapter, WorkerTrees)
    bundle.use(adapter, LibraryTreeExplainer(adapter))
    return bundle


def put(folder: Path, content: bytes) -> None:
    """Another model file, sealed as if it were the approved one."""
    (folder / "model.txt").write_bytes(content)
    seal(folder, "german-credit")


def is_there(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def run(script: str, *words: object) -> subprocess.CompletedProcess[str]:
    """A Python of its own."""
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, words)]
    # A library that dies may say whatever lay in its memory.
    return subprocess.run(
        command,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        cwd=ROOT,
        timeout=120,
    )


@pytest.mark.parametrize("name", NAMES)
def test_apart_and_here_say_the_same(name: str, rows: list[Row]) -> None:
    here, apart = (load(sample_bundles() / name, apart=apart) for apart in (False, True))
    assert apart.explain(rows[:100]) == here.explain(rows[:100])
    assert worker_of(apart).pid is None, "what is proven and needs no library has no process"
    assert apart.score(rows[:100]) == here.score(rows[:100])
    assert worker_of(apart).pid is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_model_apart_keeps_the_promises_of_adapters(name: str, rows: list[Row]) -> None:
    adapter, explainer = load(sample_bundles() / name, apart=True).parts_in_memory()
    check_model_adapter(adapter, rows[:20])
    check_explainer(adapter, explainer, rows[:20])


@pytest.mark.parametrize("family", FAMILIES)
def test_other_libraries_are_asked_apart_too(
    family: str, tmp_path: Path, trees: Bundle, rows: list[Row]
) -> None:
    folder = bundle_of(family, tmp_path / family, trees.contract, rows[:200])
    here, apart = (load(folder, apart=apart) for apart in (False, True))
    assert apart.score(rows[:50]) == here.score(rows[:50])
    told = Path(f"/proc/{worker_of(apart).pid}/maps").read_text(encoding="utf-8")
    loaded = set(re.findall(r"/site-packages/(\w+)/", told))
    assert "numpy" in loaded
    assert not family.startswith("xgboost") or loaded.isdisjoint({"pandas", "sklearn"})
    assert apart.explain(rows[:50]) == here.explain(rows[:50])
    ours, (theirs, explainer) = here.parts_in_memory()[0], apart.parts_in_memory()
    assert isinstance(theirs, WorkerTrees)
    check_model_adapter(theirs, rows[:10])
    check_explainer(theirs, explainer, rows[:10])
    assert theirs.trees() == ours.trees()  # type: ignore[attr-defined]
    assert (theirs.precision, theirs.scale) == (ours.precision, ours.scale)


def test_contributions_of_the_library_are_the_same_apart(folder: Path, rows: list[Row]) -> None:
    here, _ = load(folder).parts_in_memory()
    apart, _ = load(folder, apart=True).parts_in_memory()
    assert apart.contributions(rows[:9]) == here.contributions(rows[:9])  # type: ignore[attr-defined]


def test_loading_apart_imports_no_model_library() -> None:
    script = """
        import sys
        from pathlib import Path
        from explain.bundle import load
        bundle = load(Path(sys.argv[1]), apart=True)
        bundle.warm()
        heavy = {"catboost", "lightgbm", "sklearn", "pandas", "skops", "shap", "xgboost"}
        print(sorted(heavy & set(sys.modules)))
    """
    for name in NAMES:
        assert run(script, sample_bundles() / name).stdout == "[]\n"


def damaged(model: bytes) -> dict[str, bytes]:
    """Files as a bad disk or a careless hand leaves them."""
    lines = model.split(b"\n")
    leaves = model.index(b"leaf_value=")
    split = re.search(rb"split_feature=\d+", model)
    assert split is not None
    found = {f"cut at {n} of 8": model[: len(model) * n // 8] for n in range(8)}
    return found | {
        "more leaves than values": model.replace(b"num_leaves=", b"num_leaves=9", 1),
        "a child that is none": model.replace(b"left_child=", b"left_child=99999", 1),
        "a feature that is none": model.replace(split[0], b"split_feature=123456", 1),
        "a count without end": model.replace(b"num_leaves=", b"num_leaves=2147483", 1),
        "two lines swapped": b"\n".join([*lines[:20], lines[25], *lines[21:25], lines[20]]),
        "a value that is none": model[: leaves + 11] + b"none " + model[leaves + 11 :],
        "random bytes": os.urandom(4096),
        "nothing": b"",
    }


def test_a_damaged_file_is_refused_by_name_and_harms_nobody(folder: Path) -> None:
    model = (folder / "model.txt").read_bytes()
    died = 0
    for what, content in damaged(model).items():
        put(folder, content)
        findings = check_bundle(folder)
        assert not findings[-1].ok, what
        assert "model.txt" in findings[-1].text, (what, findings[-1].text)
        died += "died (signal" in findings[-1].text
    assert died, "none of them would have harmed anybody"
    put(folder, model)
    assert all(finding.ok for finding in check_bundle(folder))


def test_what_is_refused_apart_kills_whoever_reads_it_here(folder: Path) -> None:
    put(folder, damaged((folder / "model.txt").read_bytes())["cut at 4 of 8"])
    script = """
        import sys
        from pathlib import Path
        from explain.bundle import load
        load(Path(sys.argv[1]), apart=sys.argv[2] == "apart")
    """
    assert run(script, folder, "here").returncode < 0
    apart = run(script, folder, "apart")
    assert apart.returncode == 1
    assert "model.txt made its library fail: it died (signal" in apart.stderr


def test_a_file_that_is_not_the_approved_one_is_given_to_no_library(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_model, "PROGRAM", ("there is no such program",))
    with (folder / "model.txt").open("ab") as file:
        file.write(b"\n")
    with pytest.raises(Exception, match="not the file that was approved"):
        load(folder, apart=True)


def test_refusals_come_back_as_they_are(folder: Path, tmp_path: Path) -> None:
    model = (folder / "model.txt").read_bytes()
    put(folder, model.replace(b"objective=binary", b"objective=regression", 1))
    with pytest.raises(BundleInvalid, match="the model's objective must be"):
        load(folder, apart=True)
    card = tmp_path / "card"
    subprocess.run(["cp", "-r", sample_bundles() / "german-scorecard", card], check=True)
    (card / "model.skops").write_bytes(b"no archive")
    seal(card, "german-scorecard")
    with pytest.raises(UnsafeModelFile, match="no skops archive"):
        load(card, apart=True)


def test_a_process_killed_while_it_scores_costs_that_answer_and_no_other(
    folder: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_model, "AGAIN_SECONDS", 0.5)
    bundle = asking_its_library(folder)
    (before,) = bundle.explain(rows[:1])
    assert isinstance(before, Explanation)
    pid = worker_of(bundle).pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as asking:
        answer = asking.submit(bundle.explain, rows[:1])
        time.sleep(0.2)
        os.kill(pid, signal.SIGKILL)
        (lost,) = answer.result(10)
    assert isinstance(lost, ModelUnavailable)
    assert "died (signal 9, SIGKILL) while giving scores" in lost.cause
    (shut,) = bundle.explain(rows[:1])
    assert isinstance(shut, ModelUnavailable), "it is not started again at once"
    time.sleep(0.5)
    assert bundle.explain(rows[:1]) == [before]
    assert worker_of(bundle).pid not in {pid, None}


def test_a_process_that_died_between_two_questions_is_noticed(
    folder: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_model, "AGAIN_SECONDS", 0.0)
    bundle = asking_its_library(folder)
    bundle.explain(rows[:1])
    pid = worker_of(bundle).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    while is_there(pid):
        time.sleep(0.01)
    assert isinstance(bundle.explain(rows[:1])[0], ModelUnavailable)
    assert isinstance(bundle.explain(rows[:1])[0], Explanation)


def test_a_process_that_cannot_read_the_file_again_is_not_asked_but_replaced(
    folder: Path, rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_model, "AGAIN_SECONDS", 0.0)
    bundle = asking_its_library(folder)
    (before,) = bundle.explain(rows[:1])
    worker_of(bundle).rest()
    unwell = "send(line, {'failed': 'MemoryError'})"
    with monkeypatch.context() as patch:
        patch.setattr(worker_model, "PROGRAM", impostor(tmp_path, unwell, reading=unwell))
        (failed,) = bundle.explain(rows[:1])
    assert isinstance(failed, ModelUnavailable)
    assert failed.cause == "raised MemoryError while reading the file"
    assert bundle.explain(rows[:1]) == [before]


def test_a_process_that_hangs_is_ended(
    folder: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = asking_its_library(folder)
    bundle.explain(rows[:1])
    monkeypatch.setattr(worker_model, "ANSWER_SECONDS", 0.3)
    pid = worker_of(bundle).pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    (late,) = bundle.explain(rows[:1])
    assert isinstance(late, ModelUnavailable)
    assert "gave no answer within 0.302 s while giving scores" in late.cause
    assert not is_there(pid)


def test_a_process_whose_asker_is_gone_does_not_outlive_it(folder: Path) -> None:
    script = """
        import os, signal, sys
        from pathlib import Path
        from explain.bundle import load
        bundle = load(Path(sys.argv[1]), apart=True)
        bundle.score(bundle.reference[:1])
        print(bundle.parts_in_memory()[0].worker.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    pid = int(run(script, folder).stdout)
    for _ in range(500):
        if not is_there(pid):
            return
        time.sleep(0.01)
    pytest.fail("it is still there")


def test_a_bundle_that_is_forgotten_leaves_no_process(folder: Path) -> None:
    bundle = load(folder, apart=True)
    bundle.score(bundle.reference[:1])
    pid = worker_of(bundle).pid
    assert pid
    del bundle
    gc.collect()
    assert not is_there(pid)


NONSENSE = {
    "no message": "line.sendall(b'\\0' * 7 + b'\\5hello')",
    "a message without end": "line.sendall(b'\\xff' * 8)",
    "half a message": "line.sendall(b'\\0' * 7 + b'\\5he')",
    "nothing": "pass",
    "no facts": "send(line, {})",
    "another model": "send(line, {'told': about | {'features': ['shoe_size']}})",
    "a scale of its own": "send(line, {'told': about | {'scale': 'points'}})",
    "no precision at all": "send(line, {'told': about | {'precision': 1e9}})",
    "words": "send(line, {'told': 'about'})",
    "an error that is none": "send(line, {'refused': ['SystemExit', 1]})",
    "an error without a name": "send(line, {'refused': []})",
    "an error of another kind": "send(line, {'refused': ['ModelUnavailable', 'a', 'b']})",
    "an error without its facts": "send(line, {'refused': ['BundleInvalid']})",
}
"""What a process may do when it is asked what it is."""

SCORES = {
    "too few": "[0.5]",
    "words": "['0.5'] * len(rows)",
    "truths": "[True] * len(rows)",
    "a number": "0.5",
    "lists": "[[0.5]] * len(rows)",
}


def impostor(
    tmp_path: Path, about: str, scores: str = "[]", reading: str = "send(line, {'told': None})"
) -> Sequence[str]:
    """A program that takes a library's place and does this."""
    script = f"""
        import json, socket, sys
        from explain.worker.messages import receive, send
        line = socket.socket(fileno=0)
        model, content = receive(line)
        {reading}
        receive(line)
        about = {{"precision": 1e-9, "scale": "log-odds-of-bad", "trees": True, "single": False,
                 "card": False, "features": {FEATURES!r}}}
        {about}
        while heard := receive(line):
            rows = heard[0].get("rows")
            send(line, {{"unsupported": ""}} if rows is None else {{"told": {scores}}})
    """
    path = tmp_path / "impostor.py"
    path.write_text(textwrap.dedent(script), encoding="utf-8")
    return (sys.executable, "-P", str(path))


FEATURES = list(load(sample_bundles() / "german-credit", prove=False).parts_in_memory()[0].features)


@pytest.mark.parametrize("what", NONSENSE)
def test_a_process_that_says_it_is_what_it_cannot_be_is_refused(
    folder: Path, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_model, "PROGRAM", impostor(tmp_path, NONSENSE[what]))
    monkeypatch.setattr(worker_model, "START_SECONDS", 1.0)
    monkeypatch.setattr(worker_model, "ANSWER_SECONDS", 1.0)
    with pytest.raises(LibraryFailed, match=r"model\.txt made .* while giving what it is"):
        load(folder, apart=True)


@pytest.mark.parametrize("what", SCORES)
def test_scores_that_are_none_are_refused(
    folder: Path, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = "send(line, {'told': about})"
    monkeypatch.setattr(worker_model, "PROGRAM", impostor(tmp_path, truth, SCORES[what]))
    with pytest.raises(LibraryFailed, match="something else than was asked while giving scores"):
        load(folder, apart=True)


def test_scores_that_are_no_numbers_are_not_the_recorded_ones(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = len(FEATURES) + 1
    split = f"[[0.0] * {features}] * len(rows)"
    answer = f"[float('nan')] * len(rows) if heard[0]['ask'] == 'scores' else {split}"
    truth = "send(line, {'told': about})"
    monkeypatch.setattr(worker_model, "PROGRAM", impostor(tmp_path, truth, answer))
    with pytest.raises(Exception, match="breaks its own promise"):
        load(folder, apart=True)


def test_the_process_gets_no_secrets_of_the_service(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERMAND_DATABASE_URL", "postgresql://someone:secret@db/x")
    bundle = load(folder, apart=True)
    bundle.score(bundle.reference[:1])
    environ = Path(f"/proc/{worker_of(bundle).pid}/environ").read_bytes()
    assert b"secret" not in environ
    assert b"OMP_NUM_THREADS=1" in environ


def test_a_library_that_wants_all_memory_does_not_get_it() -> None:
    script = """
        import sys
        from explain.worker.child import limit_itself
        limit_itself()
        try:
            bytearray(int(sys.argv[1]))
        except MemoryError:
            print("refused")
    """
    assert run(script, MEMORY_BYTES_MAX).stdout == "refused\n"
    assert run(script, 2**20).stdout == ""


def test_trees_and_cards_are_the_same_after_the_journey(scorecard: Bundle) -> None:
    text = (sample_bundles() / "german-credit" / "model.txt").read_text(encoding="utf-8")
    for tree in read_lightgbm(text):
        assert tree_of(tree_told(tree)) == tree
    card = scorecard.parts_in_memory()[0].card  # type: ignore[attr-defined]
    assert card_of(card_told(card), tuple(card.rules)) == card


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("features", ["0"]),
        ("features", [0.5]),
        ("features", [-1]),
        ("left", [-1, -2]),
        ("thresholds", ["0.5"]),
        ("members", ["xyz"]),
        ("readings", [[0.0, 1, False]]),
        ("readings", [[0.0]]),
        ("values", None),
    ],
)
def test_a_tree_that_is_none_is_refused(member: str, value: object) -> None:
    told = {
        "features": [0], "readings": [[0.0, False, False]], "thresholds": [0.5], "members": ["0"],
        "left": [-1], "right": [-2], "split_covers": [2.0], "leaf_covers": [1.0, 1.0],
        "values": [0.1, 0.2],
    }  # fmt: skip
    tree_of(told)
    with pytest.raises(GarbledError):
        tree_of(told | {member: value})


def test_lightgbm_asked_by_its_library_says_what_its_python_package_says(
    trees: Bundle, rows: list[Row]
) -> None:
    text = (sample_bundles() / "german-credit" / "model.txt").read_text(encoding="utf-8")
    booster, ours = lightgbm.Booster(model_str=text), LightGbm(text)
    matrix = Encoder(trees.contract).encode(rows)
    for threads in (0, 1):
        assert (ours.scores(matrix, threads) == booster.predict(matrix, raw_score=True)).all()
        split = booster.predict(matrix, pred_contrib=True)
        assert (ours.contributions(matrix, threads) == split).all()


def test_the_kernel_starts_without_scipy_which_others_still_get() -> None:
    script = """
        import sys
        from explain.attribution import treeshap
        print("scipy.linalg" in sys.modules)
        import numba, numpy
        whole = numba.njit(lambda a: numpy.dot(a, a).sum() + numpy.vdot(a[0], a[0]))
        print(whole(numpy.eye(3)), "scipy.linalg" in sys.modules)
    """
    assert run(script).stdout.split() == ["False", "4.0", "True"]


def test_a_library_that_hangs_is_ended_though_nobody_waits_for_it() -> None:
    script = """
        import socket
        from explain.worker import child as worker
        from explain.worker.messages import send

        def hang(*_):
            while True:
                pass

        ours, theirs = socket.socketpair()
        worker.GRACE_SECONDS, worker.asked_of = 0, hang
        send(ours, {"ask": "scores", "seconds": 1})
        worker.serve(theirs)
    """
    assert run(script).returncode == -signal.SIGALRM
