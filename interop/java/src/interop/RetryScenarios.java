package interop;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** What happens to messages that a listener refuses, and to delayed ones. */
final class RetryScenarios {
    private RetryScenarios() {
    }

    static String retryThenSuccess(Run run) throws Exception {
        String topic = run.topic(1);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = run.pushConsumer(run.name("group"));
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            messages.forEach(message -> inbox.add(message, "only"));
            MessageExt message = messages.get(0);
            context.setDelayLevelWhenNextConsume(1);
            return message.getKeys().equals("refused") && message.getReconsumeTimes() < 2
                ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        run.start(consumer);
        List<Content> contents = List.of(Content.of("before", "A"), Content.of("refused", "A"), Content.of("after", "A"));
        List<SendResult> results = Run.sendAll(run.producer(), topic, contents);
        inbox.awaitSize(5);
        List<MessageExt> refused = inbox.messages().stream().filter(message -> message.getKeys().equals("refused")).toList();
        Check.equal("deliveries of the refused message", 3, refused.size());
        Check.equal("deliveries", 5, inbox.size());
        for (int times = 0; times < 3; times++) {
            MessageExt message = refused.get(times);
            contents.get(1).checkSame(message);
            Check.equal("reconsume times", times, message.getReconsumeTimes());
            Check.equal("topic", topic, message.getTopic());
            Check.equal("id", results.get(1).getMsgId(), message.getMsgId());
            if (times > 0) {
                Check.equal("ORIGIN_MESSAGE_ID", results.get(1).getOffsetMsgId(),
                    message.getProperty(MessageConst.PROPERTY_ORIGIN_MESSAGE_ID));
                long waited = message.getStoreTimestamp() - refused.get(times - 1).getStoreTimestamp();
                Check.that(waited >= 1000, "retry " + times + " came after " + waited + " ms");
            }
        }
        run.awaitCommitted(run.name("group"), topic);
        return "reconsume times 0, 1, 2";
    }

    /** With the default delay the first retry comes after level 3, 10 s. */
    static String deadLetter(Run run) throws Exception {
        String topic = run.topic(2);
        String group = run.name("group");
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = run.pushConsumer(group);
        consumer.setMaxReconsumeTimes(1);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            messages.forEach(message -> inbox.add(message, "only"));
            return ConsumeConcurrentlyStatus.RECONSUME_LATER;
        });
        run.start(consumer);
        List<Content> contents = Content.range(0, 3);
        List<SendResult> results = Run.sendAll(run.producer(), topic, contents);
        List<MessageExt> dead = run.readAll("%DLQ%" + group, 3);
        for (MessageExt letter : dead) {
            int number = contents.stream().map(Content::key).toList().indexOf(letter.getKeys());
            Check.that(number >= 0, "unknown dead letter: " + letter);
            contents.get(number).checkSame(letter);
            Check.equal("UNIQ_KEY", results.get(number).getMsgId(), letter.getMsgId());
            Check.equal("RETRY_TOPIC", topic, letter.getProperty(MessageConst.PROPERTY_RETRY_TOPIC));
            Check.equal("ORIGIN_MESSAGE_ID", results.get(number).getOffsetMsgId(),
                letter.getProperty(MessageConst.PROPERTY_ORIGIN_MESSAGE_ID));
            Check.equal("reconsume times", 2, letter.getReconsumeTimes());
            Check.equal("DELAY", "0", letter.getProperty(MessageConst.PROPERTY_DELAY_TIME_LEVEL));
        }
        Check.equal("different dead letters", 3L, dead.stream().map(MessageExt::getMsgId).distinct().count());
        Check.equal("deliveries before", 6, inbox.size());
        for (MessageExt message : inbox.messages()) {
            MessageExt original = inbox.messages().stream().filter(other -> other.getMsgId().equals(message.getMsgId()))
                .findFirst().orElseThrow();
            long waited = message.getStoreTimestamp() - original.getStoreTimestamp();
            Check.that(message.getReconsumeTimes() == 0 || waited >= 10_000, "first retry came after " + waited + " ms");
        }
        return "3 dead letters";
    }

    static String orderlySuspend(Run run) throws Exception {
        String topic = run.topic(1);
        Inbox inbox = new Inbox();
        AtomicInteger refusals = new AtomicInteger();
        DefaultMQPushConsumer consumer = run.pushConsumer(run.name("group"));
        consumer.setSuspendCurrentQueueTimeMillis(200);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            messages.forEach(message -> inbox.add(message, String.valueOf(message.getReconsumeTimes())));
            boolean refuse = messages.get(0).getKeys().equals("m2") && refusals.incrementAndGet() <= 2;
            return refuse ? ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT : ConsumeOrderlyStatus.SUCCESS;
        });
        List<Content> contents = Content.range(0, 6);
        Run.sendAll(run.producer(), topic, contents);
        run.start(consumer);
        inbox.awaitSize(8);
        Check.equal("order", List.of("m0", "m1", "m2", "m2", "m2", "m3", "m4", "m5"), inbox.keys());
        Check.equal("reconsume times", List.of("0", "0", "0", "1", "2", "0", "0", "0"),
            inbox.all().stream().map(Inbox.Delivery::member).toList());
        run.awaitCommitted(run.name("group"), topic);
        return "m2 three times, then m3";
    }

    /** An orderly consumer sends a message it gives up on back itself, as a normal message to the retry topic. */
    static String orderlyDeadLetter(Run run) throws Exception {
        String topic = run.topic(1);
        String group = run.name("group");
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = run.pushConsumer(group);
        consumer.setSuspendCurrentQueueTimeMillis(100);
        consumer.setMaxReconsumeTimes(1);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            messages.forEach(message -> inbox.add(message, "only"));
            return messages.get(0).getKeys().equals("m1")
                ? ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT : ConsumeOrderlyStatus.SUCCESS;
        });
        List<Content> contents = Content.range(0, 3);
        List<SendResult> results = Run.sendAll(run.producer(), topic, contents);
        run.start(consumer);
        MessageExt letter = run.readAll("%DLQ%" + group, 1).get(0);
        contents.get(1).checkSame(letter);
        Check.equal("DELAY", "-1", letter.getProperty(MessageConst.PROPERTY_DELAY_TIME_LEVEL));
        Check.equal("RETRY_TOPIC", topic, letter.getProperty(MessageConst.PROPERTY_RETRY_TOPIC));
        Check.equal("ORIGIN_MESSAGE_ID", results.get(1).getMsgId(), letter.getProperty(MessageConst.PROPERTY_ORIGIN_MESSAGE_ID));
        inbox.awaitAll(contents);
        Check.equal("last", "m2", inbox.keys().get(inbox.size() - 1));
        return "m1 given up, then m2";
    }

    static String delayLevels(Run run) throws Exception {
        String topic = run.topic(2);
        Inbox inbox = new Inbox();
        run.collect(run.name("group"), topic, "*", inbox, "only");
        List<MessageQueue> queues = run.queues(topic);
        List<Content> contents = List.of(Content.of("level 2", "A"), Content.of("level 1", "B"), Content.of("at once", "A"));
        List<SendResult> results = new ArrayList<>();
        List<Long> sentAt = new ArrayList<>();
        var producer = run.producer();
        for (int index = 0; index < 3; index++) {
            var message = contents.get(index).message(topic);
            if (index < 2) {
                message.setDelayTimeLevel(2 - index);
            }
            sentAt.add(System.currentTimeMillis());
            results.add(Run.stored(producer.send(message, queues.get(1))));
        }
        inbox.awaitExactly(contents);
        Check.equal("order", List.of("at once", "level 1", "level 2"), inbox.keysOfQueue(1));
        long[] delays = {5000, 1000, 0};
        for (MessageExt message : inbox.messages()) {
            int number = contents.stream().map(Content::key).toList().indexOf(message.getKeys());
            long waited = message.getStoreTimestamp() - sentAt.get(number);
            Check.that(waited >= delays[number], message.getKeys() + " was stored after " + waited + " ms");
            Check.equal("id", results.get(number).getMsgId(), message.getMsgId());
            Check.equal("queue", 1, message.getQueueId());
            Check.equal("topic", topic, message.getTopic());
            // The broker leaves the properties by which it delayed the message in it.
            boolean delayed = number < 2;
            Check.equal("DELAY", delayed ? String.valueOf(2 - number) : null, message.getProperty("DELAY"));
            Check.equal("REAL_TOPIC", delayed ? topic : null, message.getProperty("REAL_TOPIC"));
            Check.equal("REAL_QID", delayed ? "1" : null, message.getProperty("REAL_QID"));
        }
        return "at once, after 1 s, after 5 s";
    }
}
