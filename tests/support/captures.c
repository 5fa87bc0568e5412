/* SPDX-License-Identifier: Apache-2.0 */
#include "support/captures.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdlib.h>

#include "remoting/base/core.h"
#include "support/cmocka_all.h"
#include "support/hex.h"

#define FILES_MAX 64

static void *grown(void *p, size_t n)
{
    p = realloc(p, n);
    assert_non_null(p);
    return p;
}

/* ---- one line ---- */

static const char *text_of(const cJSON *line, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, name));
    return text ? text : "";
}

static double number_of(const cJSON *line, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(line, name));
}

/* Puts the frame together again: the recorder keeps header and body apart. */
static void frame_build(struct capture_frame *frame, const cJSON *line)
{
    const char *header = text_of(line, "header_raw_hex"), *body = text_of(line, "body_hex");
    bool is_binary = strcmp(text_of(line, "serialize"), "ROCKETMQ") == 0;
    size_t n_rest = (strlen(header) + strlen(body)) / 2;
    frame->bytes = grown(NULL, RKMQ_FRAME_PREFIX_BYTES + n_rest);
    uint8_t *p = frame->bytes + RKMQ_FRAME_PREFIX_BYTES;
    frame->n_header = test_hex(header, p, n_rest);
    frame->n_body = test_hex(body, p + frame->n_header, n_rest - frame->n_header);
    frame->n = RKMQ_FRAME_PREFIX_BYTES + frame->n_header + frame->n_body;
    rkmq_put_be32(frame->bytes, (uint32_t)(frame->n - 4));
    rkmq_put_be32(frame->bytes + 4, (uint32_t)is_binary << 24 | (uint32_t)frame->n_header);
    assert_int_equal((int)frame->n_body, (int)number_of(line, "body_len"));
}

/* The request was seen before its answer, on the same connection, in the other direction. */
static size_t request_find(const struct captures *all, const struct capture_frame *answer)
{
    for (size_t i = all->n; i > 0; i--) {
        const struct capture_frame *f = &all->frames[i - 1];
        if (f->file != answer->file) {
            break;
        }
        if (f->conn == answer->conn && f->is_from_client != answer->is_from_client &&
            !capture_is_answer(f) &&
            capture_number(f, "opaque") == capture_number(answer, "opaque")) {
            return i - 1;
        }
    }
    return CAPTURE_NO_REQUEST;
}

static void line_add(struct captures *all, const char *file, size_t n_line, const char *text)
{
    cJSON *line = cJSON_Parse(text);
    assert_non_null(line);
    cJSON *header = cJSON_DetachItemFromObjectCaseSensitive(line, "header");
    if (header) {
        struct capture_frame frame = {
            .file = file,
            .line = n_line,
            .conn = (int)number_of(line, "conn"),
            .is_namesrv = strcmp(text_of(line, "link"), "ns") == 0,
            .is_from_client = strcmp(text_of(line, "dir"), "c2s") == 0,
            .t_us = (int64_t)number_of(line, "t_us"),
            .header = header,
            .request = CAPTURE_NO_REQUEST,
        };
        frame_build(&frame, line);
        if (capture_is_answer(&frame)) {
            frame.request = request_find(all, &frame);
        }
        if (all->n == all->n_max) {
            all->n_max = all->n_max ? 2 * all->n_max : 256;
            all->frames = grown(all->frames, all->n_max * sizeof *all->frames);
        }
        all->frames[all->n++] = frame;
    }
    cJSON_Delete(line);
}

/* ---- files ---- */

static void file_read(struct captures *all, const char *file)
{
    char path[512], *text = NULL;
    size_t n_text = 0, n_line = 0;
    assert_in_range(snprintf(path, sizeof path, "%s/%s", RKMQ_CAPTURES_DIR, file), 1,
                    sizeof path - 1);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    while (getline(&text, &n_text, in) > 0) {
        line_add(all, file, ++n_line, text);
    }
    assert_false(ferror(in));
    free(text);
    (void)fclose(in); /* was only read */
}

static void file_name_add(struct captures *all, const char *name)
{
    size_t n = strlen(name);
    if (n > 6 && strcmp(name + n - 6, ".jsonl") == 0) {
        assert_in_range(all->n_files, 0, FILES_MAX - 1);
        assert_in_range(snprintf(all->files[all->n_files++], sizeof *all->files, "%s", name), 1,
                        sizeof *all->files - 1);
    }
}

static int name_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

struct captures *captures_read(const char *file)
{
    struct captures *all = grown(NULL, sizeof *all);
    *all = (struct captures){.files = grown(NULL, FILES_MAX * sizeof *all->files)};
    if (file) {
        file_name_add(all, file);
    } else {
        DIR *dir = opendir(RKMQ_CAPTURES_DIR);
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));) {
            file_name_add(all, entry->d_name);
        }
        (void)closedir(dir); /* was only read */
        qsort(all->files, all->n_files, sizeof *all->files, name_compare);
    }
    for (size_t i = 0; i < all->n_files; i++) {
        file_read(all, all->files[i]);
    }
    return all;
}

void captures_free(struct captures *all)
{
    for (size_t i = 0; i < all->n; i++) {
        cJSON_Delete(all->frames[i].header);
        free(all->frames[i].bytes);
    }
    free(all->frames);
    free(all->files);
    free(all);
}

/* ---- inspection ---- */

struct rkmq_slice capture_header(const struct capture_frame *frame)
{
    return rkmq__slice(frame->bytes + RKMQ_FRAME_PREFIX_BYTES, frame->n_header);
}

struct rkmq_slice capture_body(const struct capture_frame *frame)
{
    return rkmq__slice(frame->bytes + RKMQ_FRAME_PREFIX_BYTES + frame->n_header, frame->n_body);
}

int capture_number(const struct capture_frame *frame, const char *name)
{
    return (int)number_of(frame->header, name);
}

bool capture_is_answer(const struct capture_frame *frame)
{
    return capture_number(frame, "flag") & RKMQ_FLAG_RESPONSE;
}

int capture_request_code(const struct captures *all, const struct capture_frame *frame)
{
    if (!capture_is_answer(frame)) {
        return capture_number(frame, "code");
    }
    return frame->request == CAPTURE_NO_REQUEST
               ? -1
               : capture_number(&all->frames[frame->request], "code");
}
