/* SPDX-License-Identifier: MIT
 *
 * site.c - a site of one page.
 */
#include "site.h"

struct response site_answer(struct text method, struct text path)
{
    bool head = text_is(method, "HEAD");
    struct response answer = {
        .status = 200, .type = "text/html", .body = text_of("hello\n")};

    if (!head && !text_is(method, "GET")) {
        answer = response_error(405);
        answer.allow = "GET, HEAD";
    } else if (path.length > 0 && !text_is(path, "/")) {
        answer = response_error(404);
    }
    answer.head_only = head;
    return answer;
}
