/*
 * Settings files: one pass over a private copy of the text, line by line. Names, keys and values
 * are slices of that copy; a continued value is joined in place, which always fits, because the
 * line end and the indentation it replaces are at least as long as the line feed put in.
 */
#include "base/ini.h"

#include <string.h>

#include "base/file.h"

/* Duplicates are found by walking the lists, so their lengths are bounded. */
#define SECTIONS_MAX 10000
#define ENTRIES_MAX  1000 /* keys of one section, sub-properties of one key */

struct list_tail {
    struct oc_ini_entry **link; /* where the next entry is hung */
    size_t count;
};

struct parser {
    struct oc_arena *arena;
    struct oc_err *err;
    unsigned line;
    struct oc_ini *ini;
    struct oc_ini_section **section_link;
    size_t section_count;
    struct oc_ini_section *section; /* NULL before the first */
    struct list_tail entries;       /* of `section` */
    struct oc_ini_entry *entry;     /* last key of `section`, or NULL */
    struct list_tail subs;          /* of `entry` */
    struct oc_ini_entry *sub;       /* last sub-property of `entry`, or NULL */
};

const struct oc_ini_section *oc_ini_section(const struct oc_ini *ini, struct oc_slice name)
{
    for (const struct oc_ini_section *s = ini->sections; s; s = s->next)
        if (oc_slice_eq(s->name, name))
            return s;
    return NULL;
}

static const struct oc_ini_entry *find_key(const struct oc_ini_entry *first, struct oc_slice key)
{
    for (; first; first = first->next)
        if (oc_slice_eq_nocase(first->key, key))
            return first;
    return NULL;
}

const struct oc_ini_entry *oc_ini_find(const struct oc_ini_entry *first, const char *key)
{
    return find_key(first, oc_slice_of(key));
}

struct oc_slice oc_ini_value(const struct oc_ini_section *section, const char *key)
{
    const struct oc_ini_entry *entry = section ? oc_ini_find(section->entries, key) : NULL;

    return entry ? entry->value : (struct oc_slice){0};
}

static int add_section(struct parser *p, struct oc_slice line)
{
    ptrdiff_t end = oc_slice_find(line, ']');
    struct oc_slice name, rest;
    const struct oc_ini_section *twin;

    if (end < 0)
        return oc_fail(p->err, OC_EINVAL, "line %u: '[' without ']'", p->line);
    name = oc_slice_trim(oc_slice_sub(line, 1, (size_t)end - 1));
    rest = oc_slice_trim(oc_slice_sub(line, (size_t)end + 1, line.len));
    if (name.len == 0)
        return oc_fail(p->err, OC_EINVAL, "line %u: a section needs a name", p->line);
    if (rest.len > 0 && rest.ptr[0] != '#' && rest.ptr[0] != ';')
        return oc_fail(p->err, OC_EINVAL, "line %u: text after ']'", p->line);
    twin = oc_ini_section(p->ini, name);
    if (twin)
        return oc_fail(p->err, OC_EINVAL, "line %u: section [%.*s] stands at line %u already",
                       p->line, OC_FMT(name), twin->line);
    if (++p->section_count > SECTIONS_MAX)
        return oc_fail(p->err, OC_EINVAL, "line %u: more than %d sections", p->line, SECTIONS_MAX);

    p->section = oc_arena_alloc(p->arena, sizeof(*p->section));
    if (!p->section)
        return oc_fail_nomem(p->err);
    p->section->name = name;
    p->section->line = p->line;
    *p->section_link = p->section;
    p->section_link = &p->section->next;
    p->entries = (struct list_tail){.link = &p->section->entries};
    p->entry = NULL;
    p->sub = NULL;
    return OC_OK;
}

/* Hang `key = value` at the end of a list. `first` is the list's head, to find duplicates in. */
static int add_entry(struct parser *p, struct oc_slice line, const struct oc_ini_entry *first,
                     struct list_tail *tail, struct oc_ini_entry **ret_entry)
{
    struct oc_slice value = line;
    struct oc_slice key = oc_slice_trim(oc_slice_cut(&value, '='));
    const struct oc_ini_entry *twin = find_key(first, key);
    struct oc_ini_entry *entry;

    if (!value.ptr)
        return oc_fail(p->err, OC_EINVAL, "line %u: want `key = value`", p->line);
    if (key.len == 0)
        return oc_fail(p->err, OC_EINVAL, "line %u: no key before '='", p->line);
    if (twin)
        return oc_fail(p->err, OC_EINVAL, "line %u: key '%.*s' stands at line %u already", p->line,
                       OC_FMT(key), twin->line);
    if (++tail->count > ENTRIES_MAX)
        return oc_fail(p->err, OC_EINVAL, "line %u: more than %d keys", p->line, ENTRIES_MAX);

    entry = oc_arena_alloc(p->arena, sizeof(*entry));
    if (!entry)
        return oc_fail_nomem(p->err);
    entry->key = key;
    entry->value = oc_slice_trim(value);
    entry->line = p->line;
    *tail->link = entry;
    tail->link = &entry->next;
    *ret_entry = entry;
    return OC_OK;
}

static int add_indented(struct parser *p, struct oc_slice line)
{
    struct oc_slice *value;
    char *end;

    if (!p->entry)
        return oc_fail(p->err, OC_EINVAL, "line %u: an indented line needs a key above it",
                       p->line);
    value = &p->entry->value;
    if (value->len == 0)
        return add_entry(p, line, p->entry->subs, &p->subs, &p->sub);
    /* The text is this parser's own copy in the arena: it may be written. */
    end = (char *)(uintptr_t)(value->ptr + value->len);
    end[0] = '\n';
    memmove(end + 1, line.ptr, line.len);
    value->len += 1 + line.len;
    return OC_OK;
}

static int add_line(struct parser *p, struct oc_slice raw)
{
    struct oc_slice line = oc_slice_trim(raw);
    int rc;

    if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
        return OC_OK;
    if (oc_slice_find(line, '\0') >= 0)
        return oc_fail(p->err, OC_EINVAL, "line %u: a NUL byte", p->line);
    if (raw.ptr[0] == ' ' || raw.ptr[0] == '\t')
        return add_indented(p, line);
    if (line.ptr[0] == '[')
        return add_section(p, line);
    if (!p->section)
        return oc_fail(p->err, OC_EINVAL, "line %u: a key before the first [section]", p->line);
    rc = add_entry(p, line, p->section->entries, &p->entries, &p->entry);
    if (rc < 0)
        return rc;
    p->subs = (struct list_tail){.link = &p->entry->subs};
    p->sub = NULL;
    return OC_OK;
}

int oc_ini_parse(struct oc_slice text, struct oc_arena *arena, struct oc_ini *ret,
                 struct oc_err *err)
{
    struct oc_ini ini = {0};
    struct parser p = {.arena = arena, .err = err, .ini = &ini, .section_link = &ini.sections};
    struct oc_slice rest;

    if (text.len > OC_INI_MAX)
        return oc_fail(err, OC_EINVAL, "larger than %d bytes", OC_INI_MAX);
    if (oc_slice_has_prefix(text, OC_STR("\xef\xbb\xbf")))
        text = oc_slice_sub(text, 3, text.len);
    if (text.len == 0) {
        *ret = ini;
        return OC_OK;
    }
    rest = oc_arena_copy(arena, text);
    if (!rest.ptr)
        return oc_fail_nomem(err);
    while (rest.ptr) {
        int rc;

        p.line++;
        rc = add_line(&p, oc_slice_cut(&rest, '\n'));
        if (rc < 0)
            return rc;
    }
    *ret = ini;
    return OC_OK;
}

int oc_ini_load(const char *path, struct oc_arena *arena, struct oc_ini *ret, struct oc_err *err)
{
    struct oc_buf content = {0};
    struct oc_err why = {0};
    int rc;

    rc = oc_file_read(path, OC_INI_MAX, &content, err);
    if (rc < 0)
        return rc;
    rc = oc_ini_parse(oc_buf_slice(&content), arena, ret, &why);
    /* These files hold secrets. */
    if (content.ptr)
        memset(content.ptr, 0, content.cap);
    oc_buf_clear(&content);
    if (rc < 0)
        return oc_fail(err, why.rc, "%s: %s", path, why.text);
    return OC_OK;
}
