"""
Judges all answers that the conformance tests have got: their shapes, and that no operation was left
out. Comes after a whole run of them.
"""

from __future__ import annotations

import json
import re
import uuid

import pytest
from shape_check import check_output
from support.api_table import BEDROCK_OPERATIONS, OPERATIONS, Operation
from support.recorder import Recorded, load_answers

BY_NAME = {operation.name: operation for operation in OPERATIONS}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# Names that any operation may answer: authentication, reading and protection come before it.
COMMON_ERRORS = {
    "AccessDeniedException",
    "ConflictException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InternalServerException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "ResourceNotFoundException",
    "SerializationException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "UnrecognizedClientException",
    "ValidationException",
}


@pytest.fixture(scope="session")
def answers() -> list[Recorded]:
    found = load_answers()
    assert found, "no answers to judge: ./run conformance first, with OUTCROP_ANSWERS as here"
    return found


@pytest.mark.parametrize("operation", BEDROCK_OPERATIONS, ids=lambda o: o.name)
def test_operation_was_called_with_success(operation: Operation, answers: list[Recorded]) -> None:
    statuses = {a.status for a in answers if a.operation == operation.name}
    assert operation.status in statuses, (
        f"{operation.name}: no test got its answer {operation.status}; seen: {sorted(statuses)}"
    )


def test_every_success_fits_its_output_shape(answers: list[Recorded]) -> None:
    findings = []
    checked = 0
    for answer in answers:
        if answer.status // 100 != 2:
            continue
        value = json.loads(answer.body) if answer.body else {}
        problems = list(check_output(answer.operation, value))
        if answer.status != BY_NAME[answer.operation].status:
            problems.append(f"status {answer.status}")
        checked += 1
        findings += [f"{answer.operation}: {problem}" for problem in problems]
    assert not findings, "\n".join(sorted(set(findings))[:50])
    assert checked > 100, "the recorder hardly saw an answer"


def test_every_answer_has_a_uuid_as_request_id_and_json(answers: list[Recorded]) -> None:
    for answer in answers:
        uuid.UUID(answer.headers["x-amzn-requestid"])
        assert answer.headers["content-type"] == "application/json", answer
        assert "date" in answer.headers, answer


def test_request_ids_never_repeat(answers: list[Recorded]) -> None:
    ids = [answer.headers["x-amzn-requestid"] for answer in answers]
    assert len(ids) == len(set(ids))


def test_every_error_is_declared_and_has_a_message(answers: list[Recorded]) -> None:
    for answer in answers:
        if answer.status // 100 == 2:
            continue
        name = answer.headers["x-amzn-errortype"]
        assert name in {*BY_NAME[answer.operation].errors, *COMMON_ERRORS}, answer
        assert json.loads(answer.body)["message"], answer


def test_times_always_have_three_digits_of_a_second(answers: list[Recorded]) -> None:
    seen = 0
    for answer in answers:
        for text in re.findall(rb'"(?:creationTime|expiration)":\s*("[^"]*"|[^,}]+)', answer.body):
            seen += 1
            assert TIME.fullmatch(text.decode().strip('"')), (answer.operation, text)
    assert seen > 100
