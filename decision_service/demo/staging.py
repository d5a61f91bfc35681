"""Sets the demo up: sample models trained, people added, the simulated past played and signed.

Everything is made in a folder beside the data directory and moved into place when it is whole, so
a demo that was interrupted leaves nothing half-made behind.
"""

import csv
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service import wiring
from decision_service.access import HOST
from decision_service.acting import Acting
from decision_service.casework import Casework
from decision_service.demo.governance import let_out
from decision_service.demo.history import SEED, SPAN, DemoClock, History, Stage
from decision_service.demo.letters import LENDER, Post
from decision_service.demo.people import PASSWORD, PEOPLE
from decision_service.lender import TEXTS
from decision_service.letter_desk import LetterDesk
from decision_service.people_changes import NewPerson, people_changes
from decision_service.people_pages import viewer_of
from decision_service.settings import Settings
from overrides.journal import Decided, State
from overrides.training import Ground, decide_training
from overrides.values import Actor, Role

if TYPE_CHECKING:
    from decision_service.services import Services

Say = Callable[[str], None]

CHAMPION = "german-credit"
BUNDLES = (CHAMPION, "german-scorecard")
SENDER = "branch-systems"
MARK = "demo.json"
SAMPLE_FOLDER = "sample"
SCORE_SECONDS_MAX = 60.0
CURRENCY = "DEM"
TRAINING_SECONDS_MAX = 600
ROOT = Path(__file__).parents[2]

NOTE = (
    "Demo: real applications of the 1970s, scored by sample models; the officers, their acts, all"
    " dates before the demo was set up and the months of default are simulated."
)
TRAINED = (
    ("greta", "asha", 300),
    ("greta", "bruno", 20),
    ("greta", "elena", 300),
    ("greta", "hanna", 300),
    ("ivo", "chitra", 300),
    ("ivo", "farid", 300),
    ("jonas", "ivo", 300),
)
TRAINED_NOTE = "Simulated: passed the course on this model."
NUMBER_TYPES = frozenset({"number", "integer", "money"})


def is_ready(settings: Settings) -> bool:
    """Whether a whole demo lies in the data directory."""
    return (settings.data / MARK).exists()


def in_use(settings: Settings) -> bool:
    """Whether the data directory holds something that is not a demo."""
    return settings.data.is_dir() and any(settings.data.iterdir()) and not is_ready(settings)


def prepare(settings: Settings, say: Say) -> None:
    """Make the demo, saying each step; the data directory must be empty or absent."""
    making = settings.data.with_name(settings.data.name + ".preparing")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    # A busy machine must not leave simulated applications without a score.
    staged = replace(settings, data=making, score_deadline_s=SCORE_SECONDS_MAX)
    sample = making / SAMPLE_FOLDER
    say("Training the two sample models on 500 real applications ...")
    _train(sample)
    _play(staged, sample, say)
    if settings.data.is_dir():
        settings.data.rmdir()
    making.rename(settings.data)


def _train(folder: Path) -> None:
    """Train the sample models in a process of its own, which takes its libraries with it."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-m", "sample_models.train", "--out", str(folder.resolve())]
    subprocess.run(  # noqa: S603  our own module, with arguments of our own
        command,
        check=True,
        env=environ,
        cwd=folder.parent,
        timeout=TRAINING_SECONDS_MAX,
        stdout=subprocess.DEVNULL,
    )


def _play(settings: Settings, sample: Path, say: Say) -> None:
    """Open the ledger two years ago and let the time since then pass."""
    end = datetime.now(UTC)  # here the simulated past meets the present
    clock = DemoClock(end - SPAN)
    draw = random.Random(SEED)  # noqa: S311  the audit sample of the demo, the same every time
    services = wiring.build(
        settings, serving=False, clock=clock, chance=draw.random, demo_note=NOTE
    )
    try:
        say("Adding the people and registering the models ...")
        actors = _people(services)
        for name in BUNDLES:
            services.registry.add(sample / name, HOST)
        let_out(services, CHAMPION, actors)
        services.registry.promote(CHAMPION, HOST)
        history = _history(services, sample, clock, actors, end, say)
        history.play()
        _train_people(services, actors)
        services.signer.checkpoint()
        entries = services.ledger.head().size
    finally:
        services.close()
    say(f"The ledger has {entries:,} entries; every simulated one says so.")
    (settings.data / MARK).write_text(json.dumps({"words": NOTE}), encoding="utf-8")


def _people(services: "Services") -> dict[str, Actor]:
    """Everybody of the demo, and the bank's system that sends the applications."""
    changes = people_changes(services)
    for person in PEOPLE:
        new = NewPerson(
            name=person.name,
            role=Role(person.role),
            branch=person.branch,
            limit_minor=person.limit_minor,
            currency=CURRENCY,
            password=PASSWORD,
        )
        changes.add(HOST, new)
    changes.add(HOST, NewPerson(name=SENDER, role=Role.SERVICE, currency=CURRENCY))
    found = {}
    for name in (*(person.name for person in PEOPLE), SENDER):
        actor = services.people.actor(services.people.named(name).ref)
        assert actor is not None, "everybody was added just now"
        found[name] = actor
    return found


def _train_people(services: "Services", actors: dict[str, Actor]) -> None:
    """Fill the training register; one entry is about to run out, and one officer has none."""
    until = {name: timedelta(days=days) for _, name, days in TRAINED}
    for led_by, name, _ in TRAINED:

        def record(state: State, by: str = led_by, who: str = name) -> Decided:
            said = (Ground.COURSE, state.now.date() + until[who], TRAINED_NOTE)
            people = actors[by], actors[who]
            return decide_training(*people, CHAMPION, said, state.now, services.new_id)

        services.journal.submit(record).result()


def _history(
    services: "Services",
    sample: Path,
    clock: DemoClock,
    actors: dict[str, Actor],
    end: datetime,
    say: Say,
) -> History:
    """The history, ready to be played."""
    told = {"bureaus": {}, "address": list(LENDER.address)}
    told |= {name: getattr(LENDER, name) for name in TEXTS}
    services.settings.lender.write_text(json.dumps(told, indent=1), encoding="utf-8")
    fields = services.registry.in_use(CHAMPION).loaded
    assert fields is not None, "registered and proven just now"
    types = {field.name: field.type for field in fields.bundle.contract.fields}
    stage = Stage(
        services=services,
        acts=Acting(services),
        desk=Casework(services),
        clock=clock,
        post=Post(LetterDesk(services), actors, clock, random.Random(SEED)),  # noqa: S311  a demo
        actors=actors,
        viewers={name: viewer_of(actor) for name, actor in actors.items()},
        sender=actors[SENDER],
        numbers=frozenset(name for name, kind in types.items() if kind in NUMBER_TYPES),
        truths=frozenset(name for name, kind in types.items() if kind == "boolean"),
        end=end,
        review_days={code.code: code.review_days for code in fields.rules.justifications},
        folder=settings_folder(services.settings),
    )
    with (sample / "held_out.csv").open(encoding="utf-8", newline="") as file:
        applications = list(csv.DictReader(file))
    with (sample / "held_out_outcomes.csv").open(encoding="utf-8", newline="") as file:
        bad = {row["application_id"]: row["bad"] == "1" for row in csv.DictReader(file)}
    step = max(1, len(applications) // 5)

    def progress(done: int, total: int) -> None:
        if done % step == 0 or done == total:
            say(f"  simulated history: {done} of {total} real applications, {clock():%B %Y}")

    say("Playing two simulated years of decisions, overrides and repayments ...")
    return History(stage=stage, applications=applications, bad=bad, progress=progress)


def settings_folder(settings: Settings) -> Path:
    """Where the simulated loan books are kept, as a newcomer's example of an outcome file."""
    folder = settings.data / "loan-books"
    folder.mkdir(exist_ok=True)
    return folder
