#include "folder_fixture.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static int make_folder(void **state, const char *parent)
{
    struct folder *folder = calloc(1, sizeof *folder);

    (void)snprintf(folder->path, sizeof folder->path, "%s/outcrop-test-XXXXXX", parent);
    if (!mkdtemp(folder->path))
        return -1;
    *state = folder;
    return 0;
}

int folder_setup(void **state)
{
    return make_folder(state, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

int folder_setup_on_disk(void **state)
{
    return make_folder(state, "/var/tmp");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

int folder_teardown(void **state)
{
    struct folder *folder = *state;

    (void)nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(folder);
    return 0;
}

const char *folder_path(const struct folder *folder, const char *path)
{
    static char buffers[8][512];
    static unsigned next;
    char *to = buffers[next++ % 8];

    (void)snprintf(to, sizeof buffers[0], "%s/%s", folder->path, path);
    return to;
}

void fill_bytes(uint8_t *to, size_t size, uint64_t seed)
{
    uint64_t x = seed * 0x9e3779b97f4a7c15u + 1;

    for (size_t i = 0; i < size; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        to[i] = (uint8_t)x;
    }
}

static void write_bytes(const struct folder *folder, const char *path, const void *bytes,
                        size_t size)
{
    char parent[512];
    struct oc_err err = {0};
    FILE *file;

    (void)snprintf(parent, sizeof parent, "%s", folder_path(folder, path));
    *strrchr(parent, '/') = '\0';
    ok(oc_file_mkdirs(parent, 0700, &err));
    file = fopen(folder_path(folder, path), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void folder_write(const struct folder *folder, const char *path, size_t size, uint64_t seed)
{
    uint8_t *bytes = malloc(size + 1);

    fill_bytes(bytes, size, seed);
    write_bytes(folder, path, bytes, size);
    free(bytes);
}

void folder_write_text(const struct folder *folder, const char *path, const char *text)
{
    write_bytes(folder, path, text, strlen(text));
}

static unsigned counted;

static int count_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)path, (void)st, (void)ftw;
    counted += type == FTW_F;
    return 0;
}

unsigned folder_count(const struct folder *folder, const char *path)
{
    counted = 0;
    if (nftw(folder_path(folder, path), count_one, 8, FTW_PHYS) < 0)
        assert_int_equal(errno, ENOENT);
    return counted;
}

struct oc_secret test_master(void)
{
    struct oc_secret master = {.len = OC_AES_KEY_LEN};

    memset(master.bytes, 7, OC_AES_KEY_LEN);
    return master;
}

void ok_(int rc, const struct oc_err *err, const char *file, int line)
{
    if (rc < 0) {
        print_error("rc %d: %s\n", rc, err->text);
        _fail(file, line);
    }
}
