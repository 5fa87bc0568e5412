/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/tree.h"
#include "remoting/codec/json.h"

struct reader {
    struct rkmq_slice text;
    size_t at;
    struct rkmq_arena *arena;
    struct rkmq_mistakes *mistakes;
    struct rkmq_tree *open[RKMQ_TREE_DEPTH_MAX]; /* the containers around `at` */
    size_t depth, n_nodes;
    struct rkmq_tree *root;
};

#define SAY(r, offset, ...)                                                                        \
    (rkmq__mistakes_add((r)->mistakes, (offset), __VA_ARGS__), RKMQ_E_INVALID)

static int peek(const struct reader *r, size_t ahead)
{
    return r->at + ahead < r->text.n ? r->text.p[r->at + ahead] : -1;
}

/* "'x'", or what else to call the byte at `at`. */
static const char *what_stands(const struct reader *r, char out[8])
{
    int c = peek(r, 0);
    if (c < 0) {
        return "the end of the file";
    }
    (void)snprintf(out, 8, c >= 0x20 && c < 0x7F ? "'%c'" : "0x%02x", (unsigned)c); /* fits */
    return out;
}

/* ---- space and comments ---- */

static int skip_comment(struct reader *r)
{
    size_t start = r->at;
    bool is_line = peek(r, 1) == '/';
    if (!is_line && peek(r, 1) != '*') {
        return SAY(r, start, "a comment starts with \"//\" or \"/*\"");
    }
    for (r->at += 2; r->at < r->text.n; r->at++) {
        if (is_line && peek(r, 0) == '\n') {
            return RKMQ_OK;
        }
        if (!is_line && peek(r, 0) == '*' && peek(r, 1) == '/') {
            r->at += 2;
            return RKMQ_OK;
        }
    }
    return is_line ? RKMQ_OK : SAY(r, start, "this comment has no end");
}

static int skip_space(struct reader *r)
{
    for (;;) {
        int c = peek(r, 0);
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
            r->at++;
        } else if (c == '/') {
            int status = skip_comment(r);
            if (status != RKMQ_OK) {
                return status;
            }
        } else {
            return RKMQ_OK;
        }
    }
}

/* ---- scalars ---- */

static bool is_hex(int c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Behind the backslash. */
static int check_escape(struct reader *r)
{
    int c = peek(r, 0);
    if (c <= 0 || !strchr("\"\\/bfnrtu", c)) {
        return SAY(r, r->at - 1, "unknown escape in a text");
    }
    if (c == 'u' &&
        !(is_hex(peek(r, 1)) && is_hex(peek(r, 2)) && is_hex(peek(r, 3)) && is_hex(peek(r, 4)))) {
        return SAY(r, r->at - 1, "\\u takes four hexadecimal digits");
    }
    r->at += c == 'u' ? 5 : 1;
    return RKMQ_OK;
}

/* Bytes of the character that a byte of 0x80 or more begins; 0: none (RFC 3629). */
static size_t utf8_length(int first)
{
    return first >= 0xC2 && first < 0xE0   ? 2
           : first >= 0xE0 && first < 0xF0 ? 3
           : first >= 0xF0 && first < 0xF5 ? 4
                                           : 0;
}

/* Overlong forms, surrogates, and what lies beyond U+10FFFF. */
static bool is_utf8_outside(int first, int second)
{
    switch (first) {
    case 0xE0:
        return second < 0xA0;
    case 0xED:
        return second >= 0xA0;
    case 0xF0:
        return second < 0x90;
    case 0xF4:
        return second >= 0x90;
    default:
        return false;
    }
}

/* Bytes of the well-formed UTF-8 character at `at`; 0: malformed. */
static size_t utf8_bytes(const struct reader *r)
{
    int first = peek(r, 0);
    size_t n = first < 0x80 ? 1 : utf8_length(first);
    for (size_t i = 1; i < n; i++) {
        if (peek(r, i) < 0x80 || peek(r, i) > 0xBF) {
            return 0;
        }
    }
    return n > 1 && is_utf8_outside(first, peek(r, 1)) ? 0 : n;
}

/* From the quote on. The text in `out` is unescaped, in the arena. */
static int read_text(struct reader *r, struct rkmq_slice *out)
{
    size_t start = r->at++;
    for (;;) {
        int c = peek(r, 0);
        if (c < 0 || c == '\n') {
            return SAY(r, start, "this text has no closing quote on its line");
        }
        if (c == '"') {
            break;
        }
        if (c == '\\') {
            r->at++;
            int status = check_escape(r);
            if (status != RKMQ_OK) {
                return status;
            }
            continue;
        }
        size_t n = utf8_bytes(r);
        if (c < 0x20 || n == 0) {
            return SAY(r, r->at, "a text is UTF-8 without control characters, not byte 0x%02x",
                       (unsigned)c);
        }
        r->at += n;
    }
    struct rkmq_slice raw = rkmq__slice(r->text.p + start + 1, r->at - start - 1);
    uint8_t *p = rkmq__arena_zalloc(r->arena, raw.n + 1);
    if (!p) {
        return RKMQ_E_NOMEM;
    }
    *out = rkmq__slice(p, rkmq__json_unescape(raw, p));
    if (memchr(p, 0, out->n)) {
        return SAY(r, start, "a text holds no \\u0000");
    }
    r->at++;
    return RKMQ_OK;
}

static size_t skip_digits(struct reader *r)
{
    size_t start = r->at;
    while (peek(r, 0) >= '0' && peek(r, 0) <= '9') {
        r->at++;
    }
    return r->at - start;
}

static bool skip_number(struct reader *r)
{
    r->at += peek(r, 0) == '-';
    bool is_zero = peek(r, 0) == '0';
    size_t n = skip_digits(r);
    bool is_good = n > 0 && !(is_zero && n > 1);
    if (peek(r, 0) == '.') {
        r->at++;
        is_good = skip_digits(r) > 0 && is_good;
    }
    if ((peek(r, 0) | 0x20) == 'e') {
        r->at++;
        r->at += peek(r, 0) == '+' || peek(r, 0) == '-';
        is_good = skip_digits(r) > 0 && is_good;
    }
    return is_good;
}

static bool is_word_byte(int c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
           c == '.' || c == '-' || c == '+';
}

static int read_word(struct reader *r, struct rkmq_tree *node)
{
    size_t start = r->at;
    int c = peek(r, 0);
    bool is_number = c == '-' || (c >= '0' && c <= '9');
    bool is_good = is_number && skip_number(r);
    while (is_word_byte(peek(r, 0))) {
        is_good = is_good && !is_number;
        r->at++;
    }
    node->text = rkmq__slice(r->text.p + start, r->at - start);
    if (is_number) {
        node->type = RKMQ_TREE_NUMBER;
        return is_good ? RKMQ_OK
                       : SAY(r, start, "malformed number %.*s; a duration stands in quotes",
                             RKMQ_SLICE_ARG(node->text));
    }
    node->type = RKMQ_TREE_BOOL;
    if (rkmq__slice_is(node->text, "null")) {
        node->type = RKMQ_TREE_NULL;
    } else if (!rkmq__slice_is(node->text, "true") && !rkmq__slice_is(node->text, "false")) {
        return SAY(r, start, "%.*s needs quotes around it", RKMQ_SLICE_ARG(node->text));
    }
    return RKMQ_OK;
}

/* ---- containers ---- */

static int add_node(struct reader *r, struct rkmq_slice key, size_t key_offset,
                    struct rkmq_tree **out)
{
    if (++r->n_nodes > RKMQ_TREE_NODES_MAX) {
        return SAY(r, r->at, "more than %d values", RKMQ_TREE_NODES_MAX);
    }
    struct rkmq_tree *node = rkmq__arena_zalloc(r->arena, sizeof *node);
    if (!node) {
        return RKMQ_E_NOMEM;
    }
    node->offset = r->at;
    node->key = key;
    node->key_offset = key_offset;
    *out = node;
    if (r->depth == 0) {
        r->root = node;
        return RKMQ_OK;
    }
    struct rkmq_tree *parent = r->open[r->depth - 1];
    if (parent->last) {
        parent->last->next = node;
    } else {
        parent->first = node;
    }
    parent->last = node;
    parent->n++;
    return RKMQ_OK;
}

/* One value; of a container only its opening bracket. */
static int read_value(struct reader *r, struct rkmq_slice key, size_t key_offset)
{
    struct rkmq_tree *node;
    int status = add_node(r, key, key_offset, &node);
    if (status != RKMQ_OK) {
        return status;
    }
    int c = peek(r, 0);
    char buffer[8];
    if (c == '{' || c == '[') {
        if (r->depth == RKMQ_TREE_DEPTH_MAX) {
            return SAY(r, r->at, "nested deeper than %d", RKMQ_TREE_DEPTH_MAX);
        }
        node->type = c == '{' ? RKMQ_TREE_OBJECT : RKMQ_TREE_LIST;
        r->open[r->depth++] = node;
        r->at++;
        return RKMQ_OK;
    }
    if (c == '"') {
        node->type = RKMQ_TREE_TEXT;
        return read_text(r, &node->text);
    }
    if (is_word_byte(c)) {
        return read_word(r, node);
    }
    return SAY(r, r->at, "a value expected, not %s%s", what_stands(r, buffer),
               c == '\'' ? ": texts stand in double quotes" : "");
}

/* `"name":` and the value behind it. */
static int read_member(struct reader *r)
{
    const struct rkmq_tree *object = r->open[r->depth - 1];
    size_t key_offset = r->at;
    struct rkmq_slice key;
    char buffer[8];
    if (peek(r, 0) != '"') {
        return SAY(r, r->at, "a name in double quotes expected, not %s", what_stands(r, buffer));
    }
    int status = read_text(r, &key);
    if (status == RKMQ_OK) {
        status = skip_space(r);
    }
    if (status != RKMQ_OK) {
        return status;
    }
    if (peek(r, 0) != ':') {
        return SAY(r, r->at, "':' expected behind \"%.*s\", not %s", RKMQ_SLICE_ARG(key),
                   what_stands(r, buffer));
    }
    r->at++;
    if (object->n == RKMQ_TREE_MEMBERS_MAX) {
        return SAY(r, key_offset, "more than %d names in one object", RKMQ_TREE_MEMBERS_MAX);
    }
    const struct rkmq_tree *twin = rkmq__tree_member(object, key);
    if (twin) {
        uint32_t line, column;
        rkmq__mistakes_position(r->text, twin->key_offset, &line, &column);
        rkmq__mistakes_add(r->mistakes, key_offset, "\"%.*s\" stands twice, first in line %u",
                           RKMQ_SLICE_ARG(key), line);
    }
    status = skip_space(r);
    return status == RKMQ_OK ? read_value(r, key, key_offset) : status;
}

/* Where a value, or the end of the innermost container, may stand. */
static int read_next(struct reader *r)
{
    if (r->depth == 0) {
        return read_value(r, rkmq__slice(NULL, 0), 0);
    }
    const struct rkmq_tree *inner = r->open[r->depth - 1];
    bool is_object = inner->type == RKMQ_TREE_OBJECT;
    size_t comma = SIZE_MAX;
    char buffer[8];
    if (inner->n > 0 && peek(r, 0) == ',') {
        comma = r->at++;
        int status = skip_space(r);
        if (status != RKMQ_OK) {
            return status;
        }
    }
    if (peek(r, 0) == (is_object ? '}' : ']')) {
        if (comma != SIZE_MAX) {
            return SAY(r, comma, "no comma may stand before the closing bracket");
        }
        r->at++;
        r->depth--;
        return RKMQ_OK;
    }
    if (inner->n > 0 && comma == SIZE_MAX) {
        return SAY(r, r->at, "',' or '%c' expected, not %s", is_object ? '}' : ']',
                   what_stands(r, buffer));
    }
    return is_object ? read_member(r) : read_value(r, rkmq__slice(NULL, 0), 0);
}

int rkmq__tree_read(struct rkmq_slice text, struct rkmq_arena *arena,
                    struct rkmq_mistakes *mistakes, struct rkmq_tree **out)
{
    struct reader r = {.text = text, .arena = arena, .mistakes = mistakes};
    size_t n_before = mistakes->n_all;
    int status;
    char buffer[8];
    *out = NULL;
    do {
        status = skip_space(&r);
        if (status == RKMQ_OK) {
            status = read_next(&r);
        }
    } while (status == RKMQ_OK && r.depth > 0);
    if (status == RKMQ_OK) {
        status = skip_space(&r);
    }
    if (status == RKMQ_OK && r.at < text.n) {
        status = SAY(&r, r.at, "the end of the file expected, not %s", what_stands(&r, buffer));
    }
    if (status != RKMQ_OK) {
        return status;
    }
    *out = r.root;
    return mistakes->n_all == n_before ? RKMQ_OK : RKMQ_E_INVALID;
}
