/*
 * A blob's bytes from other machines: first those that a model which needs it came from, then those
 * that told of a copy of one. What comes was verified by its digest in peer/, so it does not matter
 * whom it comes from. A machine that is away is not asked for every blob anew (see peer.h), and one
 * that takes long to give nothing is let alone for several times as long: most of the time goes to
 * what else there is to read, whatever a single machine does.
 */
#include "scrub/scrub_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "model/arn.h"

#define PATIENCE_MS 120000 /* for a whole part; without a byte it is over long before */
#define LONG_US     1000000
#define QUIET       4 /* times that it took in vain, if that was long */

static bool is_stopping(void *ctx)
{
    return oc_scrub_is_stopping(ctx);
}

static int fetch_manifest(struct oc_peer *peer, const struct oc_peer_question *question,
                          const uint8_t *sha256, struct oc_scrub_buffer *buffer, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    int rc;

    oc_buf_init(&text, OC_MANIFEST_MAX);
    rc = oc_peer_get_manifest(peer, question, sha256, &text, err);
    if (rc == OC_OK)
        rc = oc_scrub_make_room(buffer, text.len, err);
    if (rc < 0)
        return rc;
    memcpy(buffer->bytes, text.ptr, text.len);
    buffer->len = text.len;
    return OC_OK;
}

static size_t peer_index(const struct oc_scrubber *scrubber, const struct oc_peer *peer)
{
    size_t i = 0;

    while (scrubber->options.peers.items[i] != peer)
        i++;
    return i;
}

/* Whether a peer is let alone. */
static int check_quiet(struct oc_scrubber *scrubber, const struct oc_peer *peer, struct oc_err *err)
{
    int64_t left;

    (void)pthread_mutex_lock(&scrubber->lock);
    left = scrubber->quiet_until_us[peer_index(scrubber, peer)] - oc_clock_mono_us();
    (void)pthread_mutex_unlock(&scrubber->lock);
    if (left <= 0)
        return OC_OK;
    return oc_fail(err, OC_EBUSY,
                   "Region %.*s (%.*s) was asked in vain, and is not asked again for %lld seconds",
                   OC_FMT(oc_peer_region(peer)), OC_FMT(oc_peer_url(peer)),
                   (long long)(left / 1000000 + 1));
}

static void let_alone(struct oc_scrubber *scrubber, const struct oc_peer *peer, int64_t took_us)
{
    (void)pthread_mutex_lock(&scrubber->lock);
    scrubber->quiet_until_us[peer_index(scrubber, peer)] = oc_clock_mono_us() + QUIET * took_us;
    (void)pthread_mutex_unlock(&scrubber->lock);
}

static int ask(const struct oc_scrub_needs *needs, const struct oc_scrub_far *far,
               struct oc_scrub_buffer *buffer, struct oc_err *err)
{
    struct oc_peer_question question = {
        .model_arn = far->model_arn,
        .account = far->account,
        .region = far->region,
        .copy_of = far->copy_of,
        .patience_ms = PATIENCE_MS,
        .is_canceled = is_stopping,
        .ctx = needs->scrubber,
    };
    const uint8_t *sha256 = needs->name->sha256;
    int64_t begin = oc_clock_mono_us(), took_us;
    struct oc_peer *peer;
    struct oc_arn arn;
    int rc = oc_scrub_make_room(buffer, OC_PART_SIZE, err);

    (void)oc_arn_parse(far->model_arn, &arn); /* it is one: see needs.c */
    peer = oc_peers_find(&needs->scrubber->options.peers, arn.region);
    if (rc == OC_OK)
        rc = check_quiet(needs->scrubber, peer, err);
    if (rc < 0)
        return rc;
    rc = needs->is_manifest ? fetch_manifest(peer, &question, sha256, buffer, err)
                            : oc_peer_get_part(peer, &question, sha256, buffer->bytes, OC_PART_SIZE,
                                               &buffer->len, err);
    took_us = oc_clock_mono_us() - begin;
    if ((rc == OC_EBUSY || rc == OC_ECORRUPT) && took_us >= LONG_US)
        let_alone(needs->scrubber, peer, took_us);
    return rc;
}

/* What keeps the blob from being mended, and what can be done about it; the last one counts. */
static void advise(struct oc_scrub_needs *needs, struct oc_slice text)
{
    if (text.ptr) /* without memory for it there is none */
        needs->finding->advice = text;
}

static bool ask_each(struct oc_scrub_needs *needs, const struct oc_scrub_far *list, size_t count,
                     struct oc_scrub_buffer *buffer)
{
    for (size_t i = 0; i < count && !oc_scrub_is_stopping(needs->scrubber); i++) {
        struct oc_err err = {0};
        char model[OC_ARN_MAX + 1];

        if (ask(needs, &list[i], buffer, &err) == OC_OK)
            return true;
        if (err.rc == OC_ECANCELED)
            break;
        (void)snprintf(model, sizeof(model), "%.*s", OC_FMT(list[i].model_arn));
        oc_log(OC_LOG_INFO, "scrub.not_there", "model", model, "reason", err.text, (char *)NULL);
        if (err.rc == OC_EBUSY || err.rc == OC_EINVAL) /* it is away, or the model's key disabled */
            advise(needs, oc_arena_printf(needs->arena, "%s could not be asked for it: %.700s",
                                          model, err.text));
    }
    return false;
}

bool oc_scrub_find_far(struct oc_scrub_needs *needs, struct oc_scrub_buffer *buffer)
{
    if (needs->stranger.ptr)
        advise(needs, oc_arena_printf(needs->arena,
                                      "there is a copy in %.*s: make that Region a peer of this "
                                      "server to have it mended from there",
                                      OC_FMT(needs->stranger)));
    return ask_each(needs, needs->origins, needs->origin_count, buffer) ||
           ask_each(needs, needs->copies, needs->copy_count, buffer);
}
