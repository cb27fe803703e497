package interop;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.message.MessageRequestMode;

/** Push consumption by POP, which the broker tells consumers to use. */
final class PopScenarios {
    private static final int INVISIBLE_MS = 10_000;

    private PopScenarios() {
    }

    private static void setMode(Run run, String topic, MessageRequestMode mode) throws Exception {
        for (String address : run.brokerAddresses()) {
            run.admin().setMessageRequestMode(address, topic, run.name("group"), mode, 0, Run.ANSWER_MS);
        }
    }

    private static DefaultMQPushConsumer popConsumer(Run run, String topic, MessageListenerConcurrently listener)
        throws Exception {
        DefaultMQPushConsumer consumer = run.pushConsumer(run.name("group"));
        consumer.setClientRebalance(false);
        consumer.setPopInvisibleTime(INVISIBLE_MS);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(listener);
        return run.start(consumer);
    }

    /** Members ask for their queues every 20 s. */
    private static void awaitMode(DefaultMQPushConsumer consumer, String topic, boolean isPop) throws Exception {
        var rebalance = consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl();
        Check.eventually("the other mode", () -> {
            boolean pops = rebalance.getPopProcessQueueTable().keySet().stream()
                .anyMatch(queue -> queue.getTopic().equals(topic));
            boolean pulls = rebalance.getProcessQueueTable().keySet().stream()
                .anyMatch(queue -> queue.getTopic().equals(topic));
            Check.equal("pops", isPop, pops);
            Check.equal("pulls", !isPop, pulls);
            return "there";
        });
    }

    /** Two members share all queues, and each message comes to one of them once. */
    static String shared(Run run) throws Exception {
        String topic = run.topic(4);
        setMode(run, topic, MessageRequestMode.POP);
        Inbox inbox = new Inbox();
        Inbox again = new Inbox();
        MessageListenerConcurrently listener = (messages, context) -> {
            if (messages.stream().noneMatch(message -> message.getKeys().startsWith("last"))) {
                return Run.collector(inbox, "both").consumeMessage(messages, context);
            }
            boolean isTaken = true;
            for (var message : messages) {
                again.add(message, "both");
                isTaken &= message.getReconsumeTimes() > 0;
            }
            return isTaken ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS : ConsumeConcurrentlyStatus.RECONSUME_LATER;
        };
        popConsumer(run, topic, listener);
        popConsumer(run, topic, listener);
        List<Content> contents = Content.range(0, 300);
        Run.sendAll(run.producer(), topic, contents);
        inbox.awaitExactly(contents);
        // These are refused and come again, when the time is over for which all others were given out.
        List<Content> last = List.of(Content.of("last 1", "A"), Content.of("last 2", "A"), Content.of("last 3", "A"));
        Run.sendAll(run.producer(), topic, last);
        again.awaitSize(2 * last.size());
        Check.equal("deliveries", 300, inbox.size());
        return "300 messages, each once";
    }

    /** A message that is refused comes again, counted, until it is accepted. */
    static String refused(Run run) throws Exception {
        String topic = run.topic(2);
        setMode(run, topic, MessageRequestMode.POP);
        Inbox inbox = new Inbox();
        Map<String, Set<Integer>> attempts = new ConcurrentHashMap<>();
        popConsumer(run, topic, (messages, context) -> {
            boolean isTaken = true;
            for (var message : messages) {
                attempts.computeIfAbsent(message.getKeys(), key -> new TreeSet<>()).add(message.getReconsumeTimes());
                isTaken &= message.getReconsumeTimes() > 0;
            }
            if (isTaken) {
                messages.forEach(message -> inbox.add(message, "only"));
            }
            return isTaken ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS : ConsumeConcurrentlyStatus.RECONSUME_LATER;
        });
        List<Content> contents = Content.range(0, 10);
        Run.sendAll(run.producer(), topic, contents);
        inbox.awaitAll(contents);
        attempts.forEach((key, times) -> Check.equal("attempts of " + key, Set.of(0, 1), times));
        inbox.messages().forEach(message -> Check.equal("topic", topic, message.getTopic()));
        return "10 messages came again once";
    }

    /** A group that pulls goes over to POP, and back, while messages come: none is lost. */
    static String switched(Run run) throws Exception {
        String topic = run.topic(4);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = popConsumer(run, topic, Run.collector(inbox, "only"));
        List<Content> contents = Content.range(0, 300);
        Run.sendAll(run.producer(), topic, contents.subList(0, 100));
        inbox.awaitAll(contents.subList(0, 100));
        setMode(run, topic, MessageRequestMode.POP);
        awaitMode(consumer, topic, true);
        Run.sendAll(run.producer(), topic, contents.subList(100, 200));
        inbox.awaitAll(contents.subList(0, 200));
        setMode(run, topic, MessageRequestMode.PULL);
        awaitMode(consumer, topic, false);
        Run.sendAll(run.producer(), topic, contents.subList(200, 300));
        inbox.awaitAll(contents);
        return "300 messages over two changes";
    }
}
