/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <rkmq/remoting.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/log_rig.h"

#define CODES_MAX 400

void log_rig_open(struct log_rig *rig)
{
    memset(rig, 0, sizeof *rig);
    test_mem_init(&rig->tm);
    assert_int_equal(rkmq__event_log_create(&rig->log, &rig->tm.mem), RKMQ_OK);
    rig->params =
        (struct rkmq_check_params){.overlap_max_ms = 22000, .slack_ms = 1000, .pull_batch = 32};
    rig->client = rkmq__check_client_default;
}

/* ---- reading ---- */

struct field {
    char key[16];
    const char *value;
    size_t n;
};

/* The next "key=value" of the line; false: its end. */
static bool field_next(const char **at, struct field *f)
{
    const char *p = *at;
    size_t n = 0;
    while (*p == ' ') {
        p++;
    }
    if (*p == '\n' || *p == '\0') {
        return false;
    }
    while (*p != '=') {
        assert_true(isalnum((unsigned char)*p) && n + 1 < sizeof f->key);
        f->key[n++] = *p++;
    }
    f->key[n] = '\0';
    p++;
    char stop = *p == '\'' ? '\'' : ' ';
    p += stop == '\'';
    f->value = p;
    while (*p != stop && *p != '\n' && *p != '\0') {
        p++;
    }
    f->n = (size_t)(p - f->value);
    *at = stop == '\'' ? p + 1 : p;
    return true;
}

static rkmq_name name_of(struct log_rig *rig, const struct field *f)
{
    return rkmq__event_log_name(rig->log, rkmq__slice(f->value, f->n));
}

static int32_t code_of(const struct field *f)
{
    for (int code = 0; code < CODES_MAX; code++) {
        const char *name = rkmq_request_code_name(code);
        if (name && strlen(name) == f->n && memcmp(name, f->value, f->n) == 0) {
            return code;
        }
    }
    fail_msg("no request code %.*s", (int)f->n, f->value);
    return 0;
}

static bool name_set(struct log_rig *rig, struct rkmq_event *row, const struct field *f)
{
    const struct {
        const char *key;
        rkmq_name *at;
    } names[] = {{"who", &row->who},     {"peer", &row->peer},     {"group", &row->group},
                 {"topic", &row->topic}, {"broker", &row->broker}, {"key", &row->key},
                 {"text", &row->text}};
    for (size_t i = 0; i < RKMQ_COUNT_OF(names); i++) {
        if (strcmp(names[i].key, f->key) == 0) {
            *names[i].at = name_of(rig, f);
            return true;
        }
    }
    return false;
}

static void number_set(struct rkmq_event *row, const struct field *f)
{
    long long v = strtoll(f->value, NULL, 10);
    const struct {
        const char *key;
        int32_t *at;
    } numbers[] = {{"queue", &row->queue_id},
                   {"status", &row->status},
                   {"opaque", &row->opaque},
                   {"count", &row->count}};
    for (size_t i = 0; i < RKMQ_COUNT_OF(numbers); i++) {
        if (strcmp(numbers[i].key, f->key) == 0) {
            *numbers[i].at = (int32_t)v;
            return;
        }
    }
    if (strcmp(f->key, "offset") == 0) {
        row->offset = v;
    } else if (strcmp(f->key, "offset2") == 0) {
        row->offset2 = v;
    } else if (strcmp(f->key, "flags") == 0) {
        row->flags = (uint32_t)v;
    } else {
        fail_msg("no field %s", f->key);
    }
}

static struct rkmq_event event_read(struct log_rig *rig, const char *text)
{
    struct rkmq_event row = {.queue_id = -1, .offset = INT64_MIN, .offset2 = INT64_MIN};
    size_t n = strcspn(text, " \n");
    row.kind = RKMQ_EV_COUNT;
    for (int i = 0; i < RKMQ_EV_COUNT; i++) {
        const char *name = rkmq__event_kind_name((enum rkmq_event_kind)i);
        if (strlen(name) == n && memcmp(name, text, n) == 0) {
            row.kind = (enum rkmq_event_kind)i;
        }
    }
    if (row.kind == RKMQ_EV_COUNT) {
        fail_msg("no event %.*s", (int)n, text);
    }
    const char *at = text + n;
    struct field f;
    while (field_next(&at, &f)) {
        if (strcmp(f.key, "code") == 0) {
            row.code = code_of(&f);
        } else if (!name_set(rig, &row, &f)) {
            number_set(&row, &f);
        }
    }
    return row;
}

static void line_add(struct log_rig *rig, long ms, const char *text)
{
    assert_true(rig->n_lines < LOG_RIG_ROWS_MAX);
    rig->lines[rig->n_lines] =
        (struct log_rig_line){.ms = ms, .order = rig->n_lines, .row = event_read(rig, text)};
    rig->n_lines++;
}

/* ---- lines that stand for many ---- */

struct many {
    char who[16], told[64], route[64];
    long until, queue, offset;
};

static void text_copy(char *out, size_t out_bytes, const struct field *f)
{
    assert_true(f->n < out_bytes);
    memcpy(out, f->value, f->n);
    out[f->n] = '\0';
}

static struct many many_read(const char *at)
{
    struct many m = {.route = "broker-a:2"};
    struct field f;
    while (field_next(&at, &f)) {
        if (strcmp(f.key, "who") == 0) {
            text_copy(m.who, sizeof m.who, &f);
        } else if (strcmp(f.key, "told") == 0) {
            text_copy(m.told, sizeof m.told, &f);
        } else if (strcmp(f.key, "route") == 0) {
            text_copy(m.route, sizeof m.route, &f);
        } else {
            long v = strtol(f.value, NULL, 10);
            *(strcmp(f.key, "until") == 0   ? &m.until
              : strcmp(f.key, "queue") == 0 ? &m.queue
                                            : &m.offset) = v;
        }
    }
    return m;
}

/* A question of `who` and its answer 1 ms later. */
static void exchange(struct log_rig *rig, long ms, const char *who, const char *server,
                     const char *words, const char *answer)
{
    char text[256];
    int32_t opaque = ++rig->opaque;
    (void)snprintf(text, sizeof text, "req who=%s peer=%s opaque=%d %s", who, server, (int)opaque,
                   words);
    line_add(rig, ms, text);
    (void)snprintf(text, sizeof text, "resp who=%s peer=%s opaque=%d %s", server, who, (int)opaque,
                   answer);
    line_add(rig, ms + 1, text);
}

static void ask_route(struct log_rig *rig, long ms, const struct many *m)
{
    char answer[160];
    (void)snprintf(answer, sizeof answer, "code=GET_ROUTEINFO_BY_TOPIC topic=T text='%s'",
                   m->route);
    exchange(rig, ms, m->who, "n1", "code=GET_ROUTEINFO_BY_TOPIC topic=T", answer);
}

static void ask_members(struct log_rig *rig, long ms, const struct many *m)
{
    char answer[160];
    (void)snprintf(answer, sizeof answer, "code=GET_CONSUMER_LIST_BY_GROUP group=g text='%s'",
                   m->told);
    exchange(rig, ms, m->who, "broker-a", "code=GET_CONSUMER_LIST_BY_GROUP group=g", answer);
}

static void beat(struct log_rig *rig, long ms, const struct many *m)
{
    exchange(rig, ms, m->who, "broker-a", "code=HEART_BEAT text='g=T'", "code=HEART_BEAT");
}

static void idle(struct log_rig *rig, long from, const struct many *m)
{
    for (long ms = from + 1000; ms < m->until; ms += 30000) {
        beat(rig, ms, m);
    }
    for (long ms = from + 29000; ms < m->until; ms += 30000) {
        ask_route(rig, ms, m);
    }
    for (long ms = from + 20000; ms < m->until; ms += 20000) {
        ask_members(rig, ms, m);
    }
}

static void poll(struct log_rig *rig, long from, const struct many *m)
{
    char text[256];
    for (long ms = from; ms < m->until; ms += 15000) {
        int32_t opaque = ++rig->opaque;
        (void)snprintf(text, sizeof text,
                       "req who=%s peer=broker-a code=PULL_MESSAGE opaque=%d group=g topic=T "
                       "broker=broker-a queue=%ld offset=%ld flags=8",
                       m->who, (int)opaque, m->queue, m->offset);
        line_add(rig, ms, text);
        (void)snprintf(text, sizeof text,
                       "resp who=broker-a peer=%s code=PULL_MESSAGE opaque=%d group=g topic=T "
                       "broker=broker-a queue=%ld offset=%ld offset2=%ld status=19",
                       m->who, (int)opaque, m->queue, m->offset, m->offset);
        line_add(rig, ms + 14999, text);
    }
}

static void up(struct log_rig *rig, long from, const struct many *m)
{
    char text[128];
    (void)snprintf(text, sizeof text, "actor-start who=%s group=g", m->who);
    line_add(rig, from, text);
    (void)snprintf(text, sizeof text, "conn-open who=%s peer=broker-a", m->who);
    line_add(rig, from + 1, text);
    ask_route(rig, from + 2, m);
    beat(rig, from + 4, m);
    (void)snprintf(text, sizeof text, "actor-started who=%s group=g", m->who);
    line_add(rig, from + 6, text);
    ask_members(rig, from + 7, m);
}

static bool many_write(struct log_rig *rig, long ms, const char *at)
{
    static const struct {
        const char *word;
        void (*fn)(struct log_rig *rig, long from, const struct many *m);
    } words[] = {{"idle ", idle}, {"poll ", poll}, {"up ", up}};
    for (size_t i = 0; i < RKMQ_COUNT_OF(words); i++) {
        size_t n = strlen(words[i].word);
        if (strncmp(at, words[i].word, n) == 0) {
            const struct many m = many_read(at + n);
            words[i].fn(rig, ms, &m);
            return true;
        }
    }
    return false;
}

void log_rig_write(struct log_rig *rig, const char *text)
{
    while (*text) {
        char *end;
        long ms = strtol(text, &end, 10);
        assert_true(end != text && *end == ' ');
        if (!many_write(rig, ms, end + 1)) {
            line_add(rig, ms, end + 1);
        }
        text = end + strcspn(end, "\n");
        text += *text == '\n';
    }
}

/* ---- judging ---- */

static int line_compare(const void *a, const void *b)
{
    const struct log_rig_line *x = a, *y = b;
    return x->ms != y->ms ? (x->ms > y->ms ? 1 : -1) : x->order > y->order ? 1 : -1;
}

void log_rig_judge(struct log_rig *rig)
{
    qsort(rig->lines, rig->n_lines, sizeof *rig->lines, line_compare);
    for (size_t i = 0; i < rig->n_lines; i++) {
        rig->lines[i].row.at = (rkmq_us)rig->lines[i].ms * 1000;
        rkmq__event_log_add(rig->log, &rig->lines[i].row);
    }
    rig->client.who = rkmq__event_log_name(rig->log, RKMQ_SLICE("c1"));
    rig->topic = rkmq__event_log_name(rig->log, RKMQ_SLICE("T"));
    rig->client.topics = &rig->topic;
    rig->client.n_topics = 1;
    rig->params.clients = &rig->client;
    rig->params.n_clients = 1;
    assert_false(rkmq__event_log_is_failed(rig->log));
    assert_int_equal(rkmq__checks_run(rig->log, &rig->params, &rig->tm.mem, &rig->result), RKMQ_OK);
}

void log_rig_close(struct log_rig *rig)
{
    rkmq__check_result_close(&rig->result, &rig->tm.mem);
    rkmq__event_log_destroy(rig->log);
    test_mem_assert_empty(&rig->tm);
}

void log_rig_cases(const struct log_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        log_rig_case(&cases[i]);
    }
}

void log_rig_case(const struct log_case *c)
{
    static struct log_rig rig;
    log_rig_open(&rig);
    rig.client.is_patient = c->is_patient;
    log_rig_write(&rig, c->text);
    log_rig_judge(&rig);
    for (size_t i = 0; i < rig.result.n_kept; i++) {
        const struct rkmq_violation *v = &rig.result.violations[i];
        if (v->is_strict && (v->check != c->check || c->verdict != RKMQ_FAIL)) {
            fail_msg("%s: %s: %s", c->name, rkmq__check_name(v->check), v->text);
        }
    }
    if (rig.result.verdict[c->check] != c->verdict) {
        fail_msg("%s: %s is %d, not %d", c->name, rkmq__check_name(c->check),
                 (int)rig.result.verdict[c->check], (int)c->verdict);
    }
    log_rig_close(&rig);
}
