/* Which ranges of a resource are asked for, and what is there of them. See ranges.h. */
#include "net/ranges.h"

#include <inttypes.h>
#include <stdio.h>

#define ALIGN (64UL * 1024) /* of cuts: whole pages, and records of TLS */

void oc_ranges_lay_out(struct oc_ranges *ranges, unsigned count)
{
    size_t most = ranges->len / OC_RANGE_MIN, step;

    if (count > most)
        count = most ? (unsigned)most : 1;
    step = ((ranges->len + count - 1) / count + ALIGN - 1) / ALIGN * ALIGN;
    ranges->count = 0;
    for (size_t at = 0; at < ranges->len; at += step) {
        size_t left = ranges->len - at;

        ranges->items[ranges->count++] =
            (struct oc_range){.at = at, .len = left < step ? left : step};
    }
}

bool oc_ranges_is_done(const struct oc_ranges *ranges)
{
    bool done = ranges->count > 0;

    for (unsigned i = 0; i < ranges->count; i++)
        done = done && ranges->items[i].got == ranges->items[i].len;
    return done;
}

size_t oc_ranges_len(const struct oc_ranges *ranges)
{
    size_t len = 0;

    for (unsigned i = 0; i < ranges->count; i++) {
        len += ranges->items[i].got;
        if (ranges->items[i].got < ranges->items[i].len)
            break;
    }
    return len;
}

bool oc_ranges_put_header(const struct oc_ranges *ranges, unsigned index,
                          char to[OC_RANGE_TEXT_MAX])
{
    const struct oc_range *range = &ranges->items[index];

    if (ranges->is_all && ranges->count == 1 && range->got == 0)
        return false;
    (void)snprintf(to, OC_RANGE_TEXT_MAX, "bytes=%" PRIu64 "-%" PRIu64,
                   ranges->from + range->at + range->got,
                   ranges->from + range->at + range->len - 1);
    return true;
}

/* "bytes 0-127/1000" */
static bool parse(struct oc_slice text, uint64_t *ret_from, uint64_t *ret_to, uint64_t *ret_size)
{
    char copy[96], end;

    if (text.len >= sizeof(copy))
        return false;
    (void)snprintf(copy, sizeof(copy), "%.*s", OC_FMT(text));
    return sscanf(copy, "bytes %20" SCNu64 "-%20" SCNu64 "/%20" SCNu64 "%c", ret_from, ret_to,
                  ret_size, &end) == 3 &&
           *ret_from <= *ret_to && *ret_to < *ret_size;
}

bool oc_ranges_accept(struct oc_ranges *ranges, unsigned index, struct oc_slice content_range)
{
    const struct oc_range *range = &ranges->items[index];
    uint64_t from, to, size;

    if (!parse(content_range, &from, &to, &size) || from != ranges->from + range->at + range->got ||
        to > ranges->from + range->at + range->len - 1 || (ranges->size && size != ranges->size))
        return false;
    ranges->size = size;
    return true;
}

bool oc_ranges_accept_whole(struct oc_ranges *ranges)
{
    if (ranges->from > 0)
        return false;
    ranges->count = 1;
    ranges->items[0] = (struct oc_range){.len = ranges->len};
    ranges->size = 0;
    return true;
}

void oc_ranges_end_at(struct oc_ranges *ranges, uint64_t size)
{
    uint64_t left = size > ranges->from ? size - ranges->from : 0;

    ranges->size = size;
    for (unsigned i = 0; i < ranges->count; i++) {
        struct oc_range *range = &ranges->items[i];

        if (left < range->at)
            range->len = range->got = 0;
        else if (left - range->at < range->len)
            range->len = (size_t)(left - range->at);
    }
}
