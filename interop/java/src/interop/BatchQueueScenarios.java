package interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Topics with queue.type=BatchCQ, where a batch is one record in the log. */
final class BatchQueueScenarios {
    private static final Map<String, String> BATCHES = Map.of("+queue.type", "BatchCQ");
    private static final int BATCH = 20;

    private BatchQueueScenarios() {
    }

    static String stored(Run run) throws Exception {
        String topic = run.topic("topic", 2, BATCHES);
        DefaultMQProducer producer = run.producer();
        List<MessageQueue> queues = run.queues(topic);
        Inbox inbox = new Inbox();
        List<Content> contents = Content.range(0, 3 * BATCH + 1);
        List<Content> first = contents.subList(0, 2 * BATCH + 1);
        MessageQueue queue = queues.get(0);
        Check.equal("offset of the first batch", 0L, send(producer, queue, contents.subList(0, BATCH)));
        Run.stored(producer.send(contents.get(BATCH).message(topic), queue));
        Check.equal("offset of the second batch", BATCH + 1L, send(producer, queue, contents.subList(BATCH + 1, 2 * BATCH + 1)));
        Check.equal("offset in the other queue", 0L, send(producer, queues.get(1), contents.subList(2 * BATCH + 1, contents.size())));
        List<MessageExt> stored = run.readAll(topic, contents.size());
        for (int index = 0; index < contents.size(); index++) {
            MessageExt message = stored.get(index);
            contents.get(index).checkSame(message);
            boolean isInFirst = index < first.size();
            Check.equal("queue of " + index, queues.get(isInFirst ? 0 : 1).getQueueId(), message.getQueueId());
            Check.equal("offset of " + index, (long) (isInFirst ? index : index - first.size()), message.getQueueOffset());
        }
        long positions = stored.stream().map(MessageExt::getCommitLogOffset).distinct().count();
        Check.equal("records in the log", 4L, positions);
        Check.equal("end of the queue", (long) first.size(), run.admin().maxOffset(queue));
        Check.equal("start of the queue", 0L, run.admin().minOffset(queue));
        String group = run.name("group");
        run.collect(group, topic, "*", inbox, "only");
        inbox.awaitExactly(contents);
        run.awaitCommitted(group, topic);
        return "3 batches of " + BATCH + " in 4 records";
    }

    /** A consumer that refuses one message of a batch is given that one again, and none of the others. */
    static String refused(Run run) throws Exception {
        String topic = run.topic("topic", 1, BATCHES);
        List<Content> contents = Content.range(0, BATCH);
        send(run.producer(), run.queues(topic).get(0), contents);
        Map<String, List<Integer>> attempts = new ConcurrentHashMap<>();
        Content refused = contents.get(7);
        DefaultMQPushConsumer consumer = run.pushConsumer(run.name("group"));
        consumer.subscribe(topic, "*");
        consumer.setConsumeMessageBatchMaxSize(1);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            MessageExt message = messages.get(0);
            attempts.computeIfAbsent(message.getKeys(), key -> new ArrayList<>()).add(message.getReconsumeTimes());
            context.setDelayLevelWhenNextConsume(1);
            boolean isRefused = message.getKeys().equals(refused.key()) && message.getReconsumeTimes() == 0;
            return isRefused ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        run.start(consumer);
        Check.eventually("the refused message again", () -> {
            Check.equal("messages", contents.size(), attempts.size());
            attempts.forEach((key, times) -> Check.equal("deliveries of " + key, key.equals(refused.key()) ? List.of(0, 1) : List.of(0), times));
            return null;
        });
        return "one of " + BATCH + " again";
    }

    /** @return the offset of the first message */
    private static long send(DefaultMQProducer producer, MessageQueue queue, List<Content> contents) throws Exception {
        List<Message> messages = new ArrayList<>();
        contents.forEach(content -> messages.add(content.message(queue.getTopic())));
        SendResult result = Run.stored(producer.send(messages, queue));
        Check.equal("ids of the batch", 1, result.getMsgId().split(",").length);
        Check.equal("offset ids of the batch", 1, result.getOffsetMsgId().split(",").length);
        Check.equal("queue of the batch", queue.getQueueId(), result.getMessageQueue().getQueueId());
        return result.getQueueOffset();
    }
}
