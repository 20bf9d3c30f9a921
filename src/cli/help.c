/* What `outcrop COMMAND --help` says: made from the same table that the parser reads. */
#include "cli/command.h"
#include "cli/format.h"

#define HELP_WIDTH  80 /* columns */
#define HELP_COLUMN 28 /* where the explanations begin */

/* Explain what the row that began at `row_start` names; `note` comes after the explanation. */
static void put_row(struct oc_buf *buf, size_t row_start, const char *help, const char *note)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    size_t width = buf->len - row_start;

    if (width + 2 > HELP_COLUMN) {
        oc_buf_put_char(buf, '\n');
        width = 0;
    }
    oc_buf_printf(buf, "%*s", (int)(HELP_COLUMN - width), "");
    oc_buf_init(&text, OC_ERR_TEXT_MAX);
    oc_buf_printf(&text, "%s%s", help, note);
    oc_format_wrapped(buf, oc_buf_slice(&text), HELP_COLUMN, HELP_COLUMN, HELP_WIDTH);
    oc_buf_put_char(buf, '\n');
}

static void put_options(struct oc_buf *buf, const struct oc_option *table)
{
    for (; table && table->name; table++) {
        size_t start = buf->len;

        if (table->letter)
            oc_buf_printf(buf, "  -%c, --%s", table->letter, table->name);
        else
            oc_buf_printf(buf, "      --%s", table->name);
        if (table->arg)
            oc_buf_printf(buf, " %s", table->arg);
        put_row(buf, start, table->help,
                table->required ? " (required)"
                : table->repeat ? " (may be repeated)"
                                : "");
    }
}

static void put_arguments(struct oc_buf *buf, const struct oc_operand *operands)
{
    oc_buf_put_str(buf, "\nArguments:\n");
    for (const struct oc_operand *o = operands; o->name; o++) {
        size_t start = buf->len;

        oc_buf_printf(buf, "  %s", o->name);
        put_row(buf, start, o->help, "");
    }
}

static void put_usage(struct oc_buf *buf, const struct oc_command *command)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};

    oc_buf_init(&text, OC_ERR_TEXT_MAX);
    oc_buf_printf(&text, "Usage: outcrop %s", command->name);
    for (const struct oc_operand *o = command->operands; o && o->name; o++)
        oc_buf_printf(&text, o->optional ? " [%s]" : " %s", o->name);
    for (const struct oc_option *o = command->options; o && o->name; o++)
        if (o->required)
            oc_buf_printf(&text, " --%s %s", o->name, o->arg);
    oc_buf_put_str(&text, " [options]");
    oc_format_wrapped(buf, oc_buf_slice(&text), 0, 8, HELP_WIDTH);
    oc_buf_printf(buf, "\n\n%c%s.\n", command->summary[0] & ~0x20, command->summary + 1);
}

void oc_command_put_help(struct oc_buf *buf, const struct oc_command *command)
{
    put_usage(buf, command);
    if (command->details) {
        oc_buf_put_char(buf, '\n');
        oc_format_wrapped(buf, oc_slice_of(command->details), 0, 0, HELP_WIDTH);
        oc_buf_put_char(buf, '\n');
    }
    if (command->operands)
        put_arguments(buf, command->operands);
    if (command->options || command->changes || command->asks)
        oc_buf_put_str(buf, "\nOptions:\n");
    put_options(buf, command->options);
    put_options(buf, command->changes ? oc_change_option_table : NULL);
    put_options(buf, command->asks ? oc_ask_option_table : NULL);
    if (command->is_client) {
        oc_buf_put_str(buf, "\nConnection and output:\n");
        put_options(buf, oc_client_option_table);
    }
    oc_buf_put_str(buf, "\nHelp:\n");
    put_options(buf, oc_common_option_table);
}
