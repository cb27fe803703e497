package interop;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.rocketmq.client.apis.ClientConfiguration;
import org.apache.rocketmq.client.apis.ClientServiceProvider;
import org.apache.rocketmq.client.apis.consumer.ConsumeResult;
import org.apache.rocketmq.client.apis.consumer.FilterExpression;
import org.apache.rocketmq.client.apis.consumer.FilterExpressionType;
import org.apache.rocketmq.client.apis.consumer.MessageListener;
import org.apache.rocketmq.client.apis.consumer.SimpleConsumer;
import org.apache.rocketmq.client.apis.message.Message;
import org.apache.rocketmq.client.apis.message.MessageBuilder;
import org.apache.rocketmq.client.apis.message.MessageView;
import org.apache.rocketmq.client.apis.producer.Producer;
import org.apache.rocketmq.client.apis.producer.SendReceipt;
import org.apache.rocketmq.client.apis.producer.Transaction;
import org.apache.rocketmq.client.apis.producer.TransactionResolution;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;

/** Clients of the gRPC protocol, which the official proxy serves from the cluster. */
final class ProxyScenarios {
    static final ClientServiceProvider PROVIDER = ClientServiceProvider.loadService();
    /** The shortest time for which the proxy gives a message to a consumer. */
    private static final Duration INVISIBLE = Duration.ofSeconds(10);
    private static final Duration LONG = Duration.ofSeconds(40);
    private static final Duration WAIT = Duration.ofSeconds(5);

    private ProxyScenarios() {
    }

    /** Each message is received by one of two consumers, and never again once it is acknowledged. */
    static String receiveAndAcknowledge(Run run) throws Exception {
        String topic = topic(run, "NORMAL");
        String group = group(run, config -> { });
        Producer producer = producer(run, topic);
        Set<String> sent = new HashSet<>();
        for (int number = 0; number < 60; number++) {
            sent.add(send(producer, message(topic, "body " + number).setKeys("key" + number)));
        }
        List<SimpleConsumer> consumers = List.of(simpleConsumer(run, group, topic), simpleConsumer(run, group, topic));
        Map<String, String> received = new HashMap<>();
        long deadline = Check.deadline();
        while (received.size() < sent.size() && System.nanoTime() < deadline) {
            for (SimpleConsumer consumer : consumers) {
                for (MessageView view : consumer.receive(16, INVISIBLE)) {
                    Check.equal("attempt", 1, view.getDeliveryAttempt());
                    String id = view.getMessageId().toString();
                    Check.that(received.put(id, text(view)) == null, "received twice: " + id);
                    consumer.ack(view);
                }
            }
        }
        Check.equal("received", sent, received.keySet());
        Check.equal("different bodies", sent.size(), new HashSet<>(received.values()).size());
        // This one is not acknowledged: it comes again when the time is over for which all others were given out.
        send(producer, message(topic, "last"));
        List<String> more = new ArrayList<>();
        deadline = Check.deadline();
        while (more.size() < 2 && System.nanoTime() < deadline) {
            consumers.get(0).receive(16, INVISIBLE).forEach(view -> more.add(text(view) + " " + view.getDeliveryAttempt()));
        }
        Check.equal("received again", List.of("last 1", "last 2"), more);
        return sent.size() + " messages, each once";
    }

    /** A message that is not acknowledged comes again when its time is over; it stays away longer when that is asked for. */
    static String changeInvisibleTime(Run run) throws Exception {
        String topic = topic(run, "NORMAL");
        String group = group(run, config -> { });
        Producer producer = producer(run, topic);
        SimpleConsumer consumer = simpleConsumer(run, group, topic);
        send(producer, message(topic, "short"));
        send(producer, message(topic, "long"));
        Map<String, MessageView> first = new HashMap<>();
        long deadline = Check.deadline();
        while (first.size() < 2 && System.nanoTime() < deadline) {
            consumer.receive(16, INVISIBLE).forEach(view -> first.put(text(view), view));
        }
        Check.equal("received", Set.of("short", "long"), first.keySet());
        long changedAtMs = System.currentTimeMillis();
        consumer.changeInvisibleDuration(first.get("long"), LONG);
        deadline = Check.deadline();
        Map<String, Long> againAfterMs = new LinkedHashMap<>();
        while (againAfterMs.size() < 2 && System.nanoTime() < deadline) {
            for (MessageView view : consumer.receive(16, INVISIBLE)) {
                Check.equal("attempt of " + text(view), 2, view.getDeliveryAttempt());
                againAfterMs.put(text(view), System.currentTimeMillis() - changedAtMs);
                consumer.ack(view);
            }
        }
        Check.equal("received again", List.of("short", "long"), List.copyOf(againAfterMs.keySet()));
        long longMs = againAfterMs.get("long");
        Check.that(longMs >= LONG.toMillis() - 500, "long came again after " + longMs + " ms");
        return "again after " + againAfterMs;
    }

    /** Messages of a message group come one after the other, also when one of them is refused at first. */
    static String orderly(Run run) throws Exception {
        String topic = topic(run, "FIFO");
        String group = group(run, config -> config.setConsumeMessageOrderly(true));
        Map<String, List<String>> taken = new ConcurrentHashMap<>();
        Set<String> refused = ConcurrentHashMap.newKeySet();
        pushConsumer(run, group, topic, view -> {
            String name = view.getMessageGroup().orElse("none");
            // The third one of each group is refused once.
            if (text(view).equals("2") && refused.add(name)) {
                return ConsumeResult.FAILURE;
            }
            taken.computeIfAbsent(name, key -> new CopyOnWriteArrayList<>()).add(text(view));
            return ConsumeResult.SUCCESS;
        });
        Producer producer = producer(run, topic);
        List<String> expected = new ArrayList<>();
        for (int number = 0; number < 12; number++) {
            expected.add(String.valueOf(number));
            for (String name : List.of("red", "green", "blue")) {
                send(producer, message(topic, String.valueOf(number)).setMessageGroup(name));
            }
        }
        Check.eventually("all of three groups", () -> {
            for (String name : List.of("red", "green", "blue")) {
                Check.equal("group " + name, expected, taken.get(name));
            }
            return null;
        });
        Check.equal("refused once", Set.of("red", "green", "blue"), refused);
        return "three groups in order";
    }

    /** A message that is refused too often is a dead letter, and the others are delivered. */
    static String deadLetter(Run run) throws Exception {
        String topic = topic(run, "NORMAL");
        String group = group(run, config -> config.setRetryMaxTimes(1));
        Set<String> accepted = ConcurrentHashMap.newKeySet();
        List<Integer> attempts = new CopyOnWriteArrayList<>();
        pushConsumer(run, group, topic, view -> {
            if (text(view).equals("bad")) {
                attempts.add(view.getDeliveryAttempt());
                return ConsumeResult.FAILURE;
            }
            accepted.add(text(view));
            return ConsumeResult.SUCCESS;
        });
        Producer producer = producer(run, topic);
        send(producer, message(topic, "bad"));
        send(producer, message(topic, "good"));
        Check.eventually("the other message", () -> {
            Check.equal("accepted", Set.of("good"), accepted);
            return null;
        });
        String letter = new String(run.readAll("%DLQ%" + group, 1).get(0).getBody(), StandardCharsets.UTF_8);
        Check.equal("dead letter", "bad", letter);
        Check.equal("attempts", List.of(1, 2), attempts);
        return "given up after " + attempts.size() + " attempts";
    }

    /** A message with a time comes then, and not when it was taken back. */
    static String recall(Run run) throws Exception {
        String topic = topic(run, "DELAY");
        String group = group(run, config -> { });
        Producer producer = producer(run, topic);
        long dueMs = System.currentTimeMillis() + 10_000;
        Message gone = message(topic, "gone").setDeliveryTimestamp(dueMs).build();
        SendReceipt receipt = producer.send(gone);
        send(producer, message(topic, "stays").setDeliveryTimestamp(dueMs));
        // It comes when the time of the others is over: whatever was not taken back is there then.
        send(producer, message(topic, "last").setDeliveryTimestamp(dueMs + 5_000));
        Check.that(receipt.getRecallHandle() != null && !receipt.getRecallHandle().isEmpty(), "there is no handle");
        String recalled = producer.recallMessage(topic, receipt.getRecallHandle()).getMessageId().toString();
        Check.equal("recalled", receipt.getMessageId().toString(), recalled);
        SimpleConsumer consumer = simpleConsumer(run, group, topic);
        List<String> received = new ArrayList<>();
        long deadline = Check.deadline();
        while (received.size() < 2 && System.nanoTime() < deadline) {
            for (MessageView view : consumer.receive(16, INVISIBLE)) {
                Check.that(System.currentTimeMillis() >= dueMs, text(view) + " came before its time");
                received.add(text(view));
                consumer.ack(view);
            }
        }
        Check.equal("received", Set.of("stays", "last"), Set.copyOf(received));
        return "two of three came";
    }

    /** What is committed comes, what is rolled back does not, and what is left open is asked about. */
    static String transactions(Run run) throws Exception {
        String topic = topic(run, "TRANSACTION");
        String group = group(run, config -> { });
        Set<String> checked = ConcurrentHashMap.newKeySet();
        Producer producer = closing(run, PROVIDER.newProducerBuilder()
            .setClientConfiguration(configuration(run))
            .setTopics(topic)
            .setTransactionChecker(view -> {
                checked.add(text(view));
                // A slow machine may be asked about one whose end is under way.
                return text(view).equals("rolled back") ? TransactionResolution.ROLLBACK : TransactionResolution.COMMIT;
            })
            .build());
        SimpleConsumer consumer = simpleConsumer(run, group, topic);
        for (String body : List.of("committed", "rolled back", "open")) {
            Transaction transaction = producer.beginTransaction();
            producer.send(message(topic, body).build(), transaction);
            if (body.equals("committed")) {
                transaction.commit();
            } else if (body.equals("rolled back")) {
                transaction.rollback();
            }
        }
        Set<String> received = new HashSet<>();
        long deadline = Check.deadline();
        while (received.size() < 2 && System.nanoTime() < deadline) {
            for (MessageView view : consumer.receive(16, INVISIBLE)) {
                received.add(text(view));
                consumer.ack(view);
            }
        }
        Check.equal("received", Set.of("committed", "open"), received);
        Check.that(checked.contains("open"), "asked about " + checked);
        return "two of three came";
    }

    /** Tags and SQL92 expressions choose messages. */
    static String filters(Run run) throws Exception {
        String topic = topic(run, "NORMAL");
        Map<String, FilterExpression> filters = Map.of(
            "tags", new FilterExpression("red || blue", FilterExpressionType.TAG),
            "sql", new FilterExpression("size > 5 AND TAGS <> 'blue'", FilterExpressionType.SQL92));
        Map<String, Set<String>> expected = Map.of("tags", Set.of("red 1", "blue 9", "red 9"), "sql", Set.of("red 9", "green 9"));
        Map<String, SimpleConsumer> consumers = new HashMap<>();
        for (String kind : filters.keySet()) {
            String group = run.name(kind);
            makeGroup(run, group, config -> { });
            consumers.put(kind, simpleConsumer(run, group, topic, filters.get(kind)));
        }
        Producer producer = producer(run, topic);
        for (String body : List.of("red 1", "green 1", "blue 9", "red 9", "green 9")) {
            String[] words = body.split(" ");
            send(producer, message(topic, body).setTag(words[0]).addProperty("size", words[1]));
        }
        for (String kind : filters.keySet()) {
            Set<String> received = new HashSet<>();
            long deadline = Check.deadline();
            while (!received.containsAll(expected.get(kind)) && System.nanoTime() < deadline) {
                for (MessageView view : consumers.get(kind).receive(16, INVISIBLE)) {
                    received.add(text(view));
                    consumers.get(kind).ack(view);
                }
            }
            consumers.get(kind).receive(16, INVISIBLE).forEach(view -> received.add(text(view)));
            Check.equal("received by " + kind, expected.get(kind), received);
        }
        return "tags and SQL92";
    }

    /** A push consumer gets each message once, from all brokers, while messages are sent. */
    static String push(Run run) throws Exception {
        String topic = topic(run, "NORMAL");
        String group = group(run, config -> { });
        List<String> received = new CopyOnWriteArrayList<>();
        pushConsumer(run, group, topic, view -> {
            received.add(view.getMessageId().toString());
            return ConsumeResult.SUCCESS;
        });
        Producer producer = producer(run, topic);
        Set<String> sent = new HashSet<>();
        for (int number = 0; number < 200; number++) {
            sent.add(send(producer, message(topic, "body " + number)));
        }
        Check.eventually("all messages", () -> {
            Check.equal("received", sent, new HashSet<>(received));
            return null;
        });
        Check.equal("deliveries", sent.size(), received.size());
        return received.size() + " messages";
    }

    /** A topic of two queues on each broker, of a type that the proxy holds its senders to. */
    static String topic(Run run, String type) throws Exception {
        String topic = run.name("topic");
        List<String> addresses = run.brokerAddresses();
        for (String address : addresses) {
            TopicConfig config = new TopicConfig(topic, 2, 2, 6);
            config.setAttributes(Map.of("+message.type", type));
            run.admin().createAndUpdateTopicConfig(address, config);
        }
        run.awaitRoute(topic, addresses.size(), 2);
        return topic;
    }

    static String group(Run run, Consumer<SubscriptionGroupConfig> settings) throws Exception {
        String group = run.name("group");
        makeGroup(run, group, settings);
        return group;
    }

    private static void makeGroup(Run run, String group, Consumer<SubscriptionGroupConfig> settings)
        throws Exception {
        SubscriptionGroupConfig config = new SubscriptionGroupConfig();
        config.setGroupName(group);
        settings.accept(config);
        for (String address : run.brokerAddresses()) {
            run.admin().createAndUpdateSubscriptionGroupConfig(address, config);
        }
    }

    static ClientConfiguration configuration(Run run) {
        return ClientConfiguration.newBuilder()
            .setEndpoints(run.parameter("endpoints"))
            .enableSsl(false)
            .setRequestTimeout(Duration.ofMillis(Run.ANSWER_MS))
            .build();
    }

    static Producer producer(Run run, String topic) throws Exception {
        return closing(run, PROVIDER.newProducerBuilder().setClientConfiguration(configuration(run)).setTopics(topic).build());
    }

    private static SimpleConsumer simpleConsumer(Run run, String group, String topic) throws Exception {
        return simpleConsumer(run, group, topic, FilterExpression.SUB_ALL);
    }

    private static SimpleConsumer simpleConsumer(Run run, String group, String topic, FilterExpression filter)
        throws Exception {
        return closing(run, PROVIDER.newSimpleConsumerBuilder()
            .setClientConfiguration(configuration(run))
            .setConsumerGroup(group)
            .setAwaitDuration(WAIT)
            .setSubscriptionExpressions(Map.of(topic, filter))
            .build());
    }

    private static void pushConsumer(Run run, String group, String topic, MessageListener listener) throws Exception {
        closing(run, PROVIDER.newPushConsumerBuilder()
            .setClientConfiguration(configuration(run))
            .setConsumerGroup(group)
            .setSubscriptionExpressions(Map.of(topic, FilterExpression.SUB_ALL))
            .setMessageListener(listener)
            .build());
    }

    static <C extends AutoCloseable> C closing(Run run, C client) {
        run.closeAtEnd(client);
        return client;
    }

    static MessageBuilder message(String topic, String body) {
        return PROVIDER.newMessageBuilder().setTopic(topic).setBody(body.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the message's id. */
    static String send(Producer producer, MessageBuilder message) throws Exception {
        return producer.send(message.build()).getMessageId().toString();
    }

    static String text(MessageView view) {
        return StandardCharsets.UTF_8.decode(view.getBody().duplicate()).toString();
    }
}
