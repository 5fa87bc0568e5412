// SPDX-License-Identifier: Apache-2.0
package rkmq.testee;

import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONArray;
import com.alibaba.fastjson.JSONObject;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragelyByCircle;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.MQVersion;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.exception.RemotingCommandException;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;

/**
 * Plays a push actor of a scenario: JSON lines on stdin and stdout, as docs/testees.md has them. The reader hands
 * commands to one thread, so that a start or a stop that waits keeps no listener from its answer.
 */
public final class Actor {
    /** Of ResponseCode, which lives in another package in 4.9 and in 5.3. */
    private static final int TOPIC_NOT_EXIST = 17;

    private final PrintStream out;
    private final ExecutorService commands = Executors.newSingleThreadExecutor();
    private final Map<Long, CompletableFuture<String>> calls = new ConcurrentHashMap<>();
    private final AtomicLong lastCall = new AtomicLong();
    private DefaultMQPushConsumer consumer;

    private Actor(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] args) throws Exception {
        Actor actor = new Actor(new PrintStream(System.out, false, StandardCharsets.UTF_8));
        System.setOut(System.err); // clients log there
        warmUp();
        String version = MQVersion.getVersionDesc(MQVersion.CURRENT_VERSION);
        actor.say(event("ready").fluentPut("protocol", 1).fluentPut("client", "java").fluentPut("version", version));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            actor.obey(JSON.parseObject(line));
        }
        Runtime.getRuntime().halt(0); // whoever told us what to do is gone
    }

    /**
     * Loads what a start needs: a virtual machine that has started once does it in the client's time, and what its
     * classes take is not the scenario's. The name server it is shown is one that knows no topic.
     */
    private static void warmUp() throws Exception {
        try (ServerSocket nameServer = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread server = new Thread(() -> knowNothing(nameServer));
            server.setDaemon(true);
            server.start();
            DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("warm-up");
            consumer.setNamesrvAddr("127.0.0.1:" + nameServer.getLocalPort());
            consumer.setMqClientApiTimeout(60000); // a loaded machine may be slow
            consumer.registerMessageListener(
                (MessageListenerConcurrently) (messages, context) -> ConsumeConcurrentlyStatus.CONSUME_SUCCESS);
            consumer.start();
            consumer.shutdown();
        }
        JSON.parseObject(event("warm-up").fluentPut("list", new JSONArray().fluentAdd(1)).toJSONString());
    }

    private static void knowNothing(ServerSocket nameServer) {
        try (Socket client = nameServer.accept()) {
            DataInputStream in = new DataInputStream(client.getInputStream());
            while (true) {
                RemotingCommand request = RemotingCommand.decode(in.readNBytes(in.readInt()));
                RemotingCommand response = RemotingCommand.createResponseCommand(TOPIC_NOT_EXIST, "none");
                response.setOpaque(request.getOpaque());
                client.getOutputStream().write(response.encode().array());
            }
        } catch (IOException | RemotingCommandException e) {
            System.err.println("the warm-up is over: " + e);
        }
    }

    private static JSONObject event(String name) {
        return new JSONObject(true).fluentPut("ev", name);
    }

    private synchronized void say(JSONObject event) {
        out.println(event.toJSONString());
        out.flush();
    }

    private void obey(JSONObject command) {
        String what = command.getString("do");
        if (what.equals("return")) {
            calls.remove(command.getLong("call")).complete(command.getString("then"));
            return;
        }
        commands.execute(() -> {
            try {
                perform(what, command);
            } catch (Exception | LinkageError e) {
                e.printStackTrace();
                say(event(what.equals("start") ? "failed" : "refused").fluentPut("do", what).fluentPut("why", "" + e));
            }
        });
    }

    private void perform(String what, JSONObject command) throws Exception {
        switch (what) {
            case "start":
                start(command);
                break;
            case "stop":
                consumer.shutdown();
                say(event("stopped"));
                break;
            case "pause":
                consumer.suspend();
                break;
            case "resume":
                consumer.resume();
                break;
            default:
                throw new IllegalArgumentException("unknown command " + what);
        }
    }

    private void start(JSONObject command) throws MQClientException {
        consumer = new DefaultMQPushConsumer(command.getString("group"));
        consumer.setNamesrvAddr(command.getString("namesrv"));
        if (command.containsKey("clientIp")) {
            consumer.setClientIP(command.getString("clientIp"));
            consumer.setInstanceName(command.getString("instanceName"));
        }
        consumer.setConsumeFromWhere(command.getString("from").equals("first")
            ? ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET : ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        for (Map.Entry<String, Object> option : command.getJSONObject("set").entrySet()) {
            if (!set(option.getKey(), option.getValue())) {
                say(event("refused").fluentPut("do", "start").fluentPut("why", "there is no option " + option.getKey()));
                return;
            }
        }
        JSONArray subscriptions = command.getJSONArray("subscribe");
        for (int i = 0; i < subscriptions.size(); i++) {
            JSONObject subscription = subscriptions.getJSONObject(i);
            consumer.subscribe(subscription.getString("topic"), subscription.getString("expression"));
        }
        consumer.registerMessageListener((MessageListenerConcurrently) this::consume);
        consumer.start();
        say(event("started").fluentPut("clientId", consumer.buildMQClientId()));
    }

    private boolean set(String name, Object value) {
        if (name.equals("allocate")) {
            consumer.setAllocateMessageQueueStrategy(value.equals("by-circle")
                ? new AllocateMessageQueueAveragelyByCircle() : new AllocateMessageQueueAveragely());
            return true;
        }
        int number = ((Number) value).intValue();
        switch (name) {
            case "threads":
                consumer.setConsumeThreadMin(1); // the two are checked against each other
                consumer.setConsumeThreadMax(number);
                consumer.setConsumeThreadMin(number);
                return true;
            case "consumeBatch":
                consumer.setConsumeMessageBatchMaxSize(number);
                return true;
            case "pullBatch":
                consumer.setPullBatchSize(number);
                return true;
            case "thresholdCount":
                consumer.setPullThresholdForQueue(number);
                return true;
            case "thresholdMib":
                consumer.setPullThresholdSizeForQueue(number);
                return true;
            case "span":
                consumer.setConsumeConcurrentlyMaxSpan(number);
                return true;
            case "pullIntervalMs":
                consumer.setPullInterval(number);
                return true;
            default:
                return setTime(name, number);
        }
    }

    private boolean setTime(String name, int ms) {
        switch (name) {
            case "persistMs":
                consumer.setPersistConsumerOffsetInterval(ms);
                return true;
            case "heartbeatMs":
                consumer.setHeartbeatBrokerInterval(ms);
                return true;
            case "routePollMs":
                consumer.setPollNameServerInterval(ms);
                return true;
            case "apiTimeoutMs":
                consumer.setMqClientApiTimeout(ms);
                return true;
            case "awaitTerminationMs":
                consumer.setAwaitTerminationMillisWhenShutdown(ms);
                return true;
            default:
                return false;
        }
    }

    /** Asks how the call is to end, and waits for it as a listener at work would. */
    private ConsumeConcurrentlyStatus consume(List<MessageExt> messages, ConsumeConcurrentlyContext context) {
        long call = lastCall.incrementAndGet();
        CompletableFuture<String> end = new CompletableFuture<>();
        JSONArray told = new JSONArray();
        for (MessageExt message : messages) {
            told.add(new JSONObject(true).fluentPut("offset", message.getQueueOffset())
                .fluentPut("id", message.getMsgId()).fluentPut("keys", message.getKeys())
                .fluentPut("tags", message.getTags()).fluentPut("reconsume", message.getReconsumeTimes()));
        }
        calls.put(call, end);
        say(event("listener-begin").fluentPut("call", call)
            .fluentPut("topic", context.getMessageQueue().getTopic())
            .fluentPut("broker", context.getMessageQueue().getBrokerName())
            .fluentPut("queue", context.getMessageQueue().getQueueId()).fluentPut("messages", told));
        return end.join().equals("ok") ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS
            : ConsumeConcurrentlyStatus.RECONSUME_LATER;
    }
}
