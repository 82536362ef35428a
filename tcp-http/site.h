/* SPDX-License-Identifier: MIT
 *
 * site.h - what the server has to show: "hello" at /, and nothing else. Both
 * servers, ours and libmicrohttpd's, ask here, so that they give one answer.
 */
#ifndef SITE_H
#define SITE_H

#include "response.h"
#include "text.h"

/* The answer to a method on a path (without its query; empty counts as /): GET
 * and HEAD find "hello\n" at /, a 404 elsewhere; other methods get a 405. The
 * body is borrowed from the program. Pure. */
struct response site_answer(struct text method, struct text path);

#endif
