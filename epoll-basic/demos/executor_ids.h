/* SPDX-License-Identifier: MIT
 *
 * executor_ids.h - executor --bug same-id, --bug dead-id. 0 if the symptom
 * appeared.
 */
#ifndef EXECUTOR_IDS_H
#define EXECUTOR_IDS_H

int executor_bug_same_id(void);
int executor_bug_dead_id(void);

#endif
