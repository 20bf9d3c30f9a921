/* The canonical request: the one text that signer and verifier make of a request. */
#include "auth/sigv4_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* 1 for bytes that are never percent-encoded: A-Z a-z 0-9 - _ . ~ */
/* clang-format off */
static const uint8_t unreserved[256] = {
    ['-'] = 1, ['.'] = 1, ['_'] = 1, ['~'] = 1,
    ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1,
    ['8'] = 1, ['9'] = 1,
    ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1,
    ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1,
    ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1,
    ['Y'] = 1, ['Z'] = 1,
    ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1,
    ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1,
    ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1,
    ['y'] = 1, ['z'] = 1,
};
/* clang-format on */

int oc_sigv4_out_init(struct oc_sigv4_out *out, size_t cap, struct oc_arena *arena,
                      struct oc_err *err)
{
    *out = (struct oc_sigv4_out){oc_arena_alloc_unset(arena, cap), 0, cap};
    return out->ptr ? OC_OK : oc_fail_nomem(err);
}

void oc_sigv4_put(struct oc_sigv4_out *out, struct oc_slice s)
{
    assert(s.len <= out->cap - out->len);
    if (s.len > 0)
        memcpy(out->ptr + out->len, s.ptr, s.len);
    out->len += s.len;
}

void oc_sigv4_put_char(struct oc_sigv4_out *out, char c)
{
    assert(out->len < out->cap);
    out->ptr[out->len++] = c;
}

static char *write_escape(char *to, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";

    *to++ = '%';
    *to++ = digits[c >> 4];
    *to++ = digits[c & 15];
    return to;
}

void oc_sigv4_put_encoded(struct oc_sigv4_out *out, struct oc_slice s, bool keep_slash)
{
    char *to = out->ptr + out->len;

    assert(3 * s.len <= out->cap - out->len);
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (unreserved[c] || (c == '/' && keep_slash))
            *to++ = (char)c;
        else
            to = write_escape(to, c);
    }
    out->len = (size_t)(to - out->ptr);
}

struct oc_slice oc_sigv4_out_slice(const struct oc_sigv4_out *out)
{
    return (struct oc_slice){out->ptr, out->len};
}

/* -- path ------------------------------------------------------------------------------------- */

/* Resolve `.`, `..` and empty segments and encode what is left. An encoded segment holds no `/`,
 * so the segment before is found by looking back. */
static void put_normalized_path(struct oc_sigv4_out *out, struct oc_slice path)
{
    size_t start = out->len;
    struct oc_slice rest = path;

    while (rest.ptr) {
        struct oc_slice segment = oc_slice_cut(&rest, '/');

        if (segment.len == 0 || oc_slice_eq(segment, OC_STR(".")))
            continue;
        if (oc_slice_eq(segment, OC_STR(".."))) {
            while (out->len > start && out->ptr[--out->len] != '/')
                ;
            continue;
        }
        oc_sigv4_put_char(out, '/');
        oc_sigv4_put_encoded(out, segment, false);
    }
    if (out->len == start || (path.len > 0 && path.ptr[path.len - 1] == '/'))
        oc_sigv4_put_char(out, '/');
}

static void put_path(struct oc_sigv4_out *out, struct oc_slice path, enum oc_sigv4_path how)
{
    if (how == OC_SIGV4_PATH_NORMALIZED)
        put_normalized_path(out, path);
    else if (path.len == 0)
        oc_sigv4_put_char(out, '/');
    else if (how == OC_SIGV4_PATH_ENCODED)
        oc_sigv4_put_encoded(out, path, true);
    else
        oc_sigv4_put(out, path);
}

/* -- query ------------------------------------------------------------------------------------ */

struct pair {
    struct oc_slice key;
    struct oc_slice value;
};

static int compare_pairs(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    int order = oc_slice_cmp(a->key, b->key);

    return order ? order : oc_slice_cmp(a->value, b->value);
}

/* Whether a byte can stand in a URL. Others are encoded; what can is kept as it was sent. */
static bool is_url_byte(unsigned char c)
{
    return c > 0x20 && c < 0x7F;
}

/* The query with bytes that cannot stand in a URL encoded: usually the query itself. */
static int clean_query(struct oc_slice *query, struct oc_arena *arena, struct oc_err *err)
{
    struct oc_sigv4_out out;
    size_t bad = 0;

    for (size_t i = 0; i < query->len; i++)
        bad += !is_url_byte((unsigned char)query->ptr[i]);
    if (bad == 0)
        return OC_OK;
    int rc = oc_sigv4_out_init(&out, query->len + 2 * bad, arena, err);
    if (rc < 0)
        return rc;
    char *to = out.ptr;
    for (size_t i = 0; i < query->len; i++) {
        unsigned char c = (unsigned char)query->ptr[i];

        if (is_url_byte(c))
            *to++ = (char)c;
        else
            to = write_escape(to, c);
    }
    out.len = (size_t)(to - out.ptr);
    *query = oc_sigv4_out_slice(&out);
    return OC_OK;
}

static size_t count_pairs(struct oc_slice query)
{
    size_t count = 1;

    for (size_t i = 0; i < query.len; i++)
        count += query.ptr[i] == '&';
    return count;
}

/* Split and sort. A pair without `=` has an empty value; an empty pair an empty key as well. */
static int sort_query(struct oc_slice query, bool presigned, struct oc_arena *arena,
                      struct pair **ret_pairs, size_t *ret_count, struct oc_err *err)
{
    struct pair *pairs;
    size_t count = 0;

    if (query.len == 0) {
        *ret_pairs = NULL;
        *ret_count = 0;
        return OC_OK;
    }
    pairs = oc_arena_alloc_unset(arena, count_pairs(query) * sizeof(*pairs));
    if (!pairs)
        return oc_fail_nomem(err);
    while (query.ptr) {
        struct oc_slice value = oc_slice_cut(&query, '&');
        struct oc_slice key = oc_slice_cut(&value, '=');

        if (presigned && oc_slice_eq(key, oc_sigv4_param_names[OC_SIGV4_PARAM_SIGNATURE]))
            continue;
        pairs[count++] = (struct pair){key, value};
    }
    qsort(pairs, count, sizeof(*pairs), compare_pairs);
    *ret_pairs = pairs;
    *ret_count = count;
    return OC_OK;
}

/* -- headers ---------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The value without white space at its ends and with each run of it inside as one space. */
static void put_header_value(struct oc_sigv4_out *out, struct oc_slice value)
{
    char *start = out->ptr + out->len, *to = start;
    bool gap = false;

    assert(value.len <= out->cap - out->len);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];

        if (is_blank(c)) {
            gap = to > start;
            continue;
        }
        if (gap)
            *to++ = ' ';
        gap = false;
        *to++ = c;
    }
    out->len = (size_t)(to - out->ptr);
}

/* `name:value,value` and a line feed for each signed header. */
static void put_headers(struct oc_sigv4_out *out, const struct oc_sigv4_request *request,
                        struct oc_slice names)
{
    while (names.ptr) {
        struct oc_slice name = oc_slice_cut(&names, ';');
        char mark = ':';

        oc_sigv4_put(out, name);
        for (size_t i = 0; i < request->header_count; i++) {
            if (!oc_slice_eq_nocase(request->headers[i].name, name))
                continue;
            oc_sigv4_put_char(out, mark);
            put_header_value(out, request->headers[i].value);
            mark = ',';
        }
        oc_sigv4_put_char(out, '\n');
    }
}

/* -- the whole -------------------------------------------------------------------------------- */

/* No less than the canonical request needs, whatever is in it. */
static size_t canonical_size(const struct oc_sigv4_input *in, struct oc_slice query, size_t pairs)
{
    const struct oc_sigv4_request *request = in->request;
    size_t size = request->method.len + 3 * request->path.len + query.len + pairs +
                  2 * in->signed_headers.len + in->payload_hash.len + 16;

    for (size_t i = 0; i < request->header_count; i++)
        size += request->headers[i].value.len + 2;
    return size;
}

int oc_sigv4_canonical(const struct oc_sigv4_input *in, struct oc_arena *arena,
                       struct oc_slice *ret, struct oc_err *err)
{
    struct oc_slice query = in->request->query;
    struct oc_sigv4_out out = {0};
    struct pair *pairs = NULL;
    size_t count = 0;

    int rc = clean_query(&query, arena, err);
    if (rc >= 0)
        rc = sort_query(query, in->presigned, arena, &pairs, &count, err);
    if (rc >= 0)
        rc = oc_sigv4_out_init(&out, canonical_size(in, query, count), arena, err);
    if (rc < 0)
        return rc;
    oc_sigv4_put(&out, in->request->method);
    oc_sigv4_put_char(&out, '\n');
    put_path(&out, in->request->path, in->path);
    oc_sigv4_put_char(&out, '\n');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            oc_sigv4_put_char(&out, '&');
        oc_sigv4_put(&out, pairs[i].key);
        oc_sigv4_put_char(&out, '=');
        oc_sigv4_put(&out, pairs[i].value);
    }
    oc_sigv4_put_char(&out, '\n');
    put_headers(&out, in->request, in->signed_headers);
    oc_sigv4_put_char(&out, '\n');
    oc_sigv4_put(&out, in->signed_headers);
    oc_sigv4_put_char(&out, '\n');
    oc_sigv4_put(&out, in->payload_hash);
    *ret = oc_sigv4_out_slice(&out);
    return OC_OK;
}

int oc_sigv4_string_to_sign(const struct oc_sigv4_input *in, struct oc_slice canonical,
                            struct oc_arena *arena, struct oc_slice *ret, struct oc_err *err)
{
    const struct oc_slice scope[] = {in->date, in->region, in->service, OC_STR("aws4_request")};
    uint8_t digest[OC_SHA256_LEN];
    char hex[OC_SHA256_HEX_LEN];
    struct oc_sigv4_out out;

    int rc = oc_sigv4_out_init(&out, 128 + in->region.len + in->service.len, arena, err);
    if (rc >= 0)
        rc = oc_sha256(canonical, digest, err);
    if (rc < 0)
        return rc;
    oc_hex_encode(digest, sizeof(digest), hex);
    oc_sigv4_put(&out, OC_STR(OC_SIGV4_ALGORITHM "\n"));
    oc_sigv4_put(&out, in->timestamp);
    for (size_t i = 0; i < 4; i++) {
        oc_sigv4_put_char(&out, i == 0 ? '\n' : '/');
        oc_sigv4_put(&out, scope[i]);
    }
    oc_sigv4_put_char(&out, '\n');
    oc_sigv4_put(&out, (struct oc_slice){hex, sizeof(hex)});
    *ret = oc_sigv4_out_slice(&out);
    return OC_OK;
}

int oc_sigv4_signature(const struct oc_sigv4_input *in, const uint8_t signing_key[OC_SHA256_LEN],
                       struct oc_arena *arena, char ret_hex[OC_SHA256_HEX_LEN], struct oc_err *err)
{
    struct oc_slice canonical, text;
    uint8_t mac[OC_SHA256_LEN];

    int rc = oc_sigv4_canonical(in, arena, &canonical, err);
    if (rc >= 0)
        rc = oc_sigv4_string_to_sign(in, canonical, arena, &text, err);
    if (rc >= 0)
        rc = oc_hmac_sha256((struct oc_slice){(const char *)signing_key, OC_SHA256_LEN}, text, mac,
                            err);
    if (rc < 0)
        return rc;
    oc_hex_encode(mac, sizeof(mac), ret_hex);
    return OC_OK;
}

int oc_sigv4_body_hash(const struct oc_sigv4_request *request, char ret_hex[OC_SHA256_HEX_LEN],
                       struct oc_err *err)
{
    static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    uint8_t digest[OC_SHA256_LEN];

    if (request->body_sha256.len == OC_SHA256_HEX_LEN) {
        memcpy(ret_hex, request->body_sha256.ptr, OC_SHA256_HEX_LEN);
        return OC_OK;
    }
    if (request->body.len == 0) {
        memcpy(ret_hex, empty, OC_SHA256_HEX_LEN);
        return OC_OK;
    }
    int rc = oc_sha256(request->body, digest, err);
    if (rc >= 0)
        oc_hex_encode(digest, sizeof(digest), ret_hex);
    return rc;
}

bool oc_sigv4_is_listed(struct oc_slice list, struct oc_slice name)
{
    while (list.ptr) {
        if (oc_slice_eq_nocase(oc_slice_cut(&list, ';'), name))
            return true;
    }
    return false;
}
