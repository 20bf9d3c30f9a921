/* What an answer says: errors and their causes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "s3/s3_impl.h"
#include "s3/xml.h"

#define SKEWED         "RequestTimeTooSkewed"
#define CLOCKS_APART_S 300 /* less is no reason: a signature is good for 15 minutes */

/* -- the document --------------------------------------------------------------------------- */

/* Printable and short: it goes into messages. */
static void keep_text(char to[OC_S3_TEXT_MAX + 1], struct oc_slice text)
{
    size_t len = text.len < OC_S3_TEXT_MAX ? text.len : OC_S3_TEXT_MAX;

    for (size_t i = 0; i < len; i++)
        to[i] = text.ptr[i] >= ' ' && text.ptr[i] <= '~' ? text.ptr[i] : '?';
    to[len] = '\0';
}

static int read_error(struct oc_slice path, struct oc_slice text, void *ctx, struct oc_err *err)
{
    struct oc_s3_failure *failure = ctx;

    (void)err;
    if (oc_slice_eq_str(path, "Error/Code"))
        keep_text(failure->code, text);
    else if (oc_slice_eq_str(path, "Error/Message"))
        keep_text(failure->message, text);
    return OC_OK;
}

bool oc_s3_is_failure(const struct oc_s3_answer *answer)
{
    struct oc_slice body = oc_slice_trim(oc_buf_slice(&answer->body));

    if (oc_slice_has_prefix(body, OC_STR("<?xml"))) {
        (void)oc_slice_cut(&body, '>');
        body = oc_slice_trim(body);
    }
    return oc_slice_has_prefix(body, OC_STR("<Error>")) ||
           oc_slice_has_prefix(body, OC_STR("<Error "));
}

int oc_s3_fail_answer(const struct oc_s3 *s3, const struct oc_err *cause, struct oc_err *err)
{
    return oc_fail(err, cause->rc == OC_EINVAL ? OC_EIO : cause->rc,
                   "%s: its answer cannot be read: %s", s3->name, cause->text);
}

/* -- what it means -------------------------------------------------------------------------- */

/* Codes that say more than their status does. */
static const struct meaning {
    const char *code;
    int rc;
    bool again, refused;
} meanings[] = {
    {"NoSuchKey", OC_ENOTFOUND, false, false},
    {"NoSuchUpload", OC_ENOTFOUND, false, false},
    {"NoSuchBucket", OC_EINVAL, false, false},
    {"PreconditionFailed", OC_ECONFLICT, false, false},
    {"InvalidRange", OC_ECONFLICT, false, false},
    {"ExpiredToken", OC_EDENIED, false, true},
    {"TokenRefreshRequired", OC_EDENIED, false, true},
    {"InvalidToken", OC_EDENIED, false, true},
    {"AuthorizationHeaderMalformed", OC_EINVAL, false, false},
    {SKEWED, OC_EBUSY, false, false}, /* until somebody has set a clock */
    {"SlowDown", OC_EBUSY, true, false},
    {"ThrottlingException", OC_EBUSY, true, false},
    {"RequestTimeout", OC_EBUSY, true, false},
    {"IncompleteBody", OC_EIO, true, false},
    {"BadDigest", OC_EIO, true, false},
    {"XAmzContentSHA256Mismatch", OC_EIO, true, false},
    {"XAmzContentChecksumMismatch", OC_EIO, true, false},
    {"OperationAborted", OC_EBUSY, true, false},
    {"QuotaExceeded", OC_EFULL, false, false},
    {"EntityTooLarge", OC_EINVAL, false, false},
    {"XMinioStorageFull", OC_EFULL, false, false},
};

static void by_status(int status, struct oc_s3_failure *ret)
{
    ret->again = status == 408 || status == 429 || (status >= 500 && status != 501);
    switch (status) {
    case 401:
    case 403:
        ret->rc = OC_EDENIED;
        ret->refused = true;
        break;
    case 404:
        ret->rc = OC_ENOTFOUND;
        break;
    case 412:
    case 416:
        ret->rc = OC_ECONFLICT;
        break;
    case 429:
    case 503:
        ret->rc = OC_EBUSY;
        break;
    case 507:
        ret->rc = OC_EFULL;
        ret->again = false;
        break;
    default:
        /* What is no answer of S3 at all, such as a proxy's, is as good as none. */
        ret->rc = ret->again ? OC_EBUSY : OC_EINVAL;
        if (status / 100 == 2) {
            ret->rc = OC_EIO;
            ret->again = true;
        }
    }
}

/* A refusal without words, as of HEAD, may be for the time. */
static bool is_skewed(const struct oc_s3_answer *answer, const struct oc_s3_failure *failure)
{
    return failure->rc == OC_EDENIED && !failure->code[0] && answer->date_s &&
           llabs(answer->date_s - oc_clock_now_ms() / 1000) > CLOCKS_APART_S;
}

/* The next step, where the server's words do not have it. */
static const char *advice(const struct oc_s3_failure *failure, int status)
{
    if (strcmp(failure->code, SKEWED) == 0)
        return "set this machine's clock";
    if (strcmp(failure->code, "NoSuchBucket") == 0)
        return "make it, or correct `bucket`";
    if (status / 100 == 3 || strcmp(failure->code, "AuthorizationHeaderMalformed") == 0)
        return "check `endpoint` and `region`";
    if (failure->rc == OC_EDENIED)
        return "check the keys in `credentials` and what they may do";
    return NULL;
}

void oc_s3_read_failure(const struct oc_s3_answer *answer, struct oc_s3_failure *ret)
{
    struct oc_err ignored = {0}; /* an error that cannot be read is known by its status */
    const char *next;
    size_t len;

    *ret = (struct oc_s3_failure){0};
    if (answer->body.len)
        (void)oc_xml_read(oc_buf_slice(&answer->body), read_error, ret, &ignored);
    by_status(answer->status, ret);
    if (is_skewed(answer, ret))
        (void)snprintf(ret->code, sizeof(ret->code), SKEWED);
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (strcmp(ret->code, meanings[i].code) == 0) {
            ret->rc = meanings[i].rc;
            ret->again = meanings[i].again;
            ret->refused = meanings[i].refused;
        }
    next = advice(ret, answer->status);
    len = strlen(ret->message);
    while (len && ret->message[len - 1] == '.')
        len--;
    if (next)
        (void)snprintf(ret->message + len, sizeof(ret->message) - len, "%s%s", len ? "; " : "",
                       next);
}
