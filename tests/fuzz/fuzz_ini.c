/* Settings files: any bytes either parse or are refused; what was parsed can be walked. */
#include <stdlib.h>

#include "base/ini.h"

static size_t walk(const struct oc_ini_entry *entry)
{
    size_t bytes = 0;

    for (; entry; entry = entry->next) {
        bytes += entry->key.len + entry->value.len;
        for (const struct oc_ini_entry *sub = entry->subs; sub; sub = sub->next)
            bytes += sub->key.len + sub->value.len;
    }
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_arena arena;
    struct oc_ini ini;
    struct oc_err err = {0};
    struct oc_slice text = {(const char *)data, size};

    oc_arena_init(&arena, 8UL << 20);
    if (oc_ini_parse(text, &arena, &ini, &err) == OC_OK) {
        size_t bytes = 0;

        for (const struct oc_ini_section *s = ini.sections; s; s = s->next)
            bytes += s->name.len + walk(s->entries);
        /* Nothing may come out that did not go in. */
        if (bytes > size)
            abort();
    }
    oc_arena_clear(&arena);
    return 0;
}
