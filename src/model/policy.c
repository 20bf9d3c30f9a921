/* Evaluating compiled policies. */
#include "model/policy.h"

#include <stdlib.h>
#include <string.h>

#include "model/policy_impl.h"

#define ACTION_MAX 256 /* bytes of an action's name; a longer one matches nothing */

void oc_policy_free(struct oc_policy *policy)
{
    if (!policy)
        return;
    oc_arena_clear(&policy->arena);
    free(policy);
}

void oc_policy_freep(struct oc_policy **policy)
{
    oc_policy_free(*policy);
}

/* -- wildcards -------------------------------------------------------------------------------- */

static bool matches_at(struct oc_slice piece, struct oc_slice text, size_t at)
{
    for (size_t i = 0; i < piece.len; i++) {
        if (piece.ptr[i] != '?' && piece.ptr[i] != text.ptr[at + i])
            return false;
    }
    return true;
}

/* Where `piece`, which has no `*`, first matches in text[from, end); or -1. */
static ptrdiff_t find_piece(struct oc_slice piece, struct oc_slice text, size_t from, size_t end)
{
    if (piece.len > end - from)
        return -1;
    if (piece.len == 0)
        return (ptrdiff_t)from;
    if (oc_slice_find(piece, '?') < 0) {
        const char *at = memmem(text.ptr + from, end - from, piece.ptr, piece.len);

        return at ? at - text.ptr : -1;
    }
    for (size_t at = from; at + piece.len <= end; at++) {
        if (matches_at(piece, text, at))
            return (ptrdiff_t)at;
    }
    return -1;
}

/*
 * The pieces between the stars: the first must stand at the start and the last at the end; each
 * one between is taken where it first fits, which leaves the most room for those after it, so
 * nothing is ever tried twice.
 */
bool oc_wildcard_match(struct oc_slice pattern, struct oc_slice text)
{
    struct oc_slice rest = pattern, piece = oc_slice_cut(&rest, '*');
    size_t from = piece.len, end = text.len;

    if (!rest.ptr)
        return piece.len == text.len && matches_at(piece, text, 0);
    if (piece.len > text.len || !matches_at(piece, text, 0))
        return false;
    while (true) {
        piece = oc_slice_cut(&rest, '*');
        if (!rest.ptr)
            return piece.len <= end - from && matches_at(piece, text, end - piece.len);
        ptrdiff_t at = find_piece(piece, text, from, end);
        if (at < 0)
            return false;
        from = (size_t)at + piece.len;
    }
}

static bool matches_any(const struct oc_policy_texts *patterns, struct oc_slice text)
{
    for (size_t i = 0; i < patterns->count; i++) {
        if (oc_wildcard_match(patterns->items[i], text))
            return true;
    }
    return false;
}

/* -- conditions ------------------------------------------------------------------------------- */

static bool value_holds(const struct oc_policy_condition *condition, struct oc_slice value)
{
    for (size_t i = 0; i < condition->values.count; i++) {
        struct oc_slice want = condition->values.items[i];

        if (condition->like ? oc_wildcard_match(want, value) : oc_slice_eq(want, value))
            return true;
    }
    return false;
}

/* Tag keys are compared without case, so several tags may fit: see the header. */
static bool tags_hold(const struct oc_policy_condition *condition, const struct oc_tag_list *tags,
                      bool deny)
{
    size_t fit = 0, hold = 0;

    for (size_t i = 0; tags && i < tags->count; i++) {
        if (!oc_slice_eq_nocase(tags->items[i].key, condition->tag_key))
            continue;
        fit++;
        hold += value_holds(condition, tags->items[i].value);
    }
    return deny ? hold > 0 : fit > 0 && hold == fit;
}

static bool condition_holds(const struct oc_policy_condition *condition,
                            const struct oc_policy_request *request, bool deny)
{
    struct oc_slice value = request->requested_region;

    if (request->is_to_come &&
        (condition->key == OC_POLICY_KEY_REGION || condition->key == OC_POLICY_KEY_REQUEST_TAG))
        return !deny;
    switch (condition->key) {
    case OC_POLICY_KEY_REQUEST_TAG:
        return tags_hold(condition, request->request_tags, deny);
    case OC_POLICY_KEY_RESOURCE_TAG:
        return tags_hold(condition, request->resource_tags, deny);
    case OC_POLICY_KEY_ACCOUNT:
        value = request->principal_account;
        break;
    case OC_POLICY_KEY_REGION:
        break;
    }
    return value.ptr && value_holds(condition, value);
}

static bool conditions_hold(const struct oc_policy_statement *statement,
                            const struct oc_policy_request *request)
{
    for (size_t i = 0; i < statement->condition_count; i++) {
        if (!condition_holds(&statement->conditions[i], request, statement->deny))
            return false;
    }
    return true;
}

/* -- statements ------------------------------------------------------------------------------- */

/* What an Allow for these principals is worth to the caller. */
static enum oc_policy_effect principal_effect(const struct oc_policy_statement *statement,
                                              const struct oc_policy_request *request)
{
    enum oc_policy_effect best = OC_POLICY_SILENT;

    for (size_t i = 0; i < statement->principal_count; i++) {
        const struct oc_policy_principal *principal = &statement->principals[i];

        if (!principal->account.ptr)
            return OC_POLICY_ALLOW;
        if (principal->user_arn.ptr && oc_slice_eq(principal->user_arn, request->principal_arn))
            return OC_POLICY_ALLOW;
        if (!principal->user_arn.ptr && oc_slice_eq(principal->account, request->principal_account))
            best = OC_POLICY_ALLOW_ACCOUNT;
    }
    return best;
}

static enum oc_policy_effect statement_effect(const struct oc_policy *policy,
                                              const struct oc_policy_statement *statement,
                                              struct oc_slice action,
                                              const struct oc_policy_request *request)
{
    enum oc_policy_effect effect = OC_POLICY_ALLOW;

    if (policy->kind == OC_POLICY_RESOURCE)
        effect = principal_effect(statement, request);
    if (effect == OC_POLICY_SILENT || !matches_any(&statement->actions, action) ||
        !matches_any(&statement->resources, request->resource) ||
        !conditions_hold(statement, request))
        return OC_POLICY_SILENT;
    return statement->deny ? OC_POLICY_DENY : effect;
}

enum oc_policy_effect oc_policy_evaluate(const struct oc_policy *policy,
                                         const struct oc_policy_request *request)
{
    enum oc_policy_effect strongest = OC_POLICY_SILENT;
    struct oc_slice action = request->action;
    char lower[ACTION_MAX];

    if (action.len > sizeof(lower))
        return OC_POLICY_SILENT;
    for (size_t i = 0; i < action.len; i++) {
        char c = action.ptr[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    action.ptr = lower;
    for (size_t i = 0; i < policy->statement_count && strongest < OC_POLICY_DENY; i++) {
        enum oc_policy_effect effect =
            statement_effect(policy, &policy->statements[i], action, request);

        if (effect > strongest)
            strongest = effect;
    }
    return strongest;
}

bool oc_policy_allowed_account(const struct oc_policy *policy, size_t index, struct oc_slice *ret)
{
    for (size_t i = 0; i < policy->statement_count; i++) {
        const struct oc_policy_statement *statement = &policy->statements[i];

        if (statement->deny)
            continue;
        if (index < statement->principal_count) {
            struct oc_slice account = statement->principals[index].account;

            *ret = account.ptr ? account : OC_STR("*");
            return true;
        }
        index -= statement->principal_count;
    }
    return false;
}

/* -- everything ----------------------------------------------------------------------------- */

static bool has_star(const struct oc_policy_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        if (oc_slice_eq(texts->items[i], OC_STR("*")))
            return true;
    return false;
}

bool oc_policy_is_unrestricted(const struct oc_policy *policy)
{
    bool all = false;

    for (size_t i = 0; i < policy->statement_count; i++) {
        const struct oc_policy_statement *statement = &policy->statements[i];

        if (statement->deny)
            return false;
        all = all || (has_star(&statement->actions) && has_star(&statement->resources) &&
                      statement->condition_count == 0);
    }
    return all;
}
