/*
 * Another Region, on another machine, as a client of its server: what a copy from there needs, and
 * what mends a model of ours from a copy that is there.
 *
 * Requests are signed with a peer key, an access key that the other server's administrator made for
 * this purpose; TLS proves the other server to us. Each request says for whom it is: the other
 * server decides whether that account may copy the model, by the resource policy it has there.
 *
 * Errors of the questions:
 *   the other server's answer about the model: OC_ENOTFOUND, OC_EDENIED (not this account's to
 *     copy), with the public name and text that a local request would get; OC_EINVAL (it cannot be
 *     read: its key is disabled), OC_ECORRUPT (the stored bytes are damaged there, or what came is
 *     not what was asked for; retried a few times before);
 *   OC_EBUSY: no such answer — no connection, no trusted certificate, our key is refused, too slow,
 *     overloaded, failed. Later it may be different; the text says what is to be done, and names
 *     Region and URL. With the name InternalServerException: it answered that it failed at this
 *     very question;
 *   OC_ECANCELED, OC_ENOMEM.
 *
 * Connections are kept and used again, one for each request that is under way. Threads: any.
 */
#ifndef OC_PEER_PEER_H
#define OC_PEER_PEER_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include "base/err.h"
#include "model/tags.h"
#include "net/streams.h"

struct oc_peer;

/** What a peer is made from. Text is copied. */
struct oc_peer_options {
    struct oc_slice region;
    struct oc_slice url;           /* https://HOST[:PORT]; http:// for loopback addresses only */
    struct oc_slice ca_bundle;     /* file of certificates; absent: the system's */
    struct oc_slice access_key_id; /* and secret: of the peer key */
    struct oc_slice secret;
    unsigned connect_timeout_ms; /* 0: 5,000 */
    unsigned stall_timeout_ms;   /* a request without a byte for so long is ended; 0: 15,000 */
    unsigned streams;            /* most ranges of a part at once (net/streams.h); 0: default */
};

/**
 * Make a peer. Opens no connection.
 * Errors: OC_EINVAL (not such a URL; http:// to another machine; no key), OC_ENOMEM.
 */
int oc_peer_new(const struct oc_peer_options *options, struct oc_peer **ret, struct oc_err *err);
/** No request may be under way. NULL is fine. */
void oc_peer_free(struct oc_peer *peer);

/** Region and URL, as they were given. Borrowed from the peer. */
struct oc_slice oc_peer_region(const struct oc_peer *peer);
struct oc_slice oc_peer_url(const struct oc_peer *peer);

/** How many ranges of a part are asked for at once. */
struct oc_streams_state oc_peer_streams(const struct oc_peer *peer);

/** All peers of a server. Borrowed. */
struct oc_peers {
    struct oc_peer *const *items;
    size_t count;
};

/** The peer that serves `region`, or NULL. */
struct oc_peer *oc_peers_find(const struct oc_peers *peers, struct oc_slice region);

/** For whom, about which model. Borrowed for the call. */
struct oc_peer_question {
    struct oc_slice model_arn;
    struct oc_slice account;   /* who copies: 12 digits */
    struct oc_slice principal; /* ARN of the user who asked; absent: not known */
    struct oc_slice region;    /* where the copy is made */
    /* Of manifest and part: a model of ours, of `account` in `region`, whose copy `model_arn` is:
     * its bytes are asked back. Absent: `model_arn` is to be copied. */
    struct oc_slice copy_of;
    const struct oc_tag_list *tags; /* of the copy, for conditions of policies; NULL: none */
    int64_t patience_ms;            /* most time for it all; 0: as long as bytes come */
    bool (*is_canceled)(void *ctx); /* asked now and then; true ends the request; may be NULL */
    /* Asked while nothing comes for two seconds; true ends the request as a stall; may be NULL. */
    bool (*is_in_the_way)(void *ctx);
    void *ctx;
};

/** A model of a peer. Text in the arena of the call. */
struct oc_peer_model {
    struct oc_slice name;
    struct oc_slice base_model_arn;
    struct oc_slice status;   /* "Active", "Creating", "Failed" */
    struct oc_slice manifest; /* SHA-256, hexadecimal; absent unless Active */
    int64_t size_bytes;
    struct oc_tag_list tags;
    bool policy_allows; /* the model's policy lets this very user in, or everyone */
};

/**
 * Ask for the model.
 *
 * A peer that did not answer, or stopped sending a part, is not asked again for a while (1 s,
 * doubled up to 5 s) when the question has a patience: the call then fails at once, with the same
 * text. After that while one caller asks.
 */
int oc_peer_get_model(struct oc_peer *peer, const struct oc_peer_question *question,
                      struct oc_arena *arena, struct oc_peer_model *ret, struct oc_err *err);

/**
 * Say that `copy_arn`, a model of the question's account and Region, is about to be a copy of the
 * model: the other server remembers where it can be mended from. Decides about the copy as
 * oc_peer_get_model does.
 */
int oc_peer_put_copy(struct oc_peer *peer, const struct oc_peer_question *question,
                     struct oc_slice copy_arn, struct oc_err *err);

/**
 * Fetch the model's manifest, whose digest is `sha256`: it is verified. A peer that is away: as for
 * a part.
 * @param ret  initialised; its content is replaced
 */
int oc_peer_get_manifest(struct oc_peer *peer, const struct oc_peer_question *question,
                         const uint8_t sha256[OC_SHA256_LEN], struct oc_buf *ret,
                         struct oc_err *err);

/**
 * Fetch a part of the model, whose digest is `sha256`: it is verified. It comes in as many ranges
 * at once as are worth while; one that breaks off goes on where it was, as long as it moves. A peer
 * that is away is not asked by a question with a patience, as by oc_peer_get_model.
 * @param to            receives the part
 * @param cap           room there: the bytes of the part, or more where they are not known
 * @param[out] ret_len  bytes of the part
 */
int oc_peer_get_part(struct oc_peer *peer, const struct oc_peer_question *question,
                     const uint8_t sha256[OC_SHA256_LEN], uint8_t *to, size_t cap, size_t *ret_len,
                     struct oc_err *err);

#endif
