#!/usr/bin/env python3
"""Generates the operation tables and the reference page from api/.

    tools/gen_api.py           write the files
    tools/gen_api.py --check   write nothing; exit 1 and name each file that is stale

Writes src/api/operations.gen.h, src/api/operations.gen.c and docs/api-reference.md.
"""

import argparse
import sys
from pathlib import Path

from api_model import Api, ApiError, labels, require, snake
from gen_reference import reference_page

ROOT = Path(__file__).resolve().parent.parent
LABELS_MAX = 4  # OC_OP_LABELS_MAX
NOTICE = "/* Generated from api/ by tools/gen_api.py. Do not edit: change api/ and run it again. */\n"
C_SCALARS = {
    "string": "struct oc_slice",
    "integer": "struct oc_opt_int64",
    "timestamp": "struct oc_opt_int64",
    "boolean": "struct oc_opt_bool",
}


def c_text(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def c_bool(value):
    return "true" if value else "false"


def op_id(op):
    return "OC_OP_" + snake(op["name"]).upper()


def input_struct(op):
    return f"oc_{snake(op['name'])}_in"


class Types:
    """The C types of the shapes that inputs use, in an order in which C can define them."""

    def __init__(self, api):
        self.api = api
        self.order = []  # shape names, dependencies first
        for op in api.operations.values():
            for member in op["input"]:
                self._visit(member["shape"], ())

    def _visit(self, name, path):
        require(name not in path, f"{name}: a recursive shape cannot be an input")
        if name in self.order:
            return
        shape = self.api.shapes[name]
        for member in shape.get("members", []):
            self._visit(member["shape"], path + (name,))
        if shape["type"] == "list":
            self._visit(shape["item"], path + (name,))
        require(shape["type"] in C_SCALARS or shape["type"] in ("list", "structure", "union"),
                f"{name}: {shape['type']} cannot be an input")
        self.order.append(name)

    def c_type(self, name):
        shape = self.api.shapes[name]
        if shape["type"] in C_SCALARS:
            return C_SCALARS[shape["type"]]
        if "cStruct" in shape:
            return "struct " + shape["cStruct"]
        if shape["type"] == "list":
            item = self.api.shapes[shape["item"]]
            require(item["type"] == "string", f"{name}: a list of {item['type']} needs a cStruct")
            return "struct oc_slice_list"
        return "struct oc_" + snake(name)

    def has_set(self, name):
        shape = self.api.shapes[name]
        return shape["type"] in ("structure", "union") and "cStruct" not in shape


def header(api, types):
    out = [NOTICE, "#ifndef OC_API_OPERATIONS_GEN_H\n#define OC_API_OPERATIONS_GEN_H\n",
           '#include "api/types.h"\n#include "model/tags.h"\n', "enum oc_op_id {"]
    out += [f"    {op_id(op)}," for op in api.operations.values()]
    out += ["    OC_OP_COUNT", "};\n"]
    for name in types.order:
        if not types.has_set(name):
            continue
        out += [types.c_type(name) + " {", "    bool set;"]
        out += [f"    {types.c_type(m['shape'])} {snake(m['name'])};" for m in api.members(name)]
        out += ["};\n"]
    for op in api.operations.values():
        out += [f"/** {op['about']} */", f"struct {input_struct(op)} {{"]
        out += [f"    {types.c_type(m['shape'])} {snake(m['name'])};" for m in op["input"]]
        if not op["input"]:
            out += ["    char none; /* no members */"]
        out += ["};\n"]
    out += ["#endif\n"]
    return "\n".join(out)


def string_list(kind, name, values):
    items = ", ".join(c_text(value) for value in values)
    return f"static const char *const {kind}_{snake(name)}[] = {{{items}, NULL}};"


def member_rows(members, struct, uri):
    """Initialisers of an oc_member table for the members of `struct`."""
    for member in members:
        name = member["name"]
        wire = member.get("wire", name)
        place = member.get("in", "body")
        fields = [f".name = {c_text(name)}", f".wire = {c_text(wire)}",
                  f".place = OC_PLACE_{place.upper()}"]
        if member.get("required"):
            fields.append(".required = true")
        if member.get("idempotencyToken"):
            fields.append(".idempotency_token = true")
        if place == "path":
            fields.append(f".label = {labels(uri).index(wire)}")
        fields.append(f".shape = &shape_{snake(member['shape'])}")
        fields.append(f".offset = offsetof({struct}, {snake(name)})")
        yield "    {" + ",\n     ".join(fields) + "},"


def shape_fields(name, shape, types, patterns):
    fields = [f".name = {c_text(name)}", f".type = OC_SHAPE_{shape['type'].upper()}"]
    for bound in ("min", "max"):
        if bound in shape:
            fields.append(f".has_{bound} = true, .{bound} = {shape[bound]}")
    if shape.get("sensitive"):
        fields.append(".sensitive = true")
    if "pattern" in shape:
        index = patterns.index(shape["pattern"])
        fields.append(f".pattern = {c_text(shape['pattern'])}, .pattern_index = {index}")
    if "enum" in shape:
        fields.append(f".enum_values = enum_{snake(name)}")
    if "arn" in shape:
        fields.append(f".arns = arns_{snake(name)}")
    if shape["type"] == "list":
        fields.append(f".item = &shape_{snake(shape['item'])}")
    if "members" in shape:
        if types.has_set(name):
            fields.append(".has_set = true")
        fields.append(f".members = members_{snake(name)}, .member_count = {len(shape['members'])}")
        fields.append(f".size = sizeof({types.c_type(name)})")
    return fields


def shape_tables(api, types, patterns):
    out = []
    for name in types.order:
        shape = api.shapes[name]
        if "enum" in shape:
            out.append(string_list("enum", name, shape["enum"]))
        if "arn" in shape:
            out.append(string_list("arns", name, shape["arn"]))
        if "members" in shape:
            out.append(f"static const struct oc_member members_{snake(name)}[] = {{")
            out += member_rows(shape["members"], types.c_type(name), "")
            out.append("};")
        fields = ",\n    ".join(shape_fields(name, shape, types, patterns))
        out.append(f"static const struct oc_shape shape_{snake(name)} = {{\n    {fields}}};\n")
    return out


def operation_tables(op, error_index):
    name = snake(op["name"])
    require(len(labels(op["uri"])) <= LABELS_MAX, f"{op['name']}: more than {LABELS_MAX} labels")
    segments = ", ".join("{{NULL, 0}}" if part.startswith("{") else f"{{{{{c_text(part)}, {len(part)}}}}}"
                         for part in op["uri"][1:].split("/"))
    errors = ", ".join(f"&oc_error_kinds[{error_index[error]}]" for error in op["errors"])
    out = [f"static const struct oc_segment segments_{name}[] = {{{segments}}};",
           f"static const struct oc_error_kind *const errors_{name}[] = {{\n    {errors}, NULL}};"]
    if op["input"]:
        out.append(f"static const struct oc_member in_{name}[] = {{")
        out += member_rows(op["input"], "struct " + input_struct(op), op["uri"])
        out.append("};")
    return out + [""]


def operation_row(op):
    name = snake(op["name"])
    fields = [f".id = {op_id(op)}", f".name = {c_text(op['name'])}",
              f".method = {c_text(op['method'])}", f".uri = {c_text(op['uri'])}",
              f".segments = segments_{name}", f".segment_count = {op['uri'].count('/')}",
              f".status = {op['status']}", f".action = {c_text(op['action'])}"]
    flags = (("extension", "extension"), ("readonly", "readonly"), ("idempotent", "idempotent"),
             ("rawInput", "raw_input"), ("rawOutput", "raw_output"))
    fields += [f".{field} = {c_bool(True)}" for key, field in flags if op.get(key)]
    fields.append(f".input_size = sizeof(struct {input_struct(op)})")
    if op["input"]:
        fields.append(f".members = in_{name}, .member_count = {len(op['input'])}")
    fields.append(f".errors = errors_{name}")
    return f"    [{op_id(op)}] = {{\n        " + ",\n        ".join(fields) + "},"


def source(api, types):
    shapes = [api.shapes[name] for name in types.order]
    patterns = list(dict.fromkeys(s["pattern"] for s in shapes if "pattern" in s))
    error_index = {name: index for index, name in enumerate(api.errors)}
    out = [NOTICE, '#include "api/operation.h"\n', "#include <stddef.h>\n",
           "const struct oc_error_kind oc_error_kinds[] = {"]
    out += [f"    {{{c_text(name)}, {error['status']}}}," for name, error in api.errors.items()]
    out += ["    {NULL, 0}", "};\n", "const char *const oc_patterns[] = {"]
    out += [f"    {c_text(pattern)}," for pattern in patterns]
    out += ["};", f"const size_t oc_pattern_count = {len(patterns)};\n"]
    out += shape_tables(api, types, patterns)
    for op in api.operations.values():
        out += operation_tables(op, error_index)
    out.append("const struct oc_op oc_ops[OC_OP_COUNT] = {")
    out += [operation_row(op) for op in api.operations.values()]
    out.append("};\n")
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say which files are stale")
    options = parser.parse_args()
    try:
        api = Api()
        types = Types(api)
        files = {
            "src/api/operations.gen.h": header(api, types),
            "src/api/operations.gen.c": source(api, types),
            "docs/api-reference.md": reference_page(api),
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
            print(f"{name} is stale: run tools/gen_api.py")
        else:
            path.write_text(content, encoding="utf-8")
            print(f"wrote {name}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
