/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes from the network made safe to look at. */
#include "cli/text.h"

void cli_text_add_hex(struct rkmq_bytes *out, struct rkmq_slice bytes, size_t bytes_max)
{
    size_t n = bytes_max == 0 || bytes.n < bytes_max ? bytes.n : bytes_max;
    for (size_t i = 0; i < n; i++) {
        rkmq__bytes_printf(out, "%02x", bytes.p[i]);
    }
    if (n < bytes.n) {
        rkmq__bytes_add_text(out, "...");
    }
}

void cli_text_add_json(struct rkmq_json_writer *w, const char *name, struct rkmq_slice text)
{
    if (rkmq__text_is_utf8(text)) {
        rkmq__json_add_text(w, name, text);
        return;
    }
    struct rkmq_bytes hex;
    char hex_name[64];
    (void)snprintf(hex_name, sizeof hex_name, "%sHex", name);
    rkmq__bytes_init(&hex, w->out->mem);
    cli_text_add_hex(&hex, text, 0);
    w->out->is_failed = w->out->is_failed || hex.is_failed;
    rkmq__json_add_text(w, hex_name, rkmq__bytes_slice(&hex));
    rkmq__bytes_close(&hex);
}
