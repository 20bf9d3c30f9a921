/* The address of a peer. */
#include "peer/peer_impl.h"

#include <arpa/inet.h>
#include <stdio.h>

#define HOST_MAX 253

static bool is_loopback(struct oc_slice host)
{
    char text[HOST_MAX + 1];
    struct in6_addr ipv6;
    struct in_addr ipv4;

    (void)snprintf(text, sizeof(text), "%.*s", OC_FMT(host));
    if (inet_pton(AF_INET, text, &ipv4) == 1)
        return (ntohl(ipv4.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, text, &ipv6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&ipv6);
    return oc_slice_eq_nocase(host, OC_STR("localhost"));
}

/* Letters, digits and what else stands in names and addresses: no user, no path, no escapes. */
static bool is_host(struct oc_slice host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '-' || c == '_' || c == ':'))
            return false;
    }
    return host.len > 0 && host.len <= HOST_MAX;
}

/* HOST, HOST:PORT, [IPv6] or [IPv6]:PORT. */
static bool split(struct oc_slice authority, struct oc_slice *ret_host)
{
    struct oc_slice rest = authority, port = {0};
    int64_t number = 1;
    bool ipv6 = authority.len > 0 && authority.ptr[0] == '[';

    if (ipv6) {
        rest = oc_slice_sub(rest, 1, SIZE_MAX);
        *ret_host = oc_slice_cut(&rest, ']');
        if (!rest.ptr || (rest.len > 0 && rest.ptr[0] != ':'))
            return false;
        if (rest.len > 0)
            port = oc_slice_sub(rest, 1, SIZE_MAX);
    } else {
        *ret_host = oc_slice_cut(&rest, ':');
        port = rest;
        if (oc_slice_find(*ret_host, ':') >= 0)
            return false;
    }
    if (port.ptr && (!oc_slice_to_int64(port, &number) || number < 1 || number > 65535))
        return false;
    return is_host(*ret_host);
}

int oc_peer_parse_url(struct oc_slice url, struct oc_slice *ret_base, struct oc_slice *ret_host,
                      struct oc_err *err)
{
    struct oc_slice https = OC_STR("https://"), http = OC_STR("http://"), host;
    bool plain = oc_slice_has_prefix(url, http);
    struct oc_slice base =
        oc_slice_has_suffix(url, OC_STR("/")) ? oc_slice_sub(url, 0, url.len - 1) : url;
    struct oc_slice authority = oc_slice_sub(base, plain ? http.len : https.len, SIZE_MAX);

    if ((!plain && !oc_slice_has_prefix(url, https)) || !split(authority, &host))
        return oc_fail(err, OC_EINVAL, "want https://HOST[:PORT], not '%.*s'", OC_FMT(url));
    if (plain && !is_loopback(host))
        return oc_fail(err, OC_EINVAL,
                       "'%.*s' would send models over the network in the clear: http:// is for "
                       "loopback addresses only, use https://",
                       OC_FMT(url));
    *ret_base = base;
    *ret_host = authority;
    return OC_OK;
}
