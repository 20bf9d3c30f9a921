/*
 * Files: whole reads and writes, durable replacement. Every write, sync and rename of the
 * program's own data passes here or names an oc_fault site of its own.
 */
#ifndef OC_BASE_FILE_H
#define OC_BASE_FILE_H

#include "base/bytes.h"
#include "base/err.h"

/**
 * Memory that shows a file whose bytes there never change: what lies in it can be sent from the
 * file, without being read by us. All zero: none.
 */
struct oc_mapping {
    const char *base;
    size_t len;
    int fd;
};

/** Close and set to -1; for OC_AUTO. Negative descriptors are left alone. */
void oc_autoclose(int *fd);

/** Read exactly `len` bytes at `offset`. Errors: OC_EIO (also when the file ends before). */
int oc_file_pread(int fd, void *to, size_t len, int64_t offset, struct oc_err *err);

/** Write all `len` bytes at the descriptor's position. Errors: OC_EFULL, OC_EIO. */
int oc_file_write(int fd, const void *from, size_t len, struct oc_err *err);

/**
 * Read a whole file of at most `max` bytes into `ret` (initialised by this function; the caller
 * clears it). Errors: OC_ENOTFOUND, OC_EDENIED, OC_ELIMIT (larger than `max`), OC_EIO, OC_ENOMEM.
 */
int oc_file_read(const char *path, size_t max, struct oc_buf *ret, struct oc_err *err);

/**
 * Replace or create a file so that after a crash either the old or the new content is there whole:
 * temporary file beside it, write, fsync, rename, fsync of the folder.
 * @param mode  permission bits, e.g. 0600
 */
int oc_file_replace(const char *path, struct oc_slice content, int mode, struct oc_err *err);

/**
 * The same without fsync, for what only running programs need: who reads it finds the old or the
 * new content whole, but after a loss of power it may be empty.
 */
int oc_file_publish(const char *path, struct oc_slice content, int mode, struct oc_err *err);

/** Create a folder and its missing parents with `mode`, durable on return; fine when it exists. */
int oc_file_mkdirs(const char *path, int mode, struct oc_err *err);

/** fsync a folder by path. */
int oc_file_sync_dir(const char *path, struct oc_err *err);

#endif
