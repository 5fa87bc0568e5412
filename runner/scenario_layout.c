/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/scenario.h"
#include "runner/tree.h"

static int lay_out(const struct rkmq_scenario *sc, const struct rkmq_mem *mem,
                   struct rkmq_bytes *out)
{
    struct rkmq_arena arena;
    struct rkmq_mistakes mistakes;
    struct rkmq_tree *tree;
    struct rkmq_bytes compact;
    rkmq__arena_init(&arena, mem);
    rkmq__mistakes_init(&mistakes, &arena);
    rkmq__bytes_init(&compact, mem);
    rkmq__scenario_write(sc, &compact);
    int status = compact.is_failed
                     ? RKMQ_E_NOMEM
                     : rkmq__tree_read(rkmq__bytes_slice(&compact), &arena, &mistakes, &tree);
    if (status == RKMQ_OK) {
        rkmq__tree_lay_out(tree, out);
        rkmq__bytes_add_text(out, "\n");
        status = out->is_failed ? RKMQ_E_NOMEM : RKMQ_OK;
    }
    rkmq__bytes_close(&compact);
    rkmq__arena_close(&arena);
    return status;
}

int rkmq__scenario_lay_out(struct rkmq_slice text, const struct rkmq_mem *mem,
                           struct rkmq_bytes *out, struct rkmq_err *err)
{
    struct rkmq_scenario_source source = {.file = "scenario", .text = text};
    struct rkmq_scenario *sc;
    struct rkmq_bytes report;
    rkmq__bytes_init(&report, mem);
    int status = rkmq__scenario_parse(&sc, mem, &source, &report);
    if (status == RKMQ_OK) {
        status = lay_out(sc, mem, out);
    } else if (status == RKMQ_E_INVALID) {
        (void)rkmq__err_set(err, status, "%.*s", RKMQ_SLICE_ARG(rkmq__bytes_slice(&report)));
    }
    if (status == RKMQ_E_NOMEM) {
        (void)rkmq__err_set(err, status, "out of memory");
    }
    rkmq__scenario_destroy(sc);
    rkmq__bytes_close(&report);
    return status;
}
