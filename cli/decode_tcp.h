/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_DECODE_TCP_H
#define RKMQ_CLI_DECODE_TCP_H

/*
 * TCP connections out of captured IP packets: each direction's bytes in order, once. Segments that
 * come early wait for the ones before them; repeated bytes are dropped.
 */

#include "cli/decode.h"

#define DECODE_HELD_MAX 256 /* early segments that wait in one direction */

struct decode_tcp {
    struct decode_output *out;
    struct rkmq_map conns; /* both endpoints -> struct tcp_conn */
    uint64_t n_conns;
};
void decode_tcp_init(struct decode_tcp *tcp, struct decode_output *out);
/* Says where bytes are missing. */
void decode_tcp_close(struct decode_tcp *tcp, const struct decode_place *place);
/* One IPv4 or IPv6 packet; anything but TCP is passed over. */
void decode_tcp_packet(struct decode_tcp *tcp, struct rkmq_slice packet, int64_t t_us,
                       const struct decode_place *place);

#endif
