/* SPDX-License-Identifier: MIT
 *
 * future_bugs.h - future --bug frame, --bug moved: two pointers that do not hold
 * as long as the future does. 0 if the symptom appeared.
 */
#ifndef FUTURE_BUGS_H
#define FUTURE_BUGS_H

int future_bug_frame(void);
int future_bug_moved(void);

#endif
