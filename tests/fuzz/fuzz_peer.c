/*
 * Any text as the answer of a peer, about a model or as an error: what is accepted is fit for our
 * records, and every refusal is one that the copy engine knows. The first two bytes choose status
 * and name of the error.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "peer/peer_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct oc_peer_name name = {{"us-east-1", 9}, {"https://east.example.org", 24}};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void read_model(struct oc_slice body)
{
    struct oc_peer_model model = {0};
    struct oc_err err = {0};
    struct oc_arena arena;
    int rc;

    oc_arena_init(&arena, 64UL << 20);
    rc = oc_peer_read_model(&name, body, &arena, &model, &err);
    check(rc == OC_OK || (rc == err.rc && (rc == OC_EBUSY || rc == OC_ENOMEM)));
    if (rc == OC_OK) {
        check(model.name.len >= 1 && model.name.len <= OC_NAME_MAX);
        check(model.status.ptr && model.size_bytes >= 0);
        check(!model.manifest.ptr || model.manifest.len == (size_t)2 * OC_SHA256_LEN);
        check(model.manifest.ptr || !oc_slice_eq_str(model.status, "Active"));
    } else {
        check(!model.name.ptr && !model.manifest.ptr);
    }
    oc_arena_clear(&arena);
}

static void read_refusal(uint8_t status, uint8_t type, struct oc_slice body)
{
    static const int statuses[] = {400, 401, 403, 404, 409, 429, 500, 503, 200, 302, 0};
    static const char *const types[] = {"",
                                        "ResourceNotFoundException",
                                        "AccessDeniedException",
                                        "ValidationException",
                                        "ConflictException",
                                        "SomethingElse"};
    struct oc_transport_head head = {.status = statuses[status % (sizeof(statuses) / sizeof(int))]};
    struct oc_err err = {0};
    int rc;

    (void)snprintf(head.error_type, sizeof(head.error_type), "%s",
                   types[type % (sizeof(types) / sizeof(types[0]))]);
    rc = oc_peer_fail_answer(&name, &head, body, &err);
    check(rc == err.rc && err.text[0]);
    check(rc == OC_ENOTFOUND || rc == OC_EDENIED || rc == OC_EINVAL || rc == OC_ECORRUPT ||
          rc == OC_EBUSY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct oc_slice body = {(const char *)data + 2, size - 2};

    read_model(body);
    read_refusal(data[0], data[1], body);
    return 0;
}
