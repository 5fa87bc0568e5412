/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/faults.h"

#define FAULT_ID_CHARS_MAX 120
#define PREFIX_BYTES 4 /* of a frame's length, which garbling leaves alone */

/* A frame that goes on when its timer fires. */
struct kept_frame {
    struct rkmq_list link;
    struct rkmq_timer timer;
    struct rkmq_faults *faults;
    struct rkmq_mock_rule *rule; /* NULL: removed meanwhile */
    struct rkmq_watch *w;
    struct rkmq_channel *ch;
    bool is_outgoing;
    struct rkmq_buf *frame;
};
struct pending_answer {
    struct rkmq_list link;
    struct rkmq_mock_rule *rule;
    const struct rkmq_channel *ch;
    int32_t opaque;
    bool is_pushed;
};

#define RULE_OF(it) RKMQ_CONTAINER_OF(it, struct rkmq_mock_rule, link)
#define KEPT_OF(it) RKMQ_CONTAINER_OF(it, struct kept_frame, link)
#define PENDING_OF(it) RKMQ_CONTAINER_OF(it, struct pending_answer, link)

/* ---- rules ---- */

void rkmq__faults_init(struct rkmq_faults *faults, const struct rkmq_mem *mem)
{
    *faults = (struct rkmq_faults){.mem = mem};
    rkmq__list_init(&faults->rules);
    rkmq__list_init(&faults->kept);
    rkmq__list_init(&faults->pending);
}

static void kept_free(struct kept_frame *kept)
{
    rkmq__timer_stop(kept->w->env, &kept->timer);
    rkmq__list_remove(&kept->link);
    kept->faults->n_frames--;
    rkmq_buf_free(kept->frame);
    rkmq__free(kept->faults->mem, kept);
}

static void pending_free(struct rkmq_faults *faults, struct pending_answer *pending)
{
    rkmq__list_remove(&pending->link);
    faults->n_frames--;
    rkmq__free(faults->mem, pending);
}

void rkmq__faults_close(struct rkmq_faults *faults)
{
    if (!faults->mem) {
        return;
    }
    RKMQ_LIST_EACH (it, &faults->kept) {
        kept_free(KEPT_OF(it));
    }
    RKMQ_LIST_EACH (it, &faults->pending) {
        pending_free(faults, PENDING_OF(it));
    }
    RKMQ_LIST_EACH (it, &faults->rules) {
        rkmq__free(faults->mem, RULE_OF(it));
    }
    faults->mem = NULL;
}

static struct rkmq_mock_rule *rule_find(const struct rkmq_faults *faults, const char *id)
{
    RKMQ_LIST_EACH (it, &faults->rules) {
        if (strcmp(RULE_OF(it)->fault.id, id) == 0) {
            return RULE_OF(it);
        }
    }
    return NULL;
}

static int fault_check(const struct rkmq_mock_fault *f, struct rkmq_err *err)
{
    if (f->size != sizeof *f) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "fault: %zu bytes, not %zu", f->size, sizeof *f);
    }
    if (!f->id || f->id[0] == '\0' || strlen(f->id) > FAULT_ID_CHARS_MAX) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "fault: an id of 1 to %d characters is needed",
                             FAULT_ID_CHARS_MAX);
    }
    if (f->nth_to > 0 && f->nth_to < f->nth_from) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "fault %s: nth ends before it begins", f->id);
    }
    if (f->per_million > 1000000 || f->delay_ms < 0) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "fault %s: chance or delay out of range", f->id);
    }
    if ((unsigned)f->applied > RKMQ_APPLIED_EITHER || (unsigned)f->effect > RKMQ_FAULT_GARBLE) {
        return rkmq__err_set(err, RKMQ_E_INVALID, "fault %s: unknown effect", f->id);
    }
    return RKMQ_OK;
}

/* Appends a copy of `text` at `*at`, which moves on. */
static const char *text_put(char **at, const char *text)
{
    char *copy = *at;
    if (!text) {
        return NULL;
    }
    size_t n = strlen(text) + 1;
    memcpy(copy, text, n);
    *at += n;
    return copy;
}

int rkmq__faults_add(struct rkmq_faults *faults, const struct rkmq_mock_fault *fault,
                     struct rkmq_err *err)
{
    int status = fault_check(fault, err);
    if (status != RKMQ_OK) {
        return status;
    }
    if (rule_find(faults, fault->id)) {
        return rkmq__err_set(err, RKMQ_E_STATE, "fault %s: there is one of that id", fault->id);
    }
    if (faults->n_rules == RKMQ_FAULT_RULES_MAX) {
        return rkmq__err_set(err, RKMQ_E_LIMIT, "fault %s: more than %d rules", fault->id,
                             RKMQ_FAULT_RULES_MAX);
    }
    const char *texts[] = {fault->id,    fault->from,  fault->to,
                           fault->group, fault->topic, fault->reply_remark};
    size_t n = sizeof(struct rkmq_mock_rule) + fault->reply_body_bytes;
    for (size_t i = 0; i < RKMQ_COUNT_OF(texts); i++) {
        n += texts[i] ? strlen(texts[i]) + 1 : 0;
    }
    struct rkmq_mock_rule *rule = rkmq__zalloc(faults->mem, n);
    if (!rule) {
        return rkmq__err_set(err, RKMQ_E_NOMEM, "fault %s: out of memory", fault->id);
    }
    char *at = (char *)(rule + 1);
    rule->fault = *fault;
    rule->fault.id = text_put(&at, fault->id);
    rule->fault.from = text_put(&at, fault->from);
    rule->fault.to = text_put(&at, fault->to);
    rule->fault.group = text_put(&at, fault->group);
    rule->fault.topic = text_put(&at, fault->topic);
    rule->fault.reply_remark = text_put(&at, fault->reply_remark);
    if (fault->reply_body_bytes > 0) {
        rule->fault.reply_body = memcpy(at, fault->reply_body, fault->reply_body_bytes);
    }
    if (fault->effect == RKMQ_FAULT_TRUNCATE || fault->effect == RKMQ_FAULT_GARBLE) {
        rule->fault.applied = RKMQ_APPLIED_YES;
    }
    rkmq__list_push_back(&faults->rules, &rule->link);
    faults->n_rules++;
    return RKMQ_OK;
}

static void rule_release(struct rkmq_faults *faults, const struct rkmq_mock_rule *rule)
{
    RKMQ_LIST_EACH (it, &faults->kept) {
        struct kept_frame *kept = KEPT_OF(it);
        if (kept->rule == rule) {
            rkmq__timer_in(kept->w->env, &kept->timer, 0);
        }
    }
}

int rkmq__faults_release(struct rkmq_faults *faults, const char *id)
{
    struct rkmq_mock_rule *rule = rule_find(faults, id);
    if (!rule) {
        return RKMQ_E_NOT_FOUND;
    }
    rule_release(faults, rule);
    return RKMQ_OK;
}

int rkmq__faults_remove(struct rkmq_faults *faults, const char *id)
{
    struct rkmq_mock_rule *rule = rule_find(faults, id);
    if (!rule) {
        return RKMQ_E_NOT_FOUND;
    }
    rule_release(faults, rule);
    RKMQ_LIST_EACH (it, &faults->kept) {
        if (KEPT_OF(it)->rule == rule) {
            KEPT_OF(it)->rule = NULL;
        }
    }
    RKMQ_LIST_EACH (it, &faults->pending) {
        if (PENDING_OF(it)->rule == rule) {
            pending_free(faults, PENDING_OF(it));
        }
    }
    rkmq__list_remove(&rule->link);
    faults->n_rules--;
    rkmq__free(faults->mem, rule);
    return RKMQ_OK;
}

const struct rkmq_mock_fault *rkmq__faults_get(const struct rkmq_faults *faults, const char *id)
{
    const struct rkmq_mock_rule *rule = rule_find(faults, id);
    return rule ? &rule->fault : NULL;
}

uint64_t rkmq__faults_hits(const struct rkmq_faults *faults, const char *id)
{
    const struct rkmq_mock_rule *rule = rule_find(faults, id);
    return rule ? rule->n_hits : 0;
}

/* ---- frames that are kept ---- */

static void on_kept(struct rkmq_timer *t)
{
    struct kept_frame *kept = RKMQ_CONTAINER_OF(t, struct kept_frame, timer);
    struct rkmq_watch *w = kept->w;
    struct rkmq_channel *ch = kept->ch;
    struct rkmq_buf *frame = kept->frame;
    bool is_outgoing = kept->is_outgoing;
    kept->frame = NULL;
    kept_free(kept);
    w->late = ch;
    int status = is_outgoing ? rkmq__channel_send(ch, frame) : rkmq__channel_deliver(ch, frame);
    w->late = NULL;
    if (status != RKMQ_OK) {
        rkmq_log_warn(w->env, "fault", "%s: a kept frame is lost: %s", rkmq__channel_peer(ch),
                      rkmq_status_text(status));
    }
}

/* One side of an exchange, as a rule's effect sees it. */
struct rkmq_fault_frame {
    struct rkmq_faults *faults;
    struct rkmq_watch *w;
    struct rkmq_channel *ch;
    bool is_outgoing;
    const struct rkmq_command *cmd;
    struct rkmq_buf *frame;
};

static struct kept_frame *keep(const struct rkmq_fault_frame *f, struct rkmq_mock_rule *rule)
{
    struct kept_frame *kept = rkmq__zalloc(f->faults->mem, sizeof *kept);
    struct rkmq_buf *view = kept ? rkmq__buf_chain_view(f->frame) : NULL;
    if (!view) {
        rkmq_log_warn(f->w->env, "fault", "%s: out of memory: the frame is dropped",
                      rule->fault.id);
        rkmq__free(f->faults->mem, kept);
        return NULL;
    }
    *kept = (struct kept_frame){.timer = {.fire = on_kept},
                                .faults = f->faults,
                                .rule = rule,
                                .w = f->w,
                                .ch = f->ch,
                                .is_outgoing = f->is_outgoing,
                                .frame = view};
    rkmq__list_push_back(&f->faults->kept, &kept->link);
    f->faults->n_frames++;
    return kept;
}

static void keep_for(const struct rkmq_fault_frame *f, struct rkmq_mock_rule *rule, rkmq_ms ms)
{
    struct kept_frame *kept = keep(f, rule);
    if (kept) {
        rkmq__timer_in(kept->w->env, &kept->timer, ms);
    }
}

void rkmq__faults_closed(struct rkmq_faults *faults, const struct rkmq_channel *ch)
{
    RKMQ_LIST_EACH (it, &faults->kept) {
        if (KEPT_OF(it)->ch == ch) {
            kept_free(KEPT_OF(it));
        }
    }
    RKMQ_LIST_EACH (it, &faults->pending) {
        if (PENDING_OF(it)->ch == ch) {
            pending_free(faults, PENDING_OF(it));
        }
    }
}

/* ---- effects ---- */

static void reply(const struct rkmq_fault_frame *f, const struct rkmq_mock_fault *fault)
{
    struct rkmq_message_out out = {.code = fault->reply_code,
                                   .remark = rkmq__slice_of(fault->reply_remark)};
    if (!f->is_outgoing) { /* the server is passed over, but it was reached */
        struct rkmq_channel_handler watch = rkmq__watch_handler(f->w);
        watch.frame(watch.owner, f->ch, false, f->cmd, f->cmd->body.n);
        if (f->cmd->flags & RKMQ_FLAG_ONEWAY) {
            return;
        }
    }
    if (fault->reply_body_bytes > 0) { /* out of memory: an answer without a body */
        out.take_body =
            rkmq_buf_copy(f->faults->mem, rkmq__slice(fault->reply_body, fault->reply_body_bytes));
    }
    (void)rkmq__channel_answer(f->ch, f->cmd->opaque, f->cmd->format, &out); /* closed: too late */
}

/* All of the frame in one buffer of its own; NULL when memory is out. */
static struct rkmq_buf *flatten(const struct rkmq_fault_frame *f)
{
    struct rkmq_buf *flat = rkmq_buf_create(f->faults->mem, rkmq_buf_chain_bytes(f->frame));
    size_t n = 0;
    for (const struct rkmq_buf *at = f->frame; flat && at; at = at->next) {
        memcpy(flat->p + n, at->p, at->n);
        n += at->n;
    }
    return flat;
}

static void spoil(const struct rkmq_fault_frame *f, const struct rkmq_mock_fault *fault)
{
    struct rkmq_buf *flat = flatten(f);
    if (!flat) {
        return; /* dropped is spoilt enough */
    }
    if (fault->effect == RKMQ_FAULT_TRUNCATE) {
        flat->n = fault->bytes < flat->n ? fault->bytes : flat->n;
        (void)rkmq__channel_send_bytes(f->ch, flat);
        rkmq__channel_close(f->ch, "closed by a fault rule");
        return;
    }
    for (size_t i = 0; i < fault->bytes; i++) {
        uint64_t r = rkmq__rand64(f->w->env);
        flat->p[PREFIX_BYTES + (r >> 8) % (flat->n - PREFIX_BYTES)] ^= (uint8_t)(1 + r % 255);
    }
    (void)rkmq__channel_send_bytes(f->ch, flat);
}

/* True: the frame passes. */
static bool take_effect(const struct rkmq_fault_frame *f, struct rkmq_mock_rule *rule)
{
    const struct rkmq_mock_fault *fault = &rule->fault;
    rkmq__watch_fault(f->w, f->ch, f->is_outgoing, f->cmd, fault->id);
    switch (fault->effect) {
    case RKMQ_FAULT_OBSERVE:
        return true;
    case RKMQ_FAULT_REPLY:
        reply(f, fault);
        break;
    case RKMQ_FAULT_DELAY:
        keep_for(f, rule, fault->delay_ms);
        break;
    case RKMQ_FAULT_HOLD:
        (void)keep(f, rule);
        break;
    case RKMQ_FAULT_DROP:
        break;
    case RKMQ_FAULT_DUP:
        keep_for(f, rule, 0);
        return true;
    case RKMQ_FAULT_CLOSE:
        rkmq__channel_close(f->ch, "closed by a fault rule");
        break;
    case RKMQ_FAULT_RESET:
        rkmq__channel_reset(f->ch, "reset by a fault rule");
        break;
    case RKMQ_FAULT_TRUNCATE:
    case RKMQ_FAULT_GARBLE:
        spoil(f, fault);
        break;
    }
    return false;
}

/* ---- the gate ---- */

static bool is_due(struct rkmq_mock_rule *rule, const struct rkmq_env *env)
{
    const struct rkmq_mock_fault *fault = &rule->fault;
    rule->n_matched++;
    if ((fault->nth_from > 0 && rule->n_matched < fault->nth_from) ||
        (fault->nth_to > 0 && rule->n_matched > fault->nth_to) ||
        (fault->times > 0 && rule->n_hits >= fault->times)) {
        return false;
    }
    return fault->per_million == 0 || rkmq__rand64(env) % 1000000 < fault->per_million;
}

static bool applies_to_answer(const struct rkmq_mock_fault *fault, const struct rkmq_env *env)
{
    return fault->applied == RKMQ_APPLIED_YES ||
           (fault->applied == RKMQ_APPLIED_EITHER && (rkmq__rand64(env) & 1) != 0);
}

static bool gate_request(const struct rkmq_fault_frame *f)
{
    const struct rkmq_env *env = f->w->env;
    bool is_oneway = (f->cmd->flags & RKMQ_FLAG_ONEWAY) != 0;
    RKMQ_LIST_EACH (it, &f->faults->rules) {
        struct rkmq_mock_rule *rule = RULE_OF(it);
        if ((is_oneway && rule->fault.applied == RKMQ_APPLIED_YES) ||
            !rkmq__fault_matches(f->faults, &rule->fault, f->w, f->ch, f->is_outgoing, f->cmd) ||
            !is_due(rule, env)) {
            continue;
        }
        if (f->faults->n_frames == RKMQ_FAULT_FRAMES_MAX) {
            rkmq_log_warn(env, "fault", "%s rests: %d frames wait already", rule->fault.id,
                          RKMQ_FAULT_FRAMES_MAX);
            return true;
        }
        rule->n_hits++;
        if (is_oneway || !applies_to_answer(&rule->fault, env)) {
            return take_effect(f, rule);
        }
        struct pending_answer *pending = rkmq__zalloc(f->faults->mem, sizeof *pending);
        if (pending) {
            *pending = (struct pending_answer){
                .rule = rule, .ch = f->ch, .opaque = f->cmd->opaque, .is_pushed = f->is_outgoing};
            rkmq__list_push_back(&f->faults->pending, &pending->link);
            f->faults->n_frames++;
        }
        return true;
    }
    return true;
}

static bool gate_answer(const struct rkmq_fault_frame *f)
{
    RKMQ_LIST_EACH (it, &f->faults->pending) {
        struct pending_answer *pending = PENDING_OF(it);
        if (pending->ch == f->ch && pending->opaque == f->cmd->opaque &&
            pending->is_pushed != f->is_outgoing) {
            struct rkmq_mock_rule *rule = pending->rule;
            pending_free(f->faults, pending);
            return take_effect(f, rule);
        }
    }
    return true;
}

bool rkmq__faults_gate(struct rkmq_faults *faults, struct rkmq_watch *w, struct rkmq_channel *ch,
                       bool is_outgoing, const struct rkmq_command *cmd, struct rkmq_buf *frame)
{
    struct rkmq_fault_frame f = {faults, w, ch, is_outgoing, cmd, frame};
    if (faults->n_rules == 0) {
        return true;
    }
    return cmd->flags & RKMQ_FLAG_RESPONSE ? gate_answer(&f) : gate_request(&f);
}
