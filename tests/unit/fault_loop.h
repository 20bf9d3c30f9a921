/*
 * Runs a test body again and again, each time with the next call of a fault site failing.
 */
#ifndef OC_TEST_FAULT_LOOP_H
#define OC_TEST_FAULT_LOOP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * `body` runs with call 1, 2, … of `site` failing, until a run met no fault: that one must return
 * OC_OK, all before it `want`. The body frees what it made; the sanitizers look for the rest.
 */
static inline void fail_each_call(enum oc_fault_site site, enum oc_fault_mode mode,
                                  int (*body)(void *ctx), void *ctx, int want)
{
    for (unsigned nth = 1;; nth++) {
        unsigned fired;
        int rc;

        assert_true(nth < 10000);
        oc_fault_arm(site, nth, mode);
        rc = body(ctx);
        fired = oc_fault_fired(site);
        oc_fault_arm(site, 0, OC_FAULT_ONCE);
        if (fired == 0) {
            assert_int_equal(rc, OC_OK);
            assert_true(nth > 1);
            return;
        }
        assert_int_equal(rc, want);
    }
}

#endif
