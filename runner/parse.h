/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_PARSE_H
#define RKMQ_RUNNER_PARSE_H

/*
 * How a scenario file is read and written: every object is a table of fields, used for both
 * directions, so that what can be said can be read back.
 *
 * A reader never stops at a mistake: it adds the mistake, leaves a harmless value, and goes on, so
 * that one run reports all of them. The scenario is thrown away when there was any.
 */

#include "remoting/codec/json.h"
#include "runner/scenario.h"
#include "runner/tree.h"

/* A place of the file that varies: the values of a list, or from + i * step, times or numbers. */
struct rkmq_vary {
    struct rkmq_tree *place;       /* its name is the JSON Pointer */
    struct rkmq_tree *target;      /* what the pointer leads to */
    const struct rkmq_tree *first; /* of a list; NULL: a range */
    size_t n;
    bool is_time;
    int64_t from, step;
};
struct rkmq_parse {
    struct rkmq_scenario *sc;
    struct rkmq_arena *arena; /* the scenario's */
    struct rkmq_mistakes *mistakes;
    struct rkmq_slice text; /* of the file */
    struct rkmq_tree *root;
    struct rkmq_slice
        with;              /* which value of `vary` is tried, appended to every mistake; or empty */
    struct rkmq_map words; /* text -> its index, in the arena */
    size_t n_words_max;
    struct rkmq_fault_id {
        rkmq_word id;
        size_t offset;
    } * fault_ids; /* of every rule the file ever adds */
    size_t n_fault_ids;
    struct rkmq_vary varies[RKMQ_SCENARIO_VARY_MAX];
    size_t n_varies;
    bool is_out_of_memory;
};
struct rkmq_scenario_writer {
    struct rkmq_json_writer json;
    const struct rkmq_scenario *sc;
};

/* ---- parse.c: mistakes, memory, words ---- */
void rkmq__parse_say(struct rkmq_parse *ps, size_t offset, const char *fmt, ...) RKMQ_PRINTF(3, 4);
/* n elements, zeroed; NULL when memory is out (remembered) or n is 0. */
void *rkmq__parse_array(struct rkmq_parse *ps, size_t n, size_t element_bytes);
rkmq_word rkmq__parse_word(struct rkmq_parse *ps, struct rkmq_slice text);
uint32_t rkmq__parse_line(const struct rkmq_parse *ps, size_t offset);
/* `"key" must be WANTED, not WHAT STANDS THERE`. */
void rkmq__parse_refuse(struct rkmq_parse *ps, const struct rkmq_tree *node, const char *wanted);
/* The type is right; else it is refused as not `wanted`. */
bool rkmq__parse_is(struct rkmq_parse *ps, const struct rkmq_tree *node, enum rkmq_tree_type type,
                    const char *wanted);
/* A list of `min` to `max` elements, or (is_single_ok) one value that stands for a list of one. */
struct rkmq_parse_list {
    const struct rkmq_tree *next;
    struct rkmq_tree element; /* named as the list */
    const struct rkmq_tree *list;
    size_t n;
};
bool rkmq__parse_list(struct rkmq_parse *ps, const struct rkmq_tree *node, bool is_single_ok,
                      size_t min, size_t max, struct rkmq_parse_list *out);
/* The next element; NULL at the end. */
const struct rkmq_tree *rkmq__parse_next(struct rkmq_parse_list *list);

/* ---- parse_fields.c ---- */
enum rkmq_key_type {
    RKMQ_KEY_FLAG,     /* bool */
    RKMQ_KEY_INT,      /* int64_t within [min, max] */
    RKMQ_KEY_TIME,     /* rkmq_us within [min, max] */
    RKMQ_KEY_MS,       /* the same, whole milliseconds */
    RKMQ_KEY_CHOICE,   /* int: index into the names at `more`, NULL at their end */
    RKMQ_KEY_TEXT,     /* slice of [min, max] bytes */
    RKMQ_KEY_REF,      /* int32_t: an enum rkmq_ref in `min`; `max` 1: "*" is allowed */
    RKMQ_KEY_REFS,     /* struct rkmq_indices; one name or a list */
    RKMQ_KEY_MOMENT,   /* struct rkmq_moment */
    RKMQ_KEY_QUEUES,   /* struct rkmq_queue_sets; one text or a list */
    RKMQ_KEY_CUSTOM,   /* `more` is a struct rkmq_custom */
    RKMQ_KEY_ELSEWHERE /* known here, read by whoever called */
};
struct rkmq_key {
    const char *name;
    enum rkmq_key_type type;
    bool is_required;
    size_t offset;
    int64_t min, max;
    int64_t fallback; /* when left out; for a REF always RKMQ_ANY */
    const void *more;
};
struct rkmq_shape {
    const char *noun; /* "a step" */
    const struct rkmq_key *fields;
    size_t n_fields;
};
struct rkmq_custom {
    void (*read)(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target);
    /* Writes name and value, or nothing when it is as if left out. */
    void (*write)(struct rkmq_scenario_writer *w, const char *name, const void *target);
};
#define RKMQ_SHAPE(noun_, fields_)                                                                 \
    {                                                                                              \
        .noun = (noun_), .fields = (fields_), .n_fields = RKMQ_COUNT_OF(fields_)                   \
    }

void rkmq__parse_defaults(const struct rkmq_shape *shape, void *target);
/* Sets the defaults, then every field. False: it is no object (which was said). */
bool rkmq__parse_object(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        const struct rkmq_shape *shape, void *target);
/* Only this field of `target`. */
void rkmq__parse_key(struct rkmq_parse *ps, const struct rkmq_tree *node,
                     const struct rkmq_key *field, void *target);
/* The fields that are not as if left out, names and values. */
void rkmq__write_fields(struct rkmq_scenario_writer *w, const struct rkmq_shape *shape,
                        const void *target);
void rkmq__write_object(struct rkmq_scenario_writer *w, const char *name,
                        const struct rkmq_shape *shape, const void *target);
const struct rkmq_tree *rkmq__parse_member(const struct rkmq_tree *object, const char *name);
/* Which of `names` (NULL at their end) stands in the text; else -1, and it was said. */
int rkmq__parse_choice(struct rkmq_parse *ps, const struct rkmq_tree *node,
                       const char *const *names);

/* ---- parse_values.c ---- */
#define RKMQ_TIME_TEXT_BYTES 24
/* "250us" "50ms" "1.5s" "2m" "1h". Errors: RKMQ_E_INVALID, RKMQ_E_LIMIT over 1000 h. */
int rkmq__time_read(struct rkmq_slice text, rkmq_us *out);
/* In the largest unit that is whole. */
const char *rkmq__time_write(rkmq_us us, char out[RKMQ_TIME_TEXT_BYTES]);
/* As rkmq__parse_refuse; "1m30s" is told what it is in one unit. */
void rkmq__parse_refuse_time(struct rkmq_parse *ps, const struct rkmq_tree *node,
                             const char *wanted);
bool rkmq__parse_time(struct rkmq_parse *ps, const struct rkmq_tree *node, rkmq_us min, rkmq_us max,
                      rkmq_us *out);
bool rkmq__parse_int(struct rkmq_parse *ps, const struct rkmq_tree *node, int64_t min, int64_t max,
                     int64_t *out);
/* A number or {"eq","ne","lt","le","gt","ge","in"}. `read` turns one value into a number. */
typedef bool rkmq_read_int_fn(struct rkmq_parse *ps, const struct rkmq_tree *node, int64_t *out);
void rkmq__parse_int_test(struct rkmq_parse *ps, const struct rkmq_tree *node,
                          rkmq_read_int_fn *read, struct rkmq_int_test *out);
/* The members eq, ne, lt, le, gt, ge, in of `object`; others are left to the caller. */
void rkmq__parse_bounds(struct rkmq_parse *ps, const struct rkmq_tree *object,
                        rkmq_read_int_fn *read, struct rkmq_int_test *out);
rkmq_read_int_fn rkmq__parse_plain_int;
rkmq_read_int_fn rkmq__parse_request_code;
rkmq_read_int_fn rkmq__parse_response_code;
typedef void rkmq_write_int_fn(struct rkmq_scenario_writer *w, int64_t value);
rkmq_write_int_fn rkmq__write_plain_int;
rkmq_write_int_fn rkmq__write_request_code;
rkmq_write_int_fn rkmq__write_response_code;
void rkmq__write_bounds(struct rkmq_scenario_writer *w, rkmq_write_int_fn *write,
                        const struct rkmq_int_test *test);
void rkmq__write_int_test(struct rkmq_scenario_writer *w, const char *name,
                          rkmq_write_int_fn *write, const struct rkmq_int_test *test);
void rkmq__write_time(struct rkmq_scenario_writer *w, const char *name, rkmq_us us);
bool rkmq__parse_unsigned(struct rkmq_slice text, uint64_t *out);

/* ---- parse_names.c ---- */
enum rkmq_ref {
    RKMQ_REF_NAMESRV,
    RKMQ_REF_BROKER,
    RKMQ_REF_TOPIC,
    RKMQ_REF_GROUP,
    RKMQ_REF_ACTOR,
    RKMQ_REF_PUSH,
    RKMQ_REF_PRODUCER,
    RKMQ_REF_HOST,
    RKMQ_REF_STEP,
    RKMQ_REF_MARK,
    RKMQ_REF_TEXT /* no reference at all */
};
/* Whether names of things may be spelt so. */
bool rkmq__is_id(struct rkmq_slice text);   /* a-z 0-9 - */
bool rkmq__is_name(struct rkmq_slice text); /* A-Z a-z 0-9 _ - */
/* False: there is none of that name, which was said with a hint. */
bool rkmq__parse_lookup(struct rkmq_parse *ps, size_t offset, enum rkmq_ref ref,
                        struct rkmq_slice name, int32_t *out);
bool rkmq__parse_ref(struct rkmq_parse *ps, const struct rkmq_tree *node, enum rkmq_ref ref,
                     bool is_any_ok, int32_t *out);
void rkmq__parse_refs(struct rkmq_parse *ps, const struct rkmq_tree *node, enum rkmq_ref ref,
                      struct rkmq_indices *out);
struct rkmq_slice rkmq__ref_name(const struct rkmq_scenario *sc, enum rkmq_ref ref, int32_t index);
void rkmq__parse_moment(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        struct rkmq_moment *out);
void rkmq__write_moment(struct rkmq_scenario_writer *w, const struct rkmq_moment *moment);
void rkmq__parse_queues(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        struct rkmq_queue_sets *out);
/* "T@broker-a/0-3", as a file has it. Borrowed: `out`. */
#define RKMQ_QUEUES_TEXT_BYTES (3 * RKMQ_SCENARIO_NAME_BYTES_MAX)
const char *rkmq__queues_text(const struct rkmq_scenario *sc, const struct rkmq_queue_set *set,
                              char out[RKMQ_QUEUES_TEXT_BYTES]);
void rkmq__write_queues(struct rkmq_scenario_writer *w, const char *name,
                        const struct rkmq_queue_sets *queues);
/* "x", {"ne": "x"} (or a list of them) or {"in": ["x", "y"]}. The names are of `ref`; with
 * RKMQ_REF_TEXT any text passes. "*" is as if left out. */
void rkmq__parse_word_test(struct rkmq_parse *ps, const struct rkmq_tree *node, enum rkmq_ref ref,
                           struct rkmq_word_test *out);
void rkmq__write_word_test(struct rkmq_scenario_writer *w, const char *name,
                           const struct rkmq_word_test *test);
/* The id of a new step, rule, mark or expectation: spelt right; `noun` is what it names. */
bool rkmq__parse_new_id(struct rkmq_parse *ps, const struct rkmq_tree *node, const char *noun,
                        rkmq_word *out);

/* ---- the sections, in the order they are read ---- */
void rkmq__parse_cluster(struct rkmq_parse *ps, const struct rkmq_tree *node);
void rkmq__parse_groups(struct rkmq_parse *ps, const struct rkmq_tree *node);
void rkmq__parse_actors(struct rkmq_parse *ps, const struct rkmq_tree *node);
/* Ids and marks of steps and rules, and the most queues a topic ever has: known before any is read.
 */
void rkmq__parse_ahead(struct rkmq_parse *ps);
void rkmq__parse_faults(struct rkmq_parse *ps, const struct rkmq_tree *node);
void rkmq__parse_steps(struct rkmq_parse *ps, const struct rkmq_tree *node);
void rkmq__parse_expects(struct rkmq_parse *ps, const struct rkmq_tree *node);
void rkmq__parse_checks(struct rkmq_parse *ps, const struct rkmq_tree *node);
/* Seeds, and the places that vary with their values. Before everything else. */
void rkmq__parse_sweep(struct rkmq_parse *ps, const struct rkmq_tree *node);
/* Puts value `i` of a varying place into the tree and says so in `with`. */
void rkmq__sweep_choose(struct rkmq_parse *ps, struct rkmq_vary *vary, size_t i);

void rkmq__write_cluster(struct rkmq_scenario_writer *w);
void rkmq__write_groups(struct rkmq_scenario_writer *w);
void rkmq__write_actors(struct rkmq_scenario_writer *w);
void rkmq__write_faults(struct rkmq_scenario_writer *w);
void rkmq__write_steps(struct rkmq_scenario_writer *w);
void rkmq__write_expects(struct rkmq_scenario_writer *w);
void rkmq__write_checks(struct rkmq_scenario_writer *w);
void rkmq__write_sweep(struct rkmq_scenario_writer *w);

/* ---- parts that several sections share ---- */
/* One more thing with an address; its name must be new among them. */
void rkmq__parse_host(struct rkmq_parse *ps, size_t offset, rkmq_word name,
                      enum rkmq_host_kind kind, size_t index);
void rkmq__parse_listener(struct rkmq_parse *ps, const struct rkmq_tree *node,
                          struct rkmq_listener *out);
void rkmq__write_listener(struct rkmq_scenario_writer *w, const char *name,
                          const struct rkmq_listener *listener);
void rkmq__parse_new_listener(struct rkmq_parse *ps, const struct rkmq_tree *node,
                              struct rkmq_new_listener *out);
void rkmq__write_new_listener(struct rkmq_scenario_writer *w, const char *name,
                              const struct rkmq_new_listener *listener);
/* `is_hold`: an action "hold", which names no effect. */
void rkmq__parse_fault_rule(struct rkmq_parse *ps, const struct rkmq_tree *node, bool is_hold,
                            struct rkmq_fault_rule *out);
void rkmq__write_fault_rule(struct rkmq_scenario_writer *w, const char *name,
                            const struct rkmq_fault_rule *rule);
void rkmq__parse_action(struct rkmq_parse *ps, const struct rkmq_tree *node,
                        struct rkmq_action *out);
typedef void rkmq_read_action_fn(struct rkmq_parse *ps, const struct rkmq_tree *node,
                                 struct rkmq_action *out);
typedef void rkmq_write_action_fn(struct rkmq_scenario_writer *w, const char *name,
                                  const struct rkmq_action *action);
rkmq_read_action_fn rkmq__parse_net, rkmq__parse_release, rkmq__parse_members, rkmq__parse_route;
rkmq_write_action_fn rkmq__write_net, rkmq__write_release, rkmq__write_members, rkmq__write_route;
void rkmq__write_action(struct rkmq_scenario_writer *w, const struct rkmq_action *action);
enum rkmq_pred_kind { RKMQ_PRED_EVENT = 1, RKMQ_PRED_STATE = 2, RKMQ_PRED_EITHER = 3 };
void rkmq__parse_pred(struct rkmq_parse *ps, const struct rkmq_tree *node,
                      enum rkmq_pred_kind allowed, struct rkmq_pred *out);
void rkmq__write_pred(struct rkmq_scenario_writer *w, const struct rkmq_pred *pred);
void rkmq__parse_event_pred(struct rkmq_parse *ps, const struct rkmq_tree *node,
                            struct rkmq_event_pred *out);
void rkmq__write_event_pred(struct rkmq_scenario_writer *w, const struct rkmq_event_pred *pred);
void rkmq__parse_state_pred(struct rkmq_parse *ps, const struct rkmq_tree *node,
                            struct rkmq_state_pred *out);
void rkmq__write_state_pred(struct rkmq_scenario_writer *w, const struct rkmq_state_pred *pred);

extern const char *const rkmq__level_names[];
extern const char *const rkmq__topic_perm_names[];
void rkmq__parse_grounds(struct rkmq_parse *ps, const struct rkmq_tree *node, void *target);
void rkmq__write_grounds(struct rkmq_scenario_writer *w, const char *name, const void *target);

#endif
