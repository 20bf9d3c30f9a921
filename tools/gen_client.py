#!/usr/bin/env python3
"""Generates the client library's typed operations from api/.

    tools/gen_client.py           write the files
    tools/gen_client.py --check   write nothing; exit 1 and name each file that is stale

Writes include/outcrop/operations.h, src/client/operations.gen.c and src/client/outcrop.map.
"""

import argparse
import re
import sys
import textwrap
from pathlib import Path

from api_model import Api, ApiError, require, snake

ROOT = Path(__file__).resolve().parent.parent
NOTICE = "Generated from api/ by tools/gen_client.py. Do not edit: change api/ and run it again."
SCALARS = {
    "string": "const char *",
    "integer": "struct oc_optional_int ",
    "float": "struct oc_optional_real ",
    "boolean": "struct oc_optional_bool ",
    "timestamp": "struct oc_optional_time ",
}
KINDS = {"float": "REAL"}
HEADER_TOP = f"""\
/*
 * The operations: one function, one input and one output struct each.
 *
 * {NOTICE}
 *
 * Include outcrop/outcrop.h, which says how absent values, memory, errors and threads work. What
 * holds for every operation oc_X(client, input, output, error):
 *
 * @param input   borrowed for the call; NULL: no values
 * @param output  set on success only; free `output->result` with oc_result_free; NULL: not wanted
 * @param error   may be NULL
 * @return 0, or a negative enum oc_error_code
 * Errors: those named at the operation, as the service sends them; ParamValidationError — a
 *         required member is missing or too short, nothing was sent; EndpointConnectionError,
 *         ConnectTimeoutError, ReadTimeoutError, SSLError; ResponseParserError — the answer is none
 *         of this service; Canceled; the names of oc_client_open, when credentials must be renewed;
 *         OC_ERROR_NO_MEMORY. The service may send names that are not listed.
 * Threads: any.   Cost: one round trip, more when attempts are repeated; memory for one answer.
 *
 * And for oc_X_start(client, input, output, done, ret_call, error), which does not wait:
 *
 * @param input          borrowed for the call, but a raw `body`, which must live to the call's end
 * @param output         must live to the call's end; set before `done` is told of success
 * @param done           told of the end; not when this function fails
 * @param[out] ret_call  for oc_call_cancel; may be NULL
 * @return 0 when the call is on its way, or a negative enum oc_error_code
 * Errors: ParamValidationError; OC_ERROR_NO_MEMORY; OC_ERROR_IO, as of oc_client_fd; the names of
 *         oc_client_open, when credentials must be renewed. All others come with `done`.
 * Threads: see outcrop.h.   Cost: signs the request and begins to connect.
 *
 * And for every walk, oc_list_X_begin and oc_list_X_next:
 *
 * @param[out] ret_walk  free with oc_pager_free; the input is not needed after the begin
 * @param[out] ret_item  the next element, which lives until the next call; set when 1 is returned
 * @return begin: 0 or < 0; next: 1 when there is an element, 0 at the end, < 0 for a failure, after
 *         which the same call may be tried again
 * Cost: next sends a request once a page.
 */
#ifndef OUTCROP_OPERATIONS_H
#define OUTCROP_OPERATIONS_H

#include "outcrop/outcrop.h"

#ifdef __cplusplus
extern "C" {{
#endif

/** Bytes that may be absent: `ptr` is NULL. */
struct oc_bytes {{
    const void *ptr;
    size_t len;
}};

/** A list of texts. Absent: `items` is NULL. */
struct oc_text_list {{
    const char *const *items;
    size_t count;
}};
"""


def c_text(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def comment(text, indent=""):
    """A comment of one or more lines of at most 100 columns."""
    if len(indent) + len(text) + 7 <= 100:
        return [f"{indent}/** {text} */"]
    lines = textwrap.wrap(text, 97 - len(indent), break_on_hyphens=False)
    return [f"{indent}/**", *(f"{indent} * {line}" for line in lines), f"{indent} */"]


class Client:
    """What the library has: the shapes its operations use, in the order of first use."""

    def __init__(self, api):
        self.api = api
        self.order = []
        for op in api.operations.values():
            for member in op["input"] + op["output"]:
                self._visit(member["shape"], ())
            for member in op["output"]:
                require(member.get("wire", member["name"]) == member["name"],
                        f"{op['name']}.{member['name']}: an output has its own wire name")

    def _visit(self, name, path):
        require(name not in path, f"{name}: a recursive shape")
        if name in self.order:
            return
        shape = self.api.shapes[name]
        for member in shape.get("members", []):
            self._visit(member["shape"], path + (name,))
        if shape["type"] == "list":
            self._visit(shape["item"], path + (name,))
            item = self.api.shapes[shape["item"]]["type"]
            require(item in ("string", "structure", "union"), f"{name}: a list of {item}")
        if shape["type"] == "map":
            kinds = {self.api.shapes[shape[part]]["type"] for part in ("key", "value")}
            require(kinds == {"string"}, f"{name}: a map of {kinds}")
        self.order.append(name)

    def kind(self, name):
        return self.api.shapes[name]["type"]

    def is_structure(self, name):
        return self.kind(name) in ("structure", "union")

    def is_structure_list(self, name):
        return self.kind(name) == "list" and self.is_structure(self.api.shapes[name]["item"])

    def c_type(self, name):
        """The C type of a member, up to and with the space or star before its name."""
        kind = self.kind(name)
        if kind in SCALARS:
            return SCALARS[kind]
        if kind == "map":
            return "struct oc_map "
        if kind == "list":
            return f"struct oc_{snake(name)} " if self.is_structure_list(name) else "struct oc_text_list "
        return f"const struct oc_{snake(name)} *"

    def walks(self):
        """Operations that are walked, and the member that holds the elements."""
        for op in self.api.operations.values():
            tokens = [m for m in op["input"] if m["name"] == "nextToken" and m["in"] == "query"]
            lists = [m for m in op["output"] if self.is_structure_list(m["shape"])]
            if tokens and any(m["name"] == "nextToken" for m in op["output"]) and len(lists) == 1:
                yield op, lists[0]


def member_lines(client, members):
    for member in members:
        must = " Required." if member.get("required") and "in" in member else ""
        yield from comment(member["about"] + must, "    ")
        yield f"    {client.c_type(member['shape'])}{snake(member['name'])};"


def enum_lines(client):
    for name in client.order:
        for value in client.api.shapes[name].get("enum", []):
            constant = snake(value) if not value.isupper() else value.lower()
            yield f"#define OC_{snake(name).upper()}_{constant.upper()} {c_text(value)}"


def shape_lines(client):
    structures = [name for name in client.order if client.is_structure(name)]
    yield from (f"struct oc_{snake(name)};" for name in structures)
    yield ""
    for name in client.order:
        if client.is_structure_list(name):
            item = snake(client.api.shapes[name]["item"])
            yield f"/** Absent: `items` is NULL. */\nstruct oc_{snake(name)} {{"
            yield f"    const struct oc_{item} *items;\n    size_t count;\n}};\n"
    for name in structures:
        if client.kind(name) == "union":
            yield "/** Exactly one member is given. */"
        yield f"struct oc_{snake(name)} {{"
        yield from member_lines(client, client.api.members(name))
        yield "};\n"


def operation_lines(client, op):
    name = f"oc_{snake(op['name'])}"
    yield f"/** What {op['name']} takes. */\nstruct {name}_input {{"
    yield from member_lines(client, op["input"])
    if op.get("rawInput"):
        yield "    /** The request's body. */\n    struct oc_bytes body;"
    elif not op["input"]:
        yield "    char none; /* no members */"
    yield f"}};\n\n/** What {op['name']} answers. */\nstruct {name}_output {{"
    yield "    /** Owns all below: oc_result_free. */\n    struct oc_result *result;"
    yield from member_lines(client, op["output"])
    if op.get("rawOutput"):
        yield "    /** The answer's body. */\n    struct oc_bytes body;"
    yield "};\n"
    where = " Outcrop's own; AWS has no such operation." if op.get("extension") else ""
    lines = textwrap.wrap(op["about"] + where, 97)
    errors = textwrap.wrap(", ".join(op["errors"]) + "; see the top.", 89)
    yield "/**"
    yield from (f" * {line}" for line in lines)
    yield f" * Errors: {errors[0]}"
    yield from (f" *         {line}" for line in errors[1:])
    yield " */"
    yield f"int {name}(struct oc_client *client, const struct {name}_input *input,"
    yield f"{' ' * (5 + len(name))}struct {name}_output *output, struct oc_error *error);\n"
    yield from comment(f"Begin {op['name']} without waiting for its end; see the top.")
    yield f"int {name}_start(struct oc_client *client, const struct {name}_input *input,"
    yield f"{' ' * (11 + len(name))}struct {name}_output *output, struct oc_completion done,"
    yield f"{' ' * (11 + len(name))}struct oc_call **ret_call, struct oc_error *error);\n"


def walk_lines(client):
    for op, member in client.walks():
        name = f"oc_{snake(op['name'])}"
        item = snake(client.api.shapes[member["shape"]]["item"])
        yield from comment(f"Begin to walk all pages of {op['name']}; see the top.")
        yield f"int {name}_begin(struct oc_client *client, const struct {name}_input *input,"
        yield f"{' ' * (11 + len(name))}struct oc_pager **ret_walk, struct oc_error *error);\n"
        yield from comment(f"The next element of a walk that {name}_begin began; see the top.")
        yield f"int {name}_next(struct oc_pager *walk, const struct oc_{item} **ret_item,"
        yield f"{' ' * (10 + len(name))}struct oc_error *error);\n"


def header(client):
    out = [HEADER_TOP, *enum_lines(client), "", *shape_lines(client)]
    for op in client.api.operations.values():
        out += operation_lines(client, op)
    out += walk_lines(client)
    out += ["#ifdef __cplusplus\n}\n#endif\n\n#endif\n"]
    return "\n".join(out)


def type_fields(client, name):
    shape = client.api.shapes[name]
    fields = [f".kind = OC_WIRE_{KINDS.get(shape['type'], shape['type'].upper())}"]
    if "min" in shape and shape["type"] != "float":  # floats stand in answers only
        fields.append(f".has_min = true, .min = {shape['min']}")
    if shape["type"] == "list":
        fields.append(f".item = &type_{snake(shape['item'])}")
    if client.is_structure(name):
        fields.append(f".members = members_{snake(name)}, .member_count = {len(shape['members'])}")
        fields.append(f".size = sizeof(struct oc_{snake(name)})")
    return ", ".join(fields)


def member_rows(members, struct):
    for member in members:
        name = member["name"]
        fields = [f"{{{c_text(name)}, {len(name)}}}", c_text(member.get("wire", name)),
                  f"OC_WIRE_{member.get('in', 'body').upper()}",
                  "true" if member.get("required") else "false",
                  "true" if member.get("idempotencyToken") else "false",
                  f"&type_{snake(member['shape'])}", f"offsetof({struct}, {snake(name)})"]
        yield "    {" + ", ".join(fields) + "},"


def table(name, members, struct):
    if members:
        yield f"static const struct oc_wire_member {name}[] = {{"
        yield from member_rows(members, struct)
        yield "};"


def operation_source(op):
    name = snake(op["name"])
    yield from table(f"in_{name}", op["input"], f"struct oc_{name}_input")
    yield from table(f"out_{name}", op["output"], f"struct oc_{name}_output")
    fields = [f".name = {c_text(op['name'])}, .method = {c_text(op['method'])}",
              f".uri = {c_text(op['uri'])}"]
    if not op.get("readonly") and not op.get("idempotent"):
        fields.append(".once = true")
    for key, side in (("rawInput", "input"), ("rawOutput", "output")):
        if op.get(key):
            fields.append(f".raw_{side} = true, .raw_offset = offsetof(struct oc_{name}_{side}, body)")
    for side, prefix in (("input", "in"), ("output", "out")):
        rows = f".members = {prefix}_{name}, .member_count = {len(op[side])}, " if op[side] else ""
        fields.append(f".{side} = {{.kind = OC_WIRE_STRUCTURE, {rows}"
                      f".size = sizeof(struct oc_{name}_{side})}}")
    yield f"static const struct oc_wire_op op_{name} = {{\n    " + ",\n    ".join(fields) + "};\n"
    yield f"int oc_{name}(struct oc_client *client, const struct oc_{name}_input *input,"
    yield f"    struct oc_{name}_output *output, struct oc_error *error)\n{{"
    yield f"    return oc_wire_call(client, &op_{name}, input, output, error);\n}}\n"
    yield f"int oc_{name}_start(struct oc_client *client, const struct oc_{name}_input *input,"
    yield f"    struct oc_{name}_output *output, struct oc_completion done, struct oc_call **ret_call,"
    yield "    struct oc_error *error)\n{"
    yield f"    return oc_wire_start(client, &op_{name}, input, output, done, ret_call, error);\n}}\n"


def walk_source(client):
    for op, member in client.walks():
        name = snake(op["name"])
        item = snake(client.api.shapes[member["shape"]]["item"])
        index = op["output"].index(member)
        yield f"static const struct oc_wire_walk walk_{name} = {{&op_{name}, &out_{name}[{index}]}};\n"
        yield f"int oc_{name}_begin(struct oc_client *client, const struct oc_{name}_input *input,"
        yield "    struct oc_pager **ret_walk, struct oc_error *error)\n{"
        yield f"    return oc_wire_walk_begin(client, &walk_{name}, input, ret_walk, error);\n}}\n"
        yield f"int oc_{name}_next(struct oc_pager *walk, const struct oc_{item} **ret_item,"
        yield "    struct oc_error *error)\n{"
        yield "    const void *item = NULL;"
        yield "    const int rc = oc_wire_walk_next(walk, &item, error);\n"
        yield "    if (rc > 0)\n        *ret_item = item;\n    return rc;\n}\n"


def source(client):
    out = [f"/* {NOTICE} */", '#include "client/wire.h"\n']
    for name in client.order:
        if client.is_structure(name):
            out += table(f"members_{snake(name)}", client.api.members(name),
                         f"struct oc_{snake(name)}")
        out.append(f"static const struct oc_wire_type type_{snake(name)} = {{{type_fields(client, name)}}};")
    out.append("")
    for op in client.api.operations.values():
        out += operation_source(op)
    out += walk_source(client)
    out.append("const struct oc_wire_op *const oc_wire_ops[] = {")
    out += [f"    &op_{snake(name)}," for name in client.api.operations]
    out.append("    NULL};\n")
    return "\n".join(out)


def symbol_map(header_texts):
    """The public functions: all that the public headers declare."""
    names = set()
    for text in header_texts:
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        code = re.sub(r"static inline[^{]*\{.*?\n\}", "", code, flags=re.DOTALL)
        names |= set(re.findall(r"^[a-z][\w *]*?\b(oc_\w+)\(", code, flags=re.MULTILINE))
    lines = "\n".join(f"        {name};" for name in sorted(names))
    return f"# {NOTICE}\nOUTCROP_0 {{\n    global:\n{lines}\n    local:\n        *;\n}};\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say which files are stale")
    options = parser.parse_args()
    try:
        client = Client(Api())
        operations = header(client)
        core = (ROOT / "include/outcrop/outcrop.h").read_text(encoding="utf-8")
        files = {
            "include/outcrop/operations.h": operations,
            "src/client/operations.gen.c": source(client),
            "src/client/outcrop.map": symbol_map([core, operations]),
        }
    except ApiError as error:
        sys.exit(f"api: {error}")
    stale = False
    for name, content in files.items():
        path = ROOT / name
        if path.exists() and path.read_text(encoding="utf-8") == content:
            continue
        stale = True
        if options.check:
            print(f"{name} is stale: run tools/gen_client.py")
        else:
            path.write_text(content, encoding="utf-8")
            print(f"wrote {name}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
