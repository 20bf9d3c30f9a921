"""@aws-sdk/client-bedrock over every operation: js/operations.test.mjs, run by Node.js."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.api_table import BEDROCK_OPERATIONS
from support.cloud import Account

SCRIPT = Path(__file__).parent / "js" / "operations.test.mjs"
NODE = Path(sys.executable).with_name("node")


def test_javascript_sdk_over_every_operation(account: Account) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | {
        "ENDPOINT": account.server.endpoint,
        "ACCESS_KEY": account.keys.access_key,
        "SECRET_KEY": account.keys.secret,
        "ACCOUNT": account.id,
        "OPERATIONS": ",".join(operation.name for operation in BEDROCK_OPERATIONS),
    }
    ran = subprocess.run(
        [str(NODE), "--test", "--test-reporter=spec", str(SCRIPT)],
        env=environment,
        cwd=SCRIPT.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "tests 11" in ran.stdout, ran.stdout
