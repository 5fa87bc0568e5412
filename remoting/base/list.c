/* SPDX-License-Identifier: Apache-2.0 */
#include "remoting/base/containers.h"

void rkmq__list_init(struct rkmq_list *head)
{
    head->next = head;
    head->prev = head;
}

bool rkmq__list_is_empty(const struct rkmq_list *head)
{
    return head->next == head;
}

void rkmq__list_push_back(struct rkmq_list *head, struct rkmq_list *link)
{
    RKMQ_ASSERT(!link->next);
    link->next = head;
    link->prev = head->prev;
    head->prev->next = link;
    head->prev = link;
}

void rkmq__list_remove(struct rkmq_list *link)
{
    if (link->next) {
        link->next->prev = link->prev;
        link->prev->next = link->next;
        link->next = NULL;
        link->prev = NULL;
    }
}

struct rkmq_list *rkmq__list_pop_front(struct rkmq_list *head)
{
    if (rkmq__list_is_empty(head)) {
        return NULL;
    }
    struct rkmq_list *first = head->next;
    rkmq__list_remove(first);
    return first;
}
