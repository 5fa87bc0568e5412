// SPDX-License-Identifier: Apache-2.0
package rkmq.testee;

import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.constant.PermName;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * Creates a topic, or prints where a group stands: brokerName,queueId,maxOffset,committedOffset a line, by queue.
 */
public final class Admin {
    private Admin() {
    }

    public static void main(String[] args) throws Exception {
        if (args.length < 4) {
            System.err.println("usage: Admin NAMESRV topic BROKER_ADDR NAME QUEUES | Admin NAMESRV offsets GROUP TOPIC");
            System.exit(2);
        }
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setNamesrvAddr(args[0]);
        admin.start();
        try {
            if (args[1].equals("topic")) {
                createTopic(admin, args[2], args[3], Integer.parseInt(args[4]));
            } else {
                printOffsets(admin, args[2], args[3]);
            }
        } finally {
            admin.shutdown();
        }
    }

    private static void createTopic(DefaultMQAdminExt admin, String broker, String topic, int queues)
        throws Exception {
        int perm = PermName.PERM_READ | PermName.PERM_WRITE;
        admin.createAndUpdateTopicConfig(broker, new TopicConfig(topic, queues, queues, perm));
        // A broker whose first registration failed, as that of a starting one may, tries again after 10 s. Setting its
        // permission makes it register whole before it answers (AdminBrokerProcessor.updateBrokerConfig, 5.3.3).
        Properties permission = new Properties();
        permission.setProperty("brokerPermission", Integer.toString(perm));
        admin.updateBrokerConfig(broker, permission);
        if (admin.examineTopicRouteInfo(topic).getQueueDatas().get(0).getWriteQueueNums() != queues) {
            throw new IllegalStateException("the route of " + topic + " has not " + queues + " queues");
        }
    }

    private static void printOffsets(DefaultMQAdminExt admin, String group, String topic) throws Exception {
        Map<MessageQueue, String> lines = new TreeMap<>();
        admin.examineConsumeStats(group, topic).getOffsetTable().forEach((queue, offset) -> {
            if (queue.getTopic().equals(topic)) {
                lines.put(queue, offset.getBrokerOffset() + "," + offset.getConsumerOffset());
            }
        });
        lines.forEach((queue, offsets) ->
            System.out.println(queue.getBrokerName() + "," + queue.getQueueId() + "," + offsets));
    }
}
