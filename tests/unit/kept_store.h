/*
 * Stores kept from earlier versions (tests/data/store-vN): what is asked of them, by the program
 * that makes one and by the test that opens them all.
 */
#ifndef OC_TESTS_KEPT_STORE_H
#define OC_TESTS_KEPT_STORE_H

#include "store_fixture.h"

/** Small enough that a thousand jobs fill segments of every level, texts and a sealed plane. */
extern const struct oc_shape kept_shape;

#define KEPT_JOBS    1460
#define KEPT_RECORDS 20

/** The key of record `n`, and its value. */
void kept_record(uint32_t n, char ret_key[32], char ret_value[64]);

/** Ask the kept questions and append question and answer as text. Fails the test or program. */
int kept_store_pages(struct oc_store *store, struct oc_buf *ret, struct oc_err *err);

#endif
