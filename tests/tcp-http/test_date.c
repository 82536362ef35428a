/* SPDX-License-Identifier: MIT
 *
 * test_date.c - what date.h promises; the dates are RFC 9110's own where it has
 * some, and response_date() is the oracle for the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "date.h"
#include "response.h"

enum { NOV_1994 = 784111777 }; /* Sun, 06 Nov 1994 08:49:37 GMT */

static time_t read_date(const char *date, time_t now)
{
    time_t second = -1;
    assert_true(date_parse(text_of(date), now, &second));
    return second;
}

static void the_three_forms_are_one_moment(void **state)
{
    (void)state;
    assert_int_equal(read_date("Sun, 06 Nov 1994 08:49:37 GMT", 0), NOV_1994);
    assert_int_equal(read_date("Sunday, 06-Nov-94 08:49:37 GMT", NOV_1994),
                     NOV_1994);
    assert_int_equal(read_date("Sun Nov  6 08:49:37 1994", 0), NOV_1994);
    assert_int_equal(read_date("Wed Nov 16 08:49:37 1994", 0),
                     NOV_1994 + 10 * 86400);
}

static void whatever_is_written_is_read_back(void **state)
{
    (void)state;
    /* 11,000 years in steps of 40 days and some, whole centuries among them. */
    for (time_t second = 0; second < 253402300800; second += 3456789) {
        char date[RESPONSE_DATE_SIZE];
        response_date(second, date);
        assert_int_equal(read_date(date, 0), second);
    }
}

static void a_year_of_two_digits_is_less_than_50_years_ahead(void **state)
{
    const time_t in_2026 = 1780000000;
    (void)state;
    /* 2075 is 49 years ahead, 1976 is 50 years ago. */
    assert_int_equal(read_date("Tuesday, 01-Jan-75 00:00:00 GMT", in_2026),
                     read_date("Tue, 01 Jan 2075 00:00:00 GMT", 0));
    assert_int_equal(read_date("Thursday, 01-Jan-76 00:00:00 GMT", in_2026),
                     read_date("Thu, 01 Jan 1976 00:00:00 GMT", 0));
    assert_int_equal(read_date("Saturday, 01-Jan-00 00:00:00 GMT", in_2026),
                     read_date("Sat, 01 Jan 2000 00:00:00 GMT", 0));
}

static void leap_days_and_leap_seconds_count(void **state)
{
    (void)state;
    assert_int_equal(read_date("Tue, 29 Feb 2000 00:00:00 GMT", 0), 951782400);
    assert_int_equal(read_date("Sat, 31 Dec 2016 23:59:60 GMT", 0),
                     read_date("Sun, 01 Jan 2017 00:00:00 GMT", 0));
    assert_int_equal(read_date("Wed, 31 Dec 1969 23:59:59 GMT", 0), -1);
}

static void anything_else_is_no_date(void **state)
{
    static const char *const bad[] = {
        "",
        "0",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun,06 Nov 1994 08:49:37 GMT",
        "Sun, 06  Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Mon, 06 Nov 1994 08:49:37 GMT", /* it was a Sunday */
        "Mon, 31 Apr 1995 00:00:00 GMT",
        "Mon, 30 Feb 1995 00:00:00 GMT",
        "Wed, 29 Feb 1995 00:00:00 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  06 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov  6 08:49:37 1994\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        time_t second = 42;
        if (date_parse(text_of(bad[i]), NOV_1994, &second))
            fail_msg("read: %s", bad[i]);
        assert_int_equal(second, 42);
    }
    /* Every beginning of a date is none. */
    const char *whole = "Sunday, 06-Nov-94 08:49:37 GMT";
    for (size_t length = 0; length < strlen(whole); length++) {
        time_t second;
        assert_false(
            date_parse((struct text){whole, length}, NOV_1994, &second));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_forms_are_one_moment),
        cmocka_unit_test(whatever_is_written_is_read_back),
        cmocka_unit_test(a_year_of_two_digits_is_less_than_50_years_ahead),
        cmocka_unit_test(leap_days_and_leap_seconds_count),
        cmocka_unit_test(anything_else_is_no_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
