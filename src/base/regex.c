#include "base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "base/fault.h"

/* PCRE2's count of attempts. The longest accepted ARN needs a few thousand; a hostile text is
 * stopped after about a millisecond. */
#define MATCH_LIMIT    200000
#define HEAP_LIMIT_KIB 4096

struct oc_regex {
    pcre2_code *code;
    pcre2_match_context *context;
    bool jit;
};

static void *pcre2_alloc(PCRE2_SIZE size, void *ctx)
{
    (void)ctx;
    return oc_alloc(size);
}

static void pcre2_release(void *piece, void *ctx)
{
    (void)ctx;
    free(piece);
}

static int compile(struct oc_regex *regex, pcre2_general_context *general, const char *pattern,
                   struct oc_err *err)
{
    const uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY | PCRE2_UTF |
                             PCRE2_MATCH_INVALID_UTF | PCRE2_NO_AUTO_CAPTURE;
    pcre2_compile_context *context = pcre2_compile_context_create(general);
    int code = 0;
    PCRE2_SIZE offset = 0;

    if (!context)
        return oc_fail_nomem(err);
    regex->code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &offset, context);
    pcre2_compile_context_free(context);
    if (!regex->code && code == PCRE2_ERROR_HEAP_FAILED)
        return oc_fail_nomem(err);
    if (!regex->code)
        return oc_fail(err, OC_EINVAL, "pattern '%s': error %d at offset %zu", pattern, code,
                       offset);
    /* Without JIT (no executable memory allowed) matching is slower but the same. */
    regex->jit = pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE) == 0;
    return OC_OK;
}

int oc_regex_new(const char *pattern, struct oc_regex **ret, struct oc_err *err)
{
    struct oc_regex *regex = oc_alloc(sizeof(*regex));
    pcre2_general_context *general = NULL;
    int rc = OC_ENOMEM;

    if (!regex)
        return oc_fail_nomem(err);
    *regex = (struct oc_regex){0};
    general = pcre2_general_context_create(pcre2_alloc, pcre2_release, NULL);
    if (general)
        regex->context = pcre2_match_context_create(general);
    if (!regex->context)
        (void)oc_fail_nomem(err); /* rc says so already */
    else
        rc = compile(regex, general, pattern, err);
    pcre2_general_context_free(general);
    if (rc < 0) {
        oc_regex_free(regex);
        return rc;
    }
    pcre2_set_match_limit(regex->context, MATCH_LIMIT);
    pcre2_set_heap_limit(regex->context, HEAP_LIMIT_KIB);
    *ret = regex;
    return OC_OK;
}

void oc_regex_free(struct oc_regex *regex)
{
    if (!regex)
        return;
    pcre2_match_context_free(regex->context);
    pcre2_code_free(regex->code);
    free(regex);
}

int oc_regex_match(const struct oc_regex *regex, struct oc_slice text, bool *ret_matches,
                   struct oc_err *err)
{
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(regex->code, NULL);
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.ptr ? text.ptr : "");
    int rc = 0;

    if (!data)
        return oc_fail_nomem(err);
    rc = pcre2_match(regex->code, subject, text.len, 0, 0, data, regex->context);
    /* A long text can need more than the 32 KiB stack that JIT code gets; the interpreter takes
     * its memory from the heap, up to the limit above. */
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT && regex->jit)
        rc = pcre2_match(regex->code, subject, text.len, 0, PCRE2_NO_JIT, data, regex->context);
    pcre2_match_data_free(data);
    if (rc == PCRE2_ERROR_NOMEMORY)
        return oc_fail_nomem(err);
    *ret_matches = rc > 0;
    return OC_OK;
}
