/*
 * A folder of its own for each test, removed afterwards, with what lives in it: keys and the
 * content stores of Regions.
 */
#ifndef OC_TEST_FOLDER_FIXTURE_H
#define OC_TEST_FOLDER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/crypto.h"
#include "base/err.h"

struct folder {
    char path[256];
};

/** For cmocka's setup and teardown: `*state` is a struct folder. */
int folder_setup(void **state);
int folder_teardown(void **state);

/** The same on a disk, for what depends on the kernel's cache of it. */
int folder_setup_on_disk(void **state);

/** `path` inside the folder, in a buffer that the next 8 calls leave alone. */
const char *folder_path(const struct folder *folder, const char *path);

/** Make a file (and its folders) of `size` bytes that follow from `seed`. */
void folder_write(const struct folder *folder, const char *path, size_t size, uint64_t seed);
void folder_write_text(const struct folder *folder, const char *path, const char *text);

/** Bytes that follow from `seed`. */
void fill_bytes(uint8_t *to, size_t size, uint64_t seed);

/** Regular files below `path`. */
unsigned folder_count(const struct folder *folder, const char *path);

/** A fixed master key: what one process wrote another can open. */
struct oc_secret test_master(void);

/** Fail the test unless rc is OC_OK; shows the error's text. */
void ok_(int rc, const struct oc_err *err, const char *file, int line);
#define ok(call) ok_((call), &err, __FILE__, __LINE__)

#endif
