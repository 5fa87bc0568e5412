/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fields.h"

#include "remoting/base/core.h"
#include "support/cmocka_all.h"

size_t test_fields_read(const char *text, struct rkmq_field out[TEST_FIELDS_MAX])
{
    size_t n = 0;
    while (text && *text) {
        size_t whole = strcspn(text, ";"), key = strcspn(text, "=");
        assert_true(n < TEST_FIELDS_MAX && key < whole);
        out[n++] = (struct rkmq_field){rkmq__slice(text, key),
                                       rkmq__slice(text + key + 1, whole - key - 1)};
        text += whole + (text[whole] == ';');
    }
    return n;
}

void test_fields_write(const struct rkmq_command *cmd, char *out, size_t n_max)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < cmd->n_fields; i++) {
        int added = snprintf(out + n, n_max - n, "%s%.*s=%.*s", i ? ";" : "",
                             (int)cmd->fields[i].key.n, (const char *)cmd->fields[i].key.p,
                             (int)cmd->fields[i].value.n, (const char *)cmd->fields[i].value.p);
        assert_true(added > 0 && (size_t)added < n_max - n);
        n += (size_t)added;
    }
}

void test_fields_assert(const char *got, const char *expected)
{
    struct rkmq_field has[TEST_FIELDS_MAX], wanted[TEST_FIELDS_MAX];
    size_t n_has = test_fields_read(got, has), n_wanted = test_fields_read(expected, wanted);
    for (size_t i = 0; i < n_wanted; i++) {
        size_t k = 0;
        while (k < n_has && !(rkmq__slice_equal(has[k].key, wanted[i].key) &&
                              rkmq__slice_equal(has[k].value, wanted[i].value))) {
            k++;
        }
        if (k == n_has) {
            print_error("got      %s\nexpected %s\n", got, expected);
            fail();
        }
    }
}
