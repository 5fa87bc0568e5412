/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_RUNNER_SCENARIO_H
#define RKMQ_RUNNER_SCENARIO_H

/*
 * A scenario, format 1: what docs/scenarios.md describes, parsed, checked, and never changed again.
 *
 * Invariants
 *   - One arena owns everything; rkmq__scenario_destroy frees it at once.
 *   - Names are resolved: actors, brokers, steps ... are indices into the tables below. RKMQ_ANY
 *     stands for "*" and for "not given" where that means the same.
 *   - Texts that a verdict compares with the event log are rkmq_words: indices into `words`, so
 * that a run interns each of them once.
 *   - Times are microseconds since the start of the run, when the cluster is up. RKMQ_UNSET (-1)
 *     stands for a number or a time that the file leaves out and that has no default here.
 *   - All tables keep the order of the file.
 */

#include <rkmq/mock.h>

#include "runner/checks/check.h"
#include "runner/event.h"

#define RKMQ_SCENARIO_FORMAT 1

/* ---- limits ---- */
#define RKMQ_SCENARIO_BYTES_MAX (1u << 20)
#define RKMQ_SCENARIO_NAMESRVS_MAX 8
#define RKMQ_SCENARIO_BROKERS_MAX RKMQ_MOCK_SERVERS_MAX
#define RKMQ_SCENARIO_TOPICS_MAX 64
#define RKMQ_SCENARIO_QUEUES_MAX 1024 /* of a topic on one broker */
#define RKMQ_SCENARIO_GROUPS_MAX 64
#define RKMQ_SCENARIO_ACTORS_MAX 256
#define RKMQ_SCENARIO_STEPS_MAX 1000
#define RKMQ_SCENARIO_ACTIONS_MAX 64 /* of one step */
#define RKMQ_SCENARIO_FAULTS_MAX RKMQ_FAULT_RULES_MAX
#define RKMQ_SCENARIO_EXPECTS_MAX 256
#define RKMQ_SCENARIO_LIST_MAX 256 /* elements of any other list */
#define RKMQ_SCENARIO_TEXT_BYTES_MAX 4000
#define RKMQ_SCENARIO_NAME_BYTES_MAX 127
#define RKMQ_SCENARIO_TIME_MAX ((rkmq_us)1000 * 3600 * 1000000) /* 1000 h */
#define RKMQ_SCENARIO_VARY_MAX 8                                /* places that vary */
#define RKMQ_SCENARIO_VALUES_MAX 1000                           /* of one such place */
#define RKMQ_SCENARIO_VARIANTS_MAX 100000
#define RKMQ_SCENARIO_MESSAGES_MAX 10000000 /* one produce action */

#define RKMQ_ANY (-1)
#define RKMQ_UNSET (-1)

/* ---- small things ---- */
typedef uint32_t rkmq_word; /* index into `words`; 0: none */

enum rkmq_level { RKMQ_LEVEL_MUST, RKMQ_LEVEL_SHOULD, RKMQ_LEVEL_INFO };
enum rkmq_ground { RKMQ_GROUND_SIM = 1, RKMQ_GROUND_TCP = 2 }; /* bits */
#define RKMQ_GROUNDS_ALL (RKMQ_GROUND_SIM | RKMQ_GROUND_TCP)

/* A time, or the first time that a step began or a mark was set, plus a duration. */
enum rkmq_moment_base { RKMQ_MOMENT_UNSET, RKMQ_MOMENT_START, RKMQ_MOMENT_STEP, RKMQ_MOMENT_MARK };
struct rkmq_moment {
    enum rkmq_moment_base base;
    uint32_t index; /* of the step or the mark */
    rkmq_us plus;
};
struct rkmq_moments {
    const struct rkmq_moment *at;
    size_t n;
};

/* "T@broker-a/0-3", "T@broker-a/4", "T@broker-a/x" with x = *, "T@x/x": queues first..last. */
struct rkmq_queue_set {
    int32_t topic;       /* of `topics` */
    int32_t broker;      /* RKMQ_ANY: every broker */
    int32_t first, last; /* 0 .. INT32_MAX: all */
};
struct rkmq_queue_sets {
    const struct rkmq_queue_set *at;
    size_t n; /* 0: not given, every queue */
};

/* Passes when min <= value <= max, the value is not `not_value` (if has_not), and is one of `in`
 * (if n_in > 0). All zero: not given, anything passes. */
struct rkmq_int_test {
    bool is_set, has_not;
    int64_t min, max, not_value;
    const int64_t *in;
    size_t n_in;
};
/* Passes when the name is one of `at`, or is none of them (is_not). n 0: anything passes. */
struct rkmq_word_test {
    const rkmq_word *at;
    size_t n;
    bool is_not;
};

/* ---- the cluster ---- */
enum rkmq_host_kind { RKMQ_HOST_NAMESRV, RKMQ_HOST_BROKER, RKMQ_HOST_ACTOR };
struct rkmq_scenario_host { /* whoever has a network address: name servers, brokers, actors */
    rkmq_word name;
    enum rkmq_host_kind kind;
    uint32_t index; /* among its kind */
};
struct rkmq_scenario_broker {
    rkmq_word name;
    rkmq_us offset_flush; /* how often consumer offsets are saved; RKMQ_UNSET: the mock's period */
};
enum rkmq_topic_perm { RKMQ_TOPIC_RW, RKMQ_TOPIC_R, RKMQ_TOPIC_W, RKMQ_TOPIC_NONE };
struct rkmq_scenario_topic {
    rkmq_word name;
    bool is_retry; /* %RETRY%group, which is not declared and not created by the script */
    int perm;      /* enum rkmq_topic_perm */
    uint32_t queues[RKMQ_SCENARIO_BROKERS_MAX]; /* 0: the broker does not have it at the start */
    uint32_t queues_max[RKMQ_SCENARIO_BROKERS_MAX]; /* the most the script ever asks for */
};

/* ---- actors ---- */
enum rkmq_actor_kind { RKMQ_ACTOR_PUSH, RKMQ_ACTOR_PRODUCER };
enum rkmq_listener_result { RKMQ_LISTENER_OK, RKMQ_LISTENER_LATER };
/* Judges a listener call when one of its messages matches; the first rule that matches decides. */
struct rkmq_listener_rule {
    struct rkmq_word_test key, tag;
    struct rkmq_queue_sets queues;
    struct rkmq_int_test reconsume; /* reconsumeTimes of the message */
    int then;                       /* enum rkmq_listener_result */
    rkmq_us cost;                   /* RKMQ_UNSET: the listener's */
};
struct rkmq_listener {
    rkmq_us cost; /* of every call */
    const struct rkmq_listener_rule *rules;
    size_t n_rules; /* without any, or when none matches: ok */
};
struct rkmq_actor_subscription {
    int32_t topic;
    struct rkmq_slice expression;
};
enum rkmq_actor_profile { RKMQ_ACTOR_RKMQ, RKMQ_ACTOR_JAVA_5_3 };
enum rkmq_actor_allocate { RKMQ_ACTOR_AVERAGELY, RKMQ_ACTOR_BY_CIRCLE };
/* Options of the client under their names in rkmq_push_options; RKMQ_UNSET: the client's default.
 */
struct rkmq_actor_settings {
    int profile, allocate; /* enums above, or RKMQ_UNSET */
    int64_t threads, consume_batch, pull_batch, threshold_count, threshold_mib, span;
    rkmq_us pull_interval, persist, heartbeat, route_poll, api_timeout, await_termination;
};
struct rkmq_actor {
    rkmq_word name;
    uint32_t host;               /* of `hosts` */
    int kind;                    /* enum rkmq_actor_kind */
    int32_t group;               /* of `groups`; producers: RKMQ_ANY */
    struct rkmq_slice client_id; /* "host@instance"; n 0: the client makes one */
    const struct rkmq_actor_subscription *subscriptions;
    size_t n_subscriptions;
    bool is_from_first; /* consume from where, for a group without offsets; else last */
    struct rkmq_listener listener;
    struct rkmq_actor_settings settings;
};

/* ---- predicates ---- */
/* An event of the log that passes every test. */
struct rkmq_event_pred {
    enum rkmq_event_kind kind;
    struct rkmq_word_test who, peer, group, topic, broker, key, text;
    struct rkmq_queue_sets queues;
    struct rkmq_int_test code, status, offset, offset2, count;
    uint32_t flags_set, flags_clear; /* rkmq_event_flag that must be, that must not be */
};
enum rkmq_state_kind {
    RKMQ_STATE_ASSIGNMENT, /* each member of `owners` owns exactly its queues; no one else owns any
                            */
    RKMQ_STATE_BALANCED,   /* all queues of the topic are owned once, shares differ by max_diff */
    RKMQ_STATE_OWNER,      /* `queues` are owned by `owner` alone */
    RKMQ_STATE_OWNED_ONCE, /* each of `queues` has exactly one owner */
    RKMQ_STATE_LAG,        /* sum over `queues` of max offset - committed offset passes `value` */
    RKMQ_STATE_COMMITTED,  /* the committed offset of each of `queues` passes `value` */
    RKMQ_STATE_CADENCE,    /* heartbeats and pulls of `who` to `to` keep their rhythm */
    RKMQ_STATE_COUNT
};
struct rkmq_state_owner {
    int32_t actor;
    struct rkmq_queue_sets queues;
};
struct rkmq_state_pred {
    enum rkmq_state_kind kind;
    int32_t group, topic; /* resolved also when left out, since then there is only one */
    struct rkmq_queue_sets queues;
    const struct rkmq_state_owner *owners; /* ASSIGNMENT */
    size_t n_owners;
    int32_t owner;              /* OWNER: an actor */
    int64_t max_diff;           /* BALANCED */
    struct rkmq_int_test value; /* LAG, COMMITTED */
    int32_t who, to;            /* CADENCE: hosts */
};
struct rkmq_pred {
    bool is_state;
    union {
        struct rkmq_event_pred event;
        struct rkmq_state_pred state;
    };
};

/* ---- fault rules: as struct rkmq_mock_fault, names resolved ---- */
struct rkmq_fault_rule {
    rkmq_word id;
    int32_t code;     /* RKMQ_ANY */
    int32_t from, to; /* hosts */
    int32_t group, topic, queue_id;
    int64_t nth_from, nth_to; /* 0: no bound */
    int64_t times;            /* 0: no bound */
    int64_t per_million;      /* 0: always */
    enum rkmq_fault_applied applied;
    enum rkmq_fault_effect effect;
    rkmq_us delay;
    int32_t reply_code;
    struct rkmq_slice reply_remark;
    int64_t bytes; /* TRUNCATE, GARBLE */
};

/* ---- actions ---- */
enum rkmq_action_kind {
    RKMQ_ACTION_PRODUCE,
    RKMQ_ACTION_START,
    RKMQ_ACTION_STOP,
    RKMQ_ACTION_CRASH,
    RKMQ_ACTION_PAUSE,
    RKMQ_ACTION_RESUME,
    RKMQ_ACTION_LISTENER,
    RKMQ_ACTION_TOPIC,
    RKMQ_ACTION_BROKER,
    RKMQ_ACTION_NAMESERVER,
    RKMQ_ACTION_NET,
    RKMQ_ACTION_FAULT, /* also "hold": a rule with effect HOLD */
    RKMQ_ACTION_RELEASE,
    RKMQ_ACTION_NOTIFY,
    RKMQ_ACTION_MEMBERS,
    RKMQ_ACTION_ROUTE,
    RKMQ_ACTION_MARK,
    RKMQ_ACTION_SETTLE,
    RKMQ_ACTION_COUNT
};

/* Message i goes out at i * per / rate_n; without a rate all at once. */
struct rkmq_produce {
    int32_t by, topic; /* actor, topic */
    int64_t count;     /* RKMQ_UNSET with a rate and no bound but `lasts` */
    int64_t rate_n;    /* 0: no rate */
    rkmq_us rate_per;
    rkmq_us lasts;                /* RKMQ_UNSET: until `count` */
    struct rkmq_queue_sets queue; /* one single queue; n 0: round robin */
    struct rkmq_slice keys;       /* "%d" in it: the message's number, from 0 */
    struct rkmq_slice tag;
    int64_t body_bytes;
};
struct rkmq_indices { /* of actors or brokers, in the order of the file */
    const int32_t *at;
    size_t n;
};
enum rkmq_crash_how { RKMQ_CRASH_RST, RKMQ_CRASH_SILENT, RKMQ_CRASH_EXIT };
struct rkmq_crash {
    int32_t who;
    int how;
};
struct rkmq_new_listener {
    int32_t who;
    struct rkmq_listener listener;
};
struct rkmq_topic_change {
    int32_t topic;
    int32_t broker; /* RKMQ_ANY: every broker that has it */
    int64_t queues; /* RKMQ_UNSET: as they are */
    int perm;       /* enum rkmq_topic_perm, or RKMQ_UNSET */
};
enum rkmq_server_do { RKMQ_SERVER_SHUTDOWN, RKMQ_SERVER_KILL, RKMQ_SERVER_START };
enum rkmq_server_keep { RKMQ_KEEP_ALL, RKMQ_KEEP_FLUSHED, RKMQ_KEEP_NONE };
struct rkmq_server_change { /* BROKER, NAMESERVER */
    int32_t server;         /* among its kind */
    int what;               /* enum rkmq_server_do */
    int keep;               /* enum rkmq_server_keep: what a killed broker finds when it starts */
};
enum rkmq_net_kind { RKMQ_NET_LINK, RKMQ_NET_CUT, RKMQ_NET_HEAL };
struct rkmq_net_change {
    enum rkmq_net_kind kind;
    int32_t a, b;            /* hosts; RKMQ_ANY: all */
    bool is_one_way;         /* only from a to b */
    rkmq_us latency, jitter; /* LINK; RKMQ_UNSET: as it is */
};
struct rkmq_release {
    rkmq_word id;
    bool is_kept; /* the rule stays, what it holds goes on */
};
struct rkmq_notify {
    int32_t broker; /* RKMQ_ANY: every broker */
    int32_t group;
    int64_t count; /* NOTIFY_CONSUMER_IDS_CHANGED to every member, so often ... */
    rkmq_us every; /* ... and so far apart */
    int drop;      /* 1: the broker tells nobody from now on; 0: it does again; RKMQ_UNSET */
};
enum rkmq_lie {
    RKMQ_LIE_TRUTH, /* ends all lies about it */
    RKMQ_LIE_EMPTY,
    RKMQ_LIE_ERROR,     /* MEMBERS: SYSTEM_ERROR */
    RKMQ_LIE_NOT_FOUND, /* ROUTE: TOPIC_NOT_EXIST */
    RKMQ_LIE_FREEZE,    /* as it is now, whatever comes */
    RKMQ_LIE_WITHOUT,   /* the truth but for `without` */
    RKMQ_LIE_ARE,       /* MEMBERS: exactly these */
    RKMQ_LIE_LAG        /* ROUTE: what was true `lag` ago */
};
struct rkmq_member {
    int32_t actor;               /* RKMQ_ANY: `client_id` */
    struct rkmq_slice client_id; /* of nobody in the script: "host@instance" */
};
/* What a broker answers to GET_CONSUMER_LIST_BY_GROUP. */
struct rkmq_members_lie {
    int32_t broker, group; /* RKMQ_ANY: every broker */
    enum rkmq_lie lie;
    const struct rkmq_member *members; /* ARE, WITHOUT */
    size_t n_members;
    int64_t times; /* so many answers; 0: until told otherwise */
};
/* What a name server answers to GET_ROUTEINFO_BY_TOPIC. */
struct rkmq_route_lie {
    int32_t nameserver, topic; /* RKMQ_ANY: every one */
    enum rkmq_lie lie;
    rkmq_us lag;
    struct rkmq_indices without; /* brokers */
};
struct rkmq_action {
    enum rkmq_action_kind kind;
    uint32_t line;
    union {
        struct rkmq_produce produce;
        struct rkmq_indices actors; /* START, STOP, PAUSE, RESUME */
        struct rkmq_crash crash;
        struct rkmq_new_listener listener;
        struct rkmq_topic_change topic;
        struct rkmq_server_change server; /* BROKER, NAMESERVER */
        struct rkmq_net_change net;
        struct rkmq_fault_rule fault;
        struct rkmq_release release;
        struct rkmq_notify notify;
        struct rkmq_members_lie members;
        struct rkmq_route_lie route;
        uint32_t mark; /* of `marks` */
        rkmq_us settle;
    };
};

/* ---- steps ---- */
enum rkmq_trigger {
    RKMQ_TRIGGER_AT,    /* `moment` */
    RKMQ_TRIGGER_AFTER, /* the step before it began, plus `delay` */
    RKMQ_TRIGGER_WHEN,  /* `when` for the nth time since the step before it began */
    RKMQ_TRIGGER_EVERY  /* at `moment`, then again and again `delay` later */
};
struct rkmq_step {
    rkmq_word id; /* 0: none */
    uint32_t line;
    enum rkmq_trigger trigger;
    struct rkmq_moment moment;
    rkmq_us delay;
    struct rkmq_pred when;
    int64_t nth;
    rkmq_us within; /* WHEN: the run fails when it takes longer; RKMQ_UNSET: until the end */
    int64_t times;  /* EVERY; 0: no bound */
    struct rkmq_moment until;
    const struct rkmq_action *actions; /* in this order at one instant */
    size_t n_actions;
};

/* ---- expectations ---- */
enum rkmq_expect_kind {
    RKMQ_EXPECT_EVENTUALLY,
    RKMQ_EXPECT_ALWAYS,
    RKMQ_EXPECT_NEVER,
    RKMQ_EXPECT_COUNT,
    RKMQ_EXPECT_SEQUENCE,
    RKMQ_EXPECT_GAPS,
    RKMQ_EXPECT_SOMETIMES,
    RKMQ_EXPECT_KINDS
};
struct rkmq_expect {
    rkmq_word id;
    uint32_t line;
    struct rkmq_slice req;
    int level; /* enum rkmq_level */
    enum rkmq_expect_kind kind;
    const struct rkmq_pred *preds; /* SEQUENCE: at least two; else one */
    size_t n_preds;
    struct rkmq_moment from;    /* "from" or "after"; unset: the start */
    struct rkmq_moment until;   /* unset: `within` behind `from`, or the end */
    rkmq_us within;             /* RKMQ_UNSET */
    struct rkmq_int_test count; /* COUNT */
    const rkmq_us *gaps;        /* GAPS: between one event and the next */
    size_t n_gaps;
    rkmq_us slack;
    unsigned grounds;
};

/* ---- the whole ---- */
struct rkmq_scenario {
    struct rkmq_arena arena;
    struct rkmq_slice file;   /* as it was named, NUL-terminated */
    struct rkmq_slice *words; /* [0] is empty */
    size_t n_words;

    struct rkmq_slice name; /* "rebalance/two-consumer-join" */
    struct rkmq_slice title, why;
    const struct rkmq_slice *refs, *reqs;
    size_t n_refs, n_reqs;
    int level;

    uint64_t seed;
    rkmq_us end;    /* the script and its expectations end here */
    rkmq_us settle; /* then all faults end and this is the time to become quiet in */
    int64_t events_max;
    unsigned grounds;

    rkmq_us latency, jitter; /* of every link; RKMQ_UNSET: the runtime's */
    rkmq_word *namesrvs;
    struct rkmq_scenario_broker *brokers;
    struct rkmq_scenario_topic *topics; /* declared ones first */
    rkmq_word *groups;
    struct rkmq_actor *actors;
    struct rkmq_scenario_host *hosts; /* name servers, brokers, actors */
    size_t n_namesrvs, n_brokers, n_topics, n_groups, n_actors, n_hosts;

    struct rkmq_fault_rule *faults; /* in force from the start */
    size_t n_faults;
    struct rkmq_step *steps;
    size_t n_steps;
    rkmq_word *marks; /* names that `mark` actions set */
    size_t n_marks;
    struct rkmq_expect *expects; /* those whose only_if holds */
    size_t n_expects;

    struct rkmq_scenario_checks {
        rkmq_us overlap_max, slack; /* RKMQ_UNSET: the checks' own */
        struct rkmq_moments regress_allowed_at;
        struct rkmq_slice except[RKMQ_CHECK_COUNT]; /* the reason; n 0: the check counts */
    } checks;

    uint64_t seed_first, seed_last; /* of a sweep; equal to `seed` without one */
    uint32_t n_variants;            /* of a sweep; 0: nothing varies */
    uint32_t variant;               /* 0: as written, else 1 .. n_variants */
    struct rkmq_slice variant_text; /* "/steps/3/at=12s", several with a space between */
};

struct rkmq_scenario_source {
    const char *file;       /* for messages */
    struct rkmq_slice text; /* borrowed for the call */
    uint32_t variant;       /* 0: as written; else what `vary` makes of it, 1 .. n_variants */
};
/*
 * Parses and checks everything, every value of `vary` included. `report` gets a line
 * `file:line:column: what` for each mistake. Owns: the caller destroys. Errors: RKMQ_E_INVALID (see
 * the report), RKMQ_E_NOMEM.
 */
int rkmq__scenario_parse(struct rkmq_scenario **out, const struct rkmq_mem *mem,
                         const struct rkmq_scenario_source *source, struct rkmq_bytes *report);
void rkmq__scenario_destroy(struct rkmq_scenario *sc);
/*
 * The canonical form: a scenario file with the names resolved, defaults left out, members in one
 * order, without `vary` and `only_if`: what this variant is. Parsing it gives the same scenario.
 */
void rkmq__scenario_write(const struct rkmq_scenario *sc, struct rkmq_bytes *out);
/*
 * Appends the canonical form of a scenario that a program wrote, over several lines, for people.
 * Errors: RKMQ_E_NOMEM; RKMQ_E_INVALID it is refused, `err` has the first mistakes.
 */
int rkmq__scenario_lay_out(struct rkmq_slice text, const struct rkmq_mem *mem,
                           struct rkmq_bytes *out, struct rkmq_err *err);

static inline struct rkmq_slice rkmq__scenario_word(const struct rkmq_scenario *sc, rkmq_word word)
{
    return sc->words[word];
}
/* The halves of "host@instance". False: there is no '@'. */
bool rkmq__client_id_split(struct rkmq_slice id, struct rkmq_slice *host,
                           struct rkmq_slice *instance);
const char *rkmq__action_name(enum rkmq_action_kind kind);
const char *rkmq__state_name(enum rkmq_state_kind kind);
const char *rkmq__expect_name(enum rkmq_expect_kind kind);

#endif
