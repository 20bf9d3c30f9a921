/*
 * Where the master key comes from: the environment, a file, or, at the first start, chance.
 */
#include "keys/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define MASTER_VARIABLE "OUTCROP_MASTER_KEY"
#define MASTER_FILE_MAX 256

static int decode_master(struct oc_slice text, const char *where, struct oc_secret *ret,
                         struct oc_err *err)
{
    uint8_t bytes[OC_AES_KEY_LEN];
    size_t len = 0;

    if (!oc_base64url_decode(oc_slice_trim(text), bytes, sizeof(bytes), &len) ||
        len != sizeof(bytes)) {
        oc_wipe(bytes, sizeof(bytes));
        return oc_fail(err, OC_EINVAL,
                       "master key: %s must hold 32 bytes as base64url (43 characters)", where);
    }
    memcpy(ret->bytes, bytes, sizeof(bytes));
    ret->len = sizeof(bytes);
    oc_wipe(bytes, sizeof(bytes));
    return OC_OK;
}

static int read_master(const char *file, struct oc_secret *ret, struct oc_err *err)
{
    struct oc_buf content = {0};
    struct stat st;
    int rc;

    if (stat(file, &st) < 0)
        return oc_fail_errno(err, "master key '%s'", file);
    if (st.st_mode & 077)
        return oc_fail(err, OC_EINVAL,
                       "master key '%s' can be read or changed by others than its owner: run "
                       "`chmod 600` on it",
                       file);
    rc = oc_file_read(file, MASTER_FILE_MAX, &content, err);
    if (rc < 0)
        return rc;
    rc = decode_master(oc_buf_slice(&content), file, ret, err);
    oc_wipe(content.ptr, content.len);
    oc_buf_clear(&content);
    return rc;
}

/* The file appears whole or not at all: a half-written master key would be a lost keyring. It is
 * linked, not renamed, so that of two first starts one wins and both use its key. */
static int publish_master(const char *file, struct oc_slice content, struct oc_err *err)
{
    char temp[PATH_MAX], folder[PATH_MAX], id[12];
    int rc;

    rc = oc_random_id(id, sizeof(id), err);
    if (rc < 0)
        return rc;
    if (snprintf(temp, sizeof(temp), "%s.%.*s", file, (int)sizeof(id), id) >= (int)sizeof(temp))
        return oc_fail(err, OC_EINVAL, "master key: path is too long");
    snprintf(folder, sizeof(folder), "%s", file);
    rc = oc_file_replace(temp, content, 0600, err);
    if (rc < 0)
        return rc;
    if (link(temp, file) < 0 && errno != EEXIST)
        rc = oc_fail_errno(err, "master key '%s'", file);
    (void)unlink(temp); /* a stray copy is as well protected as the file itself */
    return rc < 0 ? rc : oc_file_sync_dir(dirname(folder), err);
}

static int make_master(const char *file, struct oc_err *err)
{
    uint8_t bytes[OC_AES_KEY_LEN];
    struct oc_buf text;
    int rc = oc_random(bytes, sizeof(bytes), err);

    if (rc < 0)
        return rc;
    oc_buf_init(&text, MASTER_FILE_MAX);
    oc_base64url_put(&text, bytes, sizeof(bytes));
    oc_buf_put_char(&text, '\n');
    rc = text.failed ? oc_fail_nomem(err) : publish_master(file, oc_buf_slice(&text), err);
    oc_wipe(bytes, sizeof(bytes));
    if (text.ptr)
        oc_wipe(text.ptr, text.len);
    oc_buf_clear(&text);
    return rc;
}

int oc_keys_master(const char *file, struct oc_secret *ret, struct oc_err *err)
{
    const char *variable = getenv(MASTER_VARIABLE);
    int rc;

    if (variable)
        return decode_master(oc_slice_of(variable), "the environment variable " MASTER_VARIABLE,
                             ret, err);
    if (access(file, F_OK) < 0) {
        if (errno != ENOENT)
            return oc_fail_errno(err, "master key '%s'", file);
        rc = make_master(file, err);
        if (rc < 0)
            return rc;
    }
    return read_master(file, ret, err);
}
