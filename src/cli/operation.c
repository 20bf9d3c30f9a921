/* Commands made from the operation table. */
#include "cli/operation.h"

#include <stdio.h>
#include <string.h>

#define CLI_NAME_MAX 128 /* longest name in the AWS CLI's form */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* A word begins at a capital that follows something else, or is followed by a small letter. */
void oc_operation_put_name(struct oc_buf *buf, const char *name)
{
    for (size_t i = 0; name[i]; i++) {
        if (i > 0 && is_upper(name[i]) && (!is_upper(name[i - 1]) || is_lower(name[i + 1])))
            oc_buf_put_char(buf, '-');
        oc_buf_put_char(buf, is_upper(name[i]) ? (char)(name[i] | 0x20) : name[i]);
    }
}

bool oc_operation_is_public(const struct oc_op *op)
{
    return !op->extension;
}

const struct oc_op *oc_operation_find(const char *name)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    oc_buf_init(&buf, CLI_NAME_MAX);
    for (size_t i = 0; i < OC_OP_COUNT; i++) {
        oc_buf_reset(&buf);
        oc_operation_put_name(&buf, oc_ops[i].name);
        if (oc_operation_is_public(&oc_ops[i]) && oc_slice_eq_str(oc_buf_slice(&buf), name))
            return &oc_ops[i];
    }
    return NULL;
}

static bool has_member(const struct oc_op *op, const char *name)
{
    for (size_t i = 0; i < op->member_count; i++)
        if (strcmp(op->members[i].name, name) == 0)
            return true;
    return false;
}

bool oc_operation_is_paged(const struct oc_op *op)
{
    return has_member(op, "nextToken") && has_member(op, "maxResults");
}

/* -- options ----------------------------------------------------------------------------------- */

static const struct oc_option paging_options[] = {
    {.name = "max-items", .arg = "N", .help = "show at most N, of however many pages"},
    {.name = "page-size", .arg = "N", .help = "items of one request"},
    {.name = "starting-token", .arg = "TOKEN", .help = "go on at the NextToken of an earlier call"},
    {.name = "no-paginate", .help = "make one request only"},
    {0},
};

static const struct oc_option shared_options[] = {
    {.name = "cli-input-json", .arg = "JSON", .help = "the input as JSON; options win over it"},
    {.name = "region", .arg = "REGION", .help = "Region to ask"},
    {.name = "profile", .arg = "NAME", .help = "profile of the shared files"},
    {.name = "endpoint-url", .arg = "URL", .help = "server to ask"},
    {.name = "output", .letter = 'o', .arg = "FORM", .help = "json, which is also the default"},
    {0},
};

static const char *arg_of(const struct oc_shape *shape)
{
    switch (shape->type) {
    case OC_SHAPE_INTEGER:
        return "N";
    case OC_SHAPE_TIMESTAMP:
        return "TIME";
    case OC_SHAPE_LIST:
        return shape->item->type == OC_SHAPE_STRUCTURE ? "STRUCTURE" : "TEXT";
    case OC_SHAPE_STRUCTURE:
    case OC_SHAPE_UNION:
        return "STRUCTURE";
    default:
        return shape->arns ? "ARN" : "TEXT";
    }
}

/* `key=…,value=…`, or `s3DataSource={…}` */
static void put_structure_help(struct oc_buf *buf, const struct oc_shape *shape)
{
    for (size_t i = 0; i < shape->member_count; i++)
        oc_buf_printf(buf, "%s%s=%s", i ? "," : "", shape->members[i].name,
                      shape->members[i].shape->member_count ? "{...}" : "...");
    oc_buf_put_str(buf, ", or JSON");
}

static struct oc_slice help_of(struct oc_arena *arena, const struct oc_shape *shape)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    oc_buf_init(&buf, 4096);
    if (shape->enum_values) {
        for (size_t i = 0; shape->enum_values[i]; i++)
            oc_buf_printf(&buf, "%s%s",
                          i == 0                      ? ""
                          : shape->enum_values[i + 1] ? ", "
                                                      : " or ",
                          shape->enum_values[i]);
    } else if (shape->type == OC_SHAPE_LIST && shape->item->member_count > 0) {
        put_structure_help(&buf, shape->item);
    } else if (shape->member_count > 0) {
        put_structure_help(&buf, shape);
    } else if (shape->type == OC_SHAPE_TIMESTAMP) {
        oc_buf_put_str(&buf, "ISO-8601, a date, or seconds since 1970");
    } else {
        oc_buf_put_str(&buf, shape->type == OC_SHAPE_INTEGER ? "a number" : "text or file://PATH");
    }
    return buf.failed ? (struct oc_slice){0} : oc_arena_copy(arena, oc_buf_slice(&buf));
}

static bool add_option(struct oc_operation_command *c, size_t *count, struct oc_option option)
{
    if (!option.name || !option.help || *count + 1 >= OC_OPERATION_OPTIONS_MAX)
        return false;
    c->options[(*count)++] = option;
    return true;
}

static bool add_member(struct oc_operation_command *c, size_t *count, const struct oc_member *m,
                       bool complete)
{
    OC_AUTO(oc_buf_clear) struct oc_buf name = {0};
    const char *text;

    oc_buf_init(&name, CLI_NAME_MAX);
    oc_operation_put_name(&name, m->name);
    text = oc_arena_copy(&c->arena, oc_buf_slice(&name)).ptr;
    if (m->shape->type == OC_SHAPE_BOOLEAN) {
        const char *no = oc_arena_printf(&c->arena, "no-%.*s", OC_FMT(oc_buf_slice(&name))).ptr;

        return add_option(c, count, (struct oc_option){.name = text, .help = "only those"}) &&
               add_option(c, count, (struct oc_option){.name = no, .help = "only the others"});
    }
    return add_option(c, count,
                      (struct oc_option){
                          .name = text,
                          .arg = arg_of(m->shape),
                          .help = help_of(&c->arena, m->shape).ptr,
                          .values = m->shape->enum_values,
                          .repeat = m->shape->type == OC_SHAPE_LIST,
                          .required = m->required && !complete,
                      });
}

static bool add_table(struct oc_operation_command *c, size_t *count, const struct oc_option *table)
{
    for (; table->name; table++)
        if (!add_option(c, count, *table))
            return false;
    return true;
}

int oc_operation_command(const struct oc_op *op, bool complete, struct oc_operation_command *ret,
                         struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf name = {0};
    size_t count = 0;
    bool ok = true;

    oc_arena_init(&ret->arena, 64 * 1024);
    oc_buf_init(&name, CLI_NAME_MAX);
    oc_operation_put_name(&name, op->name);
    ret->command = (struct oc_command){
        .name = oc_arena_copy(&ret->arena, oc_buf_slice(&name)).ptr,
        .summary = oc_arena_printf(&ret->arena, "call %s as the AWS CLI does", op->name).ptr,
        .options = ret->options,
        .op = op,
        .run = oc_operation_run,
    };
    for (size_t i = 0; ok && i < op->member_count; i++)
        ok = add_member(ret, &count, &op->members[i], complete);
    if (ok && oc_operation_is_paged(op))
        ok = add_table(ret, &count, paging_options);
    ok = ok && add_table(ret, &count, shared_options);
    return ok && ret->command.name && ret->command.summary ? OC_OK : oc_fail_nomem(err);
}

/* -- several words behind one option ----------------------------------------------------------- */

static const struct oc_option *find_list(const struct oc_command *command, const char *word)
{
    for (const struct oc_option *o = command->options; o->name; o++)
        if (o->repeat && strncmp(word, "--", 2) == 0 && strcmp(word + 2, o->name) == 0)
            return o;
    return NULL;
}

int oc_operation_spread(const struct oc_command *command, int argc, char **argv, char **ret)
{
    char *list = NULL; /* the option whose words are being read */
    bool first = false;
    int count = 0;

    for (int i = 0; i < argc; i++) {
        if (count + 2 > OC_OPERATION_WORDS_MAX)
            return -1;
        if (strncmp(argv[i], "--", 2) == 0) {
            list = find_list(command, argv[i]) ? argv[i] : NULL;
            first = true;
        } else if (argv[i][0] == '-') {
            list = NULL;
        } else if (list && !first) {
            ret[count++] = list;
        } else {
            first = false;
        }
        ret[count++] = argv[i];
    }
    ret[count] = NULL;
    return count;
}
