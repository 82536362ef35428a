/* SPDX-License-Identifier: MIT
 *
 * address.h - [ADDRESS:]PORT on a command line; 127.0.0.1 if there is but one.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <uv.h>

#include "../demo.h"

static inline bool parse_address(const char *text, struct sockaddr_in *address)
{
    char host[64] = "127.0.0.1";
    const char *colon = strrchr(text, ':');
    long port;

    if (colon != NULL)
        snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    return parse_count(colon == NULL ? text : colon + 1, 1, 65535, &port) ==
               0 &&
           uv_ip4_addr(host, (int)port, address) == 0;
}

#endif
