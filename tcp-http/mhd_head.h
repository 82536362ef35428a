/* SPDX-License-Identifier: MIT
 *
 * mhd_head.h - a head that libmicrohttpd has read, written down again for our
 * own parser, which is the stricter of the two.
 */
#ifndef MHD_HEAD_H
#define MHD_HEAD_H

#include <microhttpd.h>

#include "request.h"

struct mhd_head {
    struct request request;
    size_t length;
    char bytes[REQUEST_HEAD_MAX];
};

/* What request_parse() says to it: PARSE_DONE or PARSE_BAD. target: as the client
 * sent it, the query included. The library's thread calls it, in its callback. */
enum parse mhd_head_read(struct mhd_head *head,
                         struct MHD_Connection *connection, const char *method,
                         const char *target, const char *version);

#endif
