"""The operation table, read from api/: routes, and for each operation a request that decodes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.wire import Request, encode_query, escape

API = Path(__file__).resolve().parents[2] / "api"
SHAPES: dict[str, Any] = json.loads((API / "shapes.json").read_text())["shapes"]


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    uri: str
    status: int
    action: str
    extension: bool
    raw_input: bool
    errors: tuple[str, ...]
    input: tuple[dict[str, Any], ...]

    def members(self, place: str) -> list[dict[str, Any]]:
        return [member for member in self.input if member["in"] == place]

    def request(self) -> Request:
        """A well-formed request, made of the shapes' examples."""
        path = self.uri
        for member in self.members("path"):
            path = path.replace("{" + member["name"] + "}", escape(sample(member["shape"])))
        query = [
            (member.get("wire", member["name"]), sample(member["shape"]))
            for member in self.members("query")
            if member.get("required")
        ]
        body = {m["name"]: sample(m["shape"]) for m in self.members("body") if m.get("required")}
        data = b"raw bytes" if self.raw_input else json.dumps(body).encode() if body else b""
        return Request(self.method, path, encode_query(query), data)


def sample(shape_name: str) -> Any:
    """A value that fits a shape."""
    shape = SHAPES[shape_name]
    match shape["type"]:
        case "string":
            return shape.get("example") or (shape["enum"][0] if "enum" in shape else "x")
        case "integer":
            return shape.get("example", shape.get("min", 1))
        case "boolean":
            return True
        case "timestamp":
            return "2026-01-01T00:00:00Z"
        case "list":
            return [sample(shape["item"])]
        case "structure":
            return {m["name"]: sample(m["shape"]) for m in shape["members"] if m.get("required")}
        case "union":
            member = shape["members"][0]
            return {member["name"]: sample(member["shape"])}
    raise ValueError(f"shape {shape_name}: unknown type {shape['type']}")


def load() -> list[Operation]:
    operations = []
    for file in sorted(API.glob("[A-Z]*.json")):
        text = json.loads(file.read_text())
        operations.append(
            Operation(
                text["name"],
                text["method"],
                text["uri"],
                text["status"],
                text["action"],
                text.get("extension", False),
                text.get("rawInput", False),
                tuple(text["errors"]),
                tuple(text["input"]),
            )
        )
    return operations


OPERATIONS = load()
BEDROCK_OPERATIONS = [operation for operation in OPERATIONS if not operation.extension]
