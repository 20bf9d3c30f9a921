/*
 * libcurl, found when something is sent for the first time: it brings some thirty libraries more,
 * and most commands and servers never call out. docs/decisions/0006-libcurl.md says what that
 * saves.
 */
#ifndef OC_NET_CURL_H
#define OC_NET_CURL_H

#include <curl/curl.h>

#include "base/err.h"

/* All functions that are used of it. */
#define OC_CURL_FUNCTIONS(X)                                                                       \
    X(easy_cleanup)                                                                                \
    X(easy_getinfo)                                                                                \
    X(easy_init)                                                                                   \
    X(easy_reset)                                                                                  \
    X(easy_setopt)                                                                                 \
    X(easy_strerror)                                                                               \
    X(getdate)                                                                                     \
    X(global_init)                                                                                 \
    X(multi_add_handle)                                                                            \
    X(multi_assign)                                                                                \
    X(multi_cleanup)                                                                               \
    X(multi_info_read)                                                                             \
    X(multi_init)                                                                                  \
    X(multi_perform)                                                                               \
    X(multi_poll)                                                                                  \
    X(multi_remove_handle)                                                                         \
    X(multi_setopt)                                                                                \
    X(multi_socket_action)                                                                         \
    X(multi_wakeup)                                                                                \
    X(slist_append)                                                                                \
    X(slist_free_all)

struct oc_curl {
#define OC_CURL_MEMBER(name) __typeof__(curl_##name) *name;
    OC_CURL_FUNCTIONS(OC_CURL_MEMBER)
#undef OC_CURL_MEMBER
};

/** `oc_curl.easy_init` is curl_easy_init and so on; NULL until oc_curl_load has succeeded. */
extern struct oc_curl oc_curl;

/**
 * Load libcurl into this process unless it is there; it stays. A failure is not remembered.
 * Threads: any. Cost: the first time some 4 ms of processor time.
 * Errors: OC_EIO — it is missing, damaged or too old; the text says what to install. OC_ENOMEM.
 */
int oc_curl_load(struct oc_err *err);

#endif
