#include "api/operation.h"

#include <string.h>

#define SEGMENTS_MAX 64 /* of a path; a bare ARN needs no more than four */

/* A path cut at its slashes; the first segment stands after the leading slash. */
struct path {
    struct oc_slice segments[SEGMENTS_MAX];
    size_t count;
};

static bool split_path(struct oc_slice raw, struct path *ret)
{
    if (raw.len == 0 || raw.ptr[0] != '/')
        return false;
    ret->count = 0;
    raw = oc_slice_sub(raw, 1, raw.len);
    while (raw.ptr) {
        if (ret->count == SEGMENTS_MAX)
            return false;
        ret->segments[ret->count++] = oc_slice_cut(&raw, '/');
    }
    return true;
}

static bool begins_arn(struct oc_slice segment)
{
    return oc_slice_has_prefix(segment, OC_STR("arn:")) ||
           oc_slice_eq_nocase(oc_slice_sub(segment, 0, 6), OC_STR("arn%3A"));
}

/* From the first byte of segment `first` to the last of `last`, slashes in between included. */
static struct oc_slice span(const struct path *path, size_t first, size_t last)
{
    const char *from = path->segments[first].ptr;
    const struct oc_slice end = path->segments[last];

    return (struct oc_slice){from, (size_t)(end.ptr + end.len - from)};
}

/* Whether the path fits the operation's route. Every part of a route takes one segment, save the
 * first ARN, which takes all that the parts after it leave: so there is one way to match. */
static bool match_route(const struct oc_op *op, const struct path *path,
                        struct oc_op_labels *labels, size_t *ret_fixed)
{
    size_t at = 0, fixed = 0, extra = 0;

    if (path->count < op->segment_count)
        return false;
    extra = path->count - op->segment_count;
    labels->count = 0;
    for (size_t i = 0; i < op->segment_count; i++, at++) {
        const struct oc_slice text = op->segments[i].text;
        const size_t first = at;

        if (text.ptr) {
            if (!oc_slice_eq(text, path->segments[at]))
                return false;
            fixed++;
            continue;
        }
        if (extra > 0 && begins_arn(path->segments[at])) {
            at += extra;
            extra = 0;
        }
        labels->raw[labels->count++] = span(path, first, at);
    }
    *ret_fixed = fixed;
    return extra == 0;
}

const struct oc_op *oc_op_match(struct oc_slice method, struct oc_slice raw_path,
                                struct oc_op_labels *ret_labels, bool *ret_path_known)
{
    const struct oc_op *best = NULL;
    size_t best_fixed = 0;
    struct path path;

    *ret_path_known = false;
    if (!split_path(raw_path, &path))
        return NULL;
    for (size_t i = 0; i < OC_OP_COUNT; i++) {
        const struct oc_op *op = &oc_ops[i];
        struct oc_op_labels labels;
        size_t fixed = 0;

        if (!match_route(op, &path, &labels, &fixed))
            continue;
        *ret_path_known = true;
        if (!oc_slice_eq_str(method, op->method) || (best && fixed <= best_fixed))
            continue;
        best = op;
        best_fixed = fixed;
        *ret_labels = labels;
    }
    return best;
}

/* Whether an operation before `op` has its method and fits the path, too. */
static bool is_repeat(const struct oc_op *op, const struct path *path)
{
    struct oc_op_labels labels;
    size_t fixed;

    for (const struct oc_op *before = oc_ops; before < op; before++)
        if (strcmp(before->method, op->method) == 0 && match_route(before, path, &labels, &fixed))
            return true;
    return false;
}

void oc_op_put_methods(struct oc_slice raw_path, struct oc_buf *buf)
{
    struct oc_op_labels labels;
    struct path path;
    size_t fixed;

    if (!split_path(raw_path, &path))
        return;
    for (const struct oc_op *op = oc_ops; op < oc_ops + OC_OP_COUNT; op++) {
        if (!match_route(op, &path, &labels, &fixed) || is_repeat(op, &path))
            continue;
        oc_buf_printf(buf, "%s%s", buf->len ? ", " : "", op->method);
    }
}

const struct oc_op *oc_op_find(struct oc_slice name)
{
    for (size_t i = 0; i < OC_OP_COUNT; i++)
        if (oc_slice_eq_str(name, oc_ops[i].name))
            return &oc_ops[i];
    return NULL;
}
