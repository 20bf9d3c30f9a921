#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"

#define LINE_BYTES 8192 /* longest line */
#define END_BYTES  2    /* what ends a line: a brace and a newline */
#define VALUE_MAX  4096 /* of one value, bytes before escaping */
#define VALUE_MIN  16   /* a value cut shorter than this says nothing */

static atomic_int least_severe = OC_LOG_INFO;
static atomic_bool as_json;

void oc_log_setup(enum oc_log_level level, bool json)
{
    atomic_store(&least_severe, (int)level);
    atomic_store(&as_json, json);
}

bool oc_log_is_on(enum oc_log_level level)
{
    return (int)level <= atomic_load_explicit(&least_severe, memory_order_relaxed);
}

static void put_time(struct oc_buf *buf)
{
    const int64_t now_ms = oc_clock_now_ms();
    const time_t seconds = (time_t)(now_ms / 1000);
    struct tm tm = {0};

    (void)gmtime_r(&seconds, &tm); /* fails only past the year 2147483647 */
    oc_buf_printf(buf, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                  tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(now_ms % 1000));
}

static void begin(struct oc_jw *w, enum oc_log_level level, const char *event, bool json)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    static const char *const columns[] = {" ERROR ", " WARN  ", " INFO  ", " DEBUG "};

    if (!json) {
        put_time(w->buf);
        oc_buf_put_str(w->buf, columns[level]);
        oc_buf_put_str(w->buf, event);
        return;
    }
    oc_jw_object(w);
    oc_jw_key(w, "time");
    oc_buf_put_char(w->buf, '"');
    put_time(w->buf);
    oc_buf_put_char(w->buf, '"');
    w->comma = true;
    oc_jw_member(w, "level", oc_slice_of(names[level]));
    oc_jw_member(w, "event", oc_slice_of(event));
}

/* Whether a value can stand in a text line without quotes. */
static bool is_bare(struct oc_slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        const char c = value.ptr[i];

        if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=')
            return false;
    }
    return value.len > 0;
}

static void put_pair(struct oc_jw *w, const char *name, struct oc_slice value, bool json)
{
    if (json) {
        oc_jw_member(w, name, value);
        return;
    }
    oc_buf_put_char(w->buf, ' ');
    oc_buf_put_str(w->buf, name);
    oc_buf_put_char(w->buf, '=');
    if (is_bare(value))
        oc_buf_put_slice(w->buf, value);
    else
        oc_json_put_string(w->buf, value);
}

/* At most `max` bytes of `s`, without cutting a character of UTF-8 in two. */
static struct oc_slice shorten(struct oc_slice s, size_t max)
{
    if (s.len <= max)
        return s;
    while (max > 0 && ((unsigned char)s.ptr[max] & 0xC0) == 0x80)
        max--;
    return oc_slice_sub(s, 0, max);
}

/* Put a pair with as much of its value as fits; a pair that cannot fit is left out whole. */
static void put_fitting_pair(struct oc_jw *w, const char *name, const char *text, bool json)
{
    const struct oc_jw before = *w;
    const size_t len = w->buf->len;

    for (size_t max = VALUE_MAX; max >= VALUE_MIN; max /= 2) {
        put_pair(w, name, shorten(oc_slice_of(text), max), json);
        if (!w->buf->failed)
            return;
        *w = before;
        w->buf->len = len;
        w->buf->failed = false;
    }
}

void oc_log(enum oc_log_level level, const char *event, ...)
{
    const int saved_errno = errno;
    const bool json = atomic_load_explicit(&as_json, memory_order_relaxed);
    /* Logging must work when there is no memory left: a buffer that never grows, on the stack.
     * A buffer keeps one byte more than its capacity for a NUL. */
    char bytes[LINE_BYTES + 1];
    struct oc_buf line = {
        .ptr = bytes, .cap = LINE_BYTES - END_BYTES, .max = LINE_BYTES - END_BYTES};
    struct oc_jw w;
    const char *name, *value;
    va_list args;

    if (!oc_log_is_on(level))
        return;
    oc_jw_init(&w, &line);
    begin(&w, level, event, json);
    va_start(args, event);
    while ((name = va_arg(args, const char *)) != NULL) {
        value = va_arg(args, const char *);
        if (value)
            put_fitting_pair(&w, name, value, json);
    }
    va_end(args);
    line.cap = line.max = LINE_BYTES;
    if (json)
        oc_jw_object_end(&w);
    oc_buf_put_char(&line, '\n');
    if (write(STDERR_FILENO, line.ptr, line.len) < 0) {
        /* There is no other place to report it. */
    }
    errno = saved_errno;
}
