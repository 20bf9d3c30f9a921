/* The keys in memory, in the order of their ids, and their aliases. The caller holds the lock. */
#include "keys/keyring/keyring_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

void oc_keyring_key_free(struct oc_keyring_key *key)
{
    if (!key)
        return;
    free(key->description);
    oc_wipe(key, sizeof(*key));
    free(key);
}

/* Position of the first key whose id is not before `id`. */
static size_t position_of(const struct oc_keys *keys, struct oc_slice id)
{
    size_t low = 0, high = keys->key_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (oc_slice_cmp(oc_slice_of(keys->keys[middle]->id), id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct oc_keyring_key *oc_keyring_find(const struct oc_keys *keys, struct oc_slice id)
{
    size_t at = position_of(keys, id);

    if (at == keys->key_count || !oc_slice_eq_str(id, keys->keys[at]->id))
        return NULL;
    return keys->keys[at];
}

int oc_keyring_insert(struct oc_keys *keys, struct oc_keyring_key *key, struct oc_err *err)
{
    size_t at = position_of(keys, oc_slice_of(key->id));
    struct oc_keyring_key **grown;

    if (at < keys->key_count && strcmp(keys->keys[at]->id, key->id) == 0)
        return oc_fail(err, OC_ECONFLICT, "key %s exists", key->id);
    if (keys->key_count >= OC_KEYS_MAX)
        return oc_fail(err, OC_ELIMIT, "the keyring holds %d keys, the most it can", OC_KEYS_MAX);
    grown =
        oc_grow(keys->keys, &keys->key_cap, keys->key_count + 1, sizeof(struct oc_keyring_key *));
    if (!grown)
        return oc_fail_nomem(err);
    keys->keys = grown;
    memmove(keys->keys + at + 1, keys->keys + at, (keys->key_count - at) * sizeof(*keys->keys));
    keys->keys[at] = key;
    keys->key_count++;
    return OC_OK;
}

void oc_keyring_remove(struct oc_keys *keys, struct oc_keyring_key *key)
{
    size_t at = position_of(keys, oc_slice_of(key->id));

    keys->key_count--;
    memmove(keys->keys + at, keys->keys + at + 1, (keys->key_count - at) * sizeof(*keys->keys));
    oc_keyring_key_free(key);
}

int oc_keyring_add_alias(struct oc_keys *keys, struct oc_slice name, struct oc_keyring_key *key,
                         struct oc_err *err)
{
    struct oc_keyring_alias *grown;
    char *copy;

    if (keys->alias_count >= OC_KEYS_ALIASES_MAX)
        return oc_fail(err, OC_ELIMIT, "the keyring holds %d aliases, the most it can",
                       OC_KEYS_ALIASES_MAX);
    grown = oc_grow(keys->aliases, &keys->alias_cap, keys->alias_count + 1, sizeof(*grown));
    if (!grown)
        return oc_fail_nomem(err);
    keys->aliases = grown;
    copy = oc_alloc(name.len + 1);
    if (!copy)
        return oc_fail_nomem(err);
    memcpy(copy, name.ptr, name.len);
    copy[name.len] = '\0';
    keys->aliases[keys->alias_count++] = (struct oc_keyring_alias){copy, key};
    return OC_OK;
}
