/* SPDX-License-Identifier: MIT
 *
 * emfile.h - serve --bug emfile. Gives the exit status.
 */
#ifndef EMFILE_H
#define EMFILE_H

int emfile_bug(void);

#endif
