/*
 * Making the store's file. LMDB writes the first pages of a new file without syncing them, and
 * never syncs the folder: a power cut could leave a file that no start would open, or none. So an
 * empty environment is made aside, synced, and given its name last.
 *
 *   FOLDER/new/data.mdb   while it is made, or left by a crash: then it is made again
 *   FOLDER/data.mdb       whole
 */
#include "store/lmdb/impl.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"

#define FOLDER_NEW "/new"
#define FILE_DATA  "/data.mdb"
#define FILE_LOCK  "/lock.mdb"

static const char *join(struct oc_buf *buf, const char *folder, const char *in, const char *name)
{
    oc_buf_init(buf, 8192);
    oc_buf_put_str(buf, folder);
    oc_buf_put_str(buf, in);
    oc_buf_put_str(buf, name);
    return oc_buf_cstr(buf);
}

static int make_empty(const char *folder, struct oc_err *err)
{
    MDB_env *env = NULL;
    int code = mdb_env_create(&env);

    if (code == 0)
        code = mdb_env_open(env, folder, 0, 0600);
    if (code == 0)
        code = oc_fault(OC_FAULT_SYNC) ? EIO : mdb_env_sync(env, 1);
    if (env)
        mdb_env_close(env);
    return code == 0 ? OC_OK : oc_lmdb_fail(err, code, "make the store");
}

int oc_env_make(const char *folder, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf file_buf, aside_buf, data_buf, lock_buf;
    const char *file = join(&file_buf, folder, "", FILE_DATA);
    const char *aside = join(&aside_buf, folder, FOLDER_NEW, "");
    const char *data = join(&data_buf, folder, FOLDER_NEW, FILE_DATA);
    const char *lock = join(&lock_buf, folder, FOLDER_NEW, FILE_LOCK);
    int rc;

    if (!file || !aside || !data || !lock)
        return oc_fail_nomem(err);
    if (access(file, F_OK) == 0)
        return OC_OK;
    rc = oc_file_mkdirs(aside, 0700, err);
    if (rc < 0)
        return rc;
    (void)unlink(data); /* what a crash has left, if any */
    (void)unlink(lock);
    rc = make_empty(aside, err);
    if (rc < 0)
        return rc;
    if (oc_fault(OC_FAULT_RENAME))
        return oc_lmdb_fail(err, EIO, "make the store");
    if (rename(data, file) < 0)
        return oc_fail_errno(err, "make the store: rename to '%s'", file);
    (void)unlink(lock); /* nothing refers to these two any more */
    (void)rmdir(aside);
    return oc_file_sync_dir(folder, err);
}
