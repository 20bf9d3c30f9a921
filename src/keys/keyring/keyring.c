/*
 * The keyring in memory: KMS keys and aliases of accounts, the Regions' service keys, how they
 * are found and changed. Every change is written to the file before it is answered; when that fails
 * it is taken back.
 */
#include "keys/keyring/keyring_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"

static bool belongs_to(const struct oc_keyring_key *key, struct oc_slice account,
                       struct oc_slice region)
{
    return key->account[0] && oc_slice_eq_str(account, key->account) &&
           oc_slice_eq_str(region, key->region);
}

static struct oc_keyring_alias *find_alias(const struct oc_keys *keys, struct oc_slice account,
                                           struct oc_slice region, struct oc_slice name)
{
    for (size_t i = 0; i < keys->alias_count; i++)
        if (belongs_to(keys->aliases[i].key, account, region) &&
            oc_slice_eq_str(name, keys->aliases[i].name))
            return &keys->aliases[i];
    return NULL;
}

/* -- opening -------------------------------------------------------------------------------- */

static int start(struct oc_keys *keys, struct oc_err *err)
{
    int rc = oc_keyring_derive(keys, "keyring wrap", keys->wrap_key, err);

    if (rc < 0)
        return rc;
    rc = oc_keyring_derive(keys, "seal", keys->seal_key, err);
    if (rc < 0)
        return rc;
    rc = oc_keyring_derive(keys, "keyring mac", keys->mac_key, err);
    if (rc < 0)
        return rc;
    rc = oc_keyring_load(keys, err);
    if (rc == OC_ENOTFOUND)
        rc = oc_keyring_save(keys, err);
    return rc;
}

int oc_keys_open(const char *file, const struct oc_secret *master, struct oc_keys **ret,
                 struct oc_err *err)
{
    struct oc_keys *keys;
    int rc;

    if (master->len != OC_AES_KEY_LEN)
        return oc_fail(err, OC_EINVAL, "master key: want %d bytes", OC_AES_KEY_LEN);
    keys = oc_alloc(sizeof(*keys));
    if (!keys)
        return oc_fail_nomem(err);
    memset(keys, 0, sizeof(*keys));
    (void)pthread_rwlock_init(&keys->lock, NULL); /* cannot fail with default attributes */
    memcpy(keys->master, master->bytes, sizeof(keys->master));
    keys->path = strdup(file);
    rc = keys->path ? start(keys, err) : oc_fail_nomem(err);
    if (rc < 0) {
        oc_keys_close(keys);
        return rc;
    }
    *ret = keys;
    return OC_OK;
}

void oc_keys_close(struct oc_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->key_count; i++)
        oc_keyring_key_free(keys->keys[i]);
    for (size_t i = 0; i < keys->alias_count; i++)
        free(keys->aliases[i].name);
    free(keys->keys);
    free(keys->aliases);
    free(keys->path);
    (void)pthread_rwlock_destroy(&keys->lock); /* nobody holds it any more */
    oc_wipe(keys, sizeof(*keys));
    free(keys);
}

/* -- making and changing -------------------------------------------------------------------- */

static void set_text(char *to, struct oc_slice s)
{
    memcpy(to, s.ptr, s.len);
    to[s.len] = '\0';
}

/* A key with fresh material, in the ring and in the file. Lock held for writing. */
static int add_key(struct oc_keys *keys, struct oc_keyring_key *key, struct oc_slice description,
                   struct oc_err *err)
{
    int rc;

    key->enabled = true;
    key->creation_ms = oc_clock_now_ms();
    key->description = oc_alloc(description.len + 1);
    if (!key->description)
        return oc_fail_nomem(err);
    set_text(key->description, description);
    rc = oc_random(key->material, sizeof(key->material), err);
    if (rc < 0)
        return rc;
    rc = oc_keyring_wrap(keys, key, err);
    if (rc < 0)
        return rc;
    return oc_keyring_insert(keys, key, err);
}

static int make_key(struct oc_keys *keys, const struct oc_keyring_key *template,
                    struct oc_slice description, struct oc_keyring_key **ret, struct oc_err *err)
{
    struct oc_keyring_key *key = oc_alloc(sizeof(*key));
    int rc;

    if (!key)
        return oc_fail_nomem(err);
    *key = *template;
    rc = add_key(keys, key, description, err);
    if (rc < 0) {
        oc_keyring_key_free(key);
        return rc;
    }
    rc = oc_keyring_save(keys, err);
    if (rc < 0) {
        oc_keyring_remove(keys, key);
        return rc;
    }
    *ret = key;
    return OC_OK;
}

static int describe(const struct oc_keys *keys, const struct oc_keyring_key *key,
                    struct oc_arena *arena, struct oc_key_info *ret, struct oc_err *err)
{
    struct oc_key_info info = {.enabled = key->enabled, .creation_ms = key->creation_ms};
    struct oc_slice *aliases = NULL;

    for (size_t i = 0; i < keys->alias_count; i++)
        info.alias_count += keys->aliases[i].key == key;
    if (info.alias_count) {
        size_t n = 0;

        aliases = oc_arena_alloc(arena, info.alias_count * sizeof(*aliases));
        if (!aliases)
            return oc_fail_nomem(err);
        for (size_t i = 0; i < keys->alias_count; i++)
            if (keys->aliases[i].key == key) {
                aliases[n] = oc_arena_copy(arena, oc_slice_of(keys->aliases[i].name));
                if (!aliases[n++].ptr)
                    return oc_fail_nomem(err);
            }
    }
    info.aliases = aliases;
    info.id = oc_arena_copy(arena, oc_slice_of(key->id));
    info.account = oc_arena_copy(arena, oc_slice_of(key->account));
    info.region = oc_arena_copy(arena, oc_slice_of(key->region));
    info.description = oc_arena_copy(arena, oc_slice_of(key->description));
    info.arn =
        oc_arena_printf(arena, "arn:aws:kms:%s:%s:key/%s", key->region, key->account, key->id);
    if (!info.id.ptr || !info.account.ptr || !info.region.ptr || !info.description.ptr ||
        !info.arn.ptr)
        return oc_fail_nomem(err);
    *ret = info;
    return OC_OK;
}

/* Lock held. */
static int check_quota(const struct oc_keys *keys, struct oc_slice account, struct oc_err *err)
{
    unsigned count = 0;

    for (size_t i = 0; i < keys->key_count; i++)
        count += oc_slice_eq_str(account, keys->keys[i]->account);
    if (count < OC_KEYS_ACCOUNT_MAX)
        return OC_OK;
    return oc_fail(err, OC_ELIMIT, "account %.*s has %d KMS keys, the most it may have",
                   OC_FMT(account), OC_KEYS_ACCOUNT_MAX);
}

int oc_keys_create(struct oc_keys *keys, struct oc_slice account, struct oc_slice region,
                   struct oc_slice description, struct oc_arena *arena, struct oc_key_info *ret,
                   struct oc_err *err)
{
    struct oc_keyring_key template = {0}, *key = NULL;
    int rc;

    if (account.len != OC_KEYRING_ACCOUNT_LEN || region.len == 0 ||
        region.len > OC_KEYRING_REGION_MAX)
        return oc_fail(err, OC_EINVAL, "key: want an account of 12 digits and a Region");
    if (description.len > OC_KEYS_DESCRIPTION_MAX)
        return oc_fail(err, OC_EINVAL, "key: the description may have %d bytes",
                       OC_KEYS_DESCRIPTION_MAX);
    set_text(template.account, account);
    set_text(template.region, region);
    rc = oc_random_uuid(template.id, err);
    if (rc < 0)
        return rc;
    (void)pthread_rwlock_wrlock(&keys->lock); /* fails only on a bug */
    rc = check_quota(keys, account, err);
    if (rc == OC_OK)
        rc = make_key(keys, &template, description.ptr ? description : OC_STR(""), &key, err);
    if (rc == OC_OK)
        rc = describe(keys, key, arena, ret, err);
    (void)pthread_rwlock_unlock(&keys->lock);
    return rc;
}

static bool alias_is_valid(struct oc_slice alias)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/";
    struct oc_slice tail = oc_slice_sub(alias, 6, alias.len);

    if (!oc_slice_has_prefix(alias, OC_STR("alias/")) || tail.len == 0 ||
        alias.len > OC_KEYS_ALIAS_MAX)
        return false;
    for (size_t i = 0; i < tail.len; i++)
        if (!tail.ptr[i] || !strchr(allowed, tail.ptr[i]))
            return false;
    return true;
}

static int unknown_key(struct oc_slice name, struct oc_slice account, struct oc_slice region,
                       struct oc_err *err)
{
    return oc_fail(err, OC_ENOTFOUND,
                   "KMS key '%.*s' does not exist in account %.*s and Region %.*s", OC_FMT(name),
                   OC_FMT(account), OC_FMT(region));
}

/* Lock held. */
static int check_alias_quota(const struct oc_keys *keys, const struct oc_keyring_key *key,
                             struct oc_err *err)
{
    unsigned count = 0;

    for (size_t i = 0; i < keys->alias_count; i++)
        count += strcmp(keys->aliases[i].key->account, key->account) == 0;
    if (count < OC_KEYS_ACCOUNT_MAX)
        return OC_OK;
    return oc_fail(err, OC_ELIMIT, "account %s has %d aliases of KMS keys, the most it may have",
                   key->account, OC_KEYS_ACCOUNT_MAX);
}

/* Lock held for writing. */
static int point_alias(struct oc_keys *keys, struct oc_slice name, struct oc_keyring_key *key,
                       struct oc_err *err)
{
    struct oc_keyring_alias *alias =
        find_alias(keys, oc_slice_of(key->account), oc_slice_of(key->region), name);
    struct oc_keyring_key *before = alias ? alias->key : NULL;
    int rc;

    if (alias) {
        alias->key = key;
    } else {
        rc = check_alias_quota(keys, key, err);
        if (rc == OC_OK)
            rc = oc_keyring_add_alias(keys, name, key, err);
        if (rc < 0)
            return rc;
    }
    rc = oc_keyring_save(keys, err);
    if (rc < 0 && before)
        alias->key = before;
    else if (rc < 0)
        free(keys->aliases[--keys->alias_count].name);
    return rc;
}

int oc_keys_alias(struct oc_keys *keys, struct oc_slice account, struct oc_slice region,
                  struct oc_slice alias, struct oc_slice key_id, struct oc_err *err)
{
    struct oc_keyring_key *key;
    int rc;

    if (!alias_is_valid(alias))
        return oc_fail(err, OC_EINVAL,
                       "alias: want \"alias/\" and then letters, digits, '-', '_' or '/', at most "
                       "%d characters",
                       OC_KEYS_ALIAS_MAX);
    (void)pthread_rwlock_wrlock(&keys->lock); /* fails only on a bug */
    key = oc_keyring_find(keys, key_id);
    if (key && belongs_to(key, account, region))
        rc = point_alias(keys, alias, key, err);
    else
        rc = unknown_key(key_id, account, region, err);
    (void)pthread_rwlock_unlock(&keys->lock);
    return rc;
}

int oc_keys_set_enabled(struct oc_keys *keys, struct oc_slice account, struct oc_slice region,
                        struct oc_slice key_id, bool enabled, struct oc_err *err)
{
    struct oc_keyring_key *key;
    int rc = OC_OK;

    (void)pthread_rwlock_wrlock(&keys->lock); /* fails only on a bug */
    key = oc_keyring_find(keys, key_id);
    if (!key || !belongs_to(key, account, region)) {
        rc = unknown_key(key_id, account, region, err);
    } else if (key->enabled != enabled) {
        key->enabled = enabled;
        rc = oc_keyring_save(keys, err);
        if (rc < 0)
            key->enabled = !enabled;
    }
    (void)pthread_rwlock_unlock(&keys->lock);
    return rc;
}

int oc_keyring_make_service(struct oc_keys *keys, struct oc_slice region, struct oc_err *err)
{
    struct oc_keyring_key template = {0}, *key = NULL;
    int rc = OC_OK;

    (void)snprintf(template.id, sizeof(template.id), "service:%.*s", OC_FMT(region)); /* fits */
    set_text(template.region, region);
    (void)pthread_rwlock_wrlock(&keys->lock); /* fails only on a bug */
    if (!oc_keyring_find(keys, oc_slice_of(template.id)))
        rc = make_key(keys, &template, OC_STR("service key"), &key, err);
    (void)pthread_rwlock_unlock(&keys->lock);
    return rc;
}

/* -- finding -------------------------------------------------------------------------------- */

static int by_creation(const void *a, const void *b)
{
    const struct oc_key_info *x = a, *y = b;

    if (x->creation_ms != y->creation_ms)
        return x->creation_ms < y->creation_ms ? -1 : 1;
    return oc_slice_cmp(x->id, y->id);
}

/* Lock held. */
static int list_keys(const struct oc_keys *keys, const struct oc_key_info *whose,
                     struct oc_arena *arena, struct oc_key_info **ret, size_t *ret_count,
                     struct oc_err *err)
{
    struct oc_key_info *list;
    size_t count = 0, n = 0;

    for (size_t i = 0; i < keys->key_count; i++)
        count += belongs_to(keys->keys[i], whose->account, whose->region);
    list = oc_arena_alloc(arena, (count + 1) * sizeof(*list));
    if (!list)
        return oc_fail_nomem(err);
    for (size_t i = 0; i < keys->key_count; i++) {
        int rc;

        if (!belongs_to(keys->keys[i], whose->account, whose->region))
            continue;
        rc = describe(keys, keys->keys[i], arena, &list[n++], err);
        if (rc < 0)
            return rc;
    }
    qsort(list, n, sizeof(*list), by_creation);
    *ret = list;
    *ret_count = n;
    return OC_OK;
}

int oc_keys_list(struct oc_keys *keys, struct oc_slice account, struct oc_slice region,
                 struct oc_arena *arena, struct oc_key_info **ret, size_t *ret_count,
                 struct oc_err *err)
{
    struct oc_key_info whose = {.account = account, .region = region};
    int rc;

    (void)pthread_rwlock_rdlock(&keys->lock); /* fails only on a bug */
    rc = list_keys(keys, &whose, arena, ret, ret_count, err);
    (void)pthread_rwlock_unlock(&keys->lock);
    return rc;
}

/*
 * `arn:PARTITION:kms:REGION:ACCOUNT:RESOURCE` of this account and Region: `*name` becomes the
 * resource, "key/ID" or "alias/…". False for an ARN of something or somebody else.
 */
static bool strip_arn(struct oc_slice *name, struct oc_slice account, struct oc_slice region)
{
    struct oc_slice rest = *name;
    struct oc_slice part;

    (void)oc_slice_cut(&rest, ':'); /* "arn" */
    part = oc_slice_cut(&rest, ':');
    if (!oc_slice_has_prefix(part, OC_STR("aws")))
        return false;
    if (!oc_slice_eq_str(oc_slice_cut(&rest, ':'), "kms") ||
        !oc_slice_eq(oc_slice_cut(&rest, ':'), region) ||
        !oc_slice_eq(oc_slice_cut(&rest, ':'), account) || !rest.ptr)
        return false;
    *name = rest;
    return true;
}

static struct oc_keyring_key *look_up(const struct oc_keys *keys, struct oc_slice account,
                                      struct oc_slice region, struct oc_slice name)
{
    struct oc_keyring_alias *alias;
    struct oc_keyring_key *key;

    if (oc_slice_has_prefix(name, OC_STR("arn:"))) {
        if (!strip_arn(&name, account, region))
            return NULL;
        if (oc_slice_has_prefix(name, OC_STR("key/")))
            name = oc_slice_sub(name, 4, name.len);
        else if (!oc_slice_has_prefix(name, OC_STR("alias/")))
            return NULL;
    }
    if (oc_slice_has_prefix(name, OC_STR("alias/"))) {
        alias = find_alias(keys, account, region, name);
        return alias ? alias->key : NULL;
    }
    key = oc_keyring_find(keys, name);
    return key && belongs_to(key, account, region) ? key : NULL;
}

int oc_keyring_disabled(const struct oc_keyring_key *key, struct oc_err *err)
{
    return oc_fail(err, OC_EDENIED,
                   "KMS key '%s' of Region %s is disabled; run `outcrop kms enable %s` to use "
                   "what it encrypts",
                   key->id, key->region, key->id);
}

int oc_keys_resolve(struct oc_keys *keys, struct oc_slice account, struct oc_slice region,
                    struct oc_slice name, struct oc_arena *arena, struct oc_key_info *ret,
                    struct oc_err *err)
{
    struct oc_keyring_key *key;
    int rc;

    (void)pthread_rwlock_rdlock(&keys->lock); /* fails only on a bug */
    key = look_up(keys, account, region, name);
    if (!key)
        rc = unknown_key(name, account, region, err);
    else if (!key->enabled)
        rc = oc_keyring_disabled(key, err);
    else
        rc = describe(keys, key, arena, ret, err);
    (void)pthread_rwlock_unlock(&keys->lock);
    return rc;
}
