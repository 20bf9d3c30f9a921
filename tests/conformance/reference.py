"""ListModelCopyJobs in plain words: a linear scan over all jobs, written from the contract alone.

It shares nothing with the server. A job is its summary as the server sends it; the list of jobs is
in the order of commit, which is the order of creation time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Job = dict[str, Any]


def microseconds(text: str) -> int:
    """An ISO-8601 time as microseconds since 1970."""
    delta = dt.datetime.fromisoformat(text) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return delta // dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Query:
    """The filters and the order of a List call, under the names that travel on the wire."""

    creationTimeAfter: str | None = None
    creationTimeBefore: str | None = None
    statusEquals: str | None = None
    sourceAccountEquals: str | None = None
    sourceModelArnEquals: str | None = None
    outputModelNameContains: str | None = None
    sortBy: str | None = None
    sortOrder: str | None = None

    def parameters(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in vars(self).items() if value is not None]


def matches(job: Job, query: Query) -> bool:
    created = microseconds(job["creationTime"])
    after, before = query.creationTimeAfter, query.creationTimeBefore
    if after is not None and not created > microseconds(after):
        return False
    if before is not None and not created < microseconds(before):
        return False
    if query.statusEquals not in (None, job["status"]):
        return False
    if query.sourceAccountEquals not in (None, job["sourceAccountId"]):
        return False
    if query.sourceModelArnEquals not in (None, job["sourceModelArn"]):
        return False
    return (query.outputModelNameContains or "") in job["targetModelName"]


def listing(jobs: Sequence[Job], query: Query) -> list[Job]:
    """All jobs that match, in the asked order: newest first unless the caller says otherwise."""
    found = [job for job in jobs if matches(job, query)]
    return found if query.sortOrder == "Ascending" else found[::-1]


def page(jobs: Sequence[Job], query: Query, start: int, size: int | None) -> tuple[list[Job], bool]:
    """One page from position `start` of the listing, and whether another page follows."""
    found = listing(jobs, query)
    end = start + (100 if size is None else size)
    return found[start:end], end < len(found)
