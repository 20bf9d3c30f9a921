"""
Every answer of a run of the conformance tests, as it came: to be checked against the shapes in api/.

A run may be several processes, each with a recorder. They leave what they have in the folder that
OUTCROP_ANSWERS names; without it nothing is kept.
"""

from __future__ import annotations

import os
import pickle
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Recorded:
    operation: str
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes


def answers_folder() -> Path | None:
    name = os.environ.get("OUTCROP_ANSWERS")
    return Path(name) if name else None


@dataclass
class Recorder:
    answers: list[Recorded] = field(default_factory=list)

    def listen(self, client: Any) -> Any:
        """Hook a boto3 client: its raw answers are kept, retries included."""

        def keep(response_dict: dict[str, Any], event_name: str, **_: Any) -> None:
            self.answers.append(
                Recorded(
                    event_name.rsplit(".", 1)[-1],
                    response_dict["status_code"],
                    {name.lower(): value for name, value in response_dict["headers"].items()},
                    response_dict["body"],
                )
            )

        client.meta.events.register("response-received.bedrock", keep)
        return client

    def save(self) -> None:
        folder = answers_folder()
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{uuid.uuid4()}.pickle").write_bytes(pickle.dumps(self.answers))


def load_answers() -> list[Recorded]:
    """What all recorders have left."""
    folder = answers_folder()
    answers: list[Recorded] = []
    for file in folder.glob("*.pickle") if folder else []:
        answers += pickle.loads(file.read_bytes())
    return answers
