/* SPDX-License-Identifier: Apache-2.0 */
#include <rkmq/consumer.h>

#include "remoting/base/core.h"

/*
 * AllocateMessageQueueAveragely (5.3.3): one run of queues for each member; the first members have
 * one more when the division leaves a rest. More members than queues: one each for the first.
 */
void rkmq_allocate_averagely(void *user, size_t n_queues, size_t n_members, size_t self, bool *mine)
{
    (void)user;
    RKMQ_ASSERT(n_members > 0);
    RKMQ_ASSERT(self < n_members);
    size_t rest = n_queues % n_members;
    size_t size = n_queues / n_members + (self < rest ? 1 : 0);
    size_t start = self < rest ? self * size : self * size + rest;
    for (size_t i = 0; i < n_queues; i++) {
        mine[i] = i >= start && i - start < size;
    }
}

/* AllocateMessageQueueAveragelyByCircle (5.3.3): dealt out one by one. */
void rkmq_allocate_averagely_by_circle(void *user, size_t n_queues, size_t n_members, size_t self,
                                       bool *mine)
{
    (void)user;
    RKMQ_ASSERT(n_members > 0);
    RKMQ_ASSERT(self < n_members);
    for (size_t i = 0; i < n_queues; i++) {
        mine[i] = i % n_members == self;
    }
}
