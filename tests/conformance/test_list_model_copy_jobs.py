"""ListModelCopyJobs through boto3: filters, order, pages and page tokens."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from typing import Any

import pytest
from botocore.exceptions import ClientError
from reference import Query, listing
from support.cloud import AWAY, HOME, THIRD, Account, Cloud, allow, sharing_policy
from support.wire import Answer, Request

PATH = "/model-copy-jobs"
STRANGE_MODEL = "arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/abcdefghij12"


class History:
    """An account with jobs of every kind, all of them ended, and their summaries in order."""

    def __init__(self, cloud: Cloud) -> None:
        self.account = cloud.account()
        owner = cloud.account()
        self.shared = owner.import_model()
        owner.boto(HOME).put_resource_policy(
            resourceArn=self.shared, resourcePolicy=sharing_policy(self.shared, self.account.id)
        )
        self.owner = owner.id
        self.mine = self.account.import_model()
        self.other = self.account.import_model()
        self.failing = self.account.failing_source()
        self.key = self.account.create_kms_key(AWAY)
        sources = [self.mine, self.other, self.shared, self.failing]
        names = ["alpha", "Alpha", "beta", "alpha-beta", "x", "gamma_1"]
        for number, (name, source) in enumerate(itertools.product(names, sources)):
            more: dict[str, Any] = {}
            if number % 3 == 0:
                more["targetModelTags"] = [{"key": "number", "value": str(number)}]
            if number % 4 == 1:
                more["modelKmsKeyId"] = self.key["keyId"]
            self.account.start_copy(source, f"{name}-{number}", **more)
        for job in self.account.jobs():
            self.account.wait_job(job["jobArn"])
        with self.account.wire(AWAY) as wire:
            answer = wire.call("GET", PATH, [("maxResults", "1000"), ("sortOrder", "Ascending")])
        self.jobs: list[dict[str, Any]] = answer.json["modelCopyJobSummaries"]
        assert len(self.jobs) == len(names) * len(sources)

    def call(self, *parameters: tuple[str, str]) -> Answer:
        with self.account.wire(AWAY) as wire:
            return wire.call("GET", PATH, parameters)

    def page(self, **parameters: Any) -> dict[str, Any]:
        result: dict[str, Any] = self.account.boto(AWAY).list_model_copy_jobs(**parameters)
        return result


@pytest.fixture(scope="module")
def history(cloud: Cloud) -> History:
    return History(cloud)


@pytest.fixture(scope="module")
def crowd(cloud: Cloud) -> Account:
    """An account with 130 jobs."""
    account = cloud.account()
    source = account.import_model()
    for number in range(130):
        account.start_copy(source, f"crowd-{number:03d}")
    for job in account.jobs():
        account.wait_job(job["jobArn"])
    return account


def arns(jobs: list[dict[str, Any]]) -> list[str]:
    return [job["jobArn"] for job in jobs]


def refused(error: pytest.ExceptionInfo[ClientError], name: str = "ValidationException") -> str:
    response = error.value.response
    assert response["Error"]["Code"] == name, response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(response["Error"]["Message"])


# -- filters ---------------------------------------------------------------------------------------


def test_every_combination_of_the_ten_parameters(history: History) -> None:
    """All 1,024 subsets, each walked to its end, against the linear scan."""
    rng = random.Random(1)
    jobs = history.jobs
    times = [job["creationTime"] for job in jobs]
    names = ["alpha", "a", "1", "beta-", "A", "nowhere", "gamma_1-20"]
    sources = [history.mine, history.other, history.shared, history.failing]
    found_some = 0
    with history.account.wire(AWAY) as wire:
        for choice in itertools.product([False, True], repeat=10):
            after, before, status, owner, model, name, size, token, by, order = choice
            query = Query(
                creationTimeAfter=rng.choice(times[: len(times) // 2]) if after else None,
                creationTimeBefore=rng.choice(times[len(times) // 2 :]) if before else None,
                statusEquals=rng.choice(["Completed", "Failed", "InProgress"]) if status else None,
                sourceAccountEquals=(
                    rng.choice([history.account.id, history.owner]) if owner else None
                ),
                sourceModelArnEquals=rng.choice(sources) if model else None,
                outputModelNameContains=rng.choice(names) if name else None,
                sortBy="CreationTime" if by else None,
                sortOrder=rng.choice(["Ascending", "Descending"]) if order else None,
            )
            expected = arns(listing(jobs, query))
            found_some += bool(expected)
            parameters = query.parameters()
            # A token can only be used when a page leaves something over.
            page_size = rng.randint(1, 5) if size or token else None
            seen: list[str] = []
            next_token = None
            while True:
                asked = list(parameters)
                if page_size:
                    asked.append(("maxResults", str(page_size)))
                if next_token:
                    asked.append(("nextToken", next_token))
                rng.shuffle(asked)
                answer = wire.call("GET", PATH, asked)
                assert answer.status == 200, (query, answer)
                seen += arns(answer.json["modelCopyJobSummaries"])
                next_token = answer.json.get("nextToken")
                if not next_token:
                    assert "nextToken" not in answer.json
                    break
            assert seen == expected, query
    assert found_some > 300, "most combinations must find jobs for the test to mean anything"


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({"statusEquals": "Completed"}, Query(statusEquals="Completed")),
        ({"statusEquals": "Failed"}, Query(statusEquals="Failed")),
        ({"targetModelNameContains": "alpha"}, Query(outputModelNameContains="alpha")),
        ({"targetModelNameContains": "Alpha"}, Query(outputModelNameContains="Alpha")),
        ({"targetModelNameContains": "a-"}, Query(outputModelNameContains="a-")),
        ({"sortOrder": "Ascending"}, Query(sortOrder="Ascending")),
        ({"sortOrder": "Descending"}, Query(sortOrder="Descending")),
        ({"sortBy": "CreationTime"}, Query()),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_boto3_filter(history: History, filters: dict[str, Any], query: Query) -> None:
    found = history.account.jobs(**filters)
    assert arns(found) == arns(listing(history.jobs, query))
    assert found, "the filter must find something for the test to mean anything"


def test_source_filters_find_own_and_shared_sources(history: History) -> None:
    own = history.account.jobs(sourceAccountEquals=history.account.id)
    shared = history.account.jobs(sourceAccountEquals=history.owner)
    assert {job["sourceModelArn"] for job in shared} == {history.shared}
    assert len(own) + len(shared) == len(history.jobs)
    one = history.account.jobs(sourceModelArnEquals=history.mine)
    assert {job["sourceModelArn"] for job in one} == {history.mine} and len(one) == 6
    assert history.account.jobs(sourceAccountEquals="999999999999") == []


def test_name_filter_travels_as_output_model_name_contains(history: History) -> None:
    found = history.call(("outputModelNameContains", "gamma"))
    assert len(found.json["modelCopyJobSummaries"]) == 4
    ignored = history.call(("targetModelNameContains", "gamma"))
    assert len(ignored.json["modelCopyJobSummaries"]) == 24, "an unknown parameter is ignored"


def test_name_filter_finds_a_name_in_its_whole_length(history: History) -> None:
    name = history.jobs[7]["targetModelName"]
    assert [
        job["targetModelName"] for job in history.account.jobs(targetModelNameContains=name)
    ] == [name]


def test_status_in_progress_never_shows_an_ended_job(account: Account) -> None:
    source = account.import_model(prefix="parts")
    made = {account.start_copy(source) for _ in range(12)}
    seen = set()
    while True:
        running = account.jobs(statusEquals="InProgress")
        assert all(job["status"] == "InProgress" for job in running)
        seen |= set(arns(running))
        if not running:
            break
    assert seen <= made
    assert set(arns(account.jobs(statusEquals="Completed"))) == made


# -- time ------------------------------------------------------------------------------------------


def exact(job: dict[str, Any]) -> dt.datetime:
    return dt.datetime.fromisoformat(job["creationTime"])


def test_time_limits_are_strict(history: History) -> None:
    job = history.jobs[10]
    at = exact(job)
    for found in (
        history.account.jobs(creationTimeAfter=at),
        history.account.jobs(creationTimeBefore=at),
    ):
        assert job["jobArn"] not in arns(found)
    step = dt.timedelta(milliseconds=1)
    around = history.account.jobs(creationTimeAfter=at - step, creationTimeBefore=at + step)
    same = [other["jobArn"] for other in history.jobs if exact(other) == at]
    assert sorted(arns(around)) == sorted(same)


def test_time_limits_hold_below_a_millisecond(history: History) -> None:
    job = history.jobs[10]
    micro = dt.timedelta(microseconds=1)
    assert job["jobArn"] in arns(history.account.jobs(creationTimeAfter=exact(job) - micro))
    assert job["jobArn"] not in arns(history.account.jobs(creationTimeAfter=exact(job) + micro))
    assert job["jobArn"] in arns(history.account.jobs(creationTimeBefore=exact(job) + micro))
    assert job["jobArn"] not in arns(history.account.jobs(creationTimeBefore=exact(job) - micro))


def test_after_not_earlier_than_before_is_an_empty_page(history: History) -> None:
    first, last = exact(history.jobs[0]), exact(history.jobs[-1])
    for after, before in ((last, first), (first, first)):
        page = history.page(creationTimeAfter=after, creationTimeBefore=before)
        assert page["modelCopyJobSummaries"] == [] and "nextToken" not in page


@pytest.mark.parametrize(
    "text",
    ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00.120Z", "2020-01-01T00:00:00.123456Z"],
)
def test_time_with_and_without_a_fraction(history: History, text: str) -> None:
    answer = history.call(("creationTimeAfter", text))
    assert len(answer.json["modelCopyJobSummaries"]) == 24
    answer = history.call(("creationTimeBefore", text))
    assert answer.json["modelCopyJobSummaries"] == []


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2020-13-01T00:00:00Z", "2020-01-01T25:00:00Z", "2020-01-01T00:00:00"]
)
def test_unreadable_time_is_refused(history: History, text: str) -> None:
    answer = history.call(("creationTimeAfter", text))
    assert answer.status == 400
    assert answer.error in ("ValidationException", "SerializationException")
    assert "creationTimeAfter" in answer.message


# -- members ---------------------------------------------------------------------------------------


def test_summary_says_what_get_says(history: History) -> None:
    for job in history.account.jobs():
        shown = history.account.boto(AWAY).get_model_copy_job(jobArn=job["jobArn"])
        shown.pop("ResponseMetadata")
        assert shown == job


def test_optional_members_are_absent_rather_than_null(history: History) -> None:
    always = {
        "jobArn",
        "status",
        "creationTime",
        "targetModelArn",
        "targetModelName",
        "sourceAccountId",
        "sourceModelArn",
        "sourceModelName",
    }
    for number, job in enumerate(history.jobs):
        optional = set(job) - always
        assert always <= set(job), job
        assert None not in job.values()
        assert ("targetModelTags" in optional) == (number % 3 == 0), job
        assert ("targetModelKmsKeyArn" in optional) == (number % 4 == 1), job
        assert ("failureMessage" in optional) == (job["status"] == "Failed"), job
        if number % 3 == 0:
            assert job["targetModelTags"] == [{"key": "number", "value": str(number)}]
        if number % 4 == 1:
            assert job["targetModelKmsKeyArn"] == history.key["keyArn"]


# -- order and pages -------------------------------------------------------------------------------


def test_newest_first_unless_asked_otherwise(history: History) -> None:
    default = history.account.jobs()
    assert arns(default) == arns(history.account.jobs(sortOrder="Descending"))
    assert arns(default) == arns(history.account.jobs(sortOrder="Ascending"))[::-1]
    times = [job["creationTime"] for job in default]
    assert times == sorted(times, reverse=True)


def test_order_is_that_of_creation(history: History) -> None:
    numbers = [int(job["targetModelName"].rsplit("-", 1)[1]) for job in history.jobs]
    assert numbers == list(range(24)), "two jobs of one millisecond stand in order of commit"


def test_page_size_is_a_hundred_unless_asked_otherwise(crowd: Account) -> None:
    page = crowd.boto(AWAY).list_model_copy_jobs()
    assert len(page["modelCopyJobSummaries"]) == 100
    rest = crowd.boto(AWAY).list_model_copy_jobs(nextToken=page["nextToken"])
    assert len(rest["modelCopyJobSummaries"]) == 30
    assert "nextToken" not in rest


@pytest.mark.parametrize("size", [1, 7, 13, 65, 129, 130, 131, 1000])
def test_pages_join_to_the_whole(crowd: Account, size: int) -> None:
    pages = list(
        crowd.boto(AWAY)
        .get_paginator("list_model_copy_jobs")
        .paginate(PaginationConfig={"PageSize": size})
    )
    assert [len(page["modelCopyJobSummaries"]) for page in pages[:-1]] == [size] * (len(pages) - 1)
    names = [job["targetModelName"] for page in pages for job in page["modelCopyJobSummaries"]]
    assert names == [f"crowd-{number:03d}" for number in reversed(range(130))]
    assert len(pages) == -(-130 // size), "a full last page carries no token"
    assert "nextToken" not in pages[-1]


def test_paginator_limits_items_and_resumes(crowd: Account) -> None:
    paginator = crowd.boto(AWAY).get_paginator("list_model_copy_jobs")
    first = paginator.paginate(
        PaginationConfig={"MaxItems": 25, "PageSize": 10}
    ).build_full_result()
    assert len(first["modelCopyJobSummaries"]) == 25
    rest = paginator.paginate(
        PaginationConfig={"StartingToken": first["NextToken"], "PageSize": 50}
    ).build_full_result()
    assert len(rest["modelCopyJobSummaries"]) == 105
    assert not set(arns(first["modelCopyJobSummaries"])) & set(arns(rest["modelCopyJobSummaries"]))


def test_page_size_may_change_between_pages(crowd: Account) -> None:
    seen: list[str] = []
    token: dict[str, str] = {}
    for size in (1, 50, 3, 1000):
        page = crowd.boto(AWAY).list_model_copy_jobs(maxResults=size, **token)
        seen += arns(page["modelCopyJobSummaries"])
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else {}
    assert seen == arns(crowd.jobs()) and not token


def test_a_token_can_be_used_again(crowd: Account) -> None:
    token = crowd.boto(AWAY).list_model_copy_jobs(maxResults=5)["nextToken"]
    twice = [
        arns(
            crowd.boto(AWAY).list_model_copy_jobs(maxResults=5, nextToken=token)[
                "modelCopyJobSummaries"
            ]
        )
        for _ in range(2)
    ]
    assert twice[0] == twice[1]


@pytest.mark.parametrize("order", ["Ascending", "Descending"])
def test_walk_sees_each_job_once_while_others_are_created(account: Account, order: str) -> None:
    source = account.import_model()
    before = [account.start_copy(source) for _ in range(10)]
    seen: list[str] = []
    pages = account.boto(AWAY).get_paginator("list_model_copy_jobs")
    for number, page in enumerate(
        pages.paginate(sortOrder=order, PaginationConfig={"PageSize": 2})
    ):
        seen += arns(page["modelCopyJobSummaries"])
        if number < 4:
            account.start_copy(source)
    assert len(seen) == len(set(seen))
    found = [arn for arn in seen if arn in before]
    assert found == (before if order == "Ascending" else before[::-1])
    if order == "Descending":
        assert len(seen) == 10, "jobs newer than the walk's begin are not in a walk to older ones"


# -- page tokens -----------------------------------------------------------------------------------


def first_token(history: History, **parameters: Any) -> str:
    return str(history.page(maxResults=3, **parameters)["nextToken"])


def test_token_has_the_form_the_model_asks_for(history: History) -> None:
    token = first_token(history)
    assert 1 <= len(token) <= 2048 and not any(character.isspace() for character in token)


def test_altered_token_is_refused(history: History) -> None:
    token = first_token(history)
    bent = [token[:-1], token + "A", token[1:], token[::-1], "A", "x" * 2048]
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        bent.append(token[:place] + other + token[place + 1 :])
    for text in bent:
        answer = history.call(("maxResults", "3"), ("nextToken", text))
        assert (answer.status, answer.error) == (400, "ValidationException"), text


def test_empty_and_overlong_tokens_are_refused(history: History) -> None:
    for text in ("", "x" * 2049, "with space"):
        answer = history.call(("nextToken", text))
        assert (answer.status, answer.error) == (400, "ValidationException"), text
        assert "'nextToken'" in answer.message


@pytest.mark.parametrize(
    "other",
    [
        {"statusEquals": "Completed"},
        {"targetModelNameContains": "alpha"},
        {"sourceAccountEquals": "123456789012"},
        {"sourceModelArnEquals": STRANGE_MODEL},
        {"creationTimeAfter": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
        {"creationTimeBefore": dt.datetime(2100, 1, 1, tzinfo=dt.UTC)},
        {"sortOrder": "Ascending"},
    ],
    ids=lambda value: next(iter(value)),
)
def test_token_with_other_filters_is_refused(history: History, other: dict[str, Any]) -> None:
    token = first_token(history)
    with pytest.raises(ClientError) as error:
        history.page(nextToken=token, **other)
    refused(error)


def test_token_with_a_changed_or_dropped_filter_is_refused(history: History) -> None:
    token = first_token(history, targetModelNameContains="a")
    for other in ({"targetModelNameContains": "al"}, {}):
        with pytest.raises(ClientError) as error:
            history.page(nextToken=token, **other)
        refused(error)


def test_token_of_another_account_is_refused(history: History, crowd: Account) -> None:
    with pytest.raises(ClientError) as error:
        crowd.boto(AWAY).list_model_copy_jobs(nextToken=first_token(history))
    refused(error)


def test_token_of_another_region_is_refused(history: History) -> None:
    with pytest.raises(ClientError) as error:
        history.account.boto(THIRD).list_model_copy_jobs(nextToken=first_token(history))
    refused(error)


def test_token_of_another_operation_is_refused(history: History) -> None:
    page = history.account.boto(AWAY).list_custom_models(maxResults=1)
    with pytest.raises(ClientError) as error:
        history.page(nextToken=page["nextToken"])
    refused(error)


def test_token_works_for_another_user_of_the_same_account(history: History, cloud: Cloud) -> None:
    colleague = cloud.user(history.account.id, allow("bedrock:ListModelCopyJobs"))
    page = colleague.boto(AWAY).list_model_copy_jobs(nextToken=first_token(history))
    assert len(page["modelCopyJobSummaries"]) == 21


def test_spelled_out_defaults_are_the_same_query(history: History) -> None:
    token = first_token(history)
    page = history.page(nextToken=token, sortOrder="Descending", sortBy="CreationTime")
    assert len(page["modelCopyJobSummaries"]) == 21


# -- what is not there -----------------------------------------------------------------------------


def test_new_account_has_an_empty_list_and_no_token(account: Account) -> None:
    page = account.boto(AWAY).list_model_copy_jobs()
    assert page["modelCopyJobSummaries"] == [] and "nextToken" not in page


def test_jobs_are_listed_in_their_destination_region_only(history: History) -> None:
    for region in (HOME, THIRD):
        assert history.account.jobs(region) == []


def test_jobs_of_other_accounts_are_never_listed(history: History, cloud: Cloud) -> None:
    stranger = cloud.account()
    for filters in ({}, {"sourceAccountEquals": history.account.id}, {"statusEquals": "Completed"}):
        assert stranger.jobs(**filters) == []
    assert cloud.admin().jobs(sourceAccountEquals=history.account.id) == []


def test_owner_of_a_shared_model_does_not_see_the_copy_job(history: History, cloud: Cloud) -> None:
    owner = cloud.user(history.owner)
    assert owner.jobs() == []


# -- the same parameter twice ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "maxResults=1&maxResults=2",
        "maxResults=1&maxResults=1",
        "statusEquals=Completed&statusEquals=Failed",
        "statusEquals=Completed&%73tatusEquals=Failed",
        "sortOrder=Ascending&sortBy=CreationTime&sortOrder=Ascending",
    ],
)
def test_a_parameter_given_twice_is_refused(history: History, query: str) -> None:
    with history.account.wire(AWAY) as wire:
        request = Request("GET", PATH, query).sign(history.account.keys, AWAY, wire.host)
        answer = wire.send(request)
    assert (answer.status, answer.error) == (400, "ValidationException")


def test_parameter_names_are_case_sensitive_and_unknown_ones_ignored(history: History) -> None:
    answer = history.call(("MaxResults", "1"), ("maxresults", "2"), ("colour", "red"))
    assert answer.status == 200
    assert len(answer.json["modelCopyJobSummaries"]) == 24
