/* SPDX-License-Identifier: Apache-2.0 */
/* TopicRouteData, QueueData, BrokerData (5.3.3), in the standard and in the raw integer-key form.
 */
#include "remoting/protocol/body_read.h"

static int queue_data_read(const struct rkmq_body *in, void *item)
{
    struct rkmq_queue_data *out = item;
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_TEXT("brokerName", &out->broker_name),
        RKMQ_BODY_I32("perm", &out->perm),
        RKMQ_BODY_I32("readQueueNums", &out->read_queue_nums),
        RKMQ_BODY_I32("topicSysFlag", &out->topic_sys_flag),
        RKMQ_BODY_I32("writeQueueNums", &out->write_queue_nums),
    };
    return rkmq__body_members(in, members, RKMQ_COUNT_OF(members));
}

static int broker_addr_read(const struct rkmq_body *in, void *item)
{
    struct rkmq_broker_addr *out = item;
    int status = rkmq__body_fault(in, rkmq__json_as_i64(&in->key, &out->id));
    return status ? status : rkmq__body_text(in, &out->addr);
}

static int broker_data_read(const struct rkmq_body *in, void *item)
{
    static const struct rkmq_body_list addrs = {RKMQ_BODY_MAP, sizeof(struct rkmq_broker_addr),
                                                broker_addr_read};
    struct rkmq_broker_data *out = item;
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_LIST("brokerAddrs", &addrs, &out->addrs, &out->n_addrs),
        RKMQ_BODY_TEXT("brokerName", &out->broker_name),
        RKMQ_BODY_TEXT("cluster", &out->cluster),
        RKMQ_BODY_BOOL("enableActingMaster", &out->is_acting_master_enabled),
    };
    return rkmq__body_members(in, members, RKMQ_COUNT_OF(members));
}

int rkmq__route_data_read(struct rkmq_slice body, struct rkmq_arena *arena,
                          struct rkmq_route_data *out, struct rkmq_err *err)
{
    static const struct rkmq_body_list queues = {RKMQ_BODY_ARRAY, sizeof(struct rkmq_queue_data),
                                                 queue_data_read};
    static const struct rkmq_body_list brokers = {RKMQ_BODY_ARRAY, sizeof(struct rkmq_broker_data),
                                                  broker_data_read};
    const struct rkmq_body_member members[] = {
        RKMQ_BODY_LIST("brokerDatas", &brokers, &out->brokers, &out->n_brokers),
        RKMQ_BODY_ONE("orderTopicConf", rkmq__body_text, &out->order_topic_conf),
        RKMQ_BODY_LIST("queueDatas", &queues, &out->queues, &out->n_queues),
    };
    *out = (struct rkmq_route_data){0};
    return rkmq__body_read(body, "TopicRouteData", arena, members, RKMQ_COUNT_OF(members), err);
}

static void broker_data_write(struct rkmq_json_writer *w, const struct rkmq_broker_data *broker,
                              bool is_standard)
{
    rkmq__json_object(w);
    rkmq__json_key(w, "brokerAddrs");
    rkmq__json_object(w);
    for (size_t i = 0; i < broker->n_addrs; i++) {
        rkmq__json_key_i64(w, broker->addrs[i].id, is_standard);
        rkmq__json_put_text(w, broker->addrs[i].addr);
    }
    rkmq__json_object_end(w);
    rkmq__json_add_text(w, "brokerName", broker->broker_name);
    rkmq__json_add_text(w, "cluster", broker->cluster);
    rkmq__json_add_bool(w, "enableActingMaster", broker->is_acting_master_enabled);
    rkmq__json_object_end(w);
}

static void queue_data_write(struct rkmq_json_writer *w, const struct rkmq_queue_data *queue)
{
    rkmq__json_object(w);
    rkmq__json_add_text(w, "brokerName", queue->broker_name);
    rkmq__json_add_i64(w, "perm", queue->perm);
    rkmq__json_add_i64(w, "readQueueNums", queue->read_queue_nums);
    rkmq__json_add_i64(w, "topicSysFlag", queue->topic_sys_flag);
    rkmq__json_add_i64(w, "writeQueueNums", queue->write_queue_nums);
    rkmq__json_object_end(w);
}

void rkmq__route_data_write(const struct rkmq_route_data *route, bool is_standard,
                            struct rkmq_bytes *out)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    rkmq__json_key(&w, "brokerDatas");
    rkmq__json_array(&w);
    for (size_t i = 0; i < route->n_brokers; i++) {
        broker_data_write(&w, &route->brokers[i], is_standard);
    }
    rkmq__json_array_end(&w);
    rkmq__json_key(&w, "filterServerTable");
    rkmq__json_object(&w);
    rkmq__json_object_end(&w);
    if (route->order_topic_conf.p) {
        rkmq__json_add_text(&w, "orderTopicConf", route->order_topic_conf);
    }
    rkmq__json_key(&w, "queueDatas");
    rkmq__json_array(&w);
    for (size_t i = 0; i < route->n_queues; i++) {
        queue_data_write(&w, &route->queues[i]);
    }
    rkmq__json_array_end(&w);
    rkmq__json_object_end(&w);
}

void rkmq__cluster_info_write(const struct rkmq_broker_data *brokers, size_t n_brokers,
                              struct rkmq_bytes *out)
{
    struct rkmq_json_writer w;
    rkmq__json_begin(&w, out);
    rkmq__json_object(&w);
    rkmq__json_key(&w, "brokerAddrTable");
    rkmq__json_object(&w);
    for (size_t i = 0; i < n_brokers; i++) {
        rkmq__json_key_slice(&w, brokers[i].broker_name);
        broker_data_write(&w, &brokers[i], false);
    }
    rkmq__json_object_end(&w);
    rkmq__json_key(&w, "clusterAddrTable");
    rkmq__json_object(&w);
    for (size_t i = 0; i < n_brokers; i++) {
        bool is_first = true;
        for (size_t k = 0; k < i && is_first; k++) {
            is_first = !rkmq__slice_equal(brokers[k].cluster, brokers[i].cluster);
        }
        if (!is_first) {
            continue;
        }
        rkmq__json_key_slice(&w, brokers[i].cluster);
        rkmq__json_array(&w);
        for (size_t k = i; k < n_brokers; k++) {
            if (rkmq__slice_equal(brokers[k].cluster, brokers[i].cluster)) {
                rkmq__json_put_text(&w, brokers[k].broker_name);
            }
        }
        rkmq__json_array_end(&w);
    }
    rkmq__json_object_end(&w);
    rkmq__json_object_end(&w);
}

/* ---- equality without regard to order, as after sorting by broker name ---- */

static bool queue_data_equal(const struct rkmq_queue_data *a, const struct rkmq_queue_data *b)
{
    return rkmq__slice_equal(a->broker_name, b->broker_name) &&
           a->read_queue_nums == b->read_queue_nums && a->write_queue_nums == b->write_queue_nums &&
           a->perm == b->perm && a->topic_sys_flag == b->topic_sys_flag;
}

static bool has_addr(const struct rkmq_broker_data *broker, const struct rkmq_broker_addr *addr)
{
    for (size_t i = 0; i < broker->n_addrs; i++) {
        if (broker->addrs[i].id == addr->id &&
            rkmq__slice_equal(broker->addrs[i].addr, addr->addr)) {
            return true;
        }
    }
    return false;
}

static bool broker_data_equal(const struct rkmq_broker_data *a, const struct rkmq_broker_data *b)
{
    if (!rkmq__slice_equal(a->broker_name, b->broker_name) ||
        !rkmq__slice_equal(a->cluster, b->cluster) || a->n_addrs != b->n_addrs ||
        a->is_acting_master_enabled != b->is_acting_master_enabled) {
        return false;
    }
    for (size_t i = 0; i < a->n_addrs; i++) {
        if (!has_addr(b, &a->addrs[i])) {
            return false;
        }
    }
    return true;
}

static bool has_queue(const struct rkmq_route_data *route, const struct rkmq_queue_data *queue)
{
    for (size_t i = 0; i < route->n_queues; i++) {
        if (queue_data_equal(&route->queues[i], queue)) {
            return true;
        }
    }
    return false;
}

static bool has_broker(const struct rkmq_route_data *route, const struct rkmq_broker_data *broker)
{
    for (size_t i = 0; i < route->n_brokers; i++) {
        if (broker_data_equal(&route->brokers[i], broker)) {
            return true;
        }
    }
    return false;
}

bool rkmq__route_data_equal(const struct rkmq_route_data *a, const struct rkmq_route_data *b)
{
    bool is_equal = a->n_queues == b->n_queues && a->n_brokers == b->n_brokers &&
                    (a->order_topic_conf.p == NULL) == (b->order_topic_conf.p == NULL) &&
                    rkmq__slice_equal(a->order_topic_conf, b->order_topic_conf);
    for (size_t i = 0; is_equal && i < a->n_queues; i++) {
        is_equal = has_queue(b, &a->queues[i]) && has_queue(a, &b->queues[i]);
    }
    for (size_t i = 0; is_equal && i < a->n_brokers; i++) {
        is_equal = has_broker(b, &a->brokers[i]) && has_broker(a, &b->brokers[i]);
    }
    return is_equal;
}
