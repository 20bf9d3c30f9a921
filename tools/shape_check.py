#!/usr/bin/env python3
"""Checks recorded answers against the output shapes of api/: for the conformance tests.

    from shape_check import check_output, check_error
    problems = check_output("ListModelCopyJobs", answer)   # [] when it fits

Or by hand: tools/shape_check.py OPERATION < answer.json
"""

import json
import re
import sys
from functools import cache

from api_model import Api

# The form in which this server writes times; the API itself allows more.
TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
PYTHON_TYPES = {
    "string": str, "timestamp": str, "boolean": bool, "integer": int, "float": (int, float),
    "list": list, "map": dict, "structure": dict, "union": dict,
}


@cache
def the_api():
    return Api()


def has_type(kind, value):
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, PYTHON_TYPES[kind])


def check_bounds(shape, value, where):
    size = len(value) if isinstance(value, (str, list, dict)) else value
    what = "length" if isinstance(value, (str, list, dict)) else "value"
    if "min" in shape and size < shape["min"]:
        yield f"{where}: {what} {size} is below {shape['min']}"
    if "max" in shape and size > shape["max"]:
        yield f"{where}: {what} {size} is above {shape['max']}"


def check_text(shape, value, where):
    if shape["type"] == "timestamp" and not TIMESTAMP.fullmatch(value):
        yield f"{where}: {value!r} is not a time as this server writes it"
    if "enum" in shape and value not in shape["enum"]:
        yield f"{where}: {value!r} is none of {shape['enum']}"
    if "pattern" in shape and not re.fullmatch(shape["pattern"], value, re.ASCII):
        yield f"{where}: {value!r} does not match {shape['pattern']}"


def check_members(api, members, value, where):
    known = {member.get("wire", member["name"]): member for member in members}
    for name in value:
        if name not in known:
            yield f"{where}.{name}: not a member"
    for name, member in known.items():
        if name in value:
            yield from check_value(api, member["shape"], value[name], f"{where}.{name}")
        elif member.get("required"):
            yield f"{where}.{name}: required, but absent"


def check_value(api, shape_name, value, where):
    """Everything about `value` that does not fit; null never fits, absent members are left out."""
    shape = api.shapes[shape_name]
    kind = shape["type"]
    if not has_type(kind, value):
        yield f"{where}: {value!r} is not a {kind}"
        return
    yield from check_bounds(shape, value, where)
    if isinstance(value, str):
        yield from check_text(shape, value, where)
    elif kind == "list":
        for index, item in enumerate(value):
            yield from check_value(api, shape["item"], item, f"{where}[{index}]")
    elif kind == "map":
        for key, item in value.items():
            yield from check_value(api, shape["key"], key, f"{where} key")
            yield from check_value(api, shape["value"], item, f"{where}.{key}")
    elif kind in ("structure", "union"):
        yield from check_members(api, shape["members"], value, where)
        if kind == "union" and len(value) != 1:
            yield f"{where}: has {len(value)} members where one is wanted"


def check_output(operation, json_value):
    """What is wrong with the parsed JSON body of a successful answer; [] when it fits."""
    api = the_api()
    if operation not in api.operations:
        return [f"{operation}: no such operation"]
    op = api.operations[operation]
    if op.get("rawOutput"):
        return []
    if not isinstance(json_value, dict):
        return [f"{operation}: the answer is not an object"]
    return list(check_members(api, op["output"], json_value, operation))


def check_error(operation, name, status, json_value):
    """What is wrong with an error answer: its name, its HTTP status, its body; [] when it fits."""
    errors = the_api().errors
    if name not in errors:
        return [f"{operation}: {name} is not a public error"]
    problems = []
    if errors[name]["status"] != status:
        problems.append(f"{operation}: {name} came with {status}, not {errors[name]['status']}")
    if not isinstance(json_value, dict) or not isinstance(json_value.get("message"), str):
        return problems + [f"{operation}: {name} came without a message"]
    allowed = {"message", "resourceName"} if name == "TooManyTagsException" else {"message"}
    extra = set(json_value) - allowed
    return problems + [f"{operation}: {name} has the extra member {key}" for key in sorted(extra)]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: shape_check.py OPERATION < answer.json")
    problems = check_output(sys.argv[1], json.load(sys.stdin))
    print("\n".join(problems) or "fits")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
