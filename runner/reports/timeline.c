/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/reports/timeline.h"

#include "remoting/protocol/codes.h"

struct reading {
    struct rkmq_timeline *tl;
    struct rkmq_run_state state;
    const struct rkmq_world *w;
    bool *is_readable;      /* [topic * n_brokers + broker] */
    rkmq_us *running_since; /* per member; -1: it does not */
    rkmq_us *pulled_at;     /* by pulls: [lane * n_members + member]; -1: never */
    size_t n_points;        /* taken so far */
    bool is_failed;
};

/* One more element of an array; NULL: memory is out, or a limit is reached. */
static void *grow(struct reading *r, struct rkmq_bytes *array, size_t bytes, size_t n_max)
{
    if (array->n / bytes >= n_max) {
        r->tl->is_cut = true;
        return NULL;
    }
    void *element = rkmq__bytes_reserve(array, bytes);
    r->is_failed = r->is_failed || !element;
    return element;
}

/* ---- members ---- */

int rkmq__timeline_member(const struct rkmq_timeline *tl, int32_t actor)
{
    for (size_t i = 0; i < tl->n_members; i++) {
        if (tl->members[i].actor == actor) {
            return (int)i;
        }
    }
    return -1;
}

static int member_of(const struct reading *r, rkmq_name who)
{
    for (size_t i = 0; who && i < r->tl->n_members; i++) {
        const struct rkmq_actor *actor = &r->tl->sc->actors[r->tl->members[i].actor];
        if (r->w->of_word[actor->name] == who) {
            return (int)i;
        }
    }
    return -1;
}

static void run_end(struct reading *r, size_t member, rkmq_us at, bool is_crash)
{
    if (r->running_since[member] >= 0) {
        struct rkmq_timeline_span *span =
            grow(r, &r->tl->runs, sizeof *span, RKMQ_TIMELINE_SPANS_MAX);
        if (span) {
            *span = (struct rkmq_timeline_span){(uint32_t)member, r->running_since[member], at,
                                                is_crash};
        }
        r->running_since[member] = -1;
    }
}

static void read_member(struct reading *r, const struct rkmq_event *row)
{
    int member = member_of(r, row->who);
    if (member >= 0 && row->kind == RKMQ_EV_ACTOR_STARTED && row->status == RKMQ_OK) {
        r->running_since[member] = row->at;
    } else if (member >= 0) {
        run_end(r, (size_t)member, row->at, row->kind == RKMQ_EV_ACTOR_CRASH);
    }
}

/* ---- lanes ---- */

static unsigned n_bits(const struct rkmq_owners *owners)
{
    unsigned n = 0;
    for (size_t i = 0; i < RKMQ_ACTOR_WORDS; i++) {
        n += (unsigned)__builtin_popcountll(owners->bits[i]);
    }
    return n;
}

static bool is_subscribed(const struct rkmq_actor *actor, int32_t topic)
{
    for (size_t i = 0; i < actor->n_subscriptions; i++) {
        if (actor->subscriptions[i].topic == topic) {
            return true;
        }
    }
    return false;
}

static bool has_runner(const struct reading *r, const struct rkmq_timeline_lane *lane)
{
    for (size_t i = 0; i < r->tl->n_members; i++) {
        const struct rkmq_timeline_member *member = &r->tl->members[i];
        if (member->group == lane->group && r->running_since[i] >= 0 &&
            is_subscribed(&r->tl->sc->actors[member->actor], lane->topic)) {
            return true;
        }
    }
    return false;
}

static bool should_be_owned(const struct reading *r, const struct rkmq_timeline_lane *lane)
{
    size_t place = (size_t)lane->topic * r->tl->sc->n_brokers + (size_t)lane->broker;
    return r->state.queues[lane->queue].is_there && r->state.is_broker_up[lane->broker] &&
           r->is_readable[place] && has_runner(r, lane);
}

static struct rkmq_owners owners_now(const struct reading *r, size_t lane_index, rkmq_us now)
{
    const struct rkmq_timeline_lane *lane = &r->tl->lanes[lane_index];
    struct rkmq_owners owners = {0};
    if (!r->tl->is_by_pulls) {
        return r->state.queues[lane->queue].groups[lane->group].owners;
    }
    for (size_t m = 0; m < r->tl->n_members; m++) {
        rkmq_us pulled_at = r->pulled_at[lane_index * r->tl->n_members + m];
        if (pulled_at >= 0 && now - pulled_at <= RKMQ_TIMELINE_SILENT_US &&
            r->running_since[m] >= 0) {
            int32_t actor = r->tl->members[m].actor;
            owners.bits[actor / 64] |= (uint64_t)1 << (actor % 64);
        }
    }
    return owners;
}

static void segment_end(struct reading *r, size_t lane_index, rkmq_us at)
{
    struct rkmq_timeline_lane *lane = &r->tl->lanes[lane_index];
    unsigned n_owners = n_bits(&lane->owners);
    if (at > lane->since && (n_owners > 0 || lane->is_orphan)) {
        struct rkmq_timeline_segment *segment =
            grow(r, &r->tl->segments, sizeof *segment, RKMQ_TIMELINE_SEGMENTS_MAX);
        if (segment) {
            *segment = (struct rkmq_timeline_segment){(uint32_t)lane_index, lane->since, at,
                                                      n_owners == 0   ? RKMQ_SEGMENT_ORPHAN
                                                      : n_owners == 1 ? RKMQ_SEGMENT_OWNED
                                                                      : RKMQ_SEGMENT_OVERLAP,
                                                      lane->owners};
        }
    }
    lane->since = at;
}

/* Something happened that may change owners. */
static void lanes_look(struct reading *r, rkmq_us at)
{
    for (size_t i = 0; i < r->tl->n_lanes; i++) {
        struct rkmq_timeline_lane *lane = &r->tl->lanes[i];
        struct rkmq_owners owners = owners_now(r, i, at);
        bool is_orphan = n_bits(&owners) == 0 && should_be_owned(r, lane);
        if (is_orphan != lane->is_orphan || memcmp(&owners, &lane->owners, sizeof owners) != 0) {
            segment_end(r, i, at);
            lane->owners = owners;
            lane->is_orphan = is_orphan;
        }
    }
}

static void read_pull(struct reading *r, const struct rkmq_event *row)
{
    int member = member_of(r, row->kind == RKMQ_EV_REQ ? row->who : row->peer);
    for (size_t i = 0; member >= 0 && i < r->tl->n_lanes; i++) {
        const struct rkmq_timeline_lane *lane = &r->tl->lanes[i];
        const struct rkmq_scenario *sc = r->tl->sc;
        if (lane->queue_id == row->queue_id &&
            r->w->of_word[sc->topics[lane->topic].name] == row->topic &&
            r->w->of_word[sc->brokers[lane->broker].name] == row->broker &&
            r->w->of_word[sc->groups[lane->group]] == row->group) {
            r->pulled_at[i * r->tl->n_members + (size_t)member] = row->at;
        }
    }
}

/* ---- offsets ---- */

static void points_take(struct reading *r, rkmq_us until)
{
    while (r->n_points < RKMQ_TIMELINE_POINTS &&
           (rkmq_us)(r->n_points + 1) * r->tl->end_at / RKMQ_TIMELINE_POINTS <= until) {
        for (size_t i = 0; i < r->tl->n_lanes; i++) {
            struct rkmq_timeline_lane *lane = &r->tl->lanes[i];
            const struct rkmq_run_queue *queue = &r->state.queues[lane->queue];
            lane->ends[r->n_points] = queue->max_offset;
            lane->committed[r->n_points] = queue->groups[lane->group].committed;
        }
        r->n_points++;
    }
}

/* ---- bands ---- */

static struct rkmq_slice band_name(struct reading *r, const struct rkmq_timeline_band *band)
{
    struct rkmq_slice a = rkmq__event_log_text(r->tl->log, band->a);
    struct rkmq_slice b = rkmq__event_log_text(r->tl->log, band->b);
    struct rkmq_slice name = {0};
    if (band->kind != RKMQ_BAND_LINK) {
        return a;
    }
    struct rkmq_bytes text;
    rkmq__bytes_init(&text, r->tl->arena.mem);
    rkmq__bytes_add_slice(&text, a.n > 0 ? a : RKMQ_SLICE("*"));
    rkmq__bytes_add_text(&text, " - ");
    rkmq__bytes_add_slice(&text, b.n > 0 ? b : RKMQ_SLICE("*"));
    r->is_failed = r->is_failed || text.is_failed ||
                   rkmq__arena_copy(&r->tl->arena, rkmq__bytes_slice(&text), &name) != RKMQ_OK;
    rkmq__bytes_close(&text);
    return name;
}

static struct rkmq_timeline_band *band_find(struct reading *r, enum rkmq_band_kind kind,
                                            rkmq_name a, rkmq_name b)
{
    struct rkmq_bytes *bands = &r->tl->bands;
    for (size_t i = 0; i < RKMQ_TIMELINE_COUNT(*bands, struct rkmq_timeline_band); i++) {
        struct rkmq_timeline_band *band = RKMQ_TIMELINE_AT(*bands, struct rkmq_timeline_band, i);
        if (band->kind == kind &&
            ((band->a == a && band->b == b) || (band->a == b && band->b == a))) {
            return band;
        }
    }
    return NULL;
}

/* Found, or made; NULL: memory is out, or there are too many. */
static struct rkmq_timeline_band *band_of(struct reading *r, enum rkmq_band_kind kind, rkmq_name a,
                                          rkmq_name b)
{
    struct rkmq_timeline_band *band = band_find(r, kind, a, b);
    if (band) {
        return band;
    }
    band = grow(r, &r->tl->bands, sizeof *band, RKMQ_TIMELINE_BANDS_MAX);
    if (band) {
        *band = (struct rkmq_timeline_band){.kind = kind, .a = a, .b = b, .since = -1};
        band->name = band_name(r, band);
        band->ticks =
            rkmq__arena_zalloc(&r->tl->arena, RKMQ_TIMELINE_TICKS_MAX * sizeof *band->ticks);
        r->is_failed = r->is_failed || !band->ticks;
    }
    return band;
}

static void band_end(struct reading *r, struct rkmq_timeline_band *band, rkmq_us at)
{
    if (band->since >= 0 && at > band->since) {
        struct rkmq_timeline_span *span =
            grow(r, &r->tl->conditions, sizeof *span, RKMQ_TIMELINE_SPANS_MAX);
        size_t index =
            (size_t)(band - RKMQ_TIMELINE_AT(r->tl->bands, struct rkmq_timeline_band, 0));
        if (span) {
            *span = (struct rkmq_timeline_span){(uint32_t)index, band->since, at, false};
        }
    }
    band->since = -1;
}

/* `is_on`: from now on it is so. A condition that never began has no band. */
static void band_switch(struct reading *r, enum rkmq_band_kind kind, const struct rkmq_event *row,
                        bool is_on)
{
    rkmq_name a = kind == RKMQ_BAND_FAULT ? row->text : row->who;
    rkmq_name b = kind == RKMQ_BAND_LINK ? row->peer : 0;
    struct rkmq_timeline_band *band = is_on ? band_of(r, kind, a, b) : band_find(r, kind, a, b);
    if (band && is_on && band->since < 0) {
        band->since = row->at;
    } else if (band && !is_on) {
        band_end(r, band, row->at);
    }
}

static void bands_end(struct reading *r, rkmq_us at, bool with_servers)
{
    for (size_t i = 0; i < RKMQ_TIMELINE_COUNT(r->tl->bands, struct rkmq_timeline_band); i++) {
        struct rkmq_timeline_band *band =
            RKMQ_TIMELINE_AT(r->tl->bands, struct rkmq_timeline_band, i);
        if (with_servers || band->kind != RKMQ_BAND_SERVER) {
            band_end(r, band, at);
        }
    }
}

/* ---- moments ---- */

static void moment_add(struct reading *r, enum rkmq_moment_kind kind, const struct rkmq_event *row)
{
    struct rkmq_timeline_moment *moment =
        grow(r, &r->tl->moments, sizeof *moment, RKMQ_TIMELINE_MOMENTS_MAX);
    if (moment) {
        *moment = (struct rkmq_timeline_moment){
            row->at, kind, rkmq__event_log_text(r->tl->log, row->text), row->count};
    }
}

static bool is_first_of_step(const struct reading *r, const struct rkmq_event *row)
{
    for (size_t i = 0; i < RKMQ_TIMELINE_COUNT(r->tl->moments, struct rkmq_timeline_moment); i++) {
        const struct rkmq_timeline_moment *moment =
            RKMQ_TIMELINE_AT(r->tl->moments, struct rkmq_timeline_moment, i);
        if (moment->kind == RKMQ_TIMELINE_STEP && moment->index == row->count) {
            return false;
        }
    }
    return true;
}

static void read_fault(struct reading *r, const struct rkmq_event *row)
{
    struct rkmq_timeline_band *band = band_of(r, RKMQ_BAND_FAULT, row->text, 0);
    rkmq_us apart = r->tl->end_at / RKMQ_TIMELINE_TICKS_MAX;
    if (!band || !band->ticks) {
        return;
    }
    if (band->n_ticks == 0) {
        moment_add(r, RKMQ_TIMELINE_FAULT, row);
    }
    if (band->n_ticks == 0 || (band->n_ticks < RKMQ_TIMELINE_TICKS_MAX &&
                               row->at - band->ticks[band->n_ticks - 1] > apart)) {
        band->ticks[band->n_ticks++] = row->at;
    }
}

/* ---- the walk ---- */

static void read_script(struct reading *r, const struct rkmq_event *row)
{
    switch (row->kind) {
    case RKMQ_EV_STEP:
        if (is_first_of_step(r, row)) {
            moment_add(r, RKMQ_TIMELINE_STEP, row);
        }
        break;
    case RKMQ_EV_MARK:
        moment_add(r, RKMQ_TIMELINE_MARK, row);
        break;
    case RKMQ_EV_FAULT:
        read_fault(r, row);
        break;
    case RKMQ_EV_FAULT_ON:
    case RKMQ_EV_FAULT_OFF:
        band_switch(r, RKMQ_BAND_FAULT, row, row->kind == RKMQ_EV_FAULT_ON);
        break;
    case RKMQ_EV_LINK:
        band_switch(r, RKMQ_BAND_LINK, row, row->status != RKMQ_LINK_AS_GIVEN);
        break;
    case RKMQ_EV_SERVER_UP:
    case RKMQ_EV_SERVER_DOWN:
        band_switch(r, RKMQ_BAND_SERVER, row, row->kind == RKMQ_EV_SERVER_DOWN);
        break;
    case RKMQ_EV_HEALED:
        bands_end(r, row->at, false);
        moment_add(r, RKMQ_TIMELINE_HEALED, row);
        break;
    default:
        break;
    }
}

static void read_readable(struct reading *r, const struct rkmq_event *row)
{
    const struct rkmq_scenario *sc = r->tl->sc;
    for (size_t t = 0; t < sc->n_topics; t++) {
        for (size_t b = 0; b < sc->n_brokers; b++) {
            if (r->w->of_word[sc->topics[t].name] == row->topic &&
                r->w->of_word[sc->brokers[b].name] == row->broker) {
                r->is_readable[t * sc->n_brokers + b] = (row->status & RKMQ_PERM_READ) != 0;
            }
        }
    }
}

static void read_row(struct reading *r, const struct rkmq_event *row)
{
    bool is_pull = (row->kind == RKMQ_EV_REQ || row->kind == RKMQ_EV_RESP) &&
                   row->code == RKMQ_REQ_PULL_MESSAGE;
    points_take(r, row->at - 1); /* what was so before this row */
    rkmq__run_state_apply(&r->state, row);
    switch (row->kind) {
    case RKMQ_EV_ACTOR_STARTED:
    case RKMQ_EV_ACTOR_STOPPED:
    case RKMQ_EV_ACTOR_CRASH:
        read_member(r, row);
        lanes_look(r, row->at);
        break;
    case RKMQ_EV_TOPIC:
        read_readable(r, row);
        lanes_look(r, row->at);
        break;
    case RKMQ_EV_PQ_ADD:
    case RKMQ_EV_PQ_DROP:
        lanes_look(r, row->at);
        break;
    case RKMQ_EV_SERVER_UP:
    case RKMQ_EV_SERVER_DOWN:
        lanes_look(r, row->at);
        read_script(r, row);
        break;
    default:
        read_script(r, row);
        break;
    }
    if (is_pull && r->tl->is_by_pulls) {
        read_pull(r, row);
        lanes_look(r, row->at);
    }
}

/* ---- laying out ---- */

static bool is_consumed(const struct rkmq_scenario *sc, int32_t group, int32_t topic)
{
    for (size_t a = 0; a < sc->n_actors; a++) {
        if (sc->actors[a].kind == RKMQ_ACTOR_PUSH && sc->actors[a].group == group &&
            is_subscribed(&sc->actors[a], topic)) {
            return true;
        }
    }
    return false;
}

static int lane_add(struct reading *r, int32_t group, size_t queue_index)
{
    struct rkmq_timeline *tl = r->tl;
    const struct rkmq_run_queue *queue = &r->state.queues[queue_index];
    if (tl->n_lanes == RKMQ_TIMELINE_LANES_MAX) {
        tl->n_lanes_left_out++;
        return RKMQ_OK;
    }
    struct rkmq_timeline_lane *lane = &tl->lanes[tl->n_lanes++];
    *lane = (struct rkmq_timeline_lane){.group = group,
                                        .topic = queue->topic,
                                        .broker = queue->broker,
                                        .queue_id = queue->queue_id,
                                        .queue = queue_index};
    lane->ends = rkmq__arena_zalloc(&tl->arena, RKMQ_TIMELINE_POINTS * sizeof *lane->ends);
    lane->committed =
        rkmq__arena_zalloc(&tl->arena, RKMQ_TIMELINE_POINTS * sizeof *lane->committed);
    return lane->ends && lane->committed ? RKMQ_OK : RKMQ_E_NOMEM;
}

static int lanes_lay_out(struct reading *r)
{
    const struct rkmq_scenario *sc = r->tl->sc;
    int status = RKMQ_OK;
    for (size_t g = 0; g < sc->n_groups; g++) {
        for (size_t q = 0; status == RKMQ_OK && q < r->state.n_queues; q++) {
            if (is_consumed(sc, (int32_t)g, r->state.queues[q].topic)) {
                status = lane_add(r, (int32_t)g, q);
            }
        }
    }
    return status;
}

static void members_lay_out(struct rkmq_timeline *tl)
{
    const struct rkmq_scenario *sc = tl->sc;
    for (size_t a = 0; a < sc->n_actors; a++) {
        if (sc->actors[a].kind == RKMQ_ACTOR_PUSH) {
            tl->members[tl->n_members++] = (struct rkmq_timeline_member){
                (int32_t)a, sc->actors[a].group, rkmq__scenario_word(sc, sc->actors[a].name)};
        }
    }
}

static int lay_out(struct reading *r)
{
    struct rkmq_timeline *tl = r->tl;
    const struct rkmq_scenario *sc = tl->sc;
    tl->members = rkmq__arena_zalloc(&tl->arena, (sc->n_actors + 1) * sizeof *tl->members);
    tl->lanes = rkmq__arena_zalloc(&tl->arena, RKMQ_TIMELINE_LANES_MAX * sizeof *tl->lanes);
    r->is_readable = rkmq__arena_zalloc(&tl->arena, sc->n_topics * sc->n_brokers + 1);
    r->running_since =
        rkmq__arena_zalloc(&tl->arena, (sc->n_actors + 1) * sizeof *r->running_since);
    if (!tl->members || !tl->lanes || !r->is_readable || !r->running_since) {
        return RKMQ_E_NOMEM;
    }
    members_lay_out(tl);
    if (lanes_lay_out(r) != RKMQ_OK) {
        return RKMQ_E_NOMEM;
    }
    size_t n_pulls = tl->n_lanes * tl->n_members;
    r->pulled_at = rkmq__arena_zalloc(&tl->arena, (n_pulls + 1) * sizeof *r->pulled_at);
    if (!r->pulled_at) {
        return RKMQ_E_NOMEM;
    }
    memset(r->pulled_at, 0xff, n_pulls * sizeof *r->pulled_at); /* -1 */
    memset(r->running_since, 0xff, tl->n_members * sizeof *r->running_since);
    return RKMQ_OK;
}

static bool has_kind(const struct rkmq_event_log *log, enum rkmq_event_kind kind)
{
    for (size_t i = 0; i < rkmq__event_log_count(log); i++) {
        if (rkmq__event_log_at(log, i)->kind == kind) {
            return true;
        }
    }
    return false;
}

static void read_all(struct reading *r)
{
    struct rkmq_timeline *tl = r->tl;
    for (size_t i = 0; i < rkmq__event_log_count(tl->log); i++) {
        read_row(r, rkmq__event_log_at(tl->log, i));
    }
    points_take(r, tl->end_at);
    for (size_t i = 0; i < tl->n_lanes; i++) {
        segment_end(r, i, tl->end_at);
    }
    for (size_t i = 0; i < tl->n_members; i++) {
        run_end(r, i, tl->end_at, false);
    }
    bands_end(r, tl->end_at, true);
}

int rkmq__timeline_read(struct rkmq_timeline *tl, const struct rkmq_world *w,
                        const struct rkmq_mem *mem)
{
    const struct rkmq_event_log *log = w->recorder.log;
    size_t n = rkmq__event_log_count(log);
    struct reading r = {.tl = tl, .w = w};
    *tl = (struct rkmq_timeline){.sc = w->sc, .log = log};
    rkmq__arena_init(&tl->arena, mem);
    struct rkmq_bytes *const arrays[] = {&tl->runs, &tl->segments, &tl->moments, &tl->bands,
                                         &tl->conditions};
    for (size_t i = 0; i < RKMQ_COUNT_OF(arrays); i++) {
        rkmq__bytes_init(arrays[i], mem);
    }
    tl->end_at =
        n > 0 && rkmq__event_log_at(log, n - 1)->at > 0 ? rkmq__event_log_at(log, n - 1)->at : 1;
    tl->is_by_pulls = !has_kind(log, RKMQ_EV_PQ_ADD);
    int status = rkmq__run_state_init(&r.state, w->sc, w->of_word, mem);
    status = status == RKMQ_OK ? lay_out(&r) : status;
    if (status == RKMQ_OK) {
        read_all(&r);
    }
    rkmq__run_state_close(&r.state);
    return status == RKMQ_OK && r.is_failed ? RKMQ_E_NOMEM : status;
}

void rkmq__timeline_close(struct rkmq_timeline *tl)
{
    struct rkmq_bytes *const arrays[] = {&tl->runs, &tl->segments, &tl->moments, &tl->bands,
                                         &tl->conditions};
    for (size_t i = 0; i < RKMQ_COUNT_OF(arrays); i++) {
        rkmq__bytes_close(arrays[i]);
    }
    rkmq__arena_close(&tl->arena);
}
