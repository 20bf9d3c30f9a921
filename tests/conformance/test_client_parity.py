"""liboutcrop against botocore: the same requests, the same answers, the same errors.

The library's requests are taken from the wire, byte by byte, by a server that answers `{}`;
botocore's are taken from its `before-send` event. The seed is printed and can be given as
CLIENT_PARITY_SEED; CLIENT_PARITY_COUNT is how many requests.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import os
import random
import socket
import subprocess
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.auth
import botocore.exceptions
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.endpoint_provider import EndpointProvider
from botocore.parsers import ResponseParserError
from support.cloud import AWAY, Account, sharing_policy

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(
    os.environ.get("OUTCROP_CLIENT_STDIO", ROOT / "build/tests/conformance/client_stdio")
)
COUNT = int(os.environ.get("CLIENT_PARITY_COUNT", "12000"))
TEXT = "abcXYZ019 \t\n\x01\x7f-_.~%+/=&?#:;,@!$'()*[]{}|\\^`\"<>éßñΩ日本語🦀"
KEYS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
OPERATIONS = [
    "CreateCustomModel", "CreateModelCopyJob", "DeleteCustomModel", "DeleteResourcePolicy",
    "GetCustomModel", "GetModelCopyJob", "GetResourcePolicy", "ListCustomModels",
    "ListModelCopyJobs", "ListTagsForResource", "PutResourcePolicy", "TagResource", "UntagResource",
]  # fmt: skip
MODEL = botocore.session.get_session().get_service_model("bedrock")


class Clock:
    now = datetime.datetime(2015, 8, 30, 12, 36)


class Wire:
    """A server that keeps the last request and answers with bytes it was given."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.request = b""
        self.answer = answer_of(b"{}")
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            data = b""
            while b"\r\n\r\n" not in data:
                got = connection.recv(65536)
                if not got:
                    return
                data += got
            head, _, body = data.partition(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next((int(x[15:]) for x in lines if x.startswith(b"content-length:")), 0)
            while len(body) < length:
                body += connection.recv(65536)
            self.request = head + b"\r\n\r\n" + body
            connection.sendall(self.answer)

    def close(self) -> None:
        self.listener.close()


def answer_of(body: bytes, status: int = 200, *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", "Connection: close", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Library:
    """client_stdio as a child process."""

    def __init__(self) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.process = subprocess.Popen(
            [PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment, "HOME": "/nonexistent"},
        )

    def ask(self, **task: Any) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        task["input"] = task.pop("input", {})  # the program wants it last
        self.process.stdin.write(json.dumps(task, default=iso).encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"client_stdio died with {self.process.wait()} on {task}"
        result: dict[str, Any] = json.loads(answer)
        return result

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        assert self.process.wait(10) == 0


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()


@pytest.fixture(scope="module")
def outcrop() -> Iterator[Library]:
    outcrop = Library()
    yield outcrop
    outcrop.close()


def iso(time: datetime.datetime) -> str:
    time = time.astimezone(datetime.UTC)
    text = time.strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{time.microsecond:06d}Z" if time.microsecond else "Z")


# -- random inputs and answers -------------------------------------------------------------------


def text(rng: random.Random, least: int, most: int = 30) -> str:
    return "".join(rng.choices(TEXT, k=rng.randint(least, max(least, most))))


def moment(rng: random.Random) -> datetime.datetime:
    micro = rng.choice([0, 0, rng.randrange(10**6), rng.randrange(1000) * 1000])
    return EPOCH + datetime.timedelta(seconds=rng.randrange(10**10), microseconds=micro)


def value(rng: random.Random, shape: Any, dense: float) -> Any:
    least = shape.metadata.get("min", 0)
    if shape.type_name == "string":
        if shape.name.endswith("Identifier") and rng.random() < 0.1:
            return rng.choice([".", "..", "a/../b", "//", "%2F"])
        return text(rng, least) if rng.random() < 0.8 else (shape.enum or ["a" * max(least, 1)])[0]
    if shape.type_name == "integer":
        return rng.randint(least, rng.choice([1000, 2**31 - 1]))
    if shape.type_name in ("float", "double"):
        return rng.choice([0.5, -1e-7, rng.random(), rng.random() * 1e20])
    if shape.type_name == "boolean":
        return rng.random() < 0.5
    if shape.type_name == "timestamp":
        return moment(rng)
    if shape.type_name == "list":
        return [value(rng, shape.member, dense) for _ in range(rng.randint(least, least + 3))]
    if shape.type_name == "map":
        return {text(rng, 1): value(rng, shape.value, dense) for _ in range(rng.randint(0, 3))}
    members = list(shape.members.items())
    if getattr(shape, "is_tagged_union", False):
        members = [rng.choice(members)]
    return {
        name: value(rng, member, dense)
        for name, member in members
        if len(members) == 1 or name in shape.required_members or rng.random() < dense
    }


def spoil(rng: random.Random, shape: Any, given: dict[str, Any]) -> bool:
    """Break a rule that clients check. @return whether there was one to break"""
    for name in rng.sample(list(given), len(given)):
        member = shape.members[name]
        if name in shape.required_members and rng.random() < 0.5:
            del given[name]
            return True
        if member.metadata.get("min", 0) > 0 and member.type_name in ("string", "integer", "list"):
            given[name] = {"string": "", "integer": 0, "list": []}[member.type_name]
            return True
    return False


# -- requests ------------------------------------------------------------------------------------


class Body:
    """What botocore reads an answer from."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.content


class Caller:
    """A botocore client whose requests are kept and not sent, and the same settings for us."""

    def __init__(self, rng: random.Random, endpoint: str, bearer: bool) -> None:
        self.settings: dict[str, Any] = {
            "endpoint": endpoint + rng.choice(["", "", "/prefix", "/a/b/"]),
            "region": rng.choice(["us-east-1", "eu-west-1", "eu-north-1"]),
        }
        session = botocore.session.Session()
        theirs = self.settings["endpoint"]
        if bearer:
            theirs = theirs.replace("http:", "https:")  # or it sends no bearer key
            self.settings["bearer"] = "bedrock-api-key-" + "".join(rng.choices(KEYS, k=30))
        else:
            self.settings["id"] = "AKIA" + "".join(rng.choices(KEYS, k=16))
            self.settings["secret"] = "".join(rng.choices(KEYS + "+/", k=40))
            if rng.random() < 0.5:
                self.settings["token"] = "".join(rng.choices(KEYS + "+/=", k=200))
            session.set_credentials(
                self.settings["id"], self.settings["secret"], self.settings.get("token")
            )
        with self._environment():
            self.client = session.create_client(
                "bedrock",
                region_name=self.settings["region"],
                endpoint_url=theirs,
                config=Config(retries={"total_max_attempts": 1}),
            )
        self.client.meta.events.register("before-send.bedrock", self._keep)
        self.request: Any = None

    @contextlib.contextmanager
    def _environment(self) -> Iterator[None]:
        """botocore takes a bearer key from the environment only."""
        if "bearer" in self.settings:
            os.environ["AWS_BEARER_TOKEN_BEDROCK"] = self.settings["bearer"]
        try:
            yield
        finally:
            os.environ.pop("AWS_BEARER_TOKEN_BEDROCK", None)

    def _keep(self, request: Any, **_: Any) -> AWSResponse:
        self.request = request
        return AWSResponse(request.url, 200, {}, Body(b"{}"))

    def call(self, operation: str, given: dict[str, Any]) -> Any:
        with self._environment():
            return getattr(self.client, botocore.xform_name(operation))(**given)


def signed_names(authorization: str) -> set[str]:
    for part in authorization.replace(",", " ").split():
        if part.startswith("SignedHeaders="):
            return set(part.removeprefix("SignedHeaders=").split(";"))
    return set()


def theirs(request: Any) -> tuple[Any, ...]:
    """Request line, headers that count and body of botocore's request."""
    parts = urlsplit(request.url)
    headers = {
        name.lower(): item.decode() if isinstance(item, bytes) else item
        for name, item in request.headers.items()
    }
    headers["host"] = parts.netloc
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    names = signed_names(headers["authorization"]) | {"authorization", "content-length"}
    body = request.body or b""
    kept = {name: headers[name] for name in names if name in headers}
    kept.setdefault("content-length", "0")
    return f"{request.method} {target} HTTP/1.1", kept, body


def ours(request: bytes) -> tuple[Any, ...]:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    headers = {name.lower(): item for name, item in headers.items()}
    names = signed_names(headers["authorization"]) | {"authorization", "content-length"}
    kept = {name: headers[name] for name in names if name in headers}
    kept.setdefault("content-length", "0")
    return lines[0], kept, body


def compare(rng: random.Random, wire: Wire, outcrop: Library, caller: Caller) -> str:
    """One random input through both. @return what became of it"""
    operation = rng.choice(OPERATIONS)
    shape = MODEL.operation_model(operation).input_shape
    given = value(rng, shape, rng.random())
    invalid = rng.random() < 0.05 and spoil(rng, shape, given)
    Clock.now = datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=rng.randrange(3 * 10**9))
    now = int(Clock.now.replace(tzinfo=datetime.UTC).timestamp()) * 1000
    wire.request = b""
    answer = outcrop.ask(op=operation, now=now, **caller.settings, input=given)
    if invalid:
        assert answer["error"]["name"] == "ParamValidationError", (operation, given, answer)
        assert not wire.request
        with pytest.raises(botocore.exceptions.ParamValidationError):
            caller.call(operation, given)
        return "invalid"
    assert "output" in answer, (operation, given, answer)
    filled_in = "clientRequestToken" in shape.members and "clientRequestToken" not in given
    if filled_in:  # each draws a token of its own: botocore gets ours
        token = json.loads(wire.request.partition(b"\r\n\r\n")[2])["clientRequestToken"]
        assert uuid.UUID(token).version == 4
        given["clientRequestToken"] = token
    caller.call(operation, given)
    assert ours(wire.request) == theirs(caller.request), (operation, given)
    return operation


def test_both_send_the_same_bytes(
    wire: Wire, outcrop: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = int(os.environ.get("CLIENT_PARITY_SEED", "0")) or random.SystemRandom().randrange(2**32)
    print(f"CLIENT_PARITY_SEED={seed}")
    rng = random.Random(seed)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: Clock.now)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    callers = [Caller(rng, wire.endpoint, bearer=i % 8 == 7) for i in range(16)]
    seen: dict[str, int] = {}
    for _ in range(COUNT):
        what = compare(rng, wire, outcrop, rng.choice(callers))
        seen[what] = seen.get(what, 0) + 1
    print(seen)
    assert COUNT < 1000 or set(seen) == {*OPERATIONS, "invalid"}


# -- hosts ---------------------------------------------------------------------------------------

REGIONS = [
    "us-east-1", "eu-central-2", "ap-southeast-4", "il-central-1", "mx-central-1", "cn-north-1",
    "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1",
    "eusc-de-east-1", "xx-unknown-9",
]  # fmt: skip


@pytest.fixture(scope="module")
def rules() -> EndpointProvider:
    loader = botocore.session.get_session().get_component("data_loader")
    return EndpointProvider(
        loader.load_service_model("bedrock", "endpoint-rule-set-1"), loader.load_data("partitions")
    )


@pytest.mark.parametrize("region", REGIONS)
def test_hosts_are_those_of_the_endpoint_rules(
    outcrop: Library, rules: EndpointProvider, region: str
) -> None:
    for fips, dualstack in itertools.product([False, True], repeat=2):
        answer = outcrop.ask(
            host=True, region=region, id="a", secret="b", fips=fips, dualstack=dualstack
        )
        resolved = rules.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dualstack)
        assert answer["host"] == resolved.url


@pytest.mark.parametrize(("fips", "dualstack"), [(True, False), (False, True), (True, True)])
def test_variants_and_a_custom_endpoint_exclude_each_other(
    wire: Wire, outcrop: Library, rules: EndpointProvider, fips: bool, dualstack: bool
) -> None:
    answer = outcrop.ask(
        op="ListModelCopyJobs",
        endpoint=wire.endpoint,
        region="us-east-1",
        id="a",
        secret="b",
        fips=fips,
        dualstack=dualstack,
    )
    with pytest.raises(botocore.exceptions.EndpointProviderError) as caught:
        rules.resolve_endpoint(
            Region="us-east-1", Endpoint=wire.endpoint, UseFIPS=fips, UseDualStack=dualstack
        )
    assert answer["error"]["name"] == "EndpointRuleError"
    assert answer["error"]["message"] in str(caught.value)


# -- answers -------------------------------------------------------------------------------------


def plain(item: Any) -> Any:
    """botocore's answer in the form of ours."""
    if isinstance(item, datetime.datetime):
        return iso(item)
    if isinstance(item, dict):
        return {name: plain(part) for name, part in item.items() if name != "ResponseMetadata"}
    return [plain(part) for part in item] if isinstance(item, list) else item


def boto(endpoint: str) -> Any:
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret")
    config = Config(retries={"total_max_attempts": 1}, read_timeout=2)
    return session.create_client(
        "bedrock", region_name="us-east-1", endpoint_url=endpoint, config=config
    )


def encode(item: Any, rng: random.Random) -> Any:
    """An answer as servers may write it: times as text or as a number."""
    if isinstance(item, datetime.datetime):
        whole = item.microsecond == 0 and rng.random() < 0.3
        return int(item.timestamp()) if whole else iso(item)
    if isinstance(item, dict):
        return {name: encode(part, rng) for name, part in item.items()}
    return [encode(part, rng) for part in item] if isinstance(item, list) else item


@pytest.mark.parametrize("operation", OPERATIONS)
def test_random_answers_are_read_alike(wire: Wire, outcrop: Library, operation: str) -> None:
    model = MODEL.operation_model(operation)
    rng = random.Random(operation)
    client = boto(wire.endpoint)
    given = value(rng, model.input_shape, 0)
    for _ in range(60):
        made = value(rng, model.output_shape, rng.random()) if model.output_shape else {}
        body = json.dumps(
            encode(made, rng), ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1])
        )
        wire.answer = answer_of(body.encode())
        answer = outcrop.ask(
            op=operation, endpoint=wire.endpoint, region="us-east-1", id="a", secret="b",
            input=given,
        )  # fmt: skip
        parsed = getattr(client, botocore.xform_name(operation))(**given)
        assert answer.get("output") == plain(parsed), body
    wire.answer = answer_of(b"{}")


BAD = {
    "html": answer_of(b"<html><body>Welcome</body></html>"),
    "truncated json": answer_of(b'{"modelCopyJobSummaries": [{"jobArn": "a'),
    "truncated body": answer_of(b'{"modelCopyJobSummaries": []', length=1000),
    "nothing": b"",
    "not http": b"SSH-2.0-OpenSSH_9.2\r\n",
    "empty": answer_of(b""),
    "an array": answer_of(b"[1]"),
    "list is a number": answer_of(b'{"modelCopyJobSummaries": 7}'),
    "element is text": answer_of(b'{"modelCopyJobSummaries": ["a"]}'),
    "time is a word": answer_of(b'{"modelCopyJobSummaries": [{"creationTime": "soon"}]}'),
    "time is an object": answer_of(b'{"modelCopyJobSummaries": [{"creationTime": {}}]}'),
    "not utf-8": answer_of(b'{"nextToken": "\xff"}'),
    "redirect": answer_of(b"", 302, "Location: http://127.0.0.1:1/"),
    "redirect with body": answer_of(b"<html>moved</html>", 301, "Location: http://127.0.0.1:1/"),
    "temporary redirect": answer_of(b"", 307, "Location: http://127.0.0.1:1/"),
    "proxy 502": answer_of(b"<html><h1>Bad Gateway</h1></html>", 502),
    "proxy 407": answer_of(b"<html>who are you</html>", 407),
    "503 without body": answer_of(b"", 503),
    "500 without body": answer_of(b"", 500),
    "429 without body": answer_of(b"", 429),
    "404 as xml": answer_of(b"<UnknownOperationException/>\n", 404),
    "error in header": answer_of(b"{}", 400, "x-amzn-errortype: ValidationException:http://x/"),
    "error in __type": answer_of(b'{"__type": "a.b#AccessDeniedException"}', 403),
    "error in code": answer_of(b'{"code": "ThrottlingException", "message": "slow"}', 429),
    "error of no model": answer_of(b'{"__type": "BrandNewException"}', 400),
    "error body truncated": answer_of(b'{"__type": "Conf', 409),
}
# Where C is stricter than Python: botocore gives an empty answer, or a value of another type.
STRICTER = {
    "html": ("parser", "ok"),
    "truncated json": ("parser", "ok"),
    "truncated body": ("connection", "ok"),
    "an integer for text": ("parser", "ok"),
}
BAD["an integer for text"] = answer_of(b'{"nextToken": 7}')

CONNECTION = {"EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError"}


def class_of_theirs(client: Any) -> str:
    try:
        client.list_model_copy_jobs()
    except botocore.exceptions.ClientError as error:
        return f"error {error.response['Error']['Code']}"
    except (botocore.exceptions.HTTPClientError, botocore.exceptions.IncompleteReadError):
        return "connection"
    except (ResponseParserError, TypeError, AttributeError, ValueError):
        return "parser"
    return "ok"


def class_of_ours(answer: dict[str, Any]) -> str:
    if "output" in answer:
        return "ok"
    name = answer["error"]["name"]
    if name in CONNECTION:
        return "connection"
    return "parser" if name == "ResponseParserError" else f"error {name}"


@pytest.mark.parametrize("name", BAD)
def test_bad_answers_end_in_the_same_class_of_error(
    wire: Wire, outcrop: Library, name: str
) -> None:
    wire.answer = BAD[name]
    answer = outcrop.ask(
        op="ListModelCopyJobs", endpoint=wire.endpoint, region="us-east-1", id="a", secret="b"
    )
    expected = class_of_theirs(boto(wire.endpoint))
    wire.answer = answer_of(b"{}")
    if name in STRICTER:
        assert (class_of_ours(answer), expected) == STRICTER[name]
    else:
        assert class_of_ours(answer) == expected, answer


def test_answers_of_the_server_are_read_alike(account: Account, outcrop: Library) -> None:
    model = account.import_model(modelTags=[{"key": "a", "value": "x y"}])
    job = account.copy(model, targetModelTags=[{"key": "team", "value": ""}])
    account.boto().put_resource_policy(
        resourceArn=model, resourcePolicy=sharing_policy(model, "123456789012")
    )
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("GetModelCopyJob", {"jobArn": job["jobArn"]}, AWAY),
        ("ListModelCopyJobs", {}, AWAY),
        ("GetCustomModel", {"modelIdentifier": model}, "us-east-1"),
        ("ListCustomModels", {"isOwned": True}, "us-east-1"),
        ("ListTagsForResource", {"resourceARN": model}, "us-east-1"),
        ("GetResourcePolicy", {"resourceArn": model}, "us-east-1"),
    ]
    for operation, given, region in calls:
        answer = outcrop.ask(
            op=operation,
            endpoint=account.server.endpoint,
            region=region,
            id=account.keys.access_key,
            secret=account.keys.secret,
            input=given,
        )
        parsed = getattr(account.boto(region), botocore.xform_name(operation))(**given)
        assert answer.get("output") == plain(parsed)
