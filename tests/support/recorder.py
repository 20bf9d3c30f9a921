"""Every answer of the test session, as it came: to be checked against the shapes in api/."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recorded:
    operation: str
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes


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
