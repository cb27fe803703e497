package interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.apache.rocketmq.client.apis.consumer.ConsumeResult;
import org.apache.rocketmq.client.apis.consumer.LitePushConsumer;
import org.apache.rocketmq.client.apis.consumer.OffsetOption;
import org.apache.rocketmq.client.apis.message.MessageView;
import org.apache.rocketmq.client.apis.producer.Producer;

/** Consumers of lite topics by the gRPC protocol, which the official proxy serves from the cluster. */
final class ProxyLiteScenarios {
    private ProxyLiteScenarios() {
    }

    /** A consumer gets the messages of the lite topics that it subscribes to, of each in order, and of no others. */
    static String subscriptions(Run run) throws Exception {
        String topic = ProxyScenarios.topic(run, "LITE");
        Received received = new Received();
        LitePushConsumer consumer = consumer(run, group(run, topic, Map.of()), topic, received::accept);
        for (String name : List.of("one", "two", "three")) {
            consumer.subscribeLite(name);
        }
        Check.equal("subscribed", Set.of("one", "two", "three"), consumer.getLiteTopicSet());
        Producer producer = ProxyScenarios.producer(run, topic);
        List<String> expected = new ArrayList<>();
        for (int number = 0; number < 20; number++) {
            expected.add(String.valueOf(number));
            for (String name : List.of("one", "two", "three", "other")) {
                send(producer, topic, name, String.valueOf(number));
            }
        }
        received.expect(Map.of("one", expected, "two", expected, "three", expected));
        consumer.unsubscribeLite("two");
        for (String name : List.of("two", "one")) {
            send(producer, topic, name, "later");
        }
        List<String> more = new ArrayList<>(expected);
        more.add("later");
        received.expect(Map.of("one", more, "two", expected, "three", expected));
        received.endsWith("end 1", producer, topic, List.of("one", "three"));
        // What came meanwhile waits for the group.
        consumer.subscribeLite("two");
        more.add("end 1");
        List<String> two = new ArrayList<>(expected);
        two.add("later");
        expected.add("end 1");
        received.expect(Map.of("one", more, "two", two, "three", expected));
        received.endsWith("end 2", producer, topic, List.of("one", "two", "three"));
        return received.count() + " messages of three lite topics";
    }

    /** A consumer may begin with the first message of a lite topic, with the last ones, or behind them. */
    static String offsets(Run run) throws Exception {
        String topic = ProxyScenarios.topic(run, "LITE");
        Received received = new Received();
        LitePushConsumer consumer = consumer(run, group(run, topic, Map.of()), topic, received::accept);
        Producer producer = ProxyScenarios.producer(run, topic);
        List<String> names = List.of("first", "behind", "at-3");
        for (int number = 0; number < 5; number++) {
            for (String name : names) {
                send(producer, topic, name, String.valueOf(number));
            }
        }
        consumer.subscribeLite("first", OffsetOption.MIN_OFFSET);
        consumer.subscribeLite("behind", OffsetOption.MAX_OFFSET);
        consumer.subscribeLite("at-3", OffsetOption.ofOffset(3));
        received.expect(Map.of("first", List.of("0", "1", "2", "3", "4"), "at-3", List.of("3", "4")));
        for (String name : names) {
            send(producer, topic, name, "new");
        }
        received.expect(Map.of(
            "first", List.of("0", "1", "2", "3", "4", "new"),
            "behind", List.of("new"),
            "at-3", List.of("3", "4", "new")));
        received.endsWith("end", producer, topic, names);
        return received.count() + " messages from three places on";
    }

    /** In a group that shares nothing, the last consumer that subscribes has a lite topic, and the one before is told. */
    static String exclusive(Run run) throws Exception {
        String topic = ProxyScenarios.topic(run, "LITE");
        String group = group(run, topic, Map.of("+lite.sub.model", "Exclusive"));
        Received ofFirst = new Received();
        Received ofSecond = new Received();
        LitePushConsumer first = consumer(run, group, topic, ofFirst::accept);
        LitePushConsumer second = consumer(run, group, topic, ofSecond::accept);
        Producer producer = ProxyScenarios.producer(run, topic);
        first.subscribeLite("room");
        first.subscribeLite("kept");
        send(producer, topic, "room", "0");
        ofFirst.expect(Map.of("room", List.of("0")));
        second.subscribeLite("room");
        Check.eventually("the first one told", () -> {
            Check.equal("of the first", Set.of("kept"), first.getLiteTopicSet());
            return null;
        });
        for (String name : List.of("room", "kept")) {
            send(producer, topic, name, "1");
        }
        ofSecond.expect(Map.of("room", List.of("1")));
        ofFirst.expect(Map.of("room", List.of("0"), "kept", List.of("1")));
        ofFirst.endsWith("end", producer, topic, List.of("kept"));
        ofSecond.endsWith("end", producer, topic, List.of("room"));
        ofFirst.expect(Map.of("room", List.of("0"), "kept", List.of("1", "end")));
        Check.equal("of the second", Set.of("room"), second.getLiteTopicSet());
        return "taken over";
    }

    /** A group that shares gives each message to one of its consumers. */
    static String shared(Run run) throws Exception {
        String topic = ProxyScenarios.topic(run, "LITE");
        String group = group(run, topic, Map.of("+lite.sub.model", "Shared"));
        Received received = new Received();
        for (int number = 0; number < 2; number++) {
            consumer(run, group, topic, received::accept).subscribeLite("room");
        }
        Producer producer = ProxyScenarios.producer(run, topic);
        List<String> expected = new ArrayList<>();
        for (int number = 0; number < 40; number++) {
            expected.add(String.valueOf(number));
            send(producer, topic, "room", String.valueOf(number));
        }
        received.expect(Map.of("room", expected));
        received.endsWith("end", producer, topic, List.of("room"));
        return received.count() + " messages, each once and in order";
    }

    /** A message that is refused comes again when its time is over, which is a minute here, and those beside it do not. */
    static String refused(Run run) throws Exception {
        String topic = ProxyScenarios.topic(run, "LITE");
        String group = ProxyScenarios.group(run, config -> config.setAttributes(Map.of("+lite.bind.topic", topic)));
        Received received = new Received();
        List<Integer> attempts = new CopyOnWriteArrayList<>();
        LitePushConsumer consumer = consumer(run, group, topic, view -> {
            if (ProxyScenarios.text(view).equals("late")) {
                attempts.add(view.getDeliveryAttempt());
                if (attempts.size() == 1) {
                    return ConsumeResult.FAILURE;
                }
            }
            return received.accept(view);
        });
        consumer.subscribeLite("room");
        Producer producer = ProxyScenarios.producer(run, topic);
        for (String text : List.of("good", "late", "last")) {
            send(producer, topic, "room", text);
        }
        // The messages of an answer are handled at the same time.
        Check.eventually("all messages", () -> {
            Check.equal("received", Set.of("good", "late", "last"), Set.copyOf(received.of("room")));
            return null;
        });
        Check.equal("attempts", List.of(1, 2), attempts);
        send(producer, topic, "room", "end");
        Check.eventually("the end", () -> {
            Check.that(received.of("room").contains("end"), "received: " + received.of("room"));
            return null;
        });
        // Official brokers give what is behind it again too, although it is acknowledged.
        int most = run.parameter("target").equals("ours") ? 4 : 5;
        Check.that(received.count() <= most, "deliveries: " + received.of("room"));
        return "one of three came again";
    }

    /** Where a group handles messages in order, one that is refused too often is a dead letter, and those behind it come. */
    static String deadLetter(Run run) throws Exception {
        String topic = ProxyScenarios.topic(run, "LITE");
        String group = ProxyScenarios.group(run, config -> {
            config.setAttributes(Map.of("+lite.bind.topic", topic));
            config.setConsumeMessageOrderly(true);
            config.setRetryMaxTimes(1);
        });
        Received received = new Received();
        List<Integer> attempts = new CopyOnWriteArrayList<>();
        LitePushConsumer consumer = consumer(run, group, topic, view -> {
            if (ProxyScenarios.text(view).equals("bad")) {
                attempts.add(view.getDeliveryAttempt());
                return ConsumeResult.FAILURE;
            }
            return received.accept(view);
        });
        consumer.subscribeLite("room");
        Producer producer = ProxyScenarios.producer(run, topic);
        for (String text : List.of("good", "bad", "last")) {
            send(producer, topic, "room", text);
        }
        received.expect(Map.of("room", List.of("good", "last")));
        String letter = new String(run.readAll("%DLQ%" + group, 1).get(0).getBody(), StandardCharsets.UTF_8);
        Check.equal("dead letter", "bad", letter);
        return "given up after " + attempts.size() + " attempts";
    }

    private static String group(Run run, String topic, Map<String, String> attributes) throws Exception {
        Map<String, String> all = new HashMap<>(attributes);
        all.put("+lite.bind.topic", topic);
        return ProxyScenarios.group(run, config -> {
            config.setAttributes(all);
            // Otherwise the client handles the messages of an answer at the same time.
            config.setConsumeMessageOrderly(true);
        });
    }

    private static LitePushConsumer consumer(
        Run run, String group, String topic, Function<MessageView, ConsumeResult> listener) throws Exception {
        return ProxyScenarios.closing(run, ProxyScenarios.PROVIDER.newLitePushConsumerBuilder()
            .setClientConfiguration(ProxyScenarios.configuration(run))
            .setConsumerGroup(group)
            .bindTopic(topic)
            .setMessageListener(listener::apply)
            .build());
    }

    private static void send(Producer producer, String topic, String liteTopic, String body) throws Exception {
        ProxyScenarios.send(producer, ProxyScenarios.message(topic, body).setLiteTopic(liteTopic));
    }

    /** What came, by lite topic and in the order in which it came. */
    private static final class Received {
        private final Map<String, List<String>> texts = new ConcurrentHashMap<>();

        ConsumeResult accept(MessageView view) {
            texts.computeIfAbsent(view.getLiteTopic().orElse("none"), name -> new CopyOnWriteArrayList<>())
                .add(ProxyScenarios.text(view));
            return ConsumeResult.SUCCESS;
        }

        void expect(Map<String, List<String>> expected) throws Exception {
            Check.eventually("messages", () -> {
                Check.equal("received", expected, texts);
                return null;
            });
        }

        /** Sends one more message to each of the lite topics: nothing else may come before it. */
        void endsWith(String text, Producer producer, String topic, List<String> liteTopics) throws Exception {
            Map<String, List<String>> expected = new HashMap<>();
            texts.forEach((name, ofName) -> expected.put(name, new ArrayList<>(ofName)));
            for (String name : liteTopics) {
                expected.get(name).add(text);
                send(producer, topic, name, text);
            }
            expect(expected);
        }

        List<String> of(String liteTopic) {
            return texts.getOrDefault(liteTopic, List.of());
        }

        int count() {
            return texts.values().stream().mapToInt(List::size).sum();
        }
    }
}
