/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/core/process_queue.h"

#include "consumer/core/message.h"
#include "support/cmocka_all.h"
#include "support/mem.h"
#include "support/record_env.h"

#define N_MSGS 4096

/* A queue, and one message for every offset a test may name. */
struct rig {
    struct test_mem tm;
    struct record_env re;
    struct rkmq_process_queue *pq;
    struct rkmq_msg msgs[N_MSGS];
};

static const struct rkmq_mq mq = {.topic = {(const uint8_t *)"T", 1},
                                  .broker_name = {(const uint8_t *)"broker-a", 8},
                                  .queue_id = 7};

static int rig_setup(void **state)
{
    struct rig *rig = test_calloc(1, sizeof *rig);
    test_mem_init(&rig->tm);
    record_env_init(&rig->re, &rig->tm.mem);
    assert_int_equal(rkmq__process_queue_create(&rig->pq, &rig->re.env, &mq), RKMQ_OK);
    for (int i = 0; i < N_MSGS; i++) {
        rig->msgs[i].queue_offset = i;
        rig->msgs[i].body_bytes = 10;
    }
    *state = rig;
    return 0;
}

static int rig_teardown(void **state)
{
    struct rig *rig = *state;
    rkmq__process_queue_unref(rig->pq);
    record_env_close(&rig->re);
    test_mem_assert_empty(&rig->tm);
    test_free(rig);
    return 0;
}

static void put(struct rig *rig, int64_t offset)
{
    struct rkmq_msg *replaced;
    assert_int_equal(rkmq__process_queue_put(rig->pq, &rig->msgs[offset], &replaced), RKMQ_OK);
    assert_null(replaced);
}

/* A new queue knows nothing: its texts, its key, and -1 for every offset stand in the struct. */
static void test_create(void **state)
{
    const struct rkmq_process_queue *pq = ((const struct rig *)*state)->pq;
    assert_true(rkmq__slice_is(pq->mq.topic, "T"));
    assert_true(rkmq__slice_is(pq->mq.broker_name, "broker-a"));
    assert_int_equal(pq->mq.queue_id, 7);
    assert_true(rkmq__slice_is(pq->key, "T\x01"
                                        "broker-a\x01"
                                        "7"));
    assert_int_equal(pq->offset.value, -1);
    assert_int_equal(pq->offset_max, -1);
    assert_int_equal(rkmq__process_queue_commit(pq), 0);
    assert_int_equal(rkmq__process_queue_max_span(pq), 0);
    assert_null(rkmq__process_queue_at_or_after(pq, 0));
}

/* The offset to commit is the lowest unfinished one, or the one behind the newest message when all
 * are finished, in whatever order they finish: a table of puts and removals shows it. */
static void test_commit(void **state)
{
    static const struct {
        int64_t puts[8], removals[8]; /* end at -1 */
        int64_t commit, span;
        size_t n;
    } rows[] = {
        {{10, 11, 12, -1}, {-1}, 10, 2, 3},
        {{10, 11, 12, -1}, {11, -1}, 10, 2, 2},
        {{10, 11, 12, -1}, {12, 11, -1}, 10, 0, 1},
        {{10, 11, 12, -1}, {10, -1}, 11, 1, 2},
        {{10, 11, 12, -1}, {10, 12, -1}, 11, 0, 1},
        {{10, 11, 12, -1}, {12, 10, 11, -1}, 13, 0, 0},
        {{10, 15, 19, -1}, {10, -1}, 15, 4, 2},
        {{10, 15, 19, -1}, {15, 10, 19, -1}, 20, 0, 0},
        {{12, 10, -1}, {-1}, 10, 2, 2}, /* an older one came later */
        {{12, 10, -1},
         {12, 10, -1},
         11,
         0,
         0}, /* queueOffsetMax is of the newest put, as in Java */
    };
    struct rig *rig = *state;
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        struct rkmq_process_queue *pq;
        assert_int_equal(rkmq__process_queue_create(&pq, &rig->re.env, &mq), RKMQ_OK);
        for (size_t j = 0; rows[i].puts[j] >= 0; j++) {
            struct rkmq_msg *replaced;
            assert_int_equal(rkmq__process_queue_put(pq, &rig->msgs[rows[i].puts[j]], &replaced),
                             RKMQ_OK);
        }
        for (size_t j = 0; rows[i].removals[j] >= 0; j++) {
            assert_true(rkmq__process_queue_remove(pq, &rig->msgs[rows[i].removals[j]]));
            assert_false(rkmq__process_queue_remove(pq, &rig->msgs[rows[i].removals[j]]));
        }
        assert_int_equal(rkmq__process_queue_commit(pq), rows[i].commit);
        assert_int_equal(rkmq__process_queue_max_span(pq), rows[i].span);
        assert_int_equal(pq->n_msgs, rows[i].n);
        assert_int_equal(pq->n_bytes, rows[i].n * 10);
        rkmq__process_queue_unref(pq);
    }
}

/* A message for a taken offset replaces the old one and counts once; the old one is not found any
 * more, the sizes are those of the new. */
static void test_replace(void **state)
{
    struct rig *rig = *state;
    struct rkmq_msg again = {.queue_offset = 5, .body_bytes = 3};
    struct rkmq_msg *replaced;
    put(rig, 4);
    put(rig, 5);
    assert_int_equal(rkmq__process_queue_put(rig->pq, &again, &replaced), RKMQ_OK);
    assert_ptr_equal(replaced, &rig->msgs[5]);
    assert_int_equal(rig->pq->n_msgs, 2);
    assert_int_equal(rig->pq->n_bytes, 13);
    assert_false(rkmq__process_queue_contains(rig->pq, &rig->msgs[5]));
    assert_false(rkmq__process_queue_remove(rig->pq, &rig->msgs[5]));
    assert_true(rkmq__process_queue_contains(rig->pq, &again));
    assert_true(rkmq__process_queue_remove(rig->pq, &again));
    assert_int_equal(rig->pq->n_bytes, 10);
    assert_true(rkmq__process_queue_remove(rig->pq, &rig->msgs[4]));
}

/* The window reaches RKMQ_PROCESS_QUEUE_SLOTS_MAX places and not one more, to either side; an empty
 * queue takes any offset but a negative one. What is refused changes nothing. */
static void test_limits(void **state)
{
    struct rig *rig = *state;
    struct rkmq_msg far = {.queue_offset = 100 + RKMQ_PROCESS_QUEUE_SLOTS_MAX};
    struct rkmq_msg negative = {.queue_offset = -1};
    struct rkmq_msg last = {.queue_offset = INT64_MAX};
    struct rkmq_msg *replaced;
    assert_int_equal(rkmq__process_queue_put(rig->pq, &negative, &replaced), RKMQ_E_LIMIT);
    put(rig, 100);
    assert_int_equal(rkmq__process_queue_put(rig->pq, &far, &replaced), RKMQ_E_LIMIT);
    assert_int_equal(rkmq__process_queue_put(rig->pq, &last, &replaced), RKMQ_E_LIMIT);
    assert_int_equal(rig->pq->n_slots, RKMQ_PROCESS_QUEUE_SLOTS_MIN);
    assert_int_equal(rig->pq->n_msgs, 1);
    assert_int_equal(rkmq__process_queue_max_span(rig->pq), 0);
    far.queue_offset--;
    assert_int_equal(rkmq__process_queue_put(rig->pq, &far, &replaced), RKMQ_OK);
    assert_int_equal(rig->pq->n_slots, RKMQ_PROCESS_QUEUE_SLOTS_MAX);
    assert_ptr_equal(rkmq__process_queue_at_or_after(rig->pq, 101), &far);
    assert_true(rkmq__process_queue_remove(rig->pq, &far));
    assert_true(rkmq__process_queue_remove(rig->pq, &rig->msgs[100]));
    assert_int_equal(rkmq__process_queue_put(rig->pq, &last, &replaced), RKMQ_OK);
    assert_true(rkmq__process_queue_remove(rig->pq, &last));
}

/* Looking for the next message passes over holes and starts where it is told to. */
static void test_at_or_after(void **state)
{
    static const struct {
        int64_t from, expected;
    } rows[] = {{0, 3}, {3, 3}, {4, 9}, {9, 9}, {10, 70}, {70, 70}, {71, -1}};
    struct rig *rig = *state;
    put(rig, 3);
    put(rig, 9);
    put(rig, 70);
    for (size_t i = 0; i < RKMQ_COUNT_OF(rows); i++) {
        const struct rkmq_msg *msg = rkmq__process_queue_at_or_after(rig->pq, rows[i].from);
        assert_int_equal(msg ? msg->queue_offset : -1, rows[i].expected);
    }
}

/* ---- against a model ---- */

struct model {
    bool is_there[N_MSGS];
    int64_t newest;
};

static void model_check(const struct rig *rig, const struct model *model)
{
    int64_t first = -1, last = -1;
    size_t n = 0;
    for (int i = 0; i < N_MSGS; i++) {
        if (model->is_there[i]) {
            first = n == 0 ? i : first;
            last = i;
            n++;
        }
    }
    assert_int_equal(rig->pq->n_msgs, n);
    assert_int_equal(rig->pq->n_bytes, 10 * n);
    assert_int_equal(rkmq__process_queue_max_span(rig->pq), n > 0 ? last - first : 0);
    assert_int_equal(rkmq__process_queue_commit(rig->pq), n > 0 ? first : model->newest + 1);
}

/* Any order of puts and removals leaves the same window as a plain array of flags does: thousands
 * of random steps, over several growths and turns of the ring, are compared one by one. */
static void test_model(void **state)
{
    struct rig *rig = *state;
    struct model *model = test_calloc(1, sizeof *model);
    int64_t next = 0, low = 0;
    model->newest = -1;
    print_message("seed %llu\n", (unsigned long long)rig->re.rand_state);
    for (int step = 0; step < 6000; step++) {
        uint64_t dice = rkmq__rand64(&rig->re.env) >> 33;
        if (dice % 100 < 52 && next < N_MSGS) {
            put(rig, next);
            model->is_there[next] = true;
            model->newest = next;
            next += 1 + (dice / 100 % 10 == 0 ? (int64_t)(dice / 1000 % 5) : 0);
        } else if (low < next) {
            int64_t at = low + (int64_t)(dice / 100) % (next - low);
            assert_int_equal(rkmq__process_queue_remove(rig->pq, &rig->msgs[at]),
                             model->is_there[at]);
            model->is_there[at] = false;
        }
        while (low < next && low < N_MSGS && !model->is_there[low]) {
            low++;
        }
        if (step % 16 == 0) {
            model_check(rig, model);
        }
    }
    for (int i = 0; i < N_MSGS; i++) {
        (void)rkmq__process_queue_remove(rig->pq, &rig->msgs[i]); /* whether there or not */
        model->is_there[i] = false;
    }
    model_check(rig, model);
    test_free(model);
}

/* ---- memory ---- */

static int step_fill(const struct rkmq_mem *mem, void *arg)
{
    struct rig *rig = arg;
    struct rkmq_env env = rig->re.env;
    struct rkmq_process_queue *pq;
    env.mem = mem;
    int status = rkmq__process_queue_create(&pq, &env, &mq);
    for (int i = 0; status == RKMQ_OK && i < 4 * RKMQ_PROCESS_QUEUE_SLOTS_MIN; i++) {
        struct rkmq_msg *replaced;
        status = rkmq__process_queue_put(pq, &rig->msgs[i], &replaced);
        assert_int_equal(pq->n_msgs, status == RKMQ_OK ? i + 1 : i);
        assert_int_equal(rkmq__process_queue_commit(pq), 0);
    }
    rkmq__process_queue_unref(pq);
    return status;
}

/* Without memory a queue is not made, and a message is not put: every allocation is failed in
 * turn, what was there before stays. */
static void test_no_memory(void **state)
{
    assert_in_range(test_mem_fail_each(step_fill, *state), 4, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_create, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_commit, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_replace, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_limits, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_at_or_after, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_model, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
