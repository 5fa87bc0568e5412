// SPDX-License-Identifier: Apache-2.0
package rkmq.testee;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;

/**
 * The classic push consumer program: 30 messages a pull, one thread, one message a call, everything else by default.
 * Prints each message as msgId,queueId,body until SIGTERM, then shuts the consumer down.
 */
public final class Seed {
    private Seed() {
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            System.err.println("usage: Seed NAMESRV GROUP TOPIC");
            System.exit(2);
        }
        PrintStream out = System.out;
        System.setOut(System.err); // clients log there
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(args[1]);
        consumer.setNamesrvAddr(args[0]);
        consumer.subscribe(args[2], "*");
        consumer.setConsumeThreadMax(1);
        consumer.setConsumeThreadMin(1);
        consumer.setPullBatchSize(30);
        consumer.setConsumeMessageBatchMaxSize(1);
        consumer.registerMessageListener((MessageListenerConcurrently) (msgs, context) -> {
            msgs.forEach(msg -> out.println(msg.getMsgId() + "," + msg.getQueueId() + ","
                + new String(msg.getBody(), StandardCharsets.UTF_8)));
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(consumer::shutdown));
        consumer.start();
    }
}
