/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "remoting/base/hash.h"
#include "runtime/sim/world.h"

/* The words of the trace. Golden files hold them. */
static const char *const NOTE_WORDS[] = {
    [SIM_NOTE_HOST] = "host",     [SIM_NOTE_CRASH] = "crash",   [SIM_NOTE_LINK] = "link",
    [SIM_NOTE_TIMER] = "timer",   [SIM_NOTE_LISTEN] = "listen", [SIM_NOTE_DIAL] = "dial",
    [SIM_NOTE_SEND] = "send",     [SIM_NOTE_CLOSE] = "close",   [SIM_NOTE_RESET] = "reset",
    [SIM_NOTE_OPENED] = "opened", [SIM_NOTE_DATA] = "data",     [SIM_NOTE_DRAINED] = "drained",
    [SIM_NOTE_CLOSED] = "closed", [SIM_NOTE_SUBMIT] = "submit", [SIM_NOTE_RUN] = "run",
    [SIM_NOTE_DONE] = "done",
};

static void hash_word(struct sim_hash *hash, uint64_t word)
{
    hash->state = rkmq__hash_word(hash->state, word);
}

/* The next bytes, at most seven, which fill up a word that was begun. */
static void hash_some(struct sim_hash *hash, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        hash->word = hash->word << 8 | p[i];
    }
    hash->n_word += (unsigned)n;
    if (hash->n_word == 8) {
        hash_word(hash, hash->word);
        hash->word = 0;
        hash->n_word = 0;
    }
}

static void hash_bytes(struct sim_hash *hash, const uint8_t *p, size_t n)
{
    if (hash->n_word > 0) {
        size_t n_first = 8 - hash->n_word < n ? 8 - hash->n_word : n;
        hash_some(hash, p, n_first);
        p += n_first;
        n -= n_first;
    }
    for (; n >= 8; p += 8, n -= 8) {
        hash_word(hash, rkmq_get_be64(p));
    }
    hash_some(hash, p, n);
}

/* How a sender cut its bytes into buffers leaves no mark: only the bytes count. */
void rkmq__sim_note_bytes(struct rkmq_sim *s, const struct rkmq_buf *chain)
{
    for (; chain; chain = chain->next) {
        hash_bytes(&s->hash, chain->p, chain->n);
    }
    if (s->hash.n_word > 0) {
        hash_word(&s->hash, s->hash.word);
        s->hash.word = 0;
        s->hash.n_word = 0;
    }
}

static void trace_prefix(struct rkmq_sim *s, const struct sim_host *host)
{
    rkmq__bytes_printf(&s->trace, "%" PRId64 ".%03d %s ", s->now_us / 1000, (int)(s->now_us % 1000),
                       host ? host->name : "-");
}

void rkmq__sim_note(struct rkmq_sim *s, const struct sim_host *host, enum sim_note note,
                    rkmq_conn c, size_t n, const char *text)
{
    hash_word(&s->hash, (uint64_t)s->now_us);
    hash_word(&s->hash, (uint64_t)note << 32 | (host ? host->number : 0));
    hash_word(&s->hash, c << 32 ^ n);
    if (!s->options.is_traced) {
        return;
    }
    trace_prefix(s, host);
    rkmq__bytes_add_text(&s->trace, NOTE_WORDS[note]);
    if (c != 0) {
        rkmq__bytes_printf(&s->trace, " c%" PRIu64, c);
    }
    if (note == SIM_NOTE_SEND || note == SIM_NOTE_DATA) {
        rkmq__bytes_printf(&s->trace, " %zu", n);
    }
    if (text) {
        rkmq__bytes_printf(&s->trace, " %s", text);
    }
    rkmq__bytes_add_text(&s->trace, "\n");
}

void rkmq__sim_trace_line(struct rkmq_sim *s, const struct sim_host *host, const char *line)
{
    if (s->options.is_traced) {
        trace_prefix(s, host);
        rkmq__bytes_add_text(&s->trace, line);
        rkmq__bytes_add_text(&s->trace, "\n");
    }
}

const char *rkmq_sim_trace(const struct rkmq_sim *s)
{
    /* The end is marked behind the counted bytes, so that the next line continues in its place. */
    struct rkmq_bytes *trace = &((struct rkmq_sim *)(uintptr_t)s)->trace;
    uint8_t *end = rkmq__bytes_reserve(trace, 1);
    if (!end) {
        return "";
    }
    *end = 0;
    trace->n--;
    return (const char *)trace->p;
}

uint64_t rkmq_sim_hash(const struct rkmq_sim *s)
{
    return rkmq__random_mix(s->hash.state);
}
