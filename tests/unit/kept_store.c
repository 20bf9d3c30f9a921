#include "kept_store.h"

#include <stdio.h>

const struct oc_shape kept_shape = {
    .level = {128, 256, 512},
    .block = 512,
    .text = 128,
    .chunk = 512,
    .super = 512,
};

static const struct {
    const char *what;
    struct oc_job_query query;
} questions[] = {
    {"newest", {.limit = 10}},
    {"oldest", {.limit = 10, .ascending = true}},
    {"before job 650, over a text segment's border",
     {.limit = 40, .has_position = true, .position = 650}},
    {"after job 0, up", {.limit = 3, .ascending = true, .has_position = true}},
    {"Failed", {.limit = 20, .has_status = true, .status = OC_JOB_FAILED}},
    {"Completed, oldest",
     {.limit = 5, .ascending = true, .has_status = true, .status = OC_JOB_COMPLETED}},
    {"InProgress", {.limit = 100, .has_status = true, .status = OC_JOB_IN_PROGRESS}},
    {"account", {.limit = 8, .source_account = {"210987654322", 12}}},
    {"model",
     {.limit = 8,
      .source_model_arn = {"arn:aws:bedrock:eu-west-1:210987654321:custom-model/imported/"
                           "source000003",
                           73}}},
    {"an unknown account", {.limit = 8, .source_account = {"999999999999", 12}}},
    {"name of one character", {.limit = 4, .name_contains = {"Q", 1}}},
    {"name of two characters", {.limit = 4, .name_contains = {"7-", 2}}},
    {"name of three characters", {.limit = 4, .name_contains = {"-99", 3}}},
    {"long name", {.limit = 4, .ascending = true, .name_contains = {"falcon-11", 9}}},
    {"times",
     {.limit = 1000,
      .has_after = true,
      .has_before = true,
      .after_ms = 1700000500000,
      .before_ms = 1700000505000}},
    {"all filters",
     {.limit = 5,
      .has_status = true,
      .status = OC_JOB_FAILED,
      .source_account = {"210987654321", 12},
      .source_model_arn = {"arn:aws:bedrock:eu-west-1:210987654321:custom-model/imported/"
                           "source000000",
                           73},
      .name_contains = {"falcon", 6},
      .has_after = true,
      .after_ms = 1700000100000,
      .has_before = true,
      .before_ms = 1700001200000}},
};

void kept_record(uint32_t n, char ret_key[32], char ret_value[64])
{
    (void)snprintf(ret_key, 32, "fact-%u", n);
    (void)snprintf(ret_value, 64, "{\"number\":%u,\"square\":%u}", n, n * n);
}

static int put_answer(struct oc_store *store, size_t i, struct oc_buf *page_text,
                      struct oc_buf *ret, struct oc_err *err)
{
    struct oc_job_query query = questions[i].query;
    struct oc_job_page page = {0};
    char line[160];

    query.partition = test_partition;
    int rc = list_jobs(store, &query, page_text, &page, err);
    if (rc < 0)
        return rc;
    (void)snprintf(line, sizeof line, "# %s: %u jobs, more %d, position %lld\n", questions[i].what,
                   page.count, page.more, page.count ? (long long)page.position : -1LL);
    oc_buf_put_slice(ret, oc_slice_of(line));
    oc_buf_put_slice(ret, oc_buf_slice(page_text));
    oc_buf_put_slice(ret, OC_STR("\n"));
    return OC_OK;
}

int kept_store_pages(struct oc_store *store, struct oc_buf *ret, struct oc_err *err)
{
    struct oc_buf page_text;
    int rc = OC_OK;

    oc_buf_init(&page_text, 1UL << 20);
    for (size_t i = 0; rc == OC_OK && i < sizeof questions / sizeof *questions; i++)
        rc = put_answer(store, i, &page_text, ret, err);
    oc_buf_clear(&page_text);
    return rc;
}
