"""GetMetrics, read with the parser of Prometheus' own Python client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from support.cloud import Account, Cloud
from support.server import Server

PATH = "/-/metrics"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "outcrop:GetMetrics", "Resource": "*"}],
}


def scrape(server: Server) -> dict[str, Metric]:
    with server.wire(server.admin_keys()) as wire:
        answer = wire.call("GET", PATH)
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = list(text_string_to_metric_families(answer.body.decode()))
    names = [family.name for family in families]
    assert len(names) == len(set(names)), "a family is announced twice"
    return {family.name: family for family in families}


def value(families: dict[str, Metric], name: str, **labels: str) -> float:
    for sample in (sample for family in families.values() for sample in family.samples):
        if sample.name == name and labels.items() <= sample.labels.items():
            return float(sample.value)
    return 0.0


@pytest.fixture
def before(server: Server) -> Iterator[dict[str, Metric]]:
    yield scrape(server)


def test_every_family_parses_and_has_help_and_values(server: Server) -> None:
    families = scrape(server)
    assert len(families) > 25
    for family in families.values():
        assert family.documentation.endswith("."), family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name
        if not family.name.startswith("outcrop_request"):
            assert family.samples, family.name
        for sample in family.samples:
            assert sample.value >= 0, sample
            assert "000000000000" not in str(sample.labels), "no account in a label"


def test_requests_are_counted_by_operation_and_status(
    server: Server, account: Account, before: dict[str, Metric]
) -> None:
    for _ in range(3):
        account.boto().list_model_copy_jobs()
    with pytest.raises(account.boto().exceptions.ValidationException):
        account.boto().list_model_copy_jobs(nextToken="nonsense")
    after = scrape(server)
    labels = {"operation": "ListModelCopyJobs"}
    for status, count in (("200", 3), ("400", 1)):
        delta = value(after, "outcrop_requests_total", status=status, **labels) - value(
            before, "outcrop_requests_total", status=status, **labels
        )
        assert delta == count, status
    duration = "outcrop_request_duration_seconds"
    buckets = [s for s in after[duration].samples if s.name == f"{duration}_bucket"]
    mine = [s.value for s in buckets if s.labels["operation"] == "ListModelCopyJobs"]
    assert mine == sorted(mine)
    assert mine[-1] == value(after, f"{duration}_count", **labels)
    assert 0 < value(after, f"{duration}_sum", **labels) < 60


def test_a_copy_moves_bytes_and_a_second_one_reuses_them(
    server: Server, account: Account, before: dict[str, Metric]
) -> None:
    source = account.import_model(prefix="parts")
    account.copy(source)
    between = scrape(server)
    account.copy(source)
    after = scrape(server)

    def grown(new: dict[str, Metric], old: dict[str, Metric], name: str, **labels: str) -> float:
        return value(new, name, **labels) - value(old, name, **labels)

    moved = grown(between, before, "outcrop_bytes_moved_total", kind="import")
    moved += grown(between, before, "outcrop_bytes_reused_total", kind="import")
    assert moved > 20 << 20
    copied = grown(between, before, "outcrop_bytes_moved_total", kind="copy")
    copied += grown(between, before, "outcrop_bytes_reused_total", kind="copy")
    assert copied == moved
    assert grown(after, between, "outcrop_bytes_moved_total", kind="copy") == 0
    assert grown(after, between, "outcrop_bytes_reused_total", kind="copy") == copied
    for state in ("started", "completed"):
        assert grown(after, before, "outcrop_tasks_total", kind="copy", state=state) == 2
    assert grown(after, before, "outcrop_store_writes_total") >= 6
    assert grown(after, before, "outcrop_store_commits_total") >= 1


def test_a_failure_is_counted(server: Server, account: Account, before: dict[str, Metric]) -> None:
    model = account.wait_model(account.start_import(prefix="no-such-prefix"))
    assert model["modelStatus"] == "Failed"
    after = scrape(server)
    labels = {"kind": "import", "state": "failed"}
    assert value(after, "outcrop_tasks_total", **labels) == 1 + value(
        before, "outcrop_tasks_total", **labels
    )


def test_process_and_disk_are_told(server: Server) -> None:
    families = scrape(server)
    assert value(families, "process_cpu_seconds_total") > 0
    assert value(families, "process_resident_memory_bytes") > 1 << 20
    assert 5 < value(families, "process_open_fds") < value(families, "process_max_fds")
    assert (
        0 < value(families, "outcrop_disk_free_bytes") < value(families, "outcrop_disk_size_bytes")
    )
    assert value(families, "outcrop_http_open_connections") >= 1


def test_a_bearer_key_that_may_only_scrape(server: Server) -> None:
    keys = server.add_key("000000000000", "prometheus", POLICY, bearer=True)
    with server.wire(None) as wire:
        headers = {"Authorization": f"Bearer {keys.bearer}"}
        assert wire.call("GET", PATH, headers=headers).status == 200
        refused = wire.call("GET", "/model-copy-jobs", headers=headers)
    assert (refused.status, refused.error) == (403, "AccessDeniedException")


def test_other_accounts_do_not_see_them(cloud: Cloud, server: Server) -> None:
    stranger = cloud.account()
    with server.wire(stranger.keys) as wire:
        answer = wire.call("GET", PATH)
    assert (answer.status, answer.error) == (403, "AccessDeniedException")
