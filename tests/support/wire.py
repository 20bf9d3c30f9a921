"""Requests as bytes: a small SigV4 signer and a keep-alive HTTP connection.

Written from the contract (section 3.5) and sharing nothing with botocore or with Outcrop, so that
the three can be compared, and so that a test can send what no SDK would.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import http.client
import json
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

SERVICE = "bedrock"
ALGORITHM = "AWS4-HMAC-SHA256"

Query = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Keys:
    """A credential: what a client signs with, and whose it is."""

    access_key: str
    secret: str
    token: str | None = None
    account: str = "000000000000"
    bearer: str | None = None


@dataclass
class Answer:
    """One HTTP answer, as it came."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The error's name: the header, up to a colon and after a hash, as SDKs read it."""
        return self.headers.get("x-amzn-errortype", "").split(":")[0].split("#")[-1]

    @property
    def message(self) -> str:
        return str(self.json.get("message", ""))


def escape(text: str) -> str:
    """Percent-encode all but the unreserved characters: a path label or a query value."""
    return quote(text, safe="-_.~")


def encode_query(query: Query) -> str:
    return "&".join(f"{escape(name)}={escape(value)}" for name, value in query)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def amz_date(when: dt.datetime) -> str:
    return when.strftime("%Y%m%dT%H%M%SZ")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


@lru_cache(maxsize=256)
def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = _mac(("AWS4" + secret).encode(), day)
    for part in (region, service, "aws4_request"):
        key = _mac(key, part)
    return key


def canonical_query(raw: str) -> str:
    pairs = [part.partition("=")[::2] for part in raw.split("&") if part]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def canonical_request(
    method: str, path: str, raw_query: str, headers: Mapping[str, str], payload_hash: str
) -> str:
    """The canonical request; `path` as on the wire, `headers` exactly those that are signed."""
    lines = [f"{name.lower()}:{' '.join(headers[name].split())}" for name in headers]
    names = ";".join(sorted(name.lower() for name in headers))
    return "\n".join(
        [
            method,
            quote(path, safe="/-_.~"),
            canonical_query(raw_query),
            *sorted(lines, key=lambda line: line.split(":")[0]),
            "",
            names,
            payload_hash,
        ]
    )


def signature(canonical: str, keys: Keys, region: str, date: str, service: str = SERVICE) -> str:
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join([ALGORITHM, date, scope, sha256(canonical.encode())])
    return _mac(signing_key(keys.secret, date[:8], region, service), to_sign).hex()


@dataclass
class Request:
    """One request, from which the signed header form, the query form or something bent is made."""

    method: str
    path: str  # as on the wire
    query: str = ""  # as on the wire
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    def sign(
        self,
        keys: Keys,
        region: str,
        host: str,
        when: dt.datetime | None = None,
        service: str = SERVICE,
        payload_hash: str | None = None,
    ) -> Request:
        """Add Authorization over host, date and all headers already here."""
        date = amz_date(when or now())
        self.headers.setdefault("Host", host)
        self.headers["X-Amz-Date"] = date
        if keys.token:
            self.headers["X-Amz-Security-Token"] = keys.token
        canonical = canonical_request(
            self.method, self.path, self.query, self.headers, payload_hash or sha256(self.body)
        )
        names = ";".join(sorted(name.lower() for name in self.headers))
        self.headers["Authorization"] = (
            f"{ALGORITHM} Credential={keys.access_key}/{date[:8]}/{region}/{service}/aws4_request, "
            f"SignedHeaders={names}, Signature={signature(canonical, keys, region, date, service)}"
        )
        return self

    def presign(
        self,
        keys: Keys,
        region: str,
        host: str,
        when: dt.datetime | None = None,
        expires: int = 300,
        service: str = SERVICE,
    ) -> Request:
        """Put the signature into the query."""
        date = amz_date(when or now())
        self.headers.setdefault("Host", host)
        names = ";".join(sorted(name.lower() for name in self.headers))
        added = [
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", f"{keys.access_key}/{date[:8]}/{region}/{service}/aws4_request"),
            ("X-Amz-Date", date),
            ("X-Amz-Expires", str(expires)),
            ("X-Amz-SignedHeaders", names),
        ]
        if keys.token:
            added.append(("X-Amz-Security-Token", keys.token))
        self.query = "&".join(part for part in (self.query, encode_query(added)) if part)
        canonical = canonical_request(
            self.method, self.path, self.query, self.headers, sha256(self.body)
        )
        self.query += "&X-Amz-Signature=" + signature(canonical, keys, region, date, service)
        return self


class Wire:
    """A keep-alive connection to one server, with a caller and a Region."""

    def __init__(
        self,
        endpoint: str,
        keys: Keys | None = None,
        region: str = "us-east-1",
        ca_file: str | None = None,
    ) -> None:
        parts = urlsplit(endpoint)
        assert parts.hostname and parts.port, endpoint
        self.address = (parts.hostname, parts.port)
        self.host = parts.netloc
        self.keys = keys
        self.region = region
        self._connection = (
            http.client.HTTPSConnection(
                *self.address, timeout=30, context=ssl.create_default_context(cafile=ca_file)
            )
            if parts.scheme == "https"
            else http.client.HTTPConnection(*self.address, timeout=30)
        )

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, request: Request) -> Answer:
        """Send as it is. Host and Content-Length are added only when missing."""
        connection = self._connection
        names = {name.lower() for name in request.headers}
        try:
            connection.putrequest(
                request.method, request.target, skip_host=True, skip_accept_encoding=True
            )
            if "host" not in names:
                connection.putheader("Host", self.host)
            for name, value in request.headers.items():
                connection.putheader(name, value)
            if "content-length" not in names and (request.body or request.method != "GET"):
                connection.putheader("Content-Length", str(len(request.body)))
            connection.endheaders(request.body or None)
            response = connection.getresponse()
            body = response.read()
        except (http.client.HTTPException, OSError):
            connection.close()
            raise
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, body)

    def call(
        self,
        method: str,
        path: str,
        query: Query = (),
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A signed call, or an unsigned one when there are no keys. A body is sent as JSON."""
        data = (
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        )
        request = Request(method, path, encode_query(query), data, dict(headers or {}))
        if data and "Content-Type" not in request.headers:
            request.headers["Content-Type"] = "application/json"
        if self.keys and self.keys.bearer:
            request.headers["Authorization"] = "Bearer " + self.keys.bearer
        elif self.keys:
            request.sign(self.keys, self.region, self.host)
        return self.send(request)


def exchange(address: tuple[str, int], data: bytes, timeout: float = 10) -> bytes:
    """Send bytes on a connection of their own; everything that comes back until it closes."""
    with socket.create_connection(address, timeout=timeout) as sock:
        sock.sendall(data)
        received = b""
        while True:
            try:
                more = sock.recv(65536)
            except ConnectionResetError:
                return received
            if not more:
                return received
            received += more
