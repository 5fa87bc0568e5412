/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_CAMPAIGN_PIECE_H
#define RKMQ_CLI_CAMPAIGN_PIECE_H

/* One piece of a campaign: an item with a seed, played in a worker, told to the process that began.
 */

#include "cli/campaign.h"

/* Work of a pool: plays the piece and writes its answer. Empty: memory is out. */
void cli_piece_play(void *campaign, uint64_t number, struct rkmq_bytes *out);
/* The answer; of a worker that gave none, that it did not. `is_events_failed`: the file of
 * --events was not written. Owns: the caller closes the part, also on failure. Errors:
 * RKMQ_E_PROTOCOL, RKMQ_E_NOMEM. */
int cli_piece_read(struct cli_campaign *c, const struct cli_pool_result *result,
                   struct rkmq_part *part, bool *is_events_failed);

#endif
