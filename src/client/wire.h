/*
 * Typed calls: how the structs of include/outcrop/operations.h travel.
 *
 * The tables are generated from api/ (operations.gen.c). One table serves both ways: inputs are
 * written from it as path, query and JSON body, and answers are read by it into output structs.
 *
 * C types of a value, by its kind:
 *   STRING             const char *               NULL when absent
 *   INTEGER            struct oc_optional_int     TIMESTAMP: struct oc_optional_time
 *   REAL               struct oc_optional_real    BOOLEAN: struct oc_optional_bool
 *   LIST               {const T *items; size_t count;}; T is `const char *` or a struct
 *   MAP                struct oc_map              text to text
 *   STRUCTURE, UNION   const struct T *           NULL when absent
 *
 * Threads: any; the tables are constant.
 */
#ifndef OC_CLIENT_WIRE_H
#define OC_CLIENT_WIRE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "client/client.h"
#include "outcrop/outcrop.h"

enum oc_wire_kind {
    OC_WIRE_STRING,
    OC_WIRE_INTEGER,
    OC_WIRE_REAL,
    OC_WIRE_BOOLEAN,
    OC_WIRE_TIMESTAMP,
    OC_WIRE_LIST,
    OC_WIRE_MAP,
    OC_WIRE_STRUCTURE,
    OC_WIRE_UNION /* a structure of which exactly one member is given */
};

enum oc_wire_place { OC_WIRE_PATH, OC_WIRE_QUERY, OC_WIRE_BODY };

struct oc_wire_member;

/** A type; shared by all members of that type. */
struct oc_wire_type {
    enum oc_wire_kind kind;
    bool has_min;
    int64_t min;                          /* code points, elements, or the value itself */
    const struct oc_wire_type *item;      /* list: its element */
    const struct oc_wire_member *members; /* structure, union */
    size_t member_count;
    size_t size; /* structure, union: bytes of its C struct */
};

/** One named member of an input, an output or a structure. */
struct oc_wire_member {
    struct oc_slice name;
    const char *wire; /* name in the query string */
    enum oc_wire_place place;
    bool required;
    bool idempotency_token; /* a random UUID when the caller gives none */
    const struct oc_wire_type *type;
    size_t offset; /* of the C value in its struct */
};

/** One operation. */
struct oc_wire_op {
    const char *name;
    const char *method;
    const char *uri;   /* "/model-copy-jobs/{jobArn}" */
    bool once;         /* must not run twice */
    bool raw_input;    /* the body is the input's `body`, not JSON */
    bool raw_output;   /* the answer goes into the output's `body`, not parsed */
    size_t raw_offset; /* of that `body`, a struct oc_bytes, in the input or output */
    struct oc_wire_type input;
    struct oc_wire_type output;
};

/** Every operation, Bedrock's first; NULL at the end. */
extern const struct oc_wire_op *const oc_wire_ops[];

/**
 * Check an input as botocore does: required members, least lengths and values, one member of a
 * union.
 * Errors: OC_EINVAL, named ParamValidationError — the text names each fault.
 */
int oc_wire_check(const struct oc_wire_op *op, const void *input, struct oc_err *err);

/** A request's parts. */
struct oc_wire_request {
    struct oc_buf path, query, body;
    bool has_body;
};

/**
 * Write a checked input. JSON comes out as Python's json.dumps writes it, so that a request equals
 * botocore's byte by byte.
 * @param[out] ret  cleared by the caller with oc_wire_request_clear, on failure too
 */
int oc_wire_encode(const struct oc_wire_op *op, const void *input, struct oc_wire_request *ret,
                   struct oc_err *err);
void oc_wire_request_clear(struct oc_wire_request *request);

/** Append a structure as JSON. */
void oc_wire_put_json(struct oc_buf *buf, const struct oc_wire_type *type, const void *value);

/**
 * Read a JSON object into a struct.
 *
 * The text is changed: strings are unescaped and NUL-terminated where they stand, and the struct
 * points to them. Members that the type does not have are skipped; null is the same as absent.
 *
 * @param text      changed; must outlive `ret`; `text[len]` is NUL
 * @param arena     holds lists and nested structures
 * @param[out] ret  zeroed by the caller; holds anything after a failure
 * Errors: OC_ECORRUPT, named ResponseParserError — not JSON, or a value of another type;
 *         OC_ENOMEM.
 * Cost: one pass over the text; no allocation but the arena's.
 */
int oc_wire_decode(const struct oc_wire_type *type, char *text, size_t len, struct oc_arena *arena,
                   void *ret, struct oc_err *err);

/* -- calls ------------------------------------------------------------------------------------- */

/** Fill in a public error from an internal one. `response` NULL: there was none. */
int oc_wire_error(const struct oc_err *err, const struct oc_response *response,
                  struct oc_error *ret);

/** Check, write, send, read: all of a public operation. `input`, `output`, `error` may be NULL. */
int oc_wire_call(struct oc_client *client, const struct oc_wire_op *op, const void *input,
                 void *output, struct oc_error *error);

/** The same without waiting: begin the call, `done` tells of its end. */
int oc_wire_start(struct oc_client *client, const struct oc_wire_op *op, const void *input,
                  void *output, struct oc_completion done, struct oc_call **ret_call,
                  struct oc_error *error);

/** A list operation that can be walked. */
struct oc_wire_walk {
    const struct oc_wire_op *op;
    const struct oc_wire_member *items; /* member of the output */
};

/** Begin a walk. Errors: as oc_wire_check; OC_ENOMEM. */
int oc_wire_walk_begin(struct oc_client *client, const struct oc_wire_walk *kind, const void *input,
                       struct oc_pager **ret, struct oc_error *error);

/** @param[out] ret_item  the next element, or NULL at the end.   @return 1, 0 at the end, or < 0 */
int oc_wire_walk_next(struct oc_pager *walk, const void **ret_item, struct oc_error *error);

#endif
