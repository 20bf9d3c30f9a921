/* libcurl, found when something is sent for the first time. */
#include "net/curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define SONAME "libcurl.so.4" /* its binary interface since 2006 */

struct oc_curl oc_curl;

static int fail_load(struct oc_err *err)
{
    const char *why = dlerror();

    return oc_fail(err, OC_EIO,
                   "%s, which every request to another server needs, cannot be loaded: %s; install "
                   "it (on Debian: libcurl4)",
                   SONAME, why ? why : "it lacks a function");
}

static int find_functions(void *library, struct oc_curl *ret, struct oc_err *err)
{
#define FIND(name) {"curl_" #name, offsetof(struct oc_curl, name)},
    static const struct {
        const char *name;
        size_t at;
    } functions[] = {OC_CURL_FUNCTIONS(FIND)};
#undef FIND

    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *function = dlsym(library, functions[i].name);
        if (!function)
            return fail_load(err);
        memcpy((char *)ret + functions[i].at, &function, sizeof function);
    }
    return OC_OK;
}

static int load(struct oc_err *err)
{
    struct oc_curl found = {0};
    void *library = dlopen(SONAME, RTLD_LAZY | RTLD_LOCAL);

    if (!library)
        return fail_load(err);
    int rc = find_functions(library, &found, err);
    if (rc == OC_OK && found.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        rc = oc_fail_nomem(err);
    if (rc < 0)
        (void)dlclose(library);
    else
        oc_curl = found;
    return rc;
}

int oc_curl_load(struct oc_err *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool loaded;
    int rc = OC_OK;

    (void)pthread_mutex_lock(&lock);
    if (!loaded)
        rc = load(err);
    loaded = rc == OC_OK;
    (void)pthread_mutex_unlock(&lock);
    return rc;
}
