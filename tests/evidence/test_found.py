"""What the evidence found once, each in its smallest form."""

from pathlib import Path
from random import Random

from overrides.errors import KeyReused
from tests.evidence.grouping import submit_grouped
from tests.evidence.office import open_office, prepare, sqlite_url
from tests.evidence.tasks import Tasks


def test_a_request_twice_in_one_group_is_answered_the_same_though_the_case_is_closed_by_it(
    tmp_path: Path,
) -> None:
    url = sqlite_url(tmp_path)
    prepare(url)
    with open_office(url, Random(1), grouped=True) as office:
        tasks = Tasks(1, office.new_id, office.vault.lookup_hash)
        apply = tasks.task(0, "apply")
        office.journal.submit(apply.command, once=apply.once).result()
        withdraw = tasks.task(1, "withdraw")
        group = [withdraw, tasks.again(withdraw), tasks.again(withdraw, other=True)]
        first, again, other = submit_grouped(office.journal, group, lambda _: None)
        assert not first.result().replayed
        assert again.result().replayed
        assert again.result().entries == first.result().entries
        assert isinstance(other.exception(), KeyReused)
