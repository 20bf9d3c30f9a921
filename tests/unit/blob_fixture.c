#include "blob_fixture.h"

#include <stdio.h>
#include <stdlib.h>

struct sample make_sample(size_t size, uint64_t seed)
{
    struct sample s = {.bytes = malloc(size + 1), .size = size, .name.key_id = OC_STR("service")};
    struct oc_err err = {0};

    fill_bytes(s.bytes, size, seed);
    ok(oc_sha256((struct oc_slice){(char *)s.bytes, size}, s.name.sha256, &err));
    return s;
}

const char *blob_file(const struct folder *folder, const char *region,
                      const struct oc_blob_name *name)
{
    char hex[OC_SHA256_HEX_LEN + 1] = {0}, path[256];

    oc_hex_encode(name->sha256, OC_SHA256_LEN, hex);
    (void)snprintf(path, sizeof path, "blobs/%s/parts/%.*s/%.2s/%s", region, OC_FMT(name->key_id),
                   hex, hex + 2);
    return folder_path(folder, path);
}
