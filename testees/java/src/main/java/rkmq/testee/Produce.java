// SPDX-License-Identifier: Apache-2.0
package rkmq.testee;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageClientIDSetter;

/**
 * Sends COUNT messages of each KIND and prints each as msgId,queueId,body; "-" is what the client does not learn.
 * Kinds: sync, async, oneway, batch (one batch), compressed (a body above the client's 4 KiB threshold).
 */
public final class Produce {
    private static final int COMPRESSED_BODY_BYTES = 8192;
    private static final int ASYNC_DEADLINE_SECONDS = 30;

    private final DefaultMQProducer producer;
    private final String topic;
    private final PrintStream out;

    private Produce(DefaultMQProducer producer, String topic, PrintStream out) {
        this.producer = producer;
        this.topic = topic;
        this.out = out;
    }

    public static void main(String[] args) throws Exception {
        if (args.length < 4 || args.length % 2 != 0) {
            System.err.println("usage: Produce NAMESRV TOPIC KIND COUNT [KIND COUNT]...");
            System.exit(2);
        }
        PrintStream out = System.out;
        System.setOut(System.err); // clients log there
        DefaultMQProducer producer = new DefaultMQProducer("TESTEE_PRODUCER");
        producer.setNamesrvAddr(args[0]);
        producer.start();
        try {
            Produce produce = new Produce(producer, args[1], out);
            for (int i = 2; i < args.length; i += 2) {
                produce.send(args[i], Integer.parseInt(args[i + 1]));
            }
        } finally {
            producer.shutdown();
        }
    }

    private void send(String kind, int count) throws Exception {
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            messages.add(new Message(topic, "TagA", kind + "-key-" + i, body(kind, i)));
        }
        switch (kind) {
            case "sync":
            case "compressed":
                for (Message message : messages) {
                    SendResult sent = producer.send(message);
                    print(id(message), message, sent);
                }
                break;
            case "async":
                sendAsync(messages);
                break;
            case "oneway":
                for (Message message : messages) {
                    producer.sendOneway(message);
                    print(id(message), message, null);
                }
                break;
            case "batch":
                // A 5.x producer gives the batch an id as well, and a 5.x broker appends the properties of the batch to
                // those of each message: a consumer then sees the id of the batch, which the producer does not tell.
                SendResult result = producer.send(messages);
                for (Message message : messages) {
                    print("-", message, result);
                }
                break;
            default:
                throw new IllegalArgumentException(kind);
        }
    }

    private void sendAsync(List<Message> messages) throws Exception {
        CountDownLatch sent = new CountDownLatch(messages.size());
        for (Message message : messages) {
            producer.send(message, new SendCallback() {
                @Override
                public void onSuccess(SendResult result) {
                    print(id(message), message, result);
                    sent.countDown();
                }

                @Override
                public void onException(Throwable e) {
                    System.err.println("async send: " + e);
                }
            });
        }
        if (!sent.await(ASYNC_DEADLINE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException(sent.getCount() + " asynchronous sends did not succeed");
        }
    }

    private static byte[] body(String kind, int i) {
        StringBuilder text = new StringBuilder(kind).append('-').append(i);
        while (kind.equals("compressed") && text.length() < COMPRESSED_BODY_BYTES) {
            text.append(" again ").append(i);
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String id(Message message) {
        return MessageClientIDSetter.getUniqID(message);
    }

    private void print(String id, Message message, SendResult result) {
        if (result != null && result.getSendStatus() != SendStatus.SEND_OK) {
            throw new IllegalStateException("sent with status " + result.getSendStatus());
        }
        String queue = result == null ? "-" : Integer.toString(result.getMessageQueue().getQueueId());
        out.println(id + "," + queue + "," + new String(message.getBody(), StandardCharsets.UTF_8));
    }
}
