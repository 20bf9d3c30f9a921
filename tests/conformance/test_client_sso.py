"""Credentials by SSO: liboutcrop asks the portal just what botocore asks it, for the same files."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from support.cloud import HOME, Account
from support.server import BINARY

START_URL = "https://example.awsapps.com/start"
PROFILES = {
    "session": """[default]
sso_session = work
sso_account_id = 123456789012
sso_role_name = Copy+Models
[sso-session work]
sso_region = eu-central-1
sso_start_url = https://example.awsapps.com/start
sso_registration_scopes = sso:account:access
""",
    "start-url": """[default]
sso_account_id = 123456789012
sso_role_name = CopyModels
sso_region = eu-central-1
sso_start_url = https://example.awsapps.com/start
""",
}


class Portal(http.server.ThreadingHTTPServer):
    """The SSO portal: gives out the keys of one account, and keeps what it was asked."""

    def __init__(self, account: Account) -> None:
        self.asked: list[tuple[str, str]] = []
        portal = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                portal.asked.append((self.path, self.headers["x-amz-sso_bearer_token"]))
                keys = {
                    "accessKeyId": account.keys.access_key,
                    "secretAccessKey": account.keys.secret,
                    "sessionToken": "",
                    "expiration": 4102444800000,
                }
                body = json.dumps({"roleCredentials": keys}).encode()
                self.send_response_only(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def portal(account: Account) -> Iterator[Portal]:
    with Portal(account) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("form", PROFILES)
def test_the_portal_is_asked_as_botocore_asks(
    account: Account, portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    key = "work" if form == "session" else START_URL
    cache = tmp_path / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    token = {"accessToken": "a-token", "expiresAt": "2099-01-01T00:00:00Z", "region": "eu-central-1",
             "startUrl": START_URL}  # fmt: skip
    name = hashlib.sha1(key.encode()).hexdigest()
    (cache / f"{name}.json").write_text(json.dumps(token))
    (tmp_path / ".aws" / "config").write_text(PROFILES[form])
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", f"http://127.0.0.1:{portal.server_address[1]}")
    monkeypatch.setattr(
        "botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", str(cache), raising=True
    )
    monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", str(cache))
    found = botocore.session.get_session().get_credentials()
    assert found.get_frozen_credentials().access_key == account.keys.access_key
    ran = subprocess.run(
        [BINARY, "jobs", "-o", "json", "--region", HOME, "--endpoint", account.server.endpoint],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0 and json.loads(ran.stdout) == [], ran
    theirs, ours = portal.asked
    assert sorted(ours[0].partition("?")[2].split("&")) == sorted(
        theirs[0].partition("?")[2].split("&")
    )
    assert ours[0].partition("?")[0] == theirs[0].partition("?")[0] and ours[1] == theirs[1]
