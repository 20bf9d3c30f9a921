/*
 * The operation table: every operation's route, errors and input members, as generated from api/
 * by tools/gen_api.py, and the search of a route.
 *
 * The tables are constant. The server decodes requests with them (api/decode.h); a client can
 * encode with them, since each member tells where in the input struct its value stands.
 *
 * C types of a member, by the type of its shape:
 *   string             struct oc_slice           ptr NULL when absent
 *   integer            struct oc_opt_int64
 *   timestamp          struct oc_opt_int64       microseconds since 1970
 *   boolean            struct oc_opt_bool
 *   list               {const T *items; size_t count; bool set;}
 *   structure, union   a nested struct whose first member is `bool set`
 * Elements of a list of structures carry no `set` (oc_shape.has_set is false).
 *
 * Threads: any.
 */
#ifndef OC_API_OPERATION_H
#define OC_API_OPERATION_H

#include "api/operations.gen.h"
#include "base/bytes.h"

enum oc_shape_type {
    OC_SHAPE_STRING,
    OC_SHAPE_INTEGER,
    OC_SHAPE_BOOLEAN,
    OC_SHAPE_TIMESTAMP,
    OC_SHAPE_LIST,
    OC_SHAPE_STRUCTURE,
    OC_SHAPE_UNION /* a structure of which exactly one member is given */
};

/** Where a member travels. */
enum oc_place { OC_PLACE_PATH, OC_PLACE_QUERY, OC_PLACE_BODY };

struct oc_member;

/** A type with its constraints; shared by all members of that type. */
struct oc_shape {
    const char *name;
    enum oc_shape_type type;
    bool has_min, has_max;
    bool has_set;                   /* structure: its first C member is `bool set` */
    bool sensitive;                 /* never echo or log a value */
    int64_t min, max;               /* code points, elements, or the value itself */
    const char *pattern;            /* NULL: any text */
    size_t pattern_index;           /* of `pattern` in oc_patterns */
    const char *const *enum_values; /* NULL-terminated; NULL: no enumeration */
    const char *const
        *arns; /* "service:kind" pairs (kind `*`: any), NULL-terminated; NULL: no ARN */
    const struct oc_shape *item;     /* list: its element */
    const struct oc_member *members; /* structure */
    size_t member_count;
    size_t size; /* structure: bytes of its C struct */
};

/** One named member of an input or of a structure. */
struct oc_member {
    const char *name;
    const char *wire; /* name in the query string or JSON body */
    enum oc_place place;
    bool required;
    bool idempotency_token; /* a client fills in a random UUID when the caller gives none */
    uint8_t label;          /* path: which label of the route */
    const struct oc_shape *shape;
    size_t offset; /* of its C value in the struct it belongs to */
};

/** A public error. */
struct oc_error_kind {
    const char *name;
    int status;
};

/** One segment of a route between two slashes: fixed text, or a label when `text` is absent. */
struct oc_segment {
    struct oc_slice text;
};

struct oc_op {
    enum oc_op_id id;
    const char *name;   /* "ListModelCopyJobs" */
    const char *method; /* "GET" */
    const char *uri;    /* "/model-copy-jobs/{jobArn}" */
    const struct oc_segment *segments;
    size_t segment_count;
    int status;         /* of a success */
    const char *action; /* what a policy allows: "bedrock:ListModelCopyJobs" */
    bool extension;     /* Outcrop's own, not Bedrock's */
    bool readonly;
    bool idempotent;
    bool raw_input;    /* the body is bytes, not JSON; it is not in the input struct */
    bool raw_output;   /* the answer is bytes, not JSON */
    size_t input_size; /* of the input struct */
    const struct oc_member *members;
    size_t member_count;
    const struct oc_error_kind *const *errors; /* NULL-terminated */
};

/** Indexed by enum oc_op_id. */
extern const struct oc_op oc_ops[OC_OP_COUNT];

/** Every pattern of the table once; oc_shape.pattern_index points here. */
extern const char *const oc_patterns[];
extern const size_t oc_pattern_count;

/** Every public error; NULL name ends it. */
extern const struct oc_error_kind oc_error_kinds[];

#define OC_OP_LABELS_MAX 4 /* labels of one route; the generator refuses more */

/** The labels of a matched path, in the order of the route, still percent-encoded. Borrowed. */
struct oc_op_labels {
    struct oc_slice raw[OC_OP_LABELS_MAX];
    size_t count;
};

/**
 * Find the operation of a request.
 *
 * A label is one segment, which may be empty; a label that begins `arn:` (or `arn%3A`) takes in
 * as many further segments as leave the rest of the route to match, so that an ARN may be sent
 * with its colons and slashes bare. Among several matches the one with most fixed segments wins.
 *
 * @param method      "GET"; exact case
 * @param raw_path    the path as received, not decoded, without the query string
 * @param[out] ret_labels  the labels; set only when an operation is returned
 * @param[out] ret_path_known  true when the path belongs to an operation of some method; always set
 * @return the operation, or NULL when method and path name none.
 * Memory: none; labels borrow from `raw_path`.   Cost: O(operations), no allocation.
 */
const struct oc_op *oc_op_match(struct oc_slice method, struct oc_slice raw_path,
                                struct oc_op_labels *ret_labels, bool *ret_path_known);

/** Append the methods that a path takes, "GET, PUT", each once; nothing when it has none. */
void oc_op_put_methods(struct oc_slice raw_path, struct oc_buf *buf);

/** The operation of that name ("ListModelCopyJobs"), or NULL. */
const struct oc_op *oc_op_find(struct oc_slice name);

#endif
