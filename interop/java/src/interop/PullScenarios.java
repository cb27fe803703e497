package interop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Consumers that ask for messages themselves. */
final class PullScenarios {
    private PullScenarios() {
    }

    @SuppressWarnings("deprecation")
    static String pull(Run run) throws Exception {
        String topic = run.topic(1);
        DefaultMQPullConsumer consumer = run.pullConsumer(run.name("group"));
        DefaultMQProducer producer = run.producer();
        MessageQueue queue = run.queues(topic).get(0);
        List<Content> contents = Content.range(0, 30);
        Run.sendAll(producer, topic, contents);
        run.readAll(topic, 30);

        PullResult some = consumer.pull(queue, "*", 10, 5);
        Check.equal("status", PullStatus.FOUND, some.getPullStatus());
        Check.equal("offsets", List.of(10L, 11L, 12L, 13L, 14L), offsets(some));
        Check.equal("next offset", 15L, some.getNextBeginOffset());
        Check.equal("least offset", 0L, some.getMinOffset());
        Check.equal("greatest offset", 30L, some.getMaxOffset());
        for (MessageExt message : some.getMsgFoundList()) {
            contents.get((int) message.getQueueOffset()).checkSame(message);
        }
        PullResult tagged = consumer.pull(queue, "B", 0, 4);
        Check.equal("offsets of tag B", List.of(1L, 4L, 7L, 10L), offsets(tagged));
        Check.equal("at the end", PullStatus.NO_NEW_MSG, consumer.pull(queue, "*", 30, 5).getPullStatus());
        PullResult beyond = consumer.pull(queue, "*", 99, 5);
        Check.equal("beyond the end", PullStatus.OFFSET_ILLEGAL, beyond.getPullStatus());
        Check.equal("offset to go on from", 30L, beyond.getNextBeginOffset());

        // The queue's first message is still in memory: then a group without an offset is told 0.
        Check.equal("offset before any was stored", 0L, consumer.fetchConsumeOffset(queue, true));
        consumer.getDefaultMQPullConsumerImpl().updateConsumeOffset(queue, 15);
        consumer.getDefaultMQPullConsumerImpl().getOffsetStore().persistAll(Set.of(queue));
        Check.eventually("stored offset", () -> {
            Check.equal("offset", 15L, consumer.fetchConsumeOffset(queue, true));
            return null;
        });

        CompletableFuture<PullResult> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return consumer.pullBlockIfNotFound(queue, "*", 30, 5);
            } catch (Exception exception) {
                throw new IllegalStateException(exception);
            }
        });
        // The answer must come from the message, not from the end of the wait: until it is sent there is none.
        try {
            throw new Mismatch("a pull of a message that is not there was answered: " + waiting.get(1, TimeUnit.SECONDS));
        } catch (java.util.concurrent.TimeoutException expected) {
            Run.sendAll(producer, topic, List.of(Content.of("late", "A")));
        }
        PullResult late = waiting.get(Check.PATIENCE_MS, TimeUnit.MILLISECONDS);
        Check.equal("status of the pull that waited", PullStatus.FOUND, late.getPullStatus());
        Content.of("late", "A").checkSame(late.getMsgFoundList().get(0));
        return "pulled by offset, by tag, at and beyond the end, and waited";
    }

    private static List<Long> offsets(PullResult result) {
        Check.equal("status", PullStatus.FOUND, result.getPullStatus());
        return result.getMsgFoundList().stream().map(MessageExt::getQueueOffset).toList();
    }

    static String liteAssign(Run run) throws Exception {
        String topic = run.topic(2);
        String group = run.name("group");
        DefaultMQProducer producer = run.producer();
        List<Content> contents = Content.range(0, 40);
        List<MessageQueue> queues = run.queues(topic);
        Run.sendAll(producer, queues, contents);
        run.readAll(topic, 40);
        DefaultLitePullConsumer consumer = run.litePullConsumer(group);
        consumer.setAutoCommit(false);
        consumer.start();
        MessageQueue queue = queues.get(1);
        consumer.assign(List.of(queue));
        Check.equal("queues", Set.of(queue), new HashSet<>(consumer.assignment()));
        // The client keeps what a pull brings that was under way during a seek: nothing may be on its way.
        checkOffsets("of a new group in a young queue", 0, 20, poll(consumer, 20));
        consumer.seek(queue, 15);
        checkOffsets("after a seek to 15", 15, 20, poll(consumer, 5));
        consumer.commit(Map.of(queue, 18L), true);
        Check.eventually("committed offset", () -> {
            Check.equal("offset", 18L, consumer.committed(queue));
            return null;
        });
        consumer.seekToBegin(queue);
        List<MessageExt> all = poll(consumer, 20);
        checkOffsets("after a seek to the beginning", 0, 20, all);
        for (MessageExt message : all) {
            contents.get(2 * (int) message.getQueueOffset() + 1).checkSame(message);
        }
        consumer.seekToEnd(queue);
        List<Content> later = Content.range(40, 44);
        Run.sendAll(producer, queues, later);
        checkOffsets("after a seek to the end", 20, 22, poll(consumer, 2));
        consumer.shutdown();

        DefaultLitePullConsumer next = run.litePullConsumer(group);
        next.setAutoCommit(false);
        next.start();
        next.assign(List.of(queue));
        checkOffsets("of a new consumer, from the committed offset", 18, 22, poll(next, 4));
        return "seek, commit, begin, end, and on from the commit";
    }

    private static void checkOffsets(String what, long from, long to, List<MessageExt> messages) {
        List<Long> expected = new ArrayList<>();
        for (long offset = from; offset < to; offset++) {
            expected.add(offset);
        }
        Check.equal("offsets " + what, expected, messages.stream().map(MessageExt::getQueueOffset).toList());
    }

    private static List<MessageExt> poll(DefaultLitePullConsumer consumer, int count) throws Exception {
        List<MessageExt> messages = new ArrayList<>();
        Check.eventually("poll", () -> {
            messages.addAll(consumer.poll(500));
            Check.that(messages.size() >= count, messages.size() + " of " + count);
            return null;
        });
        return messages;
    }

    static String liteSubscribe(Run run) throws Exception {
        String topic = run.topic(4);
        String group = run.name("group");
        DefaultMQProducer producer = run.producer();
        DefaultLitePullConsumer first = subscriber(run, group, topic);
        DefaultLitePullConsumer second = subscriber(run, group, topic);
        Check.eventually("two queues each", () -> {
            Check.equal("queues of the first", 2, first.assignment().size());
            Check.equal("queues of the second", 2, second.assignment().size());
            return null;
        });
        List<Content> contents = Content.range(0, 60);
        Run.sendAll(producer, run.queues(topic), contents);
        List<Content> wanted = contents.stream().filter(content -> !content.tag().equals("B")).toList();
        Map<DefaultLitePullConsumer, List<MessageExt>> received = new HashMap<>();
        Check.eventually("poll of two members", () -> {
            for (DefaultLitePullConsumer member : List.of(first, second)) {
                received.computeIfAbsent(member, key -> new ArrayList<>()).addAll(member.poll(200));
            }
            int count = received.values().stream().mapToInt(List::size).sum();
            Check.that(count >= wanted.size(), count + " of " + wanted.size());
            return null;
        });
        List<MessageExt> all = new ArrayList<>();
        received.values().forEach(all::addAll);
        Inbox.checkExactly(wanted, all);
        Check.that(received.values().stream().allMatch(list -> !list.isEmpty()), "one member got nothing");
        first.commit();
        second.commit();
        first.shutdown();
        second.shutdown();
        List<Content> later = Content.range(60, 72).stream().filter(content -> !content.tag().equals("B")).toList();
        Run.sendAll(producer, topic, later);
        DefaultLitePullConsumer next = subscriber(run, group, topic);
        Inbox.checkExactly(later, poll(next, later.size()));
        return "60 messages in 2 members, then the rest";
    }

    private static DefaultLitePullConsumer subscriber(Run run, String group, String topic) throws Exception {
        DefaultLitePullConsumer consumer = run.litePullConsumer(group);
        consumer.setAutoCommit(false);
        consumer.subscribe(topic, "A || C");
        consumer.start();
        return consumer;
    }
}
