/* outcrop: which command, its help, its run. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cli/command.h"
#include "cli/describe.h"
#include "cli/operation.h"
#include "cli/output.h"
#include "cli/version.h"

#define ARGUMENTS_MAX 4096

static const struct oc_command *const commands[] = {
    &oc_command_serve,       &oc_command_check,        &oc_command_import,
    &oc_command_models,      &oc_command_model,        &oc_command_copy,
    &oc_command_jobs,        &oc_command_job,          &oc_command_pull,
    &oc_command_verify,      &oc_command_events,       &oc_command_rm,
    &oc_command_tag,         &oc_command_share,        &oc_command_unshare,
    &oc_command_account_add, &oc_command_account_list, &oc_command_key_add,
    &oc_command_key_list,    &oc_command_key_disable,  &oc_command_kms_create_key,
    &oc_command_kms_list,    &oc_command_kms_alias,    &oc_command_kms_disable,
    &oc_command_kms_enable,  &oc_command_whoami,       &oc_command_doctor,
    &oc_command_health,
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* -- help -------------------------------------------------------------------------------------- */

static int print(struct oc_buf *buf, FILE *to)
{
    const char *text = oc_buf_cstr(buf);

    if (!text || fputs(text, to) == EOF)
        return OC_EXIT_FAILED;
    return OC_EXIT_OK;
}

static int print_help(FILE *to)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    oc_buf_init(&buf, 64 * 1024);
    oc_buf_put_str(&buf,
                   "Usage: outcrop COMMAND [arguments] [options]\n\n"
                   "Copies custom models between Regions and follows the copies, by the API of\n"
                   "Amazon Bedrock.\n\nCommands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        oc_buf_printf(&buf, "  %-16s %s\n", commands[i]->name, commands[i]->summary);
    oc_buf_put_str(&buf,
                   "\nOperations of Bedrock, with the options and the JSON of the AWS CLI:\n");
    for (size_t i = 0; i < OC_OP_COUNT; i++) {
        if (!oc_operation_is_public(&oc_ops[i]))
            continue;
        oc_buf_put_str(&buf, "  ");
        oc_operation_put_name(&buf, oc_ops[i].name);
        oc_buf_put_char(&buf, '\n');
    }
    oc_buf_put_str(&buf,
                   "\n`outcrop COMMAND --help` explains a command. `outcrop --version` shows the\n"
                   "version.\n\nExit codes:\n");
    for (size_t i = 0; oc_exit_meanings[i]; i++)
        oc_buf_printf(&buf, "  %zu  %s\n", i, oc_exit_meanings[i]);
    return print(&buf, to);
}

static int print_command_help(const struct oc_command *command)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    oc_buf_init(&buf, 64 * 1024);
    oc_command_put_help(&buf, command);
    return print(&buf, stdout);
}

/* For those who make man pages and completions: all tables as JSON. */
static int print_tables(void)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    struct oc_err err = {0};

    oc_buf_init(&buf, 1024 * 1024);
    if (oc_describe(&buf, commands, COMMAND_COUNT, &err) < 0) {
        (void)fprintf(stderr, "outcrop: %s\n", err.text);
        return OC_EXIT_FAILED;
    }
    return print(&buf, stdout);
}

/* -- which command ----------------------------------------------------------------------------- */

static bool is_name(const struct oc_command *command, const char *first, const char *second)
{
    size_t len = strcspn(command->name, " ");

    if (strlen(first) != len || strncmp(command->name, first, len) != 0)
        return false;
    return command->name[len] == '\0' || (second && strcmp(command->name + len + 1, second) == 0);
}

/* A group is the first word of commands of two: `key`. */
static bool is_group(const char *word)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        size_t len = strcspn(commands[i]->name, " ");

        if (commands[i]->name[len] && strlen(word) == len &&
            strncmp(commands[i]->name, word, len) == 0)
            return true;
    }
    return false;
}

static int fail_group(const char *word, const char *second)
{
    if (second && second[0] != '-')
        (void)fprintf(stderr, "outcrop: unknown command '%s %s'; there is:", word, second);
    else
        (void)fprintf(stderr, "outcrop: '%s' needs a second word:", word);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strncmp(commands[i]->name, word, strlen(word)) == 0 &&
            commands[i]->name[strlen(word)] == ' ')
            (void)fprintf(stderr, " %s", commands[i]->name + strlen(word) + 1);
    (void)fprintf(stderr, "\n");
    return OC_EXIT_USAGE;
}

static int fail_unknown(const char *word)
{
    const char *names[COMMAND_COUNT + 1] = {0};
    const char *near;

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i]->name;
    near = oc_nearest(word, names);
    if (near)
        (void)fprintf(stderr, "outcrop: unknown command '%s'; did you mean '%s'?\n", word, near);
    else
        (void)fprintf(stderr, "outcrop: unknown command '%s'; see `outcrop --help`\n", word);
    return OC_EXIT_USAGE;
}

static int run(const struct oc_command *command, int argc, char **argv)
{
    static struct oc_args args; /* large; there is one command line */
    struct oc_err err = {0};

    if (oc_args_parse(command, argc, argv, &args, &err) < 0) {
        bool asks = strchr(err.text, '?') != NULL; /* "did you mean" is help enough */

        (void)fprintf(stderr, "outcrop %s: %s", command->name, err.text);
        if (!asks)
            (void)fprintf(stderr, "; see `outcrop %s --help`", command->name);
        (void)fprintf(stderr, "\n");
        return OC_EXIT_USAGE;
    }
    return oc_args_has(&args, "help") ? print_command_help(command) : command->run(&args);
}

/* A command line of an operation; its name is taken out. */
static int run_operation(const struct oc_op *op, int argc, char **argv)
{
    static char *words[OC_OPERATION_WORDS_MAX + 1]; /* large; there is one command line */
    static struct oc_operation_command made;
    struct oc_err err = {0};
    bool complete = false;
    int count, code;

    for (int i = 1; i < argc; i++)
        complete = complete || strncmp(argv[i], "--cli-input-json", 16) == 0;
    if (oc_operation_command(op, complete, &made, &err) < 0) {
        (void)fprintf(stderr, "outcrop: %s\n", err.text);
        oc_arena_clear(&made.arena);
        return OC_EXIT_FAILED;
    }
    count = oc_operation_spread(&made.command, argc, argv, words);
    if (count < 0) {
        (void)fprintf(stderr, "outcrop %s: too many arguments\n", made.command.name);
        code = OC_EXIT_USAGE;
    } else {
        code = run(&made.command, count, words);
    }
    oc_arena_clear(&made.arena);
    return code;
}

/* -- options before the command ---------------------------------------------------------------- */

/* How many words the option takes: `--region eu-west-1` two, `--region=eu-west-1` one. */
static int option_words(const char *word)
{
    for (const struct oc_option *o = oc_client_option_table; o->name; o++)
        if ((strncmp(word, "--", 2) == 0 && strcmp(word + 2, o->name) == 0) ||
            (word[0] == '-' && word[1] == o->letter && o->letter && !word[2]))
            return o->arg ? 2 : 1;
    return 1;
}

/*
 * `outcrop --region r jobs` is `outcrop jobs --region r`: the words before the command are moved
 * behind it. @return the index of the command's word, `argc` when there is none
 */
static int find_command_word(int argc, char **argv)
{
    int i = 1;

    while (i < argc && argv[i][0] == '-')
        i += option_words(argv[i]);
    return i < argc ? i : argc;
}

/* The words without the `name_words` at `at` that name the command. @return how many */
static int strip_name(int argc, char **argv, int at, int name_words, char **ret)
{
    int count = 0;

    for (int i = 0; i < argc; i++)
        if (i < at || i >= at + name_words)
            ret[count++] = argv[i];
    ret[count] = NULL;
    return count;
}

static int dispatch(int argc, char **argv)
{
    char *words[ARGUMENTS_MAX];
    const struct oc_op *op;
    int at = find_command_word(argc, argv);
    const char *second = at + 1 < argc ? argv[at + 1] : NULL;
    int count;

    if (at == argc)
        return fail_unknown(argv[1]);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        int name_words = strchr(commands[i]->name, ' ') ? 2 : 1;

        if (!is_name(commands[i], argv[at], second))
            continue;
        count = strip_name(argc, argv, at, name_words, words);
        return run(commands[i], count, words);
    }
    op = oc_operation_find(argv[at]);
    if (op)
        return run_operation(op, strip_name(argc, argv, at, 1, words), words);
    return is_group(argv[at]) ? fail_group(argv[at], second) : fail_unknown(argv[at]);
}

int main(int argc, char **argv)
{
    struct oc_err err = {0};
    int code;

    (void)signal(SIGPIPE, SIG_IGN); /* a connection that breaks is an error like any other */

    if (argc < 2) {
        (void)print_help(stderr);
        return OC_EXIT_USAGE;
    }
    if (argc >= ARGUMENTS_MAX) {
        (void)fprintf(stderr, "outcrop: more than %d arguments\n", ARGUMENTS_MAX);
        return OC_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        (strcmp(argv[1], "help") == 0 && argc == 2)) {
        code = print_help(stdout);
    } else if (strcmp(argv[1], "--version") == 0) {
        (void)printf("outcrop %s\n", OC_VERSION);
        code = OC_EXIT_OK;
    } else if (strcmp(argv[1], "--describe") == 0 && argc == 2) {
        code = print_tables();
    } else {
        code = dispatch(argc, argv);
    }
    if (oc_output_flush(&err) < 0 && code == OC_EXIT_OK) {
        (void)fprintf(stderr, "outcrop: %s\n", err.text);
        code = OC_EXIT_FAILED;
    }
    return code;
}
