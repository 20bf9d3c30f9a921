#include "model/timestamp.h"

#include <assert.h>
#include <string.h>

#define DAY_S    86400L
#define US_PER_S 1000000L

/* Days from 1970-01-01 to a date of the Gregorian calendar. Years begin in March here, so that
 * the leap day is the last of its year and the months before it have fixed lengths. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    const int64_t y = month > 2 ? year : year - 1;
    const int64_t era = y / 400;
    const int64_t year_of_era = y - era * 400;
    const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static void date_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    const int64_t shifted = days + 719468;
    const int64_t era = shifted / 146097;
    const int64_t day_of_era = shifted - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month = (5 * day_of_year + 2) / 153;

    *ret_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int)(month < 10 ? month + 3 : month - 9);
    *ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

static bool is_date(int year, int month, int day)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    if (year < 1 || month < 1 || month > 12 || day < 1)
        return false;
    return day <= lengths[month - 1] + (leap && month == 2);
}

/* Exactly `count` digits at `p`. */
static bool read_digits(const char *p, int count, int *ret)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        value = value * 10 + (p[i] - '0');
    }
    *ret = value;
    return true;
}

/* `YYYY-MM-DDThh:mm:ss` (19 characters), without zone, in seconds. */
static bool read_date_time(const char *p, int64_t *ret_s)
{
    int year, month, day, hour, minute, second;

    if (!read_digits(p, 4, &year) || p[4] != '-' || !read_digits(p + 5, 2, &month) || p[7] != '-' ||
        !read_digits(p + 8, 2, &day) || p[10] != 'T' || !read_digits(p + 11, 2, &hour) ||
        p[13] != ':' || !read_digits(p + 14, 2, &minute) || p[16] != ':' ||
        !read_digits(p + 17, 2, &second))
        return false;
    if (!is_date(year, month, day) || hour > 23 || minute > 59 || second > 59)
        return false;
    *ret_s = days_from_date(year, month, day) * DAY_S + hour * 3600L + minute * 60L + second;
    return true;
}

/* An optional fraction at the front of `*rest`, which then begins behind it. */
static bool read_fraction(struct oc_slice *rest, int64_t *ret_us)
{
    int64_t scale = US_PER_S / 10, us = 0;
    size_t i = 1;

    *ret_us = 0;
    if (rest->len == 0 || rest->ptr[0] != '.')
        return true;
    for (; i < rest->len && rest->ptr[i] >= '0' && rest->ptr[i] <= '9'; i++) {
        us += (rest->ptr[i] - '0') * scale;
        scale /= 10;
    }
    if (i < 2 || i > 10)
        return false;
    *rest = oc_slice_sub(*rest, i, rest->len);
    *ret_us = us;
    return true;
}

static bool read_zone(struct oc_slice zone, int64_t *ret_s)
{
    int hour, minute;

    if (zone.len == 1 && zone.ptr[0] == 'Z') {
        *ret_s = 0;
        return true;
    }
    if (zone.len != 6 || (zone.ptr[0] != '+' && zone.ptr[0] != '-') || zone.ptr[3] != ':' ||
        !read_digits(zone.ptr + 1, 2, &hour) || !read_digits(zone.ptr + 4, 2, &minute) ||
        hour > 23 || minute > 59)
        return false;
    *ret_s = (hour * 3600L + minute * 60L) * (zone.ptr[0] == '-' ? -1 : 1);
    return true;
}

bool oc_timestamp_parse(struct oc_slice text, int64_t *ret_us)
{
    struct oc_slice rest = oc_slice_sub(text, 19, text.len);
    int64_t local_s, fraction_us, zone_s, utc_us;

    if (text.len < 20 || !read_date_time(text.ptr, &local_s) ||
        !read_fraction(&rest, &fraction_us) || !read_zone(rest, &zone_s))
        return false;
    utc_us = (local_s - zone_s) * US_PER_S + fraction_us;
    if (utc_us < 0 || utc_us / 1000 > OC_TIMESTAMP_MAX_MS)
        return false;
    *ret_us = utc_us;
    return true;
}

static void put_digits(char *to, int value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void oc_timestamp_format(int64_t ms, char ret[OC_TIMESTAMP_LEN])
{
    const int64_t seconds = ms / 1000;
    const int in_day = (int)(seconds % DAY_S);
    int year, month, day;

    assert(ms >= 0 && ms <= OC_TIMESTAMP_MAX_MS);
    date_from_days(seconds / DAY_S, &year, &month, &day);
    memcpy(ret, "0000-00-00T00:00:00.000Z", OC_TIMESTAMP_LEN);
    put_digits(ret, year, 4);
    put_digits(ret + 5, month, 2);
    put_digits(ret + 8, day, 2);
    put_digits(ret + 11, in_day / 3600, 2);
    put_digits(ret + 14, in_day / 60 % 60, 2);
    put_digits(ret + 17, in_day % 60, 2);
    put_digits(ret + 20, (int)(ms % 1000), 3);
}
