/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event of the simulation costs: bench_sim [pairs [seconds]]
 * Each pair of hosts plays ping and pong with 64 bytes over a jittery link, and each host keeps ten
 * timers. One JSON line.
 */
#include <rkmq/sim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define N_TIMERS 10

struct metronome {
    struct rkmq_timer timer; /* first */
    const struct rkmq_env *env;
};

struct player {
    const struct rkmq_env *env;
    rkmq_conn listener, conn;
    char bound[64];
    struct metronome ticks[N_TIMERS];
};

static void tick(struct rkmq_timer *t)
{
    const struct rkmq_env *env = ((struct metronome *)t)->env;
    env->ops->timer_arm(env->ctx, t, env->ops->now(env->ctx) + 1);
}

static void opened(void *owner, rkmq_conn c, const char *peer)
{
    (void)peer;
    struct player *player = owner;
    player->conn = c;
    if (player->listener == 0) {
        struct rkmq_buf *ball = rkmq_buf_create(player->env->mem, 64);
        if (!ball) {
            abort();
        }
        memset(ball->p, 'x', 64);
        (void)player->env->ops->send(player->env->ctx, c, ball);
    }
}

static void data(void *owner, rkmq_conn c, struct rkmq_buf *take_data)
{
    struct player *player = owner;
    (void)player->env->ops->send(player->env->ctx, c, take_data);
}

static void closed(void *owner, rkmq_conn c, const char *why)
{
    (void)owner, (void)c, (void)why;
}

static const struct rkmq_conn_events EVENTS = {.opened = opened, .data = data, .closed = closed};

static void player_start(struct rkmq_sim *s, struct player *player, long number, const char *addr)
{
    char name[32];
    (void)snprintf(name, sizeof name, "h%ld", number);
    struct rkmq_runtime *rt = rkmq_sim_runtime(s);
    const struct rkmq_env *env = player->env = rt->ops->host(rt, name);
    if (!env) {
        abort();
    }
    for (int i = 0; i < N_TIMERS; i++) {
        player->ticks[i].timer.fire = tick;
        player->ticks[i].env = env;
        env->ops->timer_arm(env->ctx, &player->ticks[i].timer, i);
    }
    if (addr) {
        (void)env->ops->dial(env->ctx, addr, &EVENTS, player, &player->conn);
    } else {
        (void)env->ops->listen(env->ctx, "0.0.0.0:0", &EVENTS, player, &player->listener,
                               player->bound, NULL);
    }
}

int main(int argc, char **argv)
{
    long n_pairs = argc > 1 ? strtol(argv[1], NULL, 10) : 10;
    double limit = argc > 2 ? strtod(argv[2], NULL) : 1;
    struct player *players = calloc((size_t)n_pairs * 2, sizeof *players);
    struct rkmq_sim *s;
    struct rkmq_link link = {.delay_us = 200, .jitter_us = 300};
    if (!players || rkmq_sim_create(&s, NULL) || rkmq_sim_link(s, NULL, NULL, &link)) {
        return 1;
    }
    for (long i = 0; i < n_pairs; i++) {
        player_start(s, &players[2 * i], 2 * i, NULL);
        player_start(s, &players[2 * i + 1], 2 * i + 1, players[2 * i].bound);
    }
    clock_t begin = clock();
    long n = 0;
    while ((double)(clock() - begin) < limit * CLOCKS_PER_SEC) {
        for (int i = 0; i < 10000; i++, n++) {
            (void)rkmq_sim_step(s);
        }
    }
    double cpu = (double)(clock() - begin) / CLOCKS_PER_SEC;
    printf("{\"pairs\":%ld,\"events\":%ld,\"virtual_s\":%.1f,\"ns_per_event\":%.0f}\n", n_pairs, n,
           (double)rkmq_sim_now(s) * 1e-6, cpu * 1e9 / (double)n);
    for (long i = 0; i < 2 * n_pairs; i++) {
        for (int k = 0; k < N_TIMERS; k++) {
            players[i].env->ops->timer_stop(players[i].env->ctx, &players[i].ticks[k].timer);
        }
    }
    rkmq_sim_destroy(s);
    free(players);
    return 0;
}
