/* The commands' tables as JSON. */
#include "cli/describe.h"

#include "base/json.h"
#include "cli/operation.h"
#include "cli/version.h"

static void put_option(struct oc_jw *w, const struct oc_option *o, bool shared)
{
    const char letter[] = {o->letter, '\0'};

    oc_jw_object(w);
    oc_jw_member(w, "name", oc_slice_of(o->name));
    if (o->letter)
        oc_jw_member(w, "letter", oc_slice_of(letter));
    oc_jw_member(w, "arg", oc_slice_of(o->arg));
    oc_jw_member(w, "help", oc_slice_of(o->help));
    if (o->values) {
        oc_jw_key(w, "values");
        oc_jw_array(w);
        for (const char *const *v = o->values; *v; v++)
            oc_jw_string(w, oc_slice_of(*v));
        oc_jw_array_end(w);
    }
    oc_jw_member_bool(w, "repeat", o->repeat);
    oc_jw_member_bool(w, "required", o->required);
    oc_jw_member_bool(w, "shared", shared);
    oc_jw_object_end(w);
}

static bool is_in(const struct oc_option *option, const struct oc_option *table)
{
    for (; table->name; table++)
        if (table == option)
            return true;
    return false;
}

static void put_command(struct oc_jw *w, const struct oc_command *command)
{
    const struct oc_option *options[OC_COMMAND_OPTIONS_MAX];
    const size_t count = oc_command_options(command, options);

    oc_jw_object(w);
    oc_jw_member(w, "name", oc_slice_of(command->name));
    oc_jw_member(w, "summary", oc_slice_of(command->summary));
    oc_jw_member(w, "details", oc_slice_of(command->details));
    oc_jw_member_bool(w, "isOperation", command->op != NULL);
    oc_jw_key(w, "arguments");
    oc_jw_array(w);
    for (const struct oc_operand *o = command->operands; o && o->name; o++) {
        oc_jw_object(w);
        oc_jw_member(w, "name", oc_slice_of(o->name));
        oc_jw_member(w, "help", oc_slice_of(o->help));
        oc_jw_object_end(w);
    }
    oc_jw_array_end(w);
    oc_jw_key(w, "options");
    oc_jw_array(w);
    for (size_t i = 0; i < count; i++)
        put_option(w, options[i],
                   is_in(options[i], oc_client_option_table) ||
                       is_in(options[i], oc_common_option_table));
    oc_jw_array_end(w);
    oc_jw_object_end(w);
}

static int put_operations(struct oc_jw *w, struct oc_err *err)
{
    for (size_t i = 0; i < OC_OP_COUNT; i++) {
        struct oc_operation_command made = {0};
        int rc;

        if (!oc_operation_is_public(&oc_ops[i]))
            continue;
        rc = oc_operation_command(&oc_ops[i], false, &made, err);
        if (rc == OC_OK)
            put_command(w, &made.command);
        oc_arena_clear(&made.arena);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

int oc_describe(struct oc_buf *buf, const struct oc_command *const *commands, size_t count,
                struct oc_err *err)
{
    struct oc_jw w;
    int rc;

    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member(&w, "version", OC_STR(OC_VERSION));
    oc_jw_key(&w, "exitCodes");
    oc_jw_array(&w);
    for (const char *const *m = oc_exit_meanings; *m; m++)
        oc_jw_string(&w, oc_slice_of(*m));
    oc_jw_array_end(&w);
    oc_jw_key(&w, "commands");
    oc_jw_array(&w);
    for (size_t i = 0; i < count; i++)
        put_command(&w, commands[i]);
    rc = put_operations(&w, err);
    oc_jw_array_end(&w);
    oc_jw_object_end(&w);
    oc_buf_put_char(buf, '\n');
    return rc < 0 || !buf->failed ? rc : oc_fail_nomem(err);
}
