package interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.ResponseCode;

/** Consumers that select messages by SQL92 expressions over their properties. */
final class FilterScenarios {
    /** Properties of messages n0, n1, …: every third has no n, every fourth no color, every fifth an n that is no number. */
    private static Content content(int number) {
        Map<String, String> properties = new HashMap<>();
        if (number % 3 != 0) {
            properties.put("n", number % 5 == 0 ? "five times " + number / 5 : String.valueOf(number));
        }
        if (number % 4 != 0) {
            properties.put("color", List.of("red", "green", "blue").get(number % 3));
        }
        properties.put("word", "größe-" + number + (number % 2 == 0 ? "-even" : "-it's odd"));
        byte[] body = ("body of " + number).getBytes(StandardCharsets.UTF_8);
        return new Content("n" + number, number % 2 == 0 ? "A" : "B", body, number, properties);
    }

    private static List<Content> contents(int from, int to) {
        List<Content> contents = new ArrayList<>();
        for (int number = from; number < to; number++) {
            contents.add(content(number));
        }
        return contents;
    }

    private static List<Content> selected(List<Content> contents, Predicate<Content> wanted) {
        return contents.stream().filter(wanted).toList();
    }

    private static String property(Content content, String name) {
        return content.properties().get(name);
    }

    /** The property n where it is a number, else -1. */
    private static int number(Content content) {
        String text = property(content, "n");
        return text == null || text.startsWith("five") ? -1 : Integer.parseInt(text);
    }

    private FilterScenarios() {
    }

    static String push(Run run) throws Exception {
        String topic = run.topic(2);
        Map<String, Predicate<Content>> cases = new HashMap<>();
        cases.put("n >= 10 AND n <> 20", content -> number(content) >= 10 && number(content) != 20);
        cases.put("TAGS = 'A' AND color IN ('red', 'blue')", content -> "A".equals(content.tag())
            && List.of("red", "blue").contains(String.valueOf(property(content, "color"))));
        cases.put("n IS NULL", content -> property(content, "n") == null);
        cases.put("NOT (color = 'red')", content ->
            property(content, "color") != null && !"red".equals(property(content, "color")));
        cases.put("word CONTAINS 'it''s' AND word STARTSWITH 'größe-1'", content ->
            property(content, "word").startsWith("größe-1") && property(content, "word").contains("it's"));
        cases.put("word NOT ENDSWITH 'even' OR FALSE", content -> !property(content, "word").endsWith("even"));
        cases.put("n BETWEEN 5 AND 8 OR color = 'green'", content ->
            number(content) >= 5 && number(content) <= 8 || "green".equals(property(content, "color"))
                && (property(content, "n") == null || number(content) != -1));
        List<Content> contents = contents(0, 40);
        DefaultMQProducer producer = run.producer();
        Run.sendAll(producer, topic, contents.subList(0, 20));
        Map<String, Inbox> inboxes = new HashMap<>();
        int group = 0;
        for (String expression : cases.keySet()) {
            Inbox inbox = new Inbox();
            inboxes.put(expression, inbox);
            DefaultMQPushConsumer consumer = run.pushConsumer(run.name("group" + group++));
            consumer.subscribe(topic, MessageSelector.bySql(expression));
            consumer.registerMessageListener(Run.collector(inbox, expression));
            run.start(consumer);
        }
        Run.sendAll(producer, topic, contents.subList(20, 40));
        for (Map.Entry<String, Predicate<Content>> entry : cases.entrySet()) {
            try {
                inboxes.get(entry.getKey()).awaitExactly(selected(contents, entry.getValue()));
            } catch (Mismatch mismatch) {
                throw new Mismatch(entry.getKey() + ": " + mismatch.getMessage());
            }
        }
        return cases.size() + " groups with expressions of their own";
    }

    @SuppressWarnings("deprecation")
    static String pull(Run run) throws Exception {
        String topic = run.topic(1);
        DefaultMQPullConsumer consumer = run.pullConsumer(run.name("group"));
        DefaultMQProducer producer = run.producer();
        MessageQueue queue = run.queues(topic).get(0);
        Run.sendAll(producer, topic, contents(0, 30));
        run.readAll(topic, 30);
        // Until its first heartbeat a client does not know whether the broker has filters.
        PullResult some = Check.eventually("a broker with filters", () -> {
            try {
                return consumer.pull(queue, MessageSelector.bySql("color = 'green' AND n > 3"), 2, 3);
            } catch (MQClientException unknownYet) {
                throw new Mismatch(unknownYet.getErrorMessage());
            }
        });
        Check.equal("status", PullStatus.FOUND, some.getPullStatus());
        Check.equal("offsets", List.of(7L, 13L, 19L),
            some.getMsgFoundList().stream().map(MessageExt::getQueueOffset).toList());
        Check.equal("next offset", 20L, some.getNextBeginOffset());
        PullResult none = consumer.pull(queue, MessageSelector.bySql("n > 1000"), 0, 3);
        Check.equal("nothing that matches", PullStatus.NO_MATCHED_MSG, none.getPullStatus());
        Check.equal("offset to go on from", 30L, none.getNextBeginOffset());
        CompletableFuture<PullResult> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                MessageSelector selector = MessageSelector.bySql("n = 31");
                PullResult result = consumer.pullBlockIfNotFoundWithMessageSelector(queue, selector, 30, 3);
                // A broker may say that something came which does not match.
                while (result.getPullStatus() == PullStatus.NO_MATCHED_MSG) {
                    result = consumer.pullBlockIfNotFoundWithMessageSelector(queue, selector, result.getNextBeginOffset(), 3);
                }
                return result;
            } catch (Exception exception) {
                throw new IllegalStateException(exception);
            }
        });
        Run.sendAll(producer, topic, List.of(content(32)));
        try {
            throw new Mismatch("a message that does not match was given: " + waiting.get(1, TimeUnit.SECONDS));
        } catch (TimeoutException expected) {
            Run.sendAll(producer, topic, List.of(content(31)));
        }
        PullResult late = waiting.get(Check.PATIENCE_MS, TimeUnit.MILLISECONDS);
        Check.equal("status of the pull that waited", PullStatus.FOUND, late.getPullStatus());
        content(31).checkSame(late.getMsgFoundList().get(0));
        return "pulled by expressions, and waited";
    }

    static String litePull(Run run) throws Exception {
        String topic = run.topic(2);
        List<Content> contents = contents(0, 40);
        DefaultLitePullConsumer consumer = run.litePullConsumer(run.name("group"));
        consumer.subscribe(topic, MessageSelector.bySql("color = 'red' AND TAGS = 'A' OR n = 7"));
        consumer.start();
        Run.sendAll(run.producer(), topic, contents);
        List<Content> wanted = selected(contents, content ->
            "red".equals(property(content, "color")) && "A".equals(content.tag()) || number(content) == 7);
        List<MessageExt> messages = new ArrayList<>();
        Check.eventually("messages", () -> {
            messages.addAll(consumer.poll(200));
            Check.that(messages.size() >= wanted.size(), messages.size() + " of " + wanted.size());
            return null;
        });
        Inbox.checkExactly(wanted, messages);
        return wanted.size() + " of 40 messages";
    }

    static String refused(Run run) throws Exception {
        String topic = run.topic(1);
        for (String expression : List.of("n = = 5", "n > TRUE", "5", "n BETWEEN 9 AND 5")) {
            DefaultMQPushConsumer consumer = run.pushConsumer(run.name("group"));
            consumer.subscribe(topic, MessageSelector.bySql(expression));
            consumer.registerMessageListener(Run.collector(new Inbox(), "only"));
            try {
                run.start(consumer);
                throw new Mismatch("a consumer started with " + expression);
            } catch (MQClientException exception) {
                Check.equal("code of " + expression, ResponseCode.SUBSCRIPTION_PARSE_FAILED, exception.getResponseCode());
            } finally {
                consumer.shutdown();
            }
        }
        return "4 expressions refused";
    }
}
