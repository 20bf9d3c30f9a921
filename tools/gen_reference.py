"""Writes docs/api-reference.md from the API description."""

import json
from urllib.parse import quote

from api_model import labels, snake

INTRO = """# API reference

Generated from `api/` by `tools/gen_api.py`. Do not edit.

Every operation of this server: first those of Amazon Bedrock, then Outcrop's own under `/-/`.
A request is signed with SigV4 (service `bedrock`) or carries a bearer key; the examples use the
bearer key and the address that `outcrop serve` prints at its first start:
`$AWS_BEARER_TOKEN_BEDROCK` and `$AWS_ENDPOINT_URL_BEDROCK`. Times are ISO-8601 texts. Labels in a
path are percent-encoded; an ARN may also stand there bare.

Any operation can answer with the errors listed at the end that concern credentials and requests as such.
"""


def code(text):
    """Text as Markdown code in a table cell."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}".replace("|", "\\|")


def constraints(shape):
    parts = []
    unit = {"string": " characters", "list": " entries", "map": " entries"}.get(shape["type"], "")
    low, high = shape.get("min"), shape.get("max")
    if low is not None and high is not None:
        parts.append(f"{low} to {high}{unit}" if low != high else f"exactly {low}{unit}")
    elif high is not None:
        parts.append(f"at most {high}{unit}")
    elif low is not None:
        parts.append(f"at least {low}{unit}")
    if "enum" in shape:
        parts.append("one of " + ", ".join(code(value) for value in shape["enum"]))
    if "pattern" in shape:
        parts.append("pattern " + code(shape["pattern"]))
    if shape["type"] == "union":
        parts.append("exactly one of its members")
    if shape.get("sensitive"):
        parts.append("sensitive")
    return "; ".join(parts)


def rows(api, members, prefix, with_place):
    for member in members:
        shape = api.shapes[member["shape"]]
        name = prefix + member["name"]
        cells = [code(name)]
        if with_place:
            place = member.get("in", "body")
            wire = member.get("wire", member["name"])
            cells.append(place if wire == member["name"] else f"{place} {code(wire)}")
        kind = "structure" if shape["type"] == "union" else shape["type"]
        cells += [kind, "yes" if member.get("required") else "", member["about"], constraints(shape)]
        yield "| " + " | ".join(cells) + " |"
        yield from inner_rows(api, shape, name, with_place)


def inner_rows(api, shape, name, with_place):
    if "members" in shape:
        yield from rows(api, shape["members"], name + ".", with_place)
    for part, suffix in (("item", "[]"), ("value", ".*")):
        if part not in shape:
            continue
        inner = api.shapes[shape[part]]
        if "members" in inner:
            yield from rows(api, inner["members"], name + suffix + ".", with_place)
        else:
            place = ["body"] if with_place else []
            cells = [code(name + suffix), *place, inner["type"], "", "", constraints(inner)]
            yield "| " + " | ".join(cells) + " |"


def table(api, members, with_place):
    head = ["member", *(["place"] if with_place else []), "type", "required", "", "constraints"]
    out = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return out + list(rows(api, members, "", with_place)) + [""]


def example(api, name):
    shape = api.shapes[name]
    if "example" in shape:
        return shape["example"]
    if "enum" in shape:
        return shape["enum"][0]
    if shape["type"] == "list":
        return [example(api, shape["item"])]
    if shape["type"] in ("structure", "union"):
        return {m["name"]: example(api, m["shape"]) for m in shape["members"]}
    return {"integer": shape.get("min", 1), "boolean": True}.get(shape["type"], "text")


def shell(text):
    return "'" + text.replace("'", "'\\''") + "'"


def curl_line(api, op, shown):
    uri = op["uri"]
    for label in labels(uri):
        member = next(m for m in op["input"] if m["in"] == "path" and m["name"] == label)
        uri = uri.replace("{" + label + "}", quote(example(api, member["shape"]), safe="-_.~"))
    query = [(m.get("wire", m["name"]), example(api, m["shape"])) for m in shown if m["in"] == "query"]
    if query:
        uri += "?" + "&".join(f"{name}={quote(str(value), safe='-_.~')}" for name, value in query)
    parts = ["curl"]
    if op["method"] != "GET":
        parts.append("-X " + op["method"])
    parts.append('-H "Authorization: Bearer $AWS_BEARER_TOKEN_BEDROCK"')
    if op.get("rawInput"):
        parts.append("--data-binary @FILE")
    elif op.get("rawOutput"):
        parts.append("-o FILE")
    body = {m["name"]: example(api, m["shape"]) for m in shown if m["in"] == "body"}
    if body:
        parts.append("-d " + shell(json.dumps(body)))
    return " ".join(parts) + f' "$AWS_ENDPOINT_URL_BEDROCK{uri}"'


def aws_line(api, op, shown):
    parts = ["aws bedrock " + snake(op["name"]).replace("_", "-")]
    for member in shown:
        value = example(api, member["shape"])
        text = value if isinstance(value, str) else json.dumps(value)
        parts.append(f"--{snake(member['name']).replace('_', '-')} {shell(text)}")
    return " ".join(parts)


def operation_section(api, op):
    shown = [m for m in op["input"] if m.get("required") or m.get("inExample")]
    traits = "".join(text for key, text in (("readonly", " Changes nothing."),
                                            ("idempotent", " A repeat is harmless.")) if op.get(key))
    out = [f"### {op['name']}\n", op["about"] + "\n",
           f"`{op['method']} {op['uri']}` answers {op['status']}. "
           f"Permission: `{op['action']}`.{traits}\n"]
    if op["input"]:
        out += ["Request:\n", *table(api, op["input"], True)]
    if op.get("rawInput"):
        out.append("The body of the request is bytes, not JSON.\n")
    if op.get("rawOutput"):
        out.append("The body of the answer is bytes, not JSON.\n")
    elif op["output"]:
        out += ["Answer:\n", *table(api, op["output"], False)]
    else:
        out.append("Answer: `{}`.\n")
    errors = ", ".join(f"`{name}` {api.errors[name]['status']}" for name in op["errors"])
    out += [f"Errors: {errors}.\n", "```sh", curl_line(api, op, shown)]
    if not op.get("extension"):
        out.append(aws_line(api, op, shown))
    return out + ["```\n"]


def reference_page(api):
    groups = (("Bedrock's operations", False), ("Outcrop's own operations", True))
    out = [INTRO]
    for title, extension in groups:
        group = [op for op in api.operations.values() if op.get("extension", False) == extension]
        out.append(f"## {title}\n")
        out += [f"- [{op['name']}](#{op['name'].lower()}): {op['about']}" for op in group]
        out.append("")
        for op in group:
            out += operation_section(api, op)
    out += ["## Errors\n", "| name | status | meaning |", "|---|---|---|"]
    out += [f"| `{name}` | {e['status']} | {e['about']} |" for name, e in api.errors.items()]
    return "\n".join(out) + "\n"
