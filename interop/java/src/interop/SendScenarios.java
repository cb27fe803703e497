package interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.ResponseCode;
import org.apache.rocketmq.remoting.protocol.route.QueueData;

/** The ways to send, and what is stored then. */
final class SendScenarios {
    private static final int MAX_MESSAGE_SIZE = 4 * 1024 * 1024;

    private SendScenarios() {
    }

    static String sync(Run run) throws Exception {
        String topic = run.topic(4);
        List<Content> contents = Content.range(0, 40);
        List<SendResult> results = Run.sendAll(run.producer(), topic, contents);
        run.checkStored(topic, contents, results);
        long queues = results.stream().map(SendResult::getMessageQueue).distinct().count();
        Check.equal("queues used by 40 messages", 4L, queues);
        return "40 messages";
    }

    /** Whatever queue the producer chooses, each priority has one of its own, and those above the last share that. */
    static String priorities(Run run) throws Exception {
        String topic = run.topic(3);
        DefaultMQProducer producer = run.producer();
        List<MessageQueue> queues = run.queues(topic);
        for (int priority = 0; priority < 5; priority++) {
            Message message = Content.of("p" + priority, "A").message(topic);
            message.setPriority(priority);
            SendResult result = Run.stored(producer.send(message, queues.get(1)));
            Check.equal("queue of priority " + priority, Math.min(priority, 2), result.getMessageQueue().getQueueId());
        }
        List<MessageExt> stored = run.readAll(topic, 5);
        for (MessageExt message : stored) {
            Check.equal("queue of " + message.getKeys(), Math.min(message.getPriority(), 2), message.getQueueId());
            Check.equal("priority", message.getKeys(), "p" + message.getPriority());
        }
        Message delayed = Content.of("delayed", "A").message(topic);
        delayed.setPriority(2);
        delayed.setDelayTimeLevel(1);
        Check.equal("queue of a delayed message", 0,
            Run.stored(producer.send(delayed, queues.get(0))).getMessageQueue().getQueueId());
        MessageExt late = run.readAll(topic, 6).stream()
            .filter(message -> message.getKeys().equals("delayed")).findFirst().orElseThrow();
        Check.equal("priority of a delayed message", -1, late.getPriority());
        return "priorities 0 to 4 in three queues";
    }

    static String async(Run run) throws Exception {
        String topic = run.topic(4);
        DefaultMQProducer producer = run.producer();
        List<Content> contents = Content.range(0, 200);
        AtomicReferenceArray<SendResult> results = new AtomicReferenceArray<>(contents.size());
        AtomicReference<Throwable> problem = new AtomicReference<>();
        CountDownLatch answers = new CountDownLatch(contents.size());
        for (int index = 0; index < contents.size(); index++) {
            int number = index;
            producer.send(contents.get(number).message(topic), new SendCallback() {
                @Override
                public void onSuccess(SendResult result) {
                    results.set(number, result);
                    answers.countDown();
                }

                @Override
                public void onException(Throwable cause) {
                    problem.set(cause);
                    answers.countDown();
                }
            });
        }
        Check.that(answers.await(Check.PATIENCE_MS, TimeUnit.MILLISECONDS), answers.getCount() + " sends were not answered");
        Check.equal("failed send", null, problem.get());
        List<SendResult> all = new ArrayList<>();
        for (int index = 0; index < contents.size(); index++) {
            all.add(Run.stored(results.get(index)));
        }
        run.checkStored(topic, contents, all);
        return "200 messages";
    }

    static String oneWay(Run run) throws Exception {
        String topic = run.topic(4);
        DefaultMQProducer producer = run.producer();
        List<Content> contents = Content.range(0, 100);
        for (Content content : contents) {
            producer.sendOneway(content.message(topic));
        }
        Inbox.checkExactly(contents, run.readAll(topic, contents.size()));
        return "100 messages";
    }

    static String batch(Run run) throws Exception {
        String topic = run.topic(4);
        List<Content> contents = Content.range(0, 50);
        List<Message> messages = contents.stream().map(content -> content.message(topic)).toList();
        SendResult result = Run.stored(run.producer().send(messages));
        String[] ids = result.getMsgId().split(",");
        String[] offsetIds = result.getOffsetMsgId().split(",");
        Check.equal("ids in the result", contents.size(), ids.length);
        Check.equal("offset ids in the result", contents.size(), offsetIds.length);
        List<MessageExt> stored = run.readAll(topic, contents.size());
        for (int index = 0; index < contents.size(); index++) {
            MessageExt message = stored.get(index);
            contents.get(index).checkSame(message);
            Check.equal("queue of " + index, result.getMessageQueue().getQueueId(), message.getQueueId());
            Check.equal("offset of " + index, result.getQueueOffset() + index, message.getQueueOffset());
            Check.equal("id of " + index, ids[index], message.getMsgId());
            MessageExt viewed = run.admin().viewMessage(topic, offsetIds[index]);
            contents.get(index).checkSame(viewed);
            Check.equal("offset of the message with the offset id " + index, message.getQueueOffset(), viewed.getQueueOffset());
        }
        return "one batch of 50";
    }

    static String compressed(Run run) throws Exception {
        String topic = run.topic(1);
        byte[] body = new byte[100_000];
        for (int index = 0; index < body.length; index++) {
            body[index] = (byte) ("compressible " + index / 1000).charAt(index % 13);
        }
        List<Content> contents = List.of(Content.of("large", "A", body), Content.of("just above", "A", Arrays.copyOf(body, 4097)),
            Content.of("small", "A", Arrays.copyOf(body, 4000)));
        Inbox inbox = new Inbox();
        List<SendResult> results = Run.sendAll(run.producer(), topic, contents);
        run.checkStored(topic, contents, results);
        List<MessageExt> stored = run.readAll(topic, 3);
        Check.that(stored.get(0).getStoreSize() < 10_000, "100,000 bytes were stored in " + stored.get(0).getStoreSize());
        Check.that(stored.get(1).getStoreSize() < 3000, "4097 bytes were stored in " + stored.get(1).getStoreSize());
        Check.that(stored.get(2).getStoreSize() > 4000, "4000 bytes were stored in " + stored.get(2).getStoreSize());
        run.collect(run.name("group"), topic, "*", inbox, "only");
        inbox.awaitExactly(contents);
        return "stored in " + stored.get(0).getStoreSize() + ", " + stored.get(1).getStoreSize() + " bytes";
    }

    static String big(Run run) throws Exception {
        String topic = run.topic(1);
        DefaultMQProducer producer = uncompressed(run.producer());
        List<Content> contents = List.of(random("big", MAX_MESSAGE_SIZE - 1024), random("largest", MAX_MESSAGE_SIZE));
        List<SendResult> results = Run.sendAll(producer, topic, contents);
        run.checkStored(topic, contents, results);
        return "bodies up to " + MAX_MESSAGE_SIZE + " bytes";
    }

    static String tooBig(Run run) throws Exception {
        String topic = run.topic(1);
        DefaultMQProducer producer = uncompressed(run.producer());
        producer.setRetryTimesWhenSendFailed(0);
        producer.setMaxMessageSize(2 * MAX_MESSAGE_SIZE);
        Message message = random("too big", MAX_MESSAGE_SIZE + 1).message(topic);
        try {
            SendResult result = producer.send(message);
            throw new Mismatch("accepted: " + result);
        } catch (MQBrokerException refused) {
            Check.equal("code", ResponseCode.MESSAGE_ILLEGAL, refused.getResponseCode());
        }
        List<Content> next = List.of(Content.of("next", "A"));
        List<SendResult> results = Run.sendAll(producer, topic, next);
        run.checkStored(topic, next, results);
        return "refused with 13, and the next one stored";
    }

    private static DefaultMQProducer uncompressed(DefaultMQProducer producer) {
        producer.setCompressMsgBodyOverHowmuch(Integer.MAX_VALUE);
        return producer;
    }

    private static Content random(String key, int size) {
        byte[] body = new byte[size];
        new Random(size).nextBytes(body);
        return Content.of(key, "A", body);
    }

    static String selectedQueue(Run run) throws Exception {
        String topic = run.topic(4);
        DefaultMQProducer producer = run.producer();
        List<Content> contents = Content.range(0, 40);
        List<SendResult> results = new ArrayList<>();
        for (int index = 0; index < contents.size(); index++) {
            int wanted = index / 10;
            Message message = contents.get(index).message(topic);
            SendResult result = index % 2 == 0
                ? producer.send(message, (queues, message1, argument) -> queues.stream()
                    .filter(queue -> queue.getQueueId() == (Integer) argument).findFirst().orElseThrow(), wanted)
                : producer.send(message, new MessageQueue(topic, "broker-a", wanted));
            Check.equal("queue of " + index, wanted, result.getMessageQueue().getQueueId());
            Check.equal("offset of " + index, (long) (index % 10), result.getQueueOffset());
            results.add(Run.stored(result));
        }
        run.checkStored(topic, contents, results);
        List<String> order = run.readAll(topic, 40).stream().map(MessageExt::getKeys).toList();
        Check.equal("order in the queues", contents.stream().map(Content::key).toList(), order);
        return "10 messages in each of 4 queues";
    }

    static String topicAutoCreation(Run run) throws Exception {
        String topic = run.name("new-topic");
        List<Content> contents = Content.range(0, 20);
        List<SendResult> results = Run.sendAll(run.producer(), topic, contents);
        run.awaitRoute(topic, 1, 4);
        run.checkStored(topic, contents, results);
        return "4 queues, as the producer asked";
    }

    static String createTopic(Run run) throws Exception {
        String topic = run.name("created");
        DefaultMQProducer producer = run.producer();
        producer.createTopic("broker-a", topic, 6, Map.of());
        run.awaitRoute(topic, 1, 6);
        QueueData data = run.admin().examineTopicRouteInfo(topic).getQueueDatas().get(0);
        Check.equal("broker", "broker-a", data.getBrokerName());
        List<MessageQueue> queues = Check.eventually("queues for the producer", () -> {
            List<MessageQueue> all = producer.fetchPublishMessageQueues(topic).stream().sorted().toList();
            Check.equal("count", 6, all.size());
            return all;
        });
        List<Content> contents = Content.range(0, 12);
        List<SendResult> results = Run.sendAll(producer, queues, contents);
        run.checkStored(topic, contents, results);
        return "6 queues";
    }

    static String unknownQueue(Run run) throws Exception {
        String topic = run.topic(2);
        DefaultMQProducer producer = run.producer();
        producer.setRetryTimesWhenSendFailed(0);
        Message message = new Message(topic, "A", "k", "body".getBytes(StandardCharsets.UTF_8));
        try {
            SendResult result = producer.send(message, new MessageQueue(topic, "broker-a", 2));
            throw new Mismatch("accepted: " + result);
        } catch (MQBrokerException refused) {
            Check.equal("code", ResponseCode.INVALID_PARAMETER, refused.getResponseCode());
        }
        return "refused with 29";
    }
}
