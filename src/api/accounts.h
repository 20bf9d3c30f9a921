/*
 * What the operations on accounts and access keys share. Not for other folders.
 *
 * A key of the administrators' account may manage every account; any other key its own account's
 * keys only. Both need the permission in their policy too.
 */
#ifndef OC_API_ACCOUNTS_H
#define OC_API_ACCOUNTS_H

#include "api/models.h"
#include "auth/access_key.h"
#include "base/json.h"

/** Whether `account` is the caller's to manage at all: its own, or any one for administrators. */
bool oc_account_is_managed(const struct oc_call *call, struct oc_slice account);

/** May the caller manage `account`? Administrators are treated as its owners.
 * Errors: OC_EDENIED, AccessDeniedException; OC_ENOMEM. */
int oc_call_allow_account(struct oc_call *call, struct oc_slice account, struct oc_err *err);

/** Record an account. Errors: those of the store; OC_ENOMEM. */
int oc_account_put(struct oc_tx *tx, struct oc_slice account, struct oc_slice name,
                   struct oc_err *err);

/** Record a key, and what its bearer token is found by. Errors: OC_EINVAL (its policy cannot be
 * read), those of the store, OC_ENOMEM. */
int oc_access_key_put(struct oc_tx *tx, const struct oc_access_key *key, struct oc_keys *keys,
                      struct oc_err *err);

/** Give a key what was made for it, and the time. It borrows from `made`. */
void oc_access_key_fill(struct oc_access_key *key, enum oc_access_key_kind kind,
                        const struct oc_new_key *made);

/** A page of records under short text keys: accounts by number, keys by id. */
struct oc_page {
    struct oc_call *call;
    struct oc_slice account; /* list the keys of this account only; absent: all */
    struct oc_jw w;
    uint32_t limit, count;
    bool more;
    struct oc_slice position;
    struct oc_arena scratch; /* one key at a time: most may be of other accounts */
};

/** Count one more. @return 1 when the page is full already */
int oc_page_take(struct oc_page *list, struct oc_slice key);

/** Walk `kind` from the token on and write one page as member `member`. `visit` gets the page.
 * Errors: OC_EINVAL (the token is not one of this list), those of `visit` and of the store. */
int oc_page_walk(struct oc_page *list, enum oc_record_kind kind, const char *member,
                 struct oc_slice token, oc_record_fn *visit, struct oc_err *err);

#endif
