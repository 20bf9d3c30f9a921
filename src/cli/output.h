/*
 * What a command prints: tables for people, JSON for programs.
 */
#ifndef OC_CLI_OUTPUT_H
#define OC_CLI_OUTPUT_H

#include "base/json.h"
#include "cli/command.h"

enum oc_form { OC_FORM_TABLE, OC_FORM_JSON, OC_FORM_JSONL, OC_FORM_CSV, OC_FORM_TSV };

struct oc_output {
    enum oc_form form;
    bool colour;  /* standard output is a terminal and NO_COLOR is not set */
    size_t width; /* of the terminal that tables must fit; 0: standard output is none */
};

/** Read `-o`. Errors: OC_EINVAL, UsageError — no such form. */
int oc_output_init(const struct oc_args *args, struct oc_output *ret, struct oc_err *err);

/** Append a value as JSON, `indent` columns a level; 0: on one line. */
void oc_output_put_json(struct oc_buf *buf, const struct oc_json *value, int indent);

/** The same for a value that stands `depth` levels deep. */
void oc_output_put_json_at(struct oc_buf *buf, const struct oc_json *value, int indent, int depth);

/** Print one object as JSON in the form of the output, not OC_FORM_TABLE. */
int oc_output_json(const struct oc_output *output, const struct oc_json *value, struct oc_err *err);

/**
 * Write to standard output. When nobody reads it any more, the process ends as SIGPIPE ends it.
 * Errors: OC_EFULL, OC_EIO; OC_ENOMEM when the buffer has failed.
 */
int oc_output_write(const struct oc_buf *buf, struct oc_err *err);

/** Write what printf has left. Errors: as oc_output_write. */
int oc_output_flush(struct oc_err *err);

/** How a member is shown. */
enum oc_show {
    OC_SHOW_TEXT,
    OC_SHOW_NAME,   /* text that may be cut to make a table fit */
    OC_SHOW_STATUS, /* coloured */
    OC_SHOW_TIME,
    OC_SHOW_REGION, /* the Region in an ARN */
    OC_SHOW_TAIL,   /* the last part of an ARN: what stands after the last `/` */
    OC_SHOW_LIST    /* strings joined by `, `; tags as key=value */
};

/** A member of an answer and its title for people. */
struct oc_field {
    const char *title;
    const char *member;
    enum oc_show show;
    unsigned char rank; /* columns are left out on a narrow terminal: the greatest first, 0 never */
};

/** The text of a member for people; `-` when it is absent. */
void oc_output_put_field(struct oc_buf *buf, const struct oc_json *object,
                         const struct oc_field *field);

/** Append a row of a list as CSV or TSV: whole values, absent ones empty; the members' names when
 * `object` is NULL. */
void oc_output_put_row(struct oc_buf *buf, enum oc_form form, const struct oc_json *object,
                       const struct oc_field *fields, size_t count);

/** Print `Title: value` lines, absent members left out; or the whole object as JSON. */
int oc_output_object(const struct oc_output *output, const struct oc_json *object,
                     const struct oc_field *fields, size_t count, struct oc_err *err);

#endif
