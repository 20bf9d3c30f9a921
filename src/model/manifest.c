/*
 * Building, writing and reading manifests.
 *
 * A manifest has exactly one text, so the reader is a matcher: it expects each character of that
 * text and builds the manifest with the same oc_manifest_add that made it. What it accepts
 * therefore has no other spelling, keeps every rule of paths, order and layout, and needs no tree
 * of JSON values in memory.
 */
#include "model/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"

#define MANIFEST_VERSION "1"

void oc_manifest_init(struct oc_manifest *manifest)
{
    *manifest = (struct oc_manifest){.model_type = OC_STR("unknown")};
    oc_arena_init(&manifest->text, OC_MANIFEST_MAX);
}

void oc_manifest_clear(struct oc_manifest *manifest)
{
    free(manifest->files);
    free(manifest->parts);
    oc_arena_clear(&manifest->text);
    oc_manifest_init(manifest);
}

/* -- paths ---------------------------------------------------------------------------------- */

static bool has_safe_characters(struct oc_slice path)
{
    while (path.len) {
        uint32_t code;
        size_t len = oc_utf8_next(path, &code);

        /* C1 controls too: terminals obey them. A backslash separates folders on some systems. */
        if (len == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) || code == '\\')
            return false;
        path = oc_slice_sub(path, len, path.len);
    }
    return true;
}

bool oc_manifest_path_is_safe(struct oc_slice path)
{
    struct oc_slice rest = path;

    if (path.len == 0 || path.len > OC_MODEL_PATH_MAX || !has_safe_characters(path))
        return false;
    while (rest.ptr) {
        struct oc_slice part = oc_slice_cut(&rest, '/');

        if (part.len == 0 || oc_slice_eq_str(part, ".") || oc_slice_eq_str(part, ".."))
            return false;
    }
    return true;
}

static bool has_file(const struct oc_manifest *manifest, struct oc_slice path)
{
    size_t low = 0, high = manifest->file_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = oc_slice_cmp(manifest->files[middle].path, path);

        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* A folder sorts before what is in it, so a file of its name has been added already. */
static bool is_inside_file(const struct oc_manifest *manifest, struct oc_slice path)
{
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '/' && has_file(manifest, oc_slice_sub(path, 0, i)))
            return true;
    return false;
}

static int check_path(const struct oc_manifest *manifest, struct oc_slice path, struct oc_err *err)
{
    if (path.len > OC_MODEL_PATH_MAX)
        return oc_fail(err, OC_ELIMIT, "path '%.60s…' is longer than %d bytes", path.ptr,
                       OC_MODEL_PATH_MAX);
    if (!oc_manifest_path_is_safe(path))
        return oc_fail(err, OC_EINVAL,
                       "path '%.*s' is not a relative path in UTF-8 without control characters, "
                       "backslashes and empty, '.' or '..' parts",
                       OC_FMT(path));
    if (manifest->file_count &&
        oc_slice_cmp(manifest->files[manifest->file_count - 1].path, path) >= 0)
        return oc_fail(err, OC_EINVAL, "path '%.*s' is there twice or out of order", OC_FMT(path));
    if (is_inside_file(manifest, path))
        return oc_fail(err, OC_EINVAL, "path '%.*s' lies inside a file", OC_FMT(path));
    return OC_OK;
}

/* -- building ------------------------------------------------------------------------------- */

/* Give the file its place in the stream; room for its parts is there. */
static void lay_out(struct oc_manifest *manifest, struct oc_manifest_file *file)
{
    struct oc_manifest_part *last =
        manifest->part_open ? &manifest->parts[manifest->part_count - 1] : NULL;
    uint64_t left = file->size;

    if (left == 0)
        return;
    if (last && left < OC_PART_SIZE && last->size + left <= OC_PART_SIZE) {
        file->first_part = (uint32_t)manifest->part_count - 1;
        file->offset = last->size;
        last->size += (uint32_t)left;
        return;
    }
    file->first_part = (uint32_t)manifest->part_count;
    manifest->part_open = left < OC_PART_SIZE;
    while (left) {
        uint32_t size = left < OC_PART_SIZE ? (uint32_t)left : (uint32_t)OC_PART_SIZE;

        manifest->parts[manifest->part_count++] = (struct oc_manifest_part){.size = size};
        left -= size;
    }
}

const struct oc_manifest_file *oc_manifest_part_file(const struct oc_manifest *manifest,
                                                     uint32_t index)
{
    for (size_t i = 0; i < manifest->file_count; i++) {
        const struct oc_manifest_file *file = &manifest->files[i];

        if (file->size && index >= file->first_part &&
            index < file->first_part + oc_manifest_file_parts(file))
            return file;
    }
    return NULL;
}

uint32_t oc_manifest_file_parts(const struct oc_manifest_file *file)
{
    return (uint32_t)((file->size + OC_PART_SIZE - 1) / OC_PART_SIZE);
}

int oc_manifest_add(struct oc_manifest *manifest, struct oc_slice path, uint64_t size,
                    bool executable, struct oc_err *err)
{
    struct oc_manifest_file file = {.size = size, .executable = executable}, *files;
    struct oc_manifest_part *parts;
    int rc = check_path(manifest, path, err);

    if (rc < 0)
        return rc;
    if (manifest->file_count >= OC_MODEL_FILES_MAX)
        return oc_fail(err, OC_ELIMIT, "a model may have %d files", OC_MODEL_FILES_MAX);
    if (size > OC_MODEL_SIZE_MAX || manifest->size + size > OC_MODEL_SIZE_MAX)
        return oc_fail(err, OC_ELIMIT, "a model may have %lu bytes", OC_MODEL_SIZE_MAX);
    files = oc_grow(manifest->files, &manifest->file_cap, manifest->file_count + 1, sizeof(*files));
    if (!files)
        return oc_fail_nomem(err);
    manifest->files = files;
    parts = oc_grow(manifest->parts, &manifest->part_cap,
                    manifest->part_count + oc_manifest_file_parts(&file), sizeof(*parts));
    if (!parts)
        return oc_fail_nomem(err);
    manifest->parts = parts;
    file.path = oc_arena_copy(&manifest->text, path);
    if (!file.path.ptr)
        return oc_fail_nomem(err);
    lay_out(manifest, &file);
    manifest->size += size;
    manifest->files[manifest->file_count++] = file;
    return OC_OK;
}

int oc_manifest_set_type(struct oc_manifest *manifest, struct oc_slice model_type,
                         struct oc_err *err)
{
    char text[OC_MODEL_TYPE_MAX];
    struct oc_slice type;
    size_t len = model_type.len < sizeof(text) ? model_type.len : sizeof(text);

    if (len == 0)
        return OC_OK;
    for (size_t i = 0; i < len; i++) {
        char c = model_type.ptr[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        text[i] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
    }
    type = oc_arena_copy(&manifest->text, (struct oc_slice){text, len});
    if (!type.ptr)
        return oc_fail_nomem(err);
    manifest->model_type = type;
    return OC_OK;
}

int oc_manifest_read_config(struct oc_manifest *manifest, struct oc_slice config_json,
                            struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
    struct oc_err ignored = {0};
    int rc = oc_json_parse(config_json, &root, &ignored);

    if (rc == OC_ENOMEM)
        return oc_fail_nomem(err);
    if (rc < 0)
        return OC_OK; /* not ours to judge: the type stays "unknown" */
    return oc_manifest_set_type(manifest, oc_json_string(oc_json_get(root, "model_type")), err);
}

/* -- writing -------------------------------------------------------------------------------- */

static void put_digest(struct oc_buf *buf, const uint8_t sha256[OC_SHA256_LEN])
{
    char *to = oc_buf_extend(buf, OC_SHA256_HEX_LEN);

    if (to)
        oc_hex_encode(sha256, OC_SHA256_LEN, to);
}

/* Safe paths need one escape only. */
static void put_path(struct oc_buf *buf, struct oc_slice path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '"')
            oc_buf_put_char(buf, '\\');
        oc_buf_put_char(buf, path.ptr[i]);
    }
}

static void put_file(struct oc_buf *buf, const struct oc_manifest_file *file)
{
    oc_buf_put_str(buf, "{\"path\":\"");
    put_path(buf, file->path);
    oc_buf_put_str(buf, "\",\"size\":");
    oc_buf_put_int64(buf, (int64_t)file->size);
    oc_buf_put_str(buf, ",\"sha256\":\"");
    put_digest(buf, file->sha256);
    oc_buf_put_str(buf, file->executable ? "\",\"executable\":true}" : "\"}");
}

void oc_manifest_encode(struct oc_buf *buf, const struct oc_manifest *manifest)
{
    oc_buf_printf(buf, "{\"version\":" MANIFEST_VERSION ",\"partSize\":%lu,\"modelType\":\"%.*s\"",
                  OC_PART_SIZE, OC_FMT(manifest->model_type));
    oc_buf_put_str(buf, ",\"size\":");
    oc_buf_put_int64(buf, (int64_t)manifest->size);
    oc_buf_put_str(buf, ",\"files\":[");
    for (size_t i = 0; i < manifest->file_count; i++) {
        if (i)
            oc_buf_put_char(buf, ',');
        put_file(buf, &manifest->files[i]);
    }
    oc_buf_put_str(buf, "],\"parts\":[");
    for (size_t i = 0; i < manifest->part_count; i++) {
        oc_buf_put_str(buf, i ? ",\"" : "\"");
        put_digest(buf, manifest->parts[i].sha256);
        oc_buf_put_char(buf, '"');
    }
    oc_buf_put_str(buf, "]}");
}

/* -- reading -------------------------------------------------------------------------------- */

/* The text and how far it has been matched. */
struct matcher {
    struct oc_slice rest;
    struct oc_slice whole;
};

static bool match(struct matcher *m, const char *expected)
{
    struct oc_slice text = oc_slice_of(expected);

    if (!oc_slice_has_prefix(m->rest, text))
        return false;
    m->rest = oc_slice_sub(m->rest, text.len, m->rest.len);
    return true;
}

/* Decimal digits without a leading zero. */
static bool match_number(struct matcher *m, uint64_t *ret)
{
    size_t len = 0;
    int64_t value;

    while (len < m->rest.len && m->rest.ptr[len] >= '0' && m->rest.ptr[len] <= '9')
        len++;
    if (len == 0 || (len > 1 && m->rest.ptr[0] == '0') ||
        !oc_slice_to_int64(oc_slice_sub(m->rest, 0, len), &value))
        return false;
    m->rest = oc_slice_sub(m->rest, len, m->rest.len);
    *ret = (uint64_t)value;
    return true;
}

/* 64 digits, lower case: upper case would be a second spelling. */
static bool match_digest(struct matcher *m, uint8_t ret[OC_SHA256_LEN])
{
    struct oc_slice hex = oc_slice_sub(m->rest, 0, OC_SHA256_HEX_LEN);

    for (size_t i = 0; i < hex.len; i++)
        if (hex.ptr[i] >= 'A' && hex.ptr[i] <= 'F')
            return false;
    if (!oc_hex_decode(hex, ret, OC_SHA256_LEN))
        return false;
    m->rest = oc_slice_sub(m->rest, hex.len, m->rest.len);
    return true;
}

/* A path up to its closing quote, which is left; the escape is undone in `to`. */
static bool match_path(struct matcher *m, char to[OC_MODEL_PATH_MAX], size_t *ret_len)
{
    size_t len = 0, i = 0;

    while (i < m->rest.len && m->rest.ptr[i] != '"') {
        if (m->rest.ptr[i] == '\\' && (++i == m->rest.len || m->rest.ptr[i] != '"'))
            return false;
        if (len == OC_MODEL_PATH_MAX)
            return false;
        to[len++] = m->rest.ptr[i++];
    }
    m->rest = oc_slice_sub(m->rest, i, m->rest.len);
    *ret_len = len;
    return true;
}

static int mismatch(const struct matcher *m, const char *wanted, struct oc_err *err)
{
    return oc_fail(err, OC_EINVAL, "manifest: at byte %td: want %s", m->rest.ptr - m->whole.ptr,
                   wanted);
}

static int match_head(struct matcher *m, struct oc_manifest *ret, uint64_t *ret_size,
                      struct oc_err *err)
{
    struct oc_slice type;
    uint64_t version, part_size;
    ptrdiff_t end;
    int rc;

    if (!match(m, "{\"version\":") || !match_number(m, &version))
        return mismatch(m, "a version", err);
    if (version != 1)
        return oc_fail(err, OC_EINVAL, "manifest: version %llu is not known here, only 1",
                       (unsigned long long)version);
    if (!match(m, ",\"partSize\":") || !match_number(m, &part_size) || part_size != OC_PART_SIZE)
        return mismatch(m, "a part size of 8388608", err);
    if (!match(m, ",\"modelType\":\""))
        return mismatch(m, "a model type", err);
    end = oc_slice_find(m->rest, '"');
    type = oc_slice_sub(m->rest, 0, end < 0 ? 0 : (size_t)end);
    if (type.len == 0 || type.len > OC_MODEL_TYPE_MAX)
        return mismatch(m, "a model type of 1 to 63 characters", err);
    rc = oc_manifest_set_type(ret, type, err);
    if (rc < 0)
        return rc;
    if (!oc_slice_eq(ret->model_type, type))
        return mismatch(m, "a model type of a-z, 0-9 and '-'", err);
    m->rest = oc_slice_sub(m->rest, type.len, m->rest.len);
    if (!match(m, "\",\"size\":") || !match_number(m, ret_size))
        return mismatch(m, "a size", err);
    return OC_OK;
}

static int match_file(struct matcher *m, struct oc_manifest *ret, struct oc_err *err)
{
    uint8_t sha256[OC_SHA256_LEN];
    char path[OC_MODEL_PATH_MAX];
    size_t path_len;
    uint64_t size;
    bool executable;
    int rc;

    if (!match(m, "{\"path\":\"") || !match_path(m, path, &path_len) || !match(m, "\",\"size\":") ||
        !match_number(m, &size) || !match(m, ",\"sha256\":\"") || !match_digest(m, sha256) ||
        !match(m, "\""))
        return mismatch(m, "a file", err);
    executable = match(m, ",\"executable\":true");
    if (!match(m, "}"))
        return mismatch(m, "the end of a file", err);
    /* Parts get their memory here: never more than the text can have digests for. */
    if (ret->part_count + size / OC_PART_SIZE > m->whole.len / OC_SHA256_HEX_LEN)
        return mismatch(m, "a file whose parts are listed", err);
    rc = oc_manifest_add(ret, (struct oc_slice){path, path_len}, size, executable, err);
    if (rc < 0)
        return rc;
    memcpy(ret->files[ret->file_count - 1].sha256, sha256, sizeof(sha256));
    return OC_OK;
}

static int match_files(struct matcher *m, struct oc_manifest *ret, struct oc_err *err)
{
    if (!match(m, ",\"files\":["))
        return mismatch(m, "files", err);
    if (match(m, "]"))
        return OC_OK;
    do {
        int rc = match_file(m, ret, err);

        if (rc < 0)
            return rc;
    } while (match(m, ","));
    return match(m, "]") ? OC_OK : mismatch(m, "the end of the files", err);
}

/* How many parts there are follows from the files. */
static int match_parts(struct matcher *m, struct oc_manifest *ret, struct oc_err *err)
{
    if (!match(m, ",\"parts\":["))
        return mismatch(m, "parts", err);
    for (size_t i = 0; i < ret->part_count; i++)
        if (!match(m, i ? ",\"" : "\"") || !match_digest(m, ret->parts[i].sha256) ||
            !match(m, "\""))
            return mismatch(m, "the digest of a part", err);
    if (!match(m, "]}") || m->rest.len)
        return mismatch(m, "the end of the manifest", err);
    return OC_OK;
}

int oc_manifest_decode(struct oc_slice text, struct oc_manifest *ret, struct oc_err *err)
{
    struct matcher m = {text, text};
    uint64_t size;
    int rc;

    if (text.len > OC_MANIFEST_MAX)
        return oc_fail(err, OC_ELIMIT, "manifest: at most %lu bytes", OC_MANIFEST_MAX);
    oc_manifest_clear(ret);
    rc = match_head(&m, ret, &size, err);
    if (rc < 0)
        return rc;
    rc = match_files(&m, ret, err);
    if (rc < 0)
        return rc;
    if (ret->size != size)
        return oc_fail(err, OC_EINVAL, "manifest: its files have %llu bytes, it says %llu",
                       (unsigned long long)ret->size, (unsigned long long)size);
    return match_parts(&m, ret, err);
}
