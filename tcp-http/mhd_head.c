/* SPDX-License-Identifier: MIT
 *
 * mhd_head.c - the library's fields, one by one, in their order.
 */
#include "mhd_head.h"

static void add(struct mhd_head *head, const char *string)
{
    if (string == NULL)
        return;
    size_t count = strlen(string);
    if (count > sizeof head->bytes - head->length)
        count = sizeof head->bytes - head->length; /* full: it will be a 431 */
    memcpy(head->bytes + head->length, string, count);
    head->length += count;
}

static enum MHD_Result add_field(void *arg, enum MHD_ValueKind kind,
                                 const char *name, const char *value)
{
    struct mhd_head *head = arg;

    (void)kind;
    add(head, name);
    add(head, ": ");
    add(head, value);
    add(head, "\r\n");
    return MHD_YES;
}

enum parse mhd_head_read(struct mhd_head *head,
                         struct MHD_Connection *connection, const char *method,
                         const char *target, const char *version)
{
    head->request = (struct request){0};
    head->length = 0;
    add(head, method);
    add(head, " ");
    add(head, target);
    add(head, " ");
    add(head, version);
    add(head, "\r\n");
    MHD_get_connection_values(connection, MHD_HEADER_KIND, add_field, head);
    add(head, "\r\n");
    enum parse result =
        request_parse(&head->request, head->bytes, head->length);
    if (result ==
        PARSE_MORE) { /* a line that ended early: it is none of ours */
        head->request.status = 400;
        result = PARSE_BAD;
    }
    return result;
}
