/* Command lines: the parser over a command's table. */
#include "cli/command.h"

#include <getopt.h>
#include <string.h>

#define WORD_MAX 64 /* longest word that is compared for a nearest match */

static const char *const forms[] = {"table", "json", "jsonl", "csv", "tsv", NULL};

const struct oc_option oc_client_option_table[] = {
    {.name = "region",
     .arg = "REGION",
     .help = "Region to ask (default: AWS_REGION or the profile)"},
    {.name = "profile",
     .arg = "NAME",
     .help = "profile of the shared credentials and config files"},
    {.name = "endpoint", .arg = "URL", .help = "server to ask (default: AWS_ENDPOINT_URL_BEDROCK)"},
    {.name = "output",
     .letter = 'o',
     .arg = "FORM",
     .help = "table, json, jsonl; lists: csv, tsv (default: table)",
     .values = forms},
    {0},
};

const struct oc_option oc_change_option_table[] = {
    {.name = "dry-run", .help = "change nothing, show what would be sent"},
    {0},
};

const struct oc_option oc_ask_option_table[] = {
    {.name = "yes", .letter = 'y', .help = "do not ask; without a terminal nothing is asked"},
    {0},
};

const char *const oc_exit_meanings[] = {
    "done",
    "failed: the job ended Failed, no such model, refused input",
    "wrong command line",
    "no credentials, or not allowed",
    "the server cannot be reached",
    NULL,
};

const char *const oc_values_job_status[] = {"InProgress", "Completed", "Failed", NULL};
const char *const oc_values_order[] = {"asc", "desc", NULL};

const struct oc_option oc_common_option_table[] = {
    {.name = "help", .letter = 'h', .help = "show this help"},
    {0},
};

/* All options of a command in the order of its help text. */
struct option_set {
    const struct oc_option *list[OC_COMMAND_OPTIONS_MAX];
    size_t count;
};

static void add_options(struct option_set *set, const struct oc_option *table)
{
    for (; table && table->name && set->count < OC_COMMAND_OPTIONS_MAX; table++)
        set->list[set->count++] = table;
}

static void collect_options(struct option_set *ret, const struct oc_command *command)
{
    ret->count = 0;
    add_options(ret, command->options);
    if (command->changes)
        add_options(ret, oc_change_option_table);
    if (command->asks)
        add_options(ret, oc_ask_option_table);
    if (command->is_client)
        add_options(ret, oc_client_option_table);
    add_options(ret, oc_common_option_table);
}

size_t oc_command_options(const struct oc_command *command,
                          const struct oc_option *ret[OC_COMMAND_OPTIONS_MAX])
{
    struct option_set set;

    collect_options(&set, command);
    memcpy(ret, set.list, set.count * sizeof(ret[0]));
    return set.count;
}

/* -- nearest match ----------------------------------------------------------------------------- */

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance (insert, delete, replace), two rows of the classic table. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[2][WORD_MAX + 1];
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len > WORD_MAX || b_len > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *above = rows[(i - 1) % 2], *row = rows[i % 2];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++)
            row[j] =
                min_size(above[j - 1] + (a[i - 1] != b[j - 1]), min_size(above[j], row[j - 1]) + 1);
    }
    return rows[a_len % 2][b_len];
}

const char *oc_nearest(const char *word, const char *const *names)
{
    const char *best = NULL;
    size_t best_distance = 3; /* three wrong letters are another word */

    if (strlen(word) < 2)
        return NULL;
    for (; *names; names++) {
        size_t distance = edit_distance(word, *names);

        if (strncmp(word, *names, strlen(word)) == 0)
            distance = 1;
        if (distance < best_distance && distance < strlen(*names)) {
            best = *names;
            best_distance = distance;
        }
    }
    return best;
}

/* -- parsing ----------------------------------------------------------------------------------- */

static int fail_unknown(const struct option_set *set, const char *word, struct oc_err *err)
{
    const char *names[OC_COMMAND_OPTIONS_MAX + 1] = {0};
    char name[WORD_MAX + 1] = "";
    const char *near;

    for (size_t i = 0; i < set->count; i++)
        names[i] = set->list[i]->name;
    if (strncmp(word, "--", 2) == 0)
        (void)strncat(name, word + 2, min_size(strcspn(word + 2, "="), WORD_MAX));
    near = oc_nearest(name, names);
    if (near)
        return oc_fail(err, OC_EINVAL, "unknown option '%.*s'; did you mean '--%s'?",
                       (int)strcspn(word, "="), word, near);
    return oc_fail(err, OC_EINVAL, "unknown option '%.*s'", (int)strcspn(word, "="), word);
}

/* getopt_long's tables from ours. `ret_long` ends with a zero entry, `ret_short` with NUL. */
static void build_getopt(const struct option_set *set, struct option *ret_long, char *ret_short)
{
    *ret_short++ = ':'; /* tell a missing argument from an unknown option, print nothing */
    for (size_t i = 0; i < set->count; i++) {
        const struct oc_option *o = set->list[i];

        *ret_long++ =
            (struct option){o->name, o->arg ? required_argument : no_argument, NULL, 256 + (int)i};
        if (o->letter) {
            *ret_short++ = o->letter;
            if (o->arg)
                *ret_short++ = ':';
        }
    }
    *ret_long = (struct option){0};
    *ret_short = '\0';
}

static const struct oc_option *option_of(const struct option_set *set, int code)
{
    if (code >= 256)
        return set->list[code - 256];
    for (size_t i = 0; i < set->count; i++)
        if (set->list[i]->letter == code)
            return set->list[i];
    return NULL;
}

/* The word of the command line that getopt_long has just taken an option from. */
static const char *current_word(char **argv)
{
    return optarg && optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1];
}

/* getopt_long accepts abbreviations; a script that uses one breaks when an option is added. */
static bool is_abbreviation(const char *word, const struct oc_option *option)
{
    size_t len;

    if (strncmp(word, "--", 2) != 0)
        return false;
    len = strcspn(word + 2, "=");
    return len != strlen(option->name) || strncmp(word + 2, option->name, len) != 0;
}

/* `a, b or c` */
static void put_words(struct oc_buf *buf, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        oc_buf_printf(buf, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
}

static int check_value(const struct oc_option *option, const char *value, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf words = {0};

    for (const char *const *v = option->values; *v; v++)
        if (strcmp(value, *v) == 0)
            return OC_OK;
    oc_buf_init(&words, OC_ERR_TEXT_MAX);
    put_words(&words, option->values);
    return oc_fail(err, OC_EINVAL, "option '--%s': want %.*s, not '%s'", option->name,
                   OC_FMT(words), value);
}

static int take_option(const struct oc_option *option, struct oc_args *args, struct oc_err *err)
{
    /* The words of an operation's option are the server's to know. */
    const bool is_checked = option->values && !args->command->op;

    if (is_checked && check_value(option, optarg, err) < 0)
        return err->rc;
    if (!option->repeat && oc_args_has(args, option->name))
        return oc_fail(err, OC_EINVAL, "option '--%s' is given twice", option->name);
    if (args->value_count == OC_ARGS_MAX)
        return oc_fail(err, OC_EINVAL, "more than %d options", OC_ARGS_MAX);
    args->values[args->value_count++] = (struct oc_arg_value){option, optarg};
    return OC_OK;
}

static int parse_options(const struct option_set *set, int argc, char **argv, struct oc_args *args,
                         struct oc_err *err)
{
    struct option long_options[OC_COMMAND_OPTIONS_MAX + 1];
    char short_options[2 * OC_COMMAND_OPTIONS_MAX + 2];
    int code;

    build_getopt(set, long_options, short_options);
    optind = 0; /* makes glibc start afresh */
    opterr = 0;
    while ((code = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
        const char *word = current_word(argv);
        const struct oc_option *option = option_of(set, code);
        int rc;

        if (code == ':')
            return oc_fail(err, OC_EINVAL, "option '%s' needs an argument", word);
        if (code == '?' && optopt >= 256)
            return oc_fail(err, OC_EINVAL, "option '--%s' takes no argument",
                           option_of(set, optopt)->name);
        if (code == '?' && optopt != 0)
            return oc_fail(err, OC_EINVAL, "unknown option '-%c'", optopt);
        if (!option || is_abbreviation(word, option))
            return fail_unknown(set, word, err);
        rc = take_option(option, args, err);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

static int check_complete(const struct option_set *set, const struct oc_args *args,
                          struct oc_err *err)
{
    const struct oc_operand *operand = args->command->operands;
    size_t most = 0;

    for (size_t i = 0; i < set->count; i++)
        if (set->list[i]->required && !oc_args_has(args, set->list[i]->name))
            return oc_fail(err, OC_EINVAL, "option '--%s %s' is missing", set->list[i]->name,
                           set->list[i]->arg);
    for (; operand && operand->name; operand++)
        if (++most > args->operand_count && !operand->optional)
            return oc_fail(err, OC_EINVAL, "%s (%s) is missing", operand->name, operand->help);
    if (args->operand_count > most)
        return oc_fail(err, OC_EINVAL, "unexpected argument '%s'", args->operands[most]);
    return OC_OK;
}

int oc_args_parse(const struct oc_command *command, int argc, char **argv, struct oc_args *ret,
                  struct oc_err *err)
{
    struct option_set set;
    int rc;

    *ret = (struct oc_args){.command = command};
    collect_options(&set, command);
    rc = parse_options(&set, argc, argv, ret, err);
    if (rc < 0)
        return rc;
    for (int i = optind; i < argc; i++) {
        if (ret->operand_count == OC_ARGS_MAX)
            return oc_fail(err, OC_EINVAL, "more than %d arguments", OC_ARGS_MAX);
        ret->operands[ret->operand_count++] = argv[i];
    }
    return oc_args_has(ret, "help") ? OC_OK : check_complete(&set, ret, err);
}

const char *oc_args_nth(const struct oc_args *args, const char *name, size_t index)
{
    for (size_t i = 0; i < args->value_count; i++)
        if (strcmp(args->values[i].option->name, name) == 0 && index-- == 0)
            return args->values[i].value;
    return NULL;
}

const char *oc_args_get(const struct oc_args *args, const char *name)
{
    for (size_t i = args->value_count; i > 0; i--)
        if (strcmp(args->values[i - 1].option->name, name) == 0)
            return args->values[i - 1].value;
    return NULL;
}

bool oc_args_has(const struct oc_args *args, const char *name)
{
    for (size_t i = 0; i < args->value_count; i++)
        if (strcmp(args->values[i].option->name, name) == 0)
            return true;
    return false;
}

int oc_args_int64(const struct oc_args *args, const char *name, struct oc_range range, int64_t *ret,
                  struct oc_err *err)
{
    const char *text = oc_args_get(args, name);
    int64_t value;

    if (!text)
        return OC_OK;
    if (!oc_slice_to_int64(oc_slice_of(text), &value) || value < range.min || value > range.max)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "option '--%s': want a number from %lld to %lld, not '%s'", name,
                          (long long)range.min, (long long)range.max, text);
    *ret = value;
    return OC_OK;
}
