"""Reads and checks the API description in api/: shapes.json and one file per operation.

Used by tools/gen_api.py (tables and reference page) and tools/shape_check.py (checks answers).
Python 3.11, standard library only.
"""

import json
import re
from pathlib import Path

API_DIR = Path(__file__).resolve().parent.parent / "api"
SCALARS = {"string", "integer", "float", "boolean", "timestamp"}
SHAPE_KEYS = {
    "type", "min", "max", "pattern", "enum", "sensitive", "arn", "example", "item", "key", "value",
    "members", "cStruct",
}
MEMBER_KEYS = {
    "name", "in", "wire", "shape", "required", "idempotencyToken", "inExample", "about",
}
OP_KEYS = {
    "name", "about", "method", "uri", "status", "action", "extension", "readonly", "idempotent",
    "rawInput", "rawOutput", "errors", "input", "output",
}
PLACES = ("path", "query", "body")


class ApiError(Exception):
    """The description breaks one of its own rules."""


def snake(name):
    """modelSourceConfig, S3DataSource, resourceARN -> snake case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def labels(uri):
    return re.findall(r"\{([^}]*)\}", uri)


def require(condition, text):
    if not condition:
        raise ApiError(text)


def read_json(path):
    def no_duplicates(pairs):
        keys = [key for key, _ in pairs]
        require(len(keys) == len(set(keys)), f"{path.name}: a key stands twice in {keys}")
        return dict(pairs)

    with open(path, encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=no_duplicates)


class Api:
    """The whole description: `errors`, `shapes`, `operations` (Bedrock's first, each by name)."""

    def __init__(self, folder=API_DIR):
        folder = Path(folder)
        shared = read_json(folder / "shapes.json")
        self.errors = shared["errors"]
        self.shapes = shared["shapes"]
        files = sorted(path for path in folder.glob("*.json") if path.name != "shapes.json")
        operations = []
        for path in files:
            op = read_json(path)
            require(op.get("name") == path.stem, f"{path.name}: its operation has another name")
            operations.append(op)
        operations.sort(key=lambda op: (op.get("extension", False), op["name"]))
        self.operations = {op["name"]: op for op in operations}
        self._check()

    def members(self, shape_name):
        return self.shapes[shape_name].get("members", [])

    def _check(self):
        for name, shape in self.shapes.items():
            self._check_shape(name, shape)
        routes = set()
        for op in self.operations.values():
            self._check_operation(op)
            route = (op["method"], re.sub(r"\{[^}]*\}", "{}", op["uri"]))
            require(route not in routes, f"{op['name']}: its route is taken")
            routes.add(route)

    def _check_shape(self, name, shape):
        require(set(shape) <= SHAPE_KEYS, f"{name}: unknown keys {set(shape) - SHAPE_KEYS}")
        kind = shape["type"]
        if kind in ("structure", "union"):
            for member in shape["members"]:
                self._check_member(name, member, False)
        elif kind == "list":
            require(shape["item"] in self.shapes, f"{name}: unknown item shape")
        elif kind == "map":
            require(shape["key"] in self.shapes and shape["value"] in self.shapes,
                    f"{name}: unknown key or value shape")
        else:
            require(kind in SCALARS, f"{name}: unknown type {kind}")
        if "pattern" in shape:
            re.compile(shape["pattern"], re.ASCII)

    def _check_member(self, where, member, placed):
        what = f"{where}.{member.get('name')}"
        require(set(member) <= MEMBER_KEYS, f"{what}: unknown keys {set(member) - MEMBER_KEYS}")
        require(member["shape"] in self.shapes, f"{what}: unknown shape {member['shape']}")
        require(member["about"].endswith("."), f"{what}: `about` is not a sentence")
        require(("in" in member) == placed, f"{what}: `in` belongs to input members, and to each")
        if placed:
            require(member["in"] in PLACES, f"{what}: unknown place {member['in']}")
            scalar = self.shapes[member["shape"]]["type"] in SCALARS
            require(member["in"] == "body" or scalar, f"{what}: only a scalar travels outside a body")

    def _check_operation(self, op):
        name = op["name"]
        require(set(op) <= OP_KEYS, f"{name}: unknown keys {set(op) - OP_KEYS}")
        require(op["about"].endswith("."), f"{name}: `about` is not a sentence")
        require(re.fullmatch(r"(bedrock|outcrop):[A-Za-z]+", op["action"]), f"{name}: odd action")
        require(op["uri"].startswith("/-/") == op.get("extension", False),
                f"{name}: extensions, and only they, live under /-/")
        for error in op["errors"]:
            require(error in self.errors, f"{name}: unknown error {error}")
        for member in op["input"]:
            self._check_member(name, member, True)
        for member in op["output"]:
            self._check_member(name, member, False)
        path = [member for member in op["input"] if member["in"] == "path"]
        require(sorted(m.get("wire", m["name"]) for m in path) == sorted(labels(op["uri"])),
                f"{name}: labels of the route and members of the path differ")
        require(all(member.get("required") for member in path), f"{name}: a label is required")
        body = any(member["in"] == "body" for member in op["input"])
        bodiless = op["method"] in ("GET", "DELETE") or op.get("rawInput")
        require(not (body and bodiless), f"{name}: has body members but no JSON body")
        require(not (op.get("rawOutput") and op["output"]), f"{name}: raw output has no members")
