/* The command-line parser over a command's table, and the help from the same table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/session.h"

static const struct oc_option options[] = {
    {.name = "name", .arg = "NAME", .help = "its name", .required = true},
    {.name = "tag", .arg = "K=V", .help = "a tag", .repeat = true},
    {.name = "wait", .letter = 'w', .help = "wait"},
    {.name = "limit", .letter = 'n', .arg = "N", .help = "how many"},
    {.name = "sort", .arg = "ORDER", .help = "which first", .values = oc_values_order},
    {0},
};
static const struct oc_operand operands[] = {{"MODEL", "the model"}, {0}};

static int run_nothing(const struct oc_args *args)
{
    (void)args;
    return 0;
}

static const struct oc_command command = {
    .name = "test it",
    .summary = "test the parser",
    .details = "More of it.",
    .operands = operands,
    .options = options,
    .is_client = true,
    .changes = true,
    .asks = true,
    .run = run_nothing,
};

static struct oc_args args;

/* Parse the words of `line`; its text must live as long as `args` is looked at. */
static int parse(char *line, struct oc_err *err)
{
    char *argv[64] = {"outcrop"};
    int argc = 1;

    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    return oc_args_parse(&command, argc, argv, &args, err);
}

static void all_forms_are_understood(void **state)
{
    char line[] = "--name=n m --tag a=b -w --tag c= -n5 -o json --region r";
    struct oc_err err = {0};
    int64_t limit = 0;

    (void)state;
    assert_int_equal(parse(line, &err), OC_OK);
    assert_string_equal(oc_args_get(&args, "name"), "n");
    assert_string_equal(oc_args_nth(&args, "tag", 0), "a=b");
    assert_string_equal(oc_args_nth(&args, "tag", 1), "c=");
    assert_null(oc_args_nth(&args, "tag", 2));
    assert_true(oc_args_has(&args, "wait"));
    assert_false(oc_args_has(&args, "profile"));
    assert_null(oc_args_get(&args, "profile"));
    assert_string_equal(oc_args_get(&args, "output"), "json");
    assert_string_equal(oc_args_get(&args, "region"), "r");
    assert_int_equal(args.operand_count, 1);
    assert_string_equal(args.operands[0], "m");
    assert_int_equal(oc_args_int64(&args, "limit", (struct oc_range){1, 10}, &limit, &err), OC_OK);
    assert_int_equal(limit, 5);
    assert_int_equal(oc_args_int64(&args, "limit", (struct oc_range){6, 10}, &limit, &err),
                     OC_EINVAL);
    assert_string_equal(err.text, "option '--limit': want a number from 6 to 10, not '5'");
}

static void words_after_two_dashes_are_no_options(void **state)
{
    char line[] = "--name n -- --wait";
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(parse(line, &err), OC_OK);
    assert_string_equal(args.operands[0], "--wait");
    assert_false(oc_args_has(&args, "wait"));
}

static void wrong_lines_get_one_sentence(void **state)
{
    static const struct {
        const char *line, *want;
    } cases[] = {
        {"m", "option '--name NAME' is missing"},
        {"--name n", "MODEL (the model) is missing"},
        {"--name n a b", "unexpected argument 'b'"},
        {"--name n a --nane x", "unknown option '--nane'; did you mean '--name'?"},
        {"--name n a --wa", "unknown option '--wa'; did you mean '--wait'?"},
        {"--name n a --nam=x", "unknown option '--nam'; did you mean '--name'?"},
        {"--name n a --zebra", "unknown option '--zebra'"},
        {"--name n a -z", "unknown option '-z'"},
        {"--name n a -wz", "unknown option '-z'"},
        {"a --name", "option '--name' needs an argument"},
        {"--name n a -n", "option '-n' needs an argument"},
        {"--name n a --wait=3", "option '--wait' takes no argument"},
        {"--name n a --name o", "option '--name' is given twice"},
        {"--name n a -w -w", "option '--wait' is given twice"},
        {"--name n a --sort up", "option '--sort': want asc or desc, not 'up'"},
        {"--name n a -o xml", "option '--output': want table, json, jsonl, csv or tsv, not 'xml'"},
        {"--name n a --dry-run=1", "option '--dry-run' takes no argument"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct oc_err err = {0};
        char line[128];

        strcpy(line, cases[i].line);
        assert_int_equal(parse(line, &err), OC_EINVAL);
        assert_string_equal(err.text, cases[i].want);
    }
}

static void help_needs_nothing_else(void **state)
{
    char line[] = "--help";
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(parse(line, &err), OC_OK);
    assert_true(oc_args_has(&args, "help"));
}

static void help_text_shows_the_whole_table(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    (void)state;
    oc_buf_init(&buf, 65536);
    oc_command_put_help(&buf, &command);
    assert_string_equal(
        oc_buf_cstr(&buf),
        "Usage: outcrop test it MODEL --name NAME [options]\n"
        "\n"
        "Test the parser.\n"
        "\n"
        "More of it.\n"
        "\n"
        "Arguments:\n"
        "  MODEL                     the model\n"
        "\n"
        "Options:\n"
        "      --name NAME           its name (required)\n"
        "      --tag K=V             a tag (may be repeated)\n"
        "  -w, --wait                wait\n"
        "  -n, --limit N             how many\n"
        "      --sort ORDER          which first\n"
        "      --dry-run             change nothing, show what would be sent\n"
        "  -y, --yes                 do not ask; without a terminal nothing is asked\n"
        "\n"
        "Connection and output:\n"
        "      --region REGION       Region to ask (default: AWS_REGION or the profile)\n"
        "      --profile NAME        profile of the shared credentials and config files\n"
        "      --endpoint URL        server to ask (default: AWS_ENDPOINT_URL_BEDROCK)\n"
        "  -o, --output FORM         table, json, jsonl; lists: csv, tsv (default: table)\n"
        "\n"
        "Help:\n"
        "  -h, --help                show this help\n");
}

static void the_nearest_name_is_found_if_one_is_near(void **state)
{
    static const char *const names[] = {"import", "models", "model", "jobs", "rm", NULL};

    (void)state;
    assert_string_equal(oc_nearest("imprt", names), "import");
    assert_string_equal(oc_nearest("modles", names), "models");
    assert_string_equal(oc_nearest("imp", names), "import");
    assert_string_equal(oc_nearest("job", names), "jobs");
    assert_null(oc_nearest("zebra", names));
    assert_null(oc_nearest("x", names));
    assert_null(oc_nearest("", names));
}

/* -- values ------------------------------------------------------------------------------------ */

static void tags_are_split_at_the_first_equals_sign(void **state)
{
    char line[] = "--name n m --tag a=b=c --tag d=";
    char wrong[] = "--name n m --tag nothing";
    struct oc_session_tags tags;
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(parse(line, &err), OC_OK);
    assert_int_equal(oc_session_tags(&args, "tag", &tags, &err), OC_OK);
    assert_int_equal(tags.list.count, 2);
    assert_true(oc_slice_eq_str(tags.list.items[0].key, "a"));
    assert_true(oc_slice_eq_str(tags.list.items[0].value, "b=c"));
    assert_true(oc_slice_eq_str(tags.list.items[1].value, ""));
    assert_int_equal(parse(wrong, &err), OC_OK);
    assert_int_equal(oc_session_tags(&args, "tag", &tags, &err), OC_EINVAL);
    assert_string_equal(err.text, "option '--tag': want key=value, not 'nothing'");
}

static void times_may_be_ages_dates_and_iso(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"30s", "2024-08-01T11:59:30.000Z"},
        {"5m", "2024-08-01T11:55:00.000Z"},
        {"2h", "2024-08-01T10:00:00.000Z"},
        {"1d", "2024-07-31T12:00:00.000Z"},
        {"1w", "2024-07-25T12:00:00.000Z"},
        {"2024-02-29", "2024-02-29T00:00:00.000Z"},
        {"2024-08-01T01:02:03", "2024-08-01T01:02:03.000Z"},
        {"2024-08-01T01:02:03.5Z", "2024-08-01T01:02:03.500Z"},
        {"2024-08-01T01:02:03+02:00", "2024-07-31T23:02:03.000Z"},
    };
    static const char *const wrong[] = {
        "", "h", "-1h", "2x", "1h2m", "now", "2024-02-30", "99999999999999999w", "9999999w"};
    struct oc_err err = {0};
    char iso[32];

    (void)state;
    oc_clock_set(1722513600000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(oc_session_time("since", cases[i].text, iso, &err), OC_OK);
        assert_string_equal(iso, cases[i].want);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(oc_session_time("since", wrong[i], iso, &err), OC_EINVAL);
        assert_string_equal(err.name, OC_USAGE_ERROR);
    }
    oc_clock_set(-1);
}

static void errors_have_their_exit_codes(void **state)
{
    static const struct {
        struct oc_err err;
        int want;
    } cases[] = {
        {{.rc = OC_EINVAL, .name = OC_USAGE_ERROR}, OC_EXIT_USAGE},
        {{.rc = OC_EINVAL, .name = "NoRegionError"}, OC_EXIT_USAGE},
        {{.rc = OC_EINVAL, .name = "ValidationException"}, OC_EXIT_FAILED},
        {{.rc = OC_ENOTFOUND, .name = "ResourceNotFoundException"}, OC_EXIT_FAILED},
        {{.rc = OC_EDENIED, .name = "AccessDeniedException"}, OC_EXIT_DENIED},
        {{.rc = OC_EDENIED, .name = "NoCredentialsError"}, OC_EXIT_DENIED},
        {{.rc = OC_ENOTFOUND, .name = "ProfileNotFound"}, OC_EXIT_DENIED},
        {{.rc = OC_EDENIED}, OC_EXIT_FAILED}, /* a file of this machine */
        {{.rc = OC_EIO, .name = "EndpointConnectionError"}, OC_EXIT_UNREACHABLE},
        {{.rc = OC_EIO, .name = "ReadTimeoutError"}, OC_EXIT_UNREACHABLE},
        {{.rc = OC_EIO, .name = "InternalServerException"}, OC_EXIT_FAILED},
        {{.rc = OC_EFULL}, OC_EXIT_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(oc_session_report(&command, &cases[i].err), cases[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms_are_understood),
        cmocka_unit_test(words_after_two_dashes_are_no_options),
        cmocka_unit_test(wrong_lines_get_one_sentence),
        cmocka_unit_test(help_needs_nothing_else),
        cmocka_unit_test(help_text_shows_the_whole_table),
        cmocka_unit_test(the_nearest_name_is_found_if_one_is_near),
        cmocka_unit_test(tags_are_split_at_the_first_equals_sign),
        cmocka_unit_test(times_may_be_ages_dates_and_iso),
        cmocka_unit_test(errors_have_their_exit_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
