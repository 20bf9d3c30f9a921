/*
 * Where the store's file lies in memory, so that texts in it can be sent from the file itself.
 *
 * LMDB does not tell the address of its map; the kernel does, in /proc/self/maps. Without it
 * nothing is sent from the file: slower, not wrong.
 */
#include "store/lmdb/impl.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define LINE_MAX_LEN 512 /* addresses, rights, device and inode stand in the first 100 */

/* Does this line of /proc/self/maps tell of the file's first byte? */
static bool is_start_of(const char *line, const struct stat *file, struct oc_mapping *ret)
{
    unsigned long from, to, offset, inode;
    unsigned int high, low;

    if (sscanf(line, "%lx-%lx %*4s %lx %x:%x %lu", &from, &to, &offset, &high, &low, &inode) != 6 ||
        offset != 0 || inode != file->st_ino || high != major(file->st_dev) ||
        low != minor(file->st_dev))
        return false;
    ret->base = (const char *)from; /* NOLINT: an address that the kernel tells as a number */
    ret->len = to - from;
    return true;
}

void oc_mapping_find(struct oc_store *store)
{
    struct oc_mapping found = {0};
    struct stat file;
    char line[LINE_MAX_LEN];
    FILE *maps = NULL;

    if (mdb_env_get_fd(store->env, &found.fd) == 0 && fstat(found.fd, &file) == 0)
        maps = fopen("/proc/self/maps", "re");
    while (maps && !store->mapping.base && fgets(line, sizeof line, maps))
        if (is_start_of(line, &file, &found))
            store->mapping = found;
    if (maps)
        (void)fclose(maps);
}
