/*
 * make_blobs FOLDER REGION FILE…: store each file as a blob under the Region's service key and
 * under a KMS key, and print a line for each: the key's id and the digest. For the test that reads
 * the formats with a library that is not ours.
 */
#include <stdio.h>

#include "base/file.h"
#include "blob/blob.h"

static int make_blob(struct oc_blob_store *store, struct oc_slice key_id, struct oc_slice bytes,
                     struct oc_err *err)
{
    struct oc_blob_name name = {.key_id = key_id};
    char hex[OC_SHA256_HEX_LEN];
    int rc = oc_sha256(bytes, name.sha256, err);

    if (rc == OC_OK)
        rc = oc_blob_put(store, &name, bytes, false, err);
    if (rc < 0)
        return rc;
    oc_hex_encode(name.sha256, sizeof(name.sha256), hex);
    return printf("%.*s %.64s\n", OC_FMT(key_id), hex) > 0 ? OC_OK : oc_fail_errno(err, "print");
}

static int make_blobs(struct oc_blob_store *store, struct oc_slice kms_key_id, char **files,
                      struct oc_err *err)
{
    int rc = OC_OK;

    for (; rc == OC_OK && *files; files++) {
        struct oc_buf bytes = {0};

        rc = oc_file_read(*files, OC_BLOB_MAX, &bytes, err);
        if (rc == OC_OK)
            rc = make_blob(store, OC_STR(OC_KEYS_SERVICE), oc_buf_slice(&bytes), err);
        if (rc == OC_OK)
            rc = make_blob(store, kms_key_id, oc_buf_slice(&bytes), err);
        oc_buf_clear(&bytes);
    }
    return rc;
}

static int run(const char *folder, struct oc_slice region, char **files, struct oc_err *err)
{
    struct oc_secret master = {0};
    struct oc_keys *keys = NULL;
    struct oc_blob_store *store = NULL;
    struct oc_key_info info = {0};
    struct oc_arena arena;
    char path[1024];
    int rc;

    oc_arena_init(&arena, 1 << 20);
    (void)snprintf(path, sizeof(path), "%s/master.key", folder);
    rc = oc_keys_master(path, &master, err);
    (void)snprintf(path, sizeof(path), "%s/keyring.json", folder);
    if (rc == OC_OK)
        rc = oc_keys_open(path, &master, &keys, err);
    if (rc == OC_OK)
        rc = oc_keys_create(keys, OC_STR("123456789012"), region, OC_STR("test"), &arena, &info,
                            err);
    if (rc == OC_OK)
        rc = oc_blob_fs_open(folder, region, keys, &store, err);
    if (rc == OC_OK)
        rc = make_blobs(store, info.id, files, err);
    oc_blob_close(store);
    oc_keys_close(keys);
    oc_secret_clear(&master);
    oc_arena_clear(&arena);
    return rc;
}

int main(int argc, char **argv)
{
    struct oc_err err = {0};

    if (argc < 3) {
        (void)fputs("usage: make_blobs FOLDER REGION FILE...\n", stderr);
        return 2;
    }
    if (run(argv[1], oc_slice_of(argv[2]), argv + 3, &err) < 0) {
        (void)fprintf(stderr, "make_blobs: %s\n", err.text);
        return 1;
    }
    return 0;
}
