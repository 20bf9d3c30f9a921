/*
 * Bytes of one resource, fetched in several ranges at the same time, each to its own place of one
 * buffer (RFC 9110, section 14). This is which ranges there are, what each answer may be, and what
 * of them is there; transport.h moves the bytes.
 *
 * What has arrived is kept from one try to the next: a stream that broke goes on where it was. So
 * the caller may ask again with the same value until oc_ranges_is_done; bytes that a server sent
 * wrong only the caller can know, who then begins with a new value.
 *
 * A server may answer with the whole resource instead (status 200), if `from` is 0: then that is
 * what counts, the other streams are ended, and the place is not asked for ranges for a while.
 *
 * Threads: one at a time.
 */
#ifndef OC_NET_RANGES_H
#define OC_NET_RANGES_H

#include <stddef.h>

#include "base/bytes.h"
#include "net/streams.h"

/** A range is no shorter, but for the last: below that its head costs more than it brings. */
#define OC_RANGE_MIN (512UL * 1024)

struct oc_range {
    size_t at, len; /* in the buffer */
    size_t got;     /* bytes of it that are there */
};

struct oc_ranges {
    uint64_t from;              /* first byte of the resource */
    size_t len;                 /* bytes wanted, at least 1; fewer when the resource ends before */
    bool is_all;                /* these are all that it has: one stream needs no range */
    struct oc_streams *streams; /* of the place; NULL: one stream */

    /* What follows begins as zeros. */
    uint64_t size;  /* bytes of the resource; 0: not known */
    unsigned count; /* ranges; 0: not laid out */
    struct oc_range items[OC_STREAMS_MAX];
};

/** Lay out `count` ranges, or fewer if they were too short. */
void oc_ranges_lay_out(struct oc_ranges *ranges, unsigned count);

/** Whether nothing is missing. */
bool oc_ranges_is_done(const struct oc_ranges *ranges);

/** Bytes that are there, from the first on without a gap. When done: all that were wanted. */
size_t oc_ranges_len(const struct oc_ranges *ranges);

#define OC_RANGE_TEXT_MAX 64

/** "bytes=0-99" for what is missing of a range; @return false: no header is needed, all is wanted
 */
bool oc_ranges_put_header(const struct oc_ranges *ranges, unsigned index,
                          char to[OC_RANGE_TEXT_MAX]);

/**
 * What an answer of status 206 brings, by its Content-Range: "bytes 0-99/1000".
 * @return false: not what was asked for, or of another size than an answer before; nothing of it
 *         may be used
 */
bool oc_ranges_accept(struct oc_ranges *ranges, unsigned index, struct oc_slice content_range);

/** An answer brings the whole resource, from its first byte on. @return false: that cannot be used
 */
bool oc_ranges_accept_whole(struct oc_ranges *ranges);

/** The whole resource has come, or been seen to end: what lies behind its end is not missing. */
void oc_ranges_end_at(struct oc_ranges *ranges, uint64_t size);

#endif
