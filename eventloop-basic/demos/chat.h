/* SPDX-License-Identifier: MIT
 *
 * chat.h - the parts of the verb chat: chat.c serves, or calls one of these.
 */
#ifndef DEMOS_CHAT_H
#define DEMOS_CHAT_H

int chat_client(const char *where); /* --connect [ADDRESS:]PORT */
int chat_two_writers(void);         /* --bug two-writers */
int chat_double_remove(void);       /* --bug double-remove */

#endif
