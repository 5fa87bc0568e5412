/* SPDX-License-Identifier: Apache-2.0 */
/* The whole file: its frame, the order of its sections, and what the section readers share. */
#include <stdarg.h>

#include "runner/parse.h"

/* ---- shared by all readers ---- */

void rkmq__parse_say(struct rkmq_parse *ps, size_t offset, const char *fmt, ...)
{
    char what[RKMQ_MISTAKE_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args); /* cut when it is long */
    va_end(args);
    if (ps->with.n > 0) {
        rkmq__mistakes_add(ps->mistakes, offset, "%s (with %.*s)", what, RKMQ_SLICE_ARG(ps->with));
    } else {
        rkmq__mistakes_add(ps->mistakes, offset, "%s", what);
    }
}

void *rkmq__parse_array(struct rkmq_parse *ps, size_t n, size_t element_bytes)
{
    RKMQ_ASSERT(n <= RKMQ_TREE_NODES_MAX);
    void *p = n > 0 ? rkmq__arena_zalloc(ps->arena, n * element_bytes) : NULL;
    ps->is_out_of_memory = ps->is_out_of_memory || (n > 0 && !p);
    return p;
}

static bool grow_words(struct rkmq_parse *ps)
{
    struct rkmq_scenario *sc = ps->sc;
    if (sc->n_words < ps->n_words_max) {
        return true;
    }
    size_t n_max = ps->n_words_max > 0 ? 2 * ps->n_words_max : 64;
    struct rkmq_slice *words = rkmq__parse_array(ps, n_max, sizeof *words);
    if (!words) {
        return false;
    }
    if (sc->n_words > 0) {
        memcpy(words, sc->words, sc->n_words * sizeof *words);
    }
    sc->words = words; /* the arena keeps the old ones to the end */
    ps->n_words_max = n_max;
    return true;
}

rkmq_word rkmq__parse_word(struct rkmq_parse *ps, struct rkmq_slice text)
{
    struct rkmq_scenario *sc = ps->sc;
    const rkmq_word *known = rkmq__map_get(&ps->words, text);
    if (known) {
        return *known;
    }
    if (!grow_words(ps)) {
        return 0;
    }
    if (sc->n_words == 0) {
        sc->n_words = 1; /* the empty word */
    }
    rkmq_word *word = rkmq__parse_array(ps, 1, sizeof *word);
    if (!word || rkmq__map_put(&ps->words, text, word) != RKMQ_OK) {
        ps->is_out_of_memory = true;
        return 0;
    }
    *word = (rkmq_word)sc->n_words;
    sc->words[sc->n_words++] = text;
    return *word;
}

uint32_t rkmq__parse_line(const struct rkmq_parse *ps, size_t offset)
{
    uint32_t line, column;
    rkmq__mistakes_position(ps->text, offset, &line, &column);
    return line;
}

void rkmq__parse_refuse(struct rkmq_parse *ps, const struct rkmq_tree *node, const char *wanted)
{
    bool is_text = node->type == RKMQ_TREE_TEXT;
    if (is_text || node->type == RKMQ_TREE_NUMBER || node->type == RKMQ_TREE_BOOL) {
        const char *quote = is_text ? "\"" : "";
        rkmq__parse_say(ps, node->offset, "\"%.*s\" must be %s, not %s%.*s%s",
                        RKMQ_SLICE_ARG(node->key), wanted, quote, RKMQ_SLICE_ARG(node->text),
                        quote);
    } else {
        rkmq__parse_say(ps, node->offset, "\"%.*s\" must be %s, not %s", RKMQ_SLICE_ARG(node->key),
                        wanted, rkmq__tree_type_name(node->type));
    }
}

bool rkmq__parse_is(struct rkmq_parse *ps, const struct rkmq_tree *node, enum rkmq_tree_type type,
                    const char *wanted)
{
    if (node->type != type) {
        rkmq__parse_refuse(ps, node, wanted);
        return false;
    }
    return true;
}

bool rkmq__parse_list(struct rkmq_parse *ps, const struct rkmq_tree *node, bool is_single_ok,
                      size_t min, size_t max, struct rkmq_parse_list *out)
{
    bool is_list = node->type == RKMQ_TREE_LIST;
    *out = (struct rkmq_parse_list){
        .next = is_list ? node->first : node, .list = node, .n = is_list ? node->n : 1};
    if (!is_list && !is_single_ok) {
        rkmq__parse_refuse(ps, node, "a list");
        return false;
    }
    if (out->n < min || out->n > max) {
        char wanted[64];
        (void)snprintf(wanted, sizeof wanted, min == max ? "%zu" : "from %zu to %zu", min,
                       max); /* fits */
        rkmq__parse_say(ps, node->offset, "\"%.*s\" must have %s elements, not %zu",
                        RKMQ_SLICE_ARG(node->key), wanted, out->n);
        return false;
    }
    return true;
}

const struct rkmq_tree *rkmq__parse_next(struct rkmq_parse_list *list)
{
    if (!list->next) {
        return NULL;
    }
    list->element = *list->next;
    list->element.key = list->list->key;
    list->next = list->list->type == RKMQ_TREE_LIST ? list->next->next : NULL;
    return &list->element;
}

/* ---- the frame ---- */

const char *const rkmq__level_names[] = {"MUST", "SHOULD", "INFO", NULL};
static const char *const ground_names[] = {"sim", "tcp", NULL};

void rkmq__parse_grounds(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    unsigned *grounds = target;
    struct rkmq_parse_list list;
    const struct rkmq_tree *element;
    if (!rkmq__parse_list(ps, node, false, 1, 2, &list)) {
        return;
    }
    *grounds = 0;
    while ((element = rkmq__parse_next(&list))) {
        int choice = rkmq__parse_choice(ps, element, ground_names);
        *grounds |= choice < 0 ? 0 : 1u << choice;
    }
}

void rkmq__write_grounds(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    unsigned grounds = *(const unsigned *)target;
    if (grounds == RKMQ_GROUNDS_ALL) {
        return;
    }
    rkmq__json_key(&w->json, name);
    rkmq__json_array(&w->json);
    for (int i = 0; ground_names[i]; i++) {
        if (grounds & 1u << i) {
            rkmq__json_put_text(&w->json, rkmq__slice_of(ground_names[i]));
        }
    }
    rkmq__json_array_end(&w->json);
}

static void read_format(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    int64_t format;
    (void)target;
    if (node->type != RKMQ_TREE_NUMBER || rkmq__slice_to_i64(node->text, &format) != RKMQ_OK ||
        format != RKMQ_SCENARIO_FORMAT) {
        rkmq__parse_refuse(ps, node, "1, the only format there is");
    }
}

static void write_format(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    (void)target;
    rkmq__json_add_i64(&w->json, name, RKMQ_SCENARIO_FORMAT);
}

/* "area/behaviour": ids with slashes between. */
static void read_scenario_name(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    struct rkmq_slice *name = target;
    static const char wanted[] = "a name such as \"rebalance/two-consumer-join\"";
    if (!rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, wanted)) {
        return;
    }
    size_t start = 0;
    bool is_good = node->text.n <= RKMQ_SCENARIO_NAME_BYTES_MAX;
    for (size_t i = 0; i <= node->text.n; i++) {
        if (i == node->text.n || node->text.p[i] == '/') {
            is_good = rkmq__is_id(rkmq__slice(node->text.p + start, i - start)) && is_good;
            start = i + 1;
        }
    }
    if (!is_good) {
        rkmq__parse_refuse(ps, node, wanted);
        return;
    }
    *name = node->text;
}

static void write_slice(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    rkmq__json_add_text(&w->json, name, *(const struct rkmq_slice *)target);
}

static bool is_requirement(struct rkmq_slice text)
{
    size_t n = 0;
    uint64_t number;
    while (n < text.n && text.p[n] >= 'A' && text.p[n] <= 'Z') {
        n++;
    }
    return n > 0 && n + 1 < text.n && text.p[n] == '-' &&
           rkmq__parse_unsigned(rkmq__slice(text.p + n + 1, text.n - n - 1), &number);
}

static void read_texts(struct rkmq_parse *ps, const struct rkmq_tree *node,
                       bool (*is_good)(struct rkmq_slice text), const char *wanted,
                       const struct rkmq_slice **out, size_t *n_out)
{
    struct rkmq_parse_list list;
    if (!rkmq__parse_list(ps, node, false, 1, RKMQ_SCENARIO_LIST_MAX, &list)) {
        return;
    }
    struct rkmq_slice *at = rkmq__parse_array(ps, list.n, sizeof *at);
    for (size_t i = 0; at && i < list.n; i++) {
        const struct rkmq_tree *element = rkmq__parse_next(&list);
        if (element->type != RKMQ_TREE_TEXT || (is_good && !is_good(element->text))) {
            rkmq__parse_refuse(ps, element, wanted);
        }
        at[i] = element->text;
    }
    *out = at;
    *n_out = at ? list.n : 0;
}

static void write_texts(struct rkmq_scenario_writer *w, const char *name,
                        const struct rkmq_slice *at, size_t n)
{
    if (n == 0) {
        return;
    }
    rkmq__json_key(&w->json, name);
    rkmq__json_array(&w->json);
    for (size_t i = 0; i < n; i++) {
        rkmq__json_put_text(&w->json, at[i]);
    }
    rkmq__json_array_end(&w->json);
}

static void read_seed(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target)
{
    bool is_scalar = node->type == RKMQ_TREE_NUMBER || node->type == RKMQ_TREE_TEXT;
    if (!is_scalar || !rkmq__parse_unsigned(node->text, target)) {
        rkmq__parse_refuse(ps, node, "a whole number from 0 to 18446744073709551615");
    }
}

static void write_seed(struct rkmq_scenario_writer *w, const char *name, const void *target)
{
    uint64_t seed = *(const uint64_t *)target;
    char text[24];
    if (seed != 1) {
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)seed); /* 20 digits */
        rkmq__json_add_text(&w->json, name, rkmq__slice_of(text));
    }
}

static const struct rkmq_custom format_custom = {read_format, write_format};
static const struct rkmq_custom name_custom = {read_scenario_name, write_slice};
static const struct rkmq_custom seed_custom = {read_seed, write_seed};
static const struct rkmq_custom grounds_custom = {rkmq__parse_grounds, rkmq__write_grounds};

#define EVENTS_DEFAULT 10000000
#define SETTLE_DEFAULT ((rkmq_us)60 * 1000000)
#define AT(member) offsetof(struct rkmq_scenario, member)
#define TEXT(key, member)                                                                          \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_TEXT, .offset = AT(member), .min = 1,                      \
        .max = RKMQ_SCENARIO_TEXT_BYTES_MAX                                                        \
    }
#define SECTION(key, is_required_)                                                                 \
    {                                                                                              \
        .name = (key), .type = RKMQ_KEY_ELSEWHERE, .is_required = (is_required_)                   \
    }

static const struct rkmq_key head_fields[] = {
    SECTION("$schema", false),
    {.name = "format", .type = RKMQ_KEY_CUSTOM, .is_required = true, .more = &format_custom},
    {.name = "scenario",
     .type = RKMQ_KEY_CUSTOM,
     .is_required = true,
     .offset = AT(name),
     .more = &name_custom},
    TEXT("title", title),
    TEXT("why", why),
    SECTION("refs", false),
    SECTION("req", false),
    {.name = "level", .type = RKMQ_KEY_CHOICE, .offset = AT(level), .more = rkmq__level_names},
    SECTION("run", true),
    SECTION("cluster", true),
    SECTION("groups", false),
    SECTION("actors", false),
    SECTION("faults", false),
    SECTION("steps", true),
    SECTION("expect", false),
    SECTION("checks", false),
    SECTION("sweep", false),
};
static const struct rkmq_shape head_shape = RKMQ_SHAPE("a scenario", head_fields);

static const struct rkmq_key run_fields[] = {
    {.name = "seed", .type = RKMQ_KEY_CUSTOM, .offset = AT(seed), .more = &seed_custom},
    {.name = "end",
     .type = RKMQ_KEY_TIME,
     .is_required = true,
     .offset = AT(end),
     .min = 1,
     .max = RKMQ_SCENARIO_TIME_MAX},
    {.name = "settle",
     .type = RKMQ_KEY_TIME,
     .offset = AT(settle),
     .max = RKMQ_SCENARIO_TIME_MAX,
     .fallback = SETTLE_DEFAULT},
    {.name = "max_events",
     .type = RKMQ_KEY_INT,
     .offset = AT(events_max),
     .min = 1,
     .max = INT32_MAX,
     .fallback = EVENTS_DEFAULT},
    {.name = "grounds", .type = RKMQ_KEY_CUSTOM, .offset = AT(grounds), .more = &grounds_custom},
};
static const struct rkmq_shape run_shape = RKMQ_SHAPE("\"run\"", run_fields);

static void read_head(struct rkmq_parse *ps)
{
    struct rkmq_scenario *sc = ps->sc;
    const struct rkmq_tree *node;
    (void)rkmq__parse_object(ps, ps->root, &head_shape, sc); /* it is an object */
    if ((node = rkmq__parse_member(ps->root, "$schema"))) {
        (void)rkmq__parse_is(ps, node, RKMQ_TREE_TEXT, "a text");
    }
    if ((node = rkmq__parse_member(ps->root, "refs"))) {
        read_texts(ps, node, NULL, "a text", &sc->refs, &sc->n_refs);
    }
    if ((node = rkmq__parse_member(ps->root, "req"))) {
        read_texts(ps, node, is_requirement, "a requirement such as \"REB-3\"", &sc->reqs,
                   &sc->n_reqs);
    }
    rkmq__parse_defaults(&run_shape, sc);
    if ((node = rkmq__parse_member(ps->root, "run"))) {
        (void)rkmq__parse_object(ps, node, &run_shape, sc); /* says what is wrong */
    }
}

static void read_sections(struct rkmq_parse *ps)
{
    static const struct {
        const char *name;
        void (*read)(struct rkmq_parse *ps, const struct rkmq_tree *node);
    } sections[] = {
        {"cluster", rkmq__parse_cluster}, {"groups", rkmq__parse_groups},
        {"actors", rkmq__parse_actors},   {NULL, NULL},
        {"faults", rkmq__parse_faults},   {"steps", rkmq__parse_steps},
        {"expect", rkmq__parse_expects},  {"checks", rkmq__parse_checks},
    };
    for (size_t i = 0; i < RKMQ_COUNT_OF(sections); i++) {
        if (!sections[i].name) {
            rkmq__parse_ahead(ps);
            continue;
        }
        const struct rkmq_tree *node = rkmq__parse_member(ps->root, sections[i].name);
        if (node) {
            sections[i].read(ps, node);
        }
    }
}

/* ---- one pass over the file ---- */

struct choice {          /* which values of `vary` are put into the file */
    uint32_t variant;    /* 0: none, or only value `value` of place `place` */
    size_t place, value; /* place SIZE_MAX: none */
};

static void choose(struct rkmq_parse *ps, const struct choice *choice)
{
    if (choice->place < ps->n_varies) {
        rkmq__sweep_choose(ps, &ps->varies[choice->place], choice->value);
    }
    if (choice->variant == 0) {
        return;
    }
    uint32_t rest = choice->variant - 1;
    for (size_t i = ps->n_varies; i > 0; i--) { /* the last place changes fastest */
        uint32_t n = (uint32_t)ps->varies[i - 1].n;
        rkmq__sweep_choose(ps, &ps->varies[i - 1], rest % n);
        rest /= n;
    }
}

static int read_all(struct rkmq_parse *ps, const struct choice *choice)
{
    struct rkmq_scenario *sc = ps->sc;
    int status = rkmq__tree_read(ps->text, ps->arena, ps->mistakes, &ps->root);
    if (!ps->root) {
        return status;
    }
    if (ps->root->type != RKMQ_TREE_OBJECT) {
        rkmq__parse_say(ps, ps->root->offset, "a scenario is an object, not %s",
                        rkmq__tree_type_name(ps->root->type));
        return RKMQ_E_INVALID;
    }
    sc->seed = 1;
    sc->grounds = RKMQ_GROUNDS_ALL;
    sc->latency = RKMQ_UNSET;
    sc->jitter = RKMQ_UNSET;
    sc->checks.overlap_max = RKMQ_UNSET;
    sc->checks.slack = RKMQ_UNSET;
    (void)rkmq__parse_word(ps, RKMQ_SLICE("*")); /* so that `words` is never empty */
    const struct rkmq_tree *sweep = rkmq__parse_member(ps->root, "sweep");
    bool has_seeds = false;
    if (sweep) {
        rkmq__parse_sweep(ps, sweep);
        has_seeds = rkmq__parse_member(sweep, "seeds") != NULL;
    }
    if (choice->variant > sc->n_variants) {
        rkmq__parse_say(ps, ps->root->offset, "there is no variant %u, the last is %u",
                        choice->variant, sc->n_variants);
        return RKMQ_E_INVALID;
    }
    choose(ps, choice);
    sc->variant = choice->variant;
    sc->variant_text = ps->with;
    read_head(ps);
    read_sections(ps);
    if (!has_seeds) {
        sc->seed_first = sc->seed;
        sc->seed_last = sc->seed;
    }
    return RKMQ_OK;
}

/* `*out` also when there were mistakes, for what it says about `vary`; NULL when memory is out. */
static int parse_once(struct rkmq_scenario **out, const struct rkmq_mem *mem,
                      const struct rkmq_scenario_source *source, const struct choice *choice,
                      struct rkmq_mistakes *mistakes, struct rkmq_vary *varies)
{
    struct rkmq_scenario *sc = rkmq__zalloc(mem, sizeof *sc);
    *out = NULL;
    if (!sc) {
        return RKMQ_E_NOMEM;
    }
    rkmq__arena_init(&sc->arena, mem);
    struct rkmq_parse ps = {
        .sc = sc, .arena = &sc->arena, .mistakes = mistakes, .text = source->text};
    rkmq__map_init(&ps.words, mem);
    size_t n_before = mistakes->n_all;
    int status = rkmq__arena_copy(&sc->arena, rkmq__slice_of(source->file), &sc->file);
    if (status == RKMQ_OK) {
        status = read_all(&ps, choice);
    }
    rkmq__map_close(&ps.words);
    if (ps.is_out_of_memory || mistakes->is_out_of_memory) {
        status = RKMQ_E_NOMEM;
    } else if (mistakes->n_all > n_before) {
        status = RKMQ_E_INVALID;
    }
    if (status == RKMQ_E_NOMEM) {
        rkmq__scenario_destroy(sc);
        return status;
    }
    if (varies) {
        memcpy(varies, ps.varies, sizeof ps.varies);
    }
    *out = sc;
    return status;
}

/* Every value of `vary` by itself; of a range its two ends. */
static int check_values(const struct rkmq_mem *mem, const struct rkmq_scenario_source *source,
                        const struct rkmq_vary *varies, struct rkmq_mistakes *mistakes)
{
    int status = RKMQ_OK;
    for (size_t i = 0; i < RKMQ_SCENARIO_VARY_MAX; i++) {
        size_t n = varies[i].n;
        for (size_t k = 0; k < n; k = varies[i].first || k == n - 1 ? k + 1 : n - 1) {
            struct rkmq_scenario *sc;
            const struct choice choice = {.place = i, .value = k};
            int one = parse_once(&sc, mem, source, &choice, mistakes, NULL);
            rkmq__scenario_destroy(sc);
            if (one == RKMQ_E_NOMEM) {
                return one;
            }
            status = one != RKMQ_OK ? one : status;
        }
    }
    return status;
}

static int parse(struct rkmq_scenario **out, const struct rkmq_mem *mem,
                 const struct rkmq_scenario_source *source, struct rkmq_mistakes *mistakes)
{
    struct rkmq_vary varies[RKMQ_SCENARIO_VARY_MAX] = {{0}};
    const struct choice choice = {.variant = source->variant, .place = SIZE_MAX};
    if (source->text.n > RKMQ_SCENARIO_BYTES_MAX) {
        rkmq__mistakes_add(mistakes, 0, "the file has more than %u bytes", RKMQ_SCENARIO_BYTES_MAX);
        return RKMQ_E_INVALID;
    }
    int status = parse_once(out, mem, source, &choice, mistakes, varies);
    if (status == RKMQ_OK && source->variant == 0) {
        status = check_values(mem, source, varies, mistakes);
    }
    if (status != RKMQ_OK) {
        rkmq__scenario_destroy(*out);
        *out = NULL;
    }
    return status;
}

int rkmq__scenario_parse(struct rkmq_scenario **out, const struct rkmq_mem *mem,
                         const struct rkmq_scenario_source *source, struct rkmq_bytes *report)
{
    struct rkmq_arena arena;
    struct rkmq_mistakes mistakes;
    *out = NULL;
    rkmq__arena_init(&arena, mem);
    rkmq__mistakes_init(&mistakes, &arena);
    int status = parse(out, mem, source, &mistakes);
    if (status == RKMQ_E_INVALID && mistakes.is_out_of_memory) {
        status = RKMQ_E_NOMEM;
    }
    if (status == RKMQ_E_INVALID) {
        rkmq__mistakes_write(&mistakes, source->file, source->text, report);
        status = report->is_failed ? RKMQ_E_NOMEM : status;
    }
    rkmq__arena_close(&arena);
    return status;
}

void rkmq__scenario_destroy(struct rkmq_scenario *sc)
{
    if (!sc) {
        return;
    }
    const struct rkmq_mem *mem = sc->arena.mem;
    rkmq__arena_close(&sc->arena);
    rkmq__free(mem, sc);
}

/* ---- the way back ---- */

void rkmq__scenario_write(const struct rkmq_scenario *sc, struct rkmq_bytes *out)
{
    struct rkmq_scenario_writer w = {.sc = sc};
    rkmq__json_begin(&w.json, out);
    rkmq__json_object(&w.json);
    rkmq__write_fields(&w, &head_shape, sc);
    write_texts(&w, "refs", sc->refs, sc->n_refs);
    write_texts(&w, "req", sc->reqs, sc->n_reqs);
    rkmq__write_object(&w, "run", &run_shape, sc);
    rkmq__write_cluster(&w);
    rkmq__write_groups(&w);
    rkmq__write_actors(&w);
    rkmq__write_faults(&w);
    rkmq__write_steps(&w);
    rkmq__write_expects(&w);
    rkmq__write_checks(&w);
    rkmq__write_sweep(&w);
    rkmq__json_object_end(&w.json);
}
