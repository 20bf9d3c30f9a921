"""The tests' own signer gives the signatures that botocore gave (contract, section 3.6)."""

from __future__ import annotations

import datetime as dt

import pytest
from support.wire import Keys, Request, canonical_request, sha256

KEYS = Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
HOST = "bedrock.us-west-2.amazonaws.com"
WHEN = dt.datetime(2015, 8, 30, 12, 36, tzinfo=dt.UTC)
JOB = "arn:aws:bedrock:us-west-2:123456789012:model-copy-job/abcdefghij12"
QUERY = (
    "creationTimeAfter=2024-08-01T12%3A00%3A00Z&statusEquals=Completed"
    "&sourceModelArnEquals=arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Acustom-model%2F"
    "amazon.nova-lite-v1%3A0%3A300k%2Fabcdefghij12&outputModelNameContains=foo"
    "&maxResults=5&nextToken=a%2Bb%2Fc%3D%3D&sortOrder=Descending"
)


@pytest.mark.parametrize(
    ("path", "query", "signature"),
    [
        (
            "/model-copy-jobs",
            "",
            "8a28e1ef6229e17f1e27f436be03f19341f609161ecedec9793c55ca43ac6a8f",
        ),
        (
            "/model-copy-jobs/" + JOB.replace(":", "%3A").replace("/", "%2F"),
            "",
            "67af19ae3112d4d8b1c19d04ed5e9422290d136aa70ec397a62be0231ec302df",
        ),
        (
            "/model-copy-jobs",
            QUERY,
            "4b9cc51067e6114db288fbef94997102bddad61375e854baafab277fb6113694",
        ),
        (
            "/model-copy-jobs/" + JOB,
            "",
            "249185f3146093dacf3ef5bf4ff9bcbb6ddbf98447f040f450ceac11b61f5c41",
        ),
    ],
    ids=["list", "get-encoded", "list-seven-parameters", "get-raw-arn"],
)
def test_signature_equals_botocores(path: str, query: str, signature: str) -> None:
    request = Request("GET", path, query).sign(KEYS, "us-west-2", HOST, WHEN)
    assert request.headers["Authorization"].endswith("Signature=" + signature)


def test_canonical_request_of_an_encoded_path_is_encoded_twice() -> None:
    path = "/model-copy-jobs/" + JOB.replace(":", "%3A").replace("/", "%2F")
    headers = {"Host": HOST, "X-Amz-Date": "20150830T123600Z"}
    canonical = canonical_request("GET", path, "", headers, sha256(b""))
    assert canonical.splitlines()[1].startswith("/model-copy-jobs/arn%253Aaws%253Abedrock")
    assert sha256(canonical.encode()) == (
        "378c1ff7e874459953012ef23e3a91f5c707069e5c9d8a427fe8754bb59cf9f3"
    )
