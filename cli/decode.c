/* SPDX-License-Identifier: Apache-2.0 */
/* rkmq decode: frames as people read them. */
#include "cli/decode.h"

#include <errno.h>
#include <rkmq/runtime.h>

#include "cli/cli.h"

#define PCAPNG_MAGIC "\x0A\x0D\x0D\x0A"

struct decode_options {
    bool is_json, is_full;
};

static const struct cli_option options[] = {
    {"json", 0, CLI_FLAG, NULL, offsetof(struct decode_options, is_json), 0, 0, false,
     "one JSON object a frame"},
    {"full", 0, CLI_FLAG, NULL, offsetof(struct decode_options, is_full), 0, 0, false,
     "show long values and bodies whole"},
};

static void decode_file(const char *name, struct decode_output *out)
{
    char magic[4] = {0};
    FILE *file = fopen(name, "rb");
    if (!file) {
        (void)cli_error("decode", "%s: %s", name, strerror(errno));
        out->n_errors++;
        return;
    }
    size_t n = fread(magic, 1, sizeof magic, file);
    if (ferror(file)) { /* a directory opens, but does not read */
        (void)cli_error("decode", "%s: %s", name, strerror(errno));
        out->n_errors++;
    } else {
        rewind(file);
        if (n == sizeof magic && memcmp(magic, PCAPNG_MAGIC, sizeof magic) == 0) {
            decode_pcapng_read(file, name, out);
        } else {
            decode_jsonl_read(file, name, out);
        }
    }
    (void)fclose(file); /* only read from */
}

static int run(int argc, char **argv)
{
    struct decode_options o = {0};
    struct cli_args args;
    int code = cli_parse(&cli_decode_command, argc, argv, &o, &args);
    if (code != CLI_GO) {
        return code;
    }
    struct decode_output out;
    decode_output_init(&out, rkmq_mem_heap());
    out.is_json = o.is_json;
    out.is_full = o.is_full;
    for (unsigned i = 0; i < args.n; i++) {
        decode_file(args.at[i], &out);
    }
    decode_output_close(&out);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return cli_error("decode", "standard output: %s", strerror(errno));
    }
    return out.n_errors > 0 ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}

const struct cli_command cli_decode_command = {
    .name = "decode",
    .summary = "Print the frames of captures (.jsonl, .pcapng) as people read them",
    .arguments = "FILE...",
    .example = "  rkmq serve --pcap run.pcapng\n"
               "  rkmq decode run.pcapng\n",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .n_arguments_min = 1,
    .n_arguments_max = 4096,
    .run = run,
};
