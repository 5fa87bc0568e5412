/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RKMQ_CLI_PCAP_H
#define RKMQ_CLI_PCAP_H

/*
 * A packet capture of what the live tap sees, as pcapng with raw IP packets. The
 * tap sees streams, not packets: addresses and bytes are the real ones, TCP's handshake, sequence
 * numbers and segment bounds are made up so that Wireshark follows the streams. The end of a
 * connection is not shown.
 */

#include <rkmq/live.h>
#include <stdio.h>

#include "remoting/base/containers.h"

#define CLI_PCAP_CONNECTIONS_MAX 65536 /* of one capture; further ones are left out, said once */

struct cli_pcap {
    FILE *file;
    struct rkmq_map connections; /* both addresses, the smaller first -> struct pcap_connection */
    bool is_broken, is_full;
};
/* Errors: RKMQ_E_IO (said on stderr). */
int cli_pcap_open(struct cli_pcap *pcap, const char *path);
/* Errors: RKMQ_E_IO when any packet was lost (said on stderr). Closing twice is safe. */
int cli_pcap_close(struct cli_pcap *pcap);
/* A rkmq_live_tap_fn; `user` is the struct cli_pcap. Thread: loop. */
void cli_pcap_tap(void *user, rkmq_conn c, bool is_outgoing, const char *local, const char *peer,
                  struct rkmq_slice bytes);

#endif
