/* SPDX-License-Identifier: MIT
 *
 * kv.h - the parts of the verb kv: kv.c serves, or calls this.
 */
#ifndef DEMOS_KV_H
#define DEMOS_KV_H

int kv_hold(void); /* --bug hold */

#endif
