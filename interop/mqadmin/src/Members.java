import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel;

/** Members of groups, of each kind that a broker knows, which stay until the process ends. */
final class Members {
    private static final long WAIT_MS = 120_000;
    private static final long INVISIBLE_MS = 300_000;
    private final String nameServers;
    private final List<Object> alive = new ArrayList<>();

    Members(String nameServers) {
        this.nameServers = nameServers;
    }

    /**
     * Starts one and waits until it has handled so many messages.
     *
     * @param kind push, orderly, broadcast, pop, refuse (which makes dead letters of all), pull or lite-pull
     * @param expression tags, or an SQL92 expression behind "sql:"
     * @param held what it holds on to: the keys of messages that it gets, and does not finish
     */
    void start(String kind, String group, String topic, String instance, String expression, int count, Set<String> held)
            throws Exception {
        switch (kind) {
            case "pull" -> pull(group, topic, instance, count);
            case "lite-pull" -> litePull(group, topic, instance, expression, count);
            default -> push(kind, group, topic, instance, expression, count, held);
        }
    }

    private void push(String kind, String group, String topic, String instance, String expression, int count, Set<String> held)
            throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(nameServers);
        consumer.setInstanceName(instance);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setPersistConsumerOffsetInterval(500);
        if (kind.equals("broadcast")) consumer.setMessageModel(MessageModel.BROADCASTING);
        if (kind.equals("refuse")) consumer.setMaxReconsumeTimes(0);
        if (kind.equals("pop")) {
            consumer.setClientRebalance(false);
            consumer.setPopInvisibleTime(INVISIBLE_MS);
        }
        consumer.subscribe(topic, expression.startsWith("sql:") ? MessageSelector.bySql(expression.substring(4))
            : MessageSelector.byTag(expression));
        Set<String> handled = ConcurrentHashMap.newKeySet();
        if (kind.equals("orderly")) {
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
                messages.forEach(message -> handle(message, held, handled));
                return ConsumeOrderlyStatus.SUCCESS;
            });
        } else {
            consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
                messages.forEach(message -> handle(message, held, handled));
                return kind.equals("refuse") ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
        }
        consumer.start();
        alive.add(consumer);
        await(handled, count);
    }

    private static void handle(MessageExt message, Set<String> held, Set<String> handled) {
        handled.add(message.getKeys());
        if (!held.contains(message.getKeys())) return;
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    /** Reads all, and commits the first offset of each queue that has a message. */
    @SuppressWarnings("deprecation")
    private void pull(String group, String topic, String instance, int count) throws Exception {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer(group);
        consumer.setNamesrvAddr(nameServers);
        consumer.setInstanceName(instance);
        consumer.setRegisterTopics(Set.of(topic));
        consumer.start();
        alive.add(consumer);
        Set<String> handled = new HashSet<>();
        for (MessageQueue queue : consumer.fetchSubscribeMessageQueues(topic)) {
            PullResult result = consumer.pull(queue, "*", 0, 32);
            if (result.getPullStatus() != PullStatus.FOUND) continue;
            result.getMsgFoundList().forEach(message -> handled.add(message.getKeys()));
            consumer.updateConsumeOffset(queue, 1);
            consumer.getOffsetStore().persist(queue);
        }
        await(handled, count);
    }

    private void litePull(String group, String topic, String instance, String expression, int count) throws Exception {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(group);
        consumer.setNamesrvAddr(nameServers);
        consumer.setInstanceName(instance);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setAutoCommit(false);
        consumer.subscribe(topic, expression);
        consumer.start();
        alive.add(consumer);
        Set<String> handled = new HashSet<>();
        long deadline = System.currentTimeMillis() + WAIT_MS;
        while (handled.size() < count && System.currentTimeMillis() < deadline) {
            consumer.poll(1000).forEach(message -> handled.add(message.getKeys()));
        }
        consumer.commit();
        await(handled, count);
    }

    private static void await(Set<String> handled, int count) throws InterruptedException {
        long deadline = System.currentTimeMillis() + WAIT_MS;
        while (handled.size() < count) {
            if (System.currentTimeMillis() > deadline) {
                throw new IllegalStateException(handled.size() + " of " + count + " messages: " + handled);
            }
            Thread.sleep(20);
        }
    }
}
