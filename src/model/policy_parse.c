/* Compiling a policy document. Everything that is not understood is refused by name. */
#include "model/policy.h"

#include <stdio.h>

#include "base/fault.h"
#include "base/json.h"
#include "base/limits.h"
#include "model/arn.h"
#include "model/policy_impl.h"

#define COMPILED_MAX (4UL * 1024 * 1024) /* bytes of one compiled policy; its text is bounded */

/* Where we are, for texts: number of the statement from 1, 0 outside. */
struct parser {
    struct oc_policy *policy;
    size_t statement;
    struct oc_err *err;
};

static int refuse(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int refuse(struct parser *p, const char *fmt, ...)
{
    char text[OC_ERR_TEXT_MAX / 2];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (p->statement == 0)
        return oc_fail_as(p->err, OC_EINVAL, "ValidationException", "Invalid policy: %s", text);
    return oc_fail_as(p->err, OC_EINVAL, "ValidationException", "Invalid policy: statement %zu: %s",
                      p->statement, text);
}

static int keep(struct parser *p, struct oc_slice text, struct oc_slice *ret)
{
    *ret = oc_arena_copy(&p->policy->arena, text);
    return ret->ptr ? OC_OK : oc_fail_nomem(p->err);
}

/* Refuse members of `object` that are not in `known`, which ends with NULL. */
static int check_members(struct parser *p, const struct oc_json *object, const char *const *known)
{
    for (void *iter = oc_json_iter(object, NULL); iter; iter = oc_json_iter(object, iter)) {
        size_t i = 0;

        while (known[i] && !oc_slice_eq_str(oc_json_iter_key(iter), known[i]))
            i++;
        if (!known[i])
            return refuse(p, "the element '%.*s' is not supported here",
                          OC_FMT(oc_json_iter_key(iter)));
    }
    return OC_OK;
}

/* A text or a list of at least one text. `what` names it in errors. */
static int read_texts(struct parser *p, const struct oc_json *json, const char *what,
                      struct oc_policy_texts *ret)
{
    bool list = json && oc_json_type(json) == OC_JSON_ARRAY;
    size_t count = list ? oc_json_size(json) : 1;

    if (!json)
        return refuse(p, "'%s' is missing", what);
    if (count == 0)
        return refuse(p, "'%s' is an empty list", what);
    ret->items = oc_arena_alloc(&p->policy->arena, count * sizeof(*ret->items));
    if (!ret->items)
        return oc_fail_nomem(p->err);
    for (size_t i = 0; i < count; i++) {
        struct oc_slice text = oc_json_string(list ? oc_json_at(json, i) : json);

        if (!text.ptr)
            return refuse(p, "'%s' must be a text or a list of texts", what);
        if (text.len == 0)
            return refuse(p, "'%s' has an empty text", what);
        if (oc_slice_find_slice(text, OC_STR("${")) >= 0)
            return refuse(p, "'%s': variables as in '%.*s' are not supported", what, OC_FMT(text));
        int rc = keep(p, text, &ret->items[i]);
        if (rc < 0)
            return rc;
    }
    ret->count = count;
    return OC_OK;
}

/* -- Action, Resource ------------------------------------------------------------------------- */

static bool is_action_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '*' || c == '?';
}

/* "*", or two parts of letters, digits, `-`, `*` and `?` with one `:` between. */
static bool is_action(struct oc_slice text)
{
    struct oc_slice name = text, service = oc_slice_cut(&name, ':');

    if (oc_slice_eq(text, OC_STR("*")))
        return true;
    if (!name.ptr || name.len == 0 || service.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (i != service.len && !is_action_byte(text.ptr[i]))
            return false;
    }
    return true;
}

static int read_actions(struct parser *p, const struct oc_json *json, struct oc_policy_texts *ret)
{
    int rc = read_texts(p, json, "Action", ret);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < ret->count; i++) {
        struct oc_slice text = ret->items[i];
        char *lower = oc_arena_alloc(&p->policy->arena, text.len);

        if (!lower)
            return oc_fail_nomem(p->err);
        for (size_t k = 0; k < text.len; k++)
            lower[k] =
                text.ptr[k] >= 'A' && text.ptr[k] <= 'Z' ? (char)(text.ptr[k] | 0x20) : text.ptr[k];
        ret->items[i].ptr = lower;
        if (!is_action(ret->items[i]))
            return refuse(p, "'Action': '%.*s' is neither '*' nor of the form 'service:Name'",
                          OC_FMT(text));
    }
    return OC_OK;
}

static int read_resources(struct parser *p, const struct oc_json *json, struct oc_policy_texts *ret)
{
    int rc = read_texts(p, json, "Resource", ret);

    for (size_t i = 0; rc >= 0 && i < ret->count; i++) {
        if (!oc_slice_eq(ret->items[i], OC_STR("*")) &&
            !oc_slice_has_prefix(ret->items[i], OC_STR("arn:")))
            return refuse(p, "'Resource': '%.*s' is neither '*' nor an ARN", OC_FMT(ret->items[i]));
    }
    return rc;
}

/* -- Principal -------------------------------------------------------------------------------- */

static int read_principal(struct parser *p, struct oc_slice text, struct oc_policy_principal *ret)
{
    struct oc_arn arn;

    *ret = (struct oc_policy_principal){0};
    if (oc_slice_eq(text, OC_STR("*")))
        return OC_OK;
    ret->account = text;
    if (oc_account_is_valid(text))
        return OC_OK;
    if (!oc_arn_parse(text, &arn) || !oc_slice_eq(arn.partition, OC_STR("aws")) ||
        !oc_slice_eq(arn.service, OC_STR("iam")) || arn.region.len > 0 || arn.account.len == 0)
        return refuse(p,
                      "'Principal': '%.*s' is not '*', an account or the ARN of one or of a user",
                      OC_FMT(text));
    ret->account = arn.account;
    if (oc_slice_eq(arn.resource, OC_STR("root")))
        return OC_OK;
    if (!oc_slice_eq_str(arn.kind, "user") || arn.base.ptr || !oc_user_name_is_valid(arn.id))
        return refuse(p, "'Principal': '%.*s' is not the ARN of an account's root or of a user",
                      OC_FMT(text));
    ret->user_arn = text;
    return OC_OK;
}

static int read_principals(struct parser *p, const struct oc_json *json,
                           struct oc_policy_statement *statement)
{
    static const char *const members[] = {"AWS", NULL};
    struct oc_policy_texts texts;
    int rc;

    if (p->policy->kind == OC_POLICY_IDENTITY)
        return json ? refuse(p, "'Principal' has no place in an identity policy") : OC_OK;
    if (!json)
        return refuse(p, "'Principal' is missing");
    if (oc_json_type(json) == OC_JSON_OBJECT) {
        rc = check_members(p, json, members);
        if (rc >= 0)
            rc = read_texts(p, oc_json_get(json, "AWS"), "Principal", &texts);
    } else {
        if (!oc_slice_eq(oc_json_string(json), OC_STR("*")))
            return refuse(p, "'Principal' must be '*' or an object");
        rc = read_texts(p, json, "Principal", &texts);
    }
    if (rc < 0)
        return rc;
    statement->principals =
        oc_arena_alloc(&p->policy->arena, texts.count * sizeof(*statement->principals));
    if (!statement->principals)
        return oc_fail_nomem(p->err);
    for (size_t i = 0; rc >= 0 && i < texts.count; i++)
        rc = read_principal(p, texts.items[i], &statement->principals[i]);
    statement->principal_count = texts.count;
    return rc;
}

/* -- Condition -------------------------------------------------------------------------------- */

static const struct {
    struct oc_slice name;
    enum oc_policy_key key;
    bool has_tag;
} condition_keys[] = {
    {{"aws:RequestedRegion", 19}, OC_POLICY_KEY_REGION, false},
    {{"aws:PrincipalAccount", 20}, OC_POLICY_KEY_ACCOUNT, false},
    {{"aws:RequestTag/", 15}, OC_POLICY_KEY_REQUEST_TAG, true},
    {{"aws:ResourceTag/", 16}, OC_POLICY_KEY_RESOURCE_TAG, true},
};

static int read_condition_key(struct parser *p, struct oc_slice text,
                              struct oc_policy_condition *condition)
{
    for (size_t i = 0; i < sizeof(condition_keys) / sizeof(condition_keys[0]); i++) {
        struct oc_slice name = condition_keys[i].name;

        if (!oc_slice_eq_nocase(oc_slice_sub(text, 0, name.len), name))
            continue;
        if (condition_keys[i].has_tag != (text.len > name.len))
            continue;
        condition->key = condition_keys[i].key;
        return keep(p, oc_slice_sub(text, name.len, SIZE_MAX), &condition->tag_key);
    }
    return refuse(p, "the condition key '%.*s' is not supported", OC_FMT(text));
}

static int read_operator(struct parser *p, bool like, const struct oc_json *json,
                         struct oc_policy_statement *statement)
{
    if (oc_json_type(json) != OC_JSON_OBJECT || oc_json_size(json) == 0)
        return refuse(p, "'Condition': each operator must be an object with at least one key");
    for (void *iter = oc_json_iter(json, NULL); iter; iter = oc_json_iter(json, iter)) {
        struct oc_policy_condition *condition =
            &statement->conditions[statement->condition_count++];

        condition->like = like;
        int rc = read_condition_key(p, oc_json_iter_key(iter), condition);
        if (rc >= 0)
            rc = read_texts(p, oc_json_iter_value(iter), "Condition", &condition->values);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

static int read_conditions(struct parser *p, const struct oc_json *json,
                           struct oc_policy_statement *statement)
{
    size_t total = 0;

    if (!json)
        return OC_OK;
    if (oc_json_type(json) != OC_JSON_OBJECT || oc_json_size(json) == 0)
        return refuse(p, "'Condition' must be an object with at least one operator");
    for (void *iter = oc_json_iter(json, NULL); iter; iter = oc_json_iter(json, iter))
        total += oc_json_size(oc_json_iter_value(iter));
    statement->conditions =
        oc_arena_alloc(&p->policy->arena, (total + 1) * sizeof(*statement->conditions));
    if (!statement->conditions)
        return oc_fail_nomem(p->err);
    for (void *iter = oc_json_iter(json, NULL); iter; iter = oc_json_iter(json, iter)) {
        struct oc_slice name = oc_json_iter_key(iter);
        bool like = oc_slice_eq_str(name, "StringLike");

        if (!like && !oc_slice_eq_str(name, "StringEquals"))
            return refuse(p, "the condition operator '%.*s' is not supported", OC_FMT(name));
        int rc = read_operator(p, like, oc_json_iter_value(iter), statement);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

/* -- statements and the whole ----------------------------------------------------------------- */

static int read_effect(struct parser *p, const struct oc_json *json, bool *ret_deny)
{
    struct oc_slice text = oc_json_string(json);

    if (!json)
        return refuse(p, "'Effect' is missing");
    *ret_deny = oc_slice_eq_str(text, "Deny");
    if (!*ret_deny && !oc_slice_eq_str(text, "Allow"))
        return refuse(p, "'Effect' must be 'Allow' or 'Deny', not '%.*s'", OC_FMT(text));
    return OC_OK;
}

static int check_optional_text(struct parser *p, const struct oc_json *object, const char *name)
{
    const struct oc_json *json = oc_json_get(object, name);

    if (json && oc_json_type(json) != OC_JSON_STRING)
        return refuse(p, "'%s' must be a text", name);
    return OC_OK;
}

static int read_statement(struct parser *p, const struct oc_json *json,
                          struct oc_policy_statement *statement)
{
    static const char *const members[] = {"Sid",      "Effect",    "Principal", "Action",
                                          "Resource", "Condition", NULL};

    if (oc_json_type(json) != OC_JSON_OBJECT)
        return refuse(p, "is not an object");
    int rc = check_members(p, json, members);
    if (rc >= 0)
        rc = check_optional_text(p, json, "Sid");
    if (rc >= 0)
        rc = read_effect(p, oc_json_get(json, "Effect"), &statement->deny);
    if (rc >= 0)
        rc = read_principals(p, oc_json_get(json, "Principal"), statement);
    if (rc >= 0)
        rc = read_actions(p, oc_json_get(json, "Action"), &statement->actions);
    if (rc >= 0)
        rc = read_resources(p, oc_json_get(json, "Resource"), &statement->resources);
    if (rc >= 0)
        rc = read_conditions(p, oc_json_get(json, "Condition"), statement);
    return rc;
}

static int read_statements(struct parser *p, const struct oc_json *json)
{
    struct oc_policy *policy = p->policy;
    bool list = json && oc_json_type(json) == OC_JSON_ARRAY;
    size_t count = list ? oc_json_size(json) : 1;
    int rc = OC_OK;

    if (!json)
        return refuse(p, "'Statement' is missing");
    if (count == 0)
        return refuse(p, "'Statement' is an empty list");
    policy->statements = oc_arena_alloc(&policy->arena, count * sizeof(*policy->statements));
    if (!policy->statements)
        return oc_fail_nomem(p->err);
    for (size_t i = 0; rc >= 0 && i < count; i++) {
        p->statement = i + 1;
        rc = read_statement(p, list ? oc_json_at(json, i) : json, &policy->statements[i]);
    }
    policy->statement_count = count;
    return rc;
}

static int read_policy(struct parser *p, const struct oc_json *root)
{
    static const char *const members[] = {"Version", "Id", "Statement", NULL};
    const struct oc_json *version = oc_json_get(root, "Version");

    if (oc_json_type(root) != OC_JSON_OBJECT)
        return refuse(p, "it is not a JSON object");
    int rc = check_members(p, root, members);
    if (rc >= 0)
        rc = check_optional_text(p, root, "Version");
    if (rc >= 0)
        rc = check_optional_text(p, root, "Id");
    if (rc < 0)
        return rc;
    if (version && !oc_slice_eq_str(oc_json_string(version), "2012-10-17") &&
        !oc_slice_eq_str(oc_json_string(version), "2008-10-17"))
        return refuse(p, "the Version '%.*s' is not supported: use '2012-10-17'",
                      OC_FMT(oc_json_string(version)));
    return read_statements(p, oc_json_get(root, "Statement"));
}

int oc_policy_parse(enum oc_policy_kind kind, struct oc_slice text, struct oc_policy **ret,
                    struct oc_err *err)
{
    OC_AUTO(oc_policy_freep) struct oc_policy *policy = NULL;
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
    struct parser p = {.err = err};

    if (text.len > OC_POLICY_MAX)
        return refuse(&p, "it has %zu bytes, the limit is %d", text.len, OC_POLICY_MAX);
    int rc = oc_json_parse(text, &root, err);
    if (rc == OC_EINVAL) {
        struct oc_err cause = *err;
        return refuse(&p, "%s", cause.text);
    }
    if (rc < 0)
        return rc;
    policy = oc_alloc(sizeof(*policy));
    if (!policy)
        return oc_fail_nomem(err);
    *policy = (struct oc_policy){.kind = kind};
    oc_arena_init(&policy->arena, COMPILED_MAX);
    p.policy = policy;
    rc = read_policy(&p, root);
    if (rc < 0)
        return rc;
    *ret = policy;
    policy = NULL;
    return OC_OK;
}
