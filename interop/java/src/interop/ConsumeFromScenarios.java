package interop;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Where a new group begins. In a young queue, which still has its first message, that is always there. */
final class ConsumeFromScenarios {
    private ConsumeFromScenarios() {
    }

    static String young(Run run) throws Exception {
        String topic = run.topic(2);
        DefaultMQProducer producer = run.producer();
        List<Content> contents = Content.range(0, 20);
        Run.sendAll(producer, topic, contents);
        String timestamp = nextSecond();
        contents.addAll(Content.range(20, 40));
        Run.sendAll(producer, topic, contents.subList(20, 40));
        for (ConsumeFromWhere where : List.of(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET,
            ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET, ConsumeFromWhere.CONSUME_FROM_TIMESTAMP)) {
            Inbox inbox = group(run, topic, where, timestamp);
            inbox.awaitExactly(contents);
        }
        return "all 40 messages for each";
    }

    /** Needs a broker with small log files and no retention, so that first messages are deleted soon. */
    static String expired(Run run) throws Exception {
        String topic = run.topic(2);
        DefaultMQProducer producer = run.producer();
        List<MessageQueue> queues = run.queues(topic);
        expireFirst(run, producer, queues);
        List<Content> early = Content.range(0, 20);
        Run.sendAll(producer, queues, early);
        String timestamp = nextSecond();
        List<Content> late = Content.range(20, 40);
        Run.sendAll(producer, queues, late);
        Inbox first = group(run, topic, ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET, timestamp);
        Inbox fromTime = group(run, topic, ConsumeFromWhere.CONSUME_FROM_TIMESTAMP, timestamp);
        Inbox last = group(run, topic, ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET, timestamp);
        fromTime.awaitExactly(late);
        List<Content> all = new ArrayList<>(early);
        all.addAll(late);
        first.awaitAll(all);
        Inbox.checkExactly(all, withoutFillers(first));
        // The last group has its offsets once its queues were asked for: only then are new messages its own.
        run.awaitCommitted(run.name("group-CONSUME_FROM_LAST_OFFSET"), topic);
        Check.equal("messages from the end on, before any came", 0, last.size());
        List<Content> newest = Content.range(40, 50);
        Run.sendAll(producer, queues, newest);
        last.awaitExactly(newest);
        late.addAll(newest);
        fromTime.awaitExactly(late);
        return "first " + first.size() + ", timestamp " + fromTime.size() + ", last " + last.size();
    }

    private static List<MessageExt> withoutFillers(Inbox inbox) {
        return inbox.messages().stream().filter(message -> !message.getKeys().startsWith("filler")).toList();
    }

    private static Inbox group(Run run, String topic, ConsumeFromWhere where, String timestamp) throws Exception {
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = run.pushConsumer(run.name("group-" + where));
        consumer.setConsumeFromWhere(where);
        consumer.setConsumeTimestamp(timestamp);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(Run.collector(inbox, where.name()));
        run.start(consumer);
        return inbox;
    }

    /** Waits for the next full second, as the client writes start times. */
    private static String nextSecond() throws Exception {
        long next = (System.currentTimeMillis() / 1000 + 1) * 1000;
        Check.eventually("the next second", () -> {
            Check.that(System.currentTimeMillis() > next, "not yet");
            return null;
        });
        return LocalDateTime.ofInstant(Instant.ofEpochMilli(next), ZoneId.systemDefault())
            .format(DateTimeFormatter.ofPattern("yyyyMMddHHmmss"));
    }

    private static void expireFirst(Run run, DefaultMQProducer producer, List<MessageQueue> queues) throws Exception {
        Random random = new Random(1);
        List<Content> fillers = new ArrayList<>();
        for (int number = 0; number < 20 * queues.size(); number++) {
            byte[] body = new byte[100_000];
            random.nextBytes(body);
            fillers.add(Content.of("filler" + number, "filler", body));
        }
        Run.sendAll(producer, queues, fillers);
        Check.eventually("deletion of the first messages", () -> {
            for (MessageQueue queue : queues) {
                Check.that(run.admin().minOffset(queue) > 0, queue + " has its first message");
            }
            return null;
        });
    }
}
