"""The larger sample is read into our own fields, and its files fit together."""

import itertools
from typing import Any

import pytest

from explain.declared.codebook import Codebook
from explain.declared.plain_yaml import read
from explain.declared.policy_schema import PolicySpec
from explain.values import Scalar
from sample_models import taiwan
from sample_models.samples import HERE
from sample_models.train import contract_of

SAMPLE = HERE / "taiwan"
HEADER = (
    "ID,LIMIT_BAL,SEX,AGE,PAY_0,PAY_2,PAY_3,PAY_4,PAY_5,PAY_6,BILL_AMT1,BILL_AMT2,BILL_AMT3,"
    "BILL_AMT4,BILL_AMT5,BILL_AMT6,PAY_AMT1,PAY_AMT2,PAY_AMT3,PAY_AMT4,PAY_AMT5,PAY_AMT6,"
    "default-payment-next-month,EDUCATION_0,EDUCATION_1,EDUCATION_2,EDUCATION_3,EDUCATION_4,"
    "EDUCATION_5,EDUCATION_6,MARRIAGE_0,MARRIAGE_1,MARRIAGE_2,MARRIAGE_3"
)
ACCOUNT = (
    "1,20000.0,1,24,2,2,-1,-1,-2,-2,3913.0,3102.0,-689.0,0.0,0.0,0.0,"
    "0.0,689.0,0.0,0.0,0.0,0.0,1,0,0,1,0,0,0,0,0,1,0,0"
)


def codebook() -> Codebook:
    text = (SAMPLE / "concepts.yaml").read_text() + (HERE / "justifications.yaml").read_text()
    return Codebook.model_validate(read(text))


def test_an_account_becomes_an_application_that_meets_the_contract() -> None:
    (account,) = taiwan.applications(f"{HEADER}\n{ACCOUNT}\n".encode())
    assert (account.application_id, account.bad) == ("TW-00001", 1)
    contract = contract_of(SAMPLE)
    checked = contract.check(contract.from_text(account.cells))
    assert checked.features["repaid_sep"] == "late_2"
    assert checked.features["repaid_apr"] == "unused"
    assert checked.features["bill_jul"] == -689.0
    assert checked.features["education"] == "university"
    assert checked.monitor == {"sex": "female", "age_years": 24.0, "marriage": "married"}


def test_the_codebook_words_every_field_and_the_policy_is_whole() -> None:
    assert codebook().problems(contract_of(SAMPLE)) == []
    policy: Any = read((SAMPLE / "policy.yaml").read_text())
    policy |= {"approve_up_to": "0.2", "decline_above": "0.3"}
    assert PolicySpec.model_validate(policy).automation == "none"


def test_every_sentence_has_at_most_twenty_words_whatever_the_levels() -> None:
    contract = contract_of(SAMPLE)
    for concept in codebook().concepts:
        for sentence in (concept.adverse["en"], concept.favourable["en"]):
            named = [contract[n] for n in concept.features if f"{{{n}}}" in sentence]
            assert named
            choices: list[list[Scalar]] = [[*s.levels] or [0.0, s.maximum] for s in named]
            for values in itertools.product(*choices):
                words = {s.name: s.in_words(v) for s, v in zip(named, values, strict=True)}
                assert len(sentence.format_map(words).split()) <= 20


def test_the_command_asks_where_the_data_come_from(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        taiwan.main([])
    assert "--download" in capsys.readouterr().err
