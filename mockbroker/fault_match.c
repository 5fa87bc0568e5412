/* SPDX-License-Identifier: Apache-2.0 */
#include "mockbroker/faults.h"
#include "remoting/protocol/codes.h"

/* Header fields that say the same under several names; the short ones are SendMessageV2's. */
static const char *const group_keys[] = {"consumerGroup", "group", "producerGroup", "a"};
static const char *const topic_keys[] = {"topic", "originTopic", "b"};
static const char *const queue_keys[] = {"queueId", "e"};

static bool is_short(const char *key)
{
    return key[1] == '\0';
}

static const struct rkmq_field *field_of(const struct rkmq_command *cmd, const char *const *keys,
                                         size_t n_keys)
{
    bool has_short =
        cmd->code == RKMQ_REQ_SEND_MESSAGE_V2 || cmd->code == RKMQ_REQ_SEND_BATCH_MESSAGE;
    const struct rkmq_field *field = NULL;
    for (size_t i = 0; !field && i < n_keys; i++) {
        if (has_short || !is_short(keys[i])) {
            field = rkmq_command_field(cmd, keys[i]);
        }
    }
    return field;
}

static bool field_is(const struct rkmq_command *cmd, const char *const *keys, size_t n_keys,
                     const char *text)
{
    const struct rkmq_field *field = text ? field_of(cmd, keys, n_keys) : NULL;
    return !text || (field && rkmq__slice_equal(field->value, rkmq__slice_of(text)));
}

static bool queue_is(const struct rkmq_command *cmd, int32_t queue_id)
{
    int64_t value;
    if (queue_id < 0) {
        return true;
    }
    const struct rkmq_field *field = field_of(cmd, queue_keys, RKMQ_COUNT_OF(queue_keys));
    return field && rkmq__slice_to_i64(field->value, &value) == RKMQ_OK && value == queue_id;
}

static const char *peer_name(const struct rkmq_faults *faults, const struct rkmq_watch *w,
                             const struct rkmq_channel *ch)
{
    const char *peer = rkmq__channel_peer(ch);
    const char *client_id =
        w->client_id ? w->client_id(w->client_id_owner, rkmq__channel_id(ch)) : "";
    if (faults->peer_name) {
        return faults->peer_name(faults->peer_name_user, w->server, peer, client_id);
    }
    return client_id[0] ? client_id : peer;
}

static bool peer_is(const struct rkmq_faults *faults, const struct rkmq_watch *w,
                    const struct rkmq_channel *ch, const struct rkmq_command *cmd, const char *text)
{
    /* Only brokers say so: REGISTER_BROKER and its kin. */
    const struct rkmq_field *broker = rkmq_command_field(cmd, "brokerName");
    if (!text) {
        return true;
    }
    if (!w->client_id && broker) {
        return rkmq__slice_equal(broker->value, rkmq__slice_of(text));
    }
    return strcmp(peer_name(faults, w, ch), text) == 0;
}

bool rkmq__fault_matches(const struct rkmq_faults *faults, const struct rkmq_mock_fault *fault,
                         const struct rkmq_watch *w, const struct rkmq_channel *ch, bool is_pushed,
                         const struct rkmq_command *cmd)
{
    const char *server = is_pushed ? fault->from : fault->to;
    const char *peer = is_pushed ? fault->to : fault->from;
    return (fault->request_code < 0 || fault->request_code == cmd->code) &&
           (!server || strcmp(server, w->server) == 0) &&
           field_is(cmd, group_keys, RKMQ_COUNT_OF(group_keys), fault->group) &&
           field_is(cmd, topic_keys, RKMQ_COUNT_OF(topic_keys), fault->topic) &&
           queue_is(cmd, fault->queue_id) && peer_is(faults, w, ch, cmd, peer);
}
