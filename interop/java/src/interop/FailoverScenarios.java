package interop;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Clients that go on while a broker or a name server is gone. */
final class FailoverScenarios {
    private FailoverScenarios() {
    }

    /**
     * Three producers send to any queue, and one for each broker sends to its first queue alone, repeating a message until
     * it is acknowledged. At the checkpoints the test kills broker-b and starts it again.
     */
    static String brokerKilled(Run run) throws Exception {
        String topic = run.topic(4);
        String group = run.name("group");
        Flow flow = new Flow();
        Inbox inbox = new Inbox();
        for (int member = 0; member < 2; member++) {
            String name = "member " + member;
            DefaultMQPushConsumer consumer = run.pushConsumer(group);
            consumer.subscribe(topic, "*");
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
                messages.forEach(message -> inbox.add(message, name));
                return ConsumeOrderlyStatus.SUCCESS;
            });
            run.start(consumer);
        }
        run.closeAtEnd(flow);
        for (int number = 0; number < 3; number++) {
            flow.start(run, topic, "free" + number, null);
        }
        for (MessageQueue queue : run.queues(topic)) {
            if (queue.getQueueId() == 0) {
                flow.start(run, topic, queue.getBrokerName(), queue);
            }
        }
        List<String> allBrokers = List.of("broker-a", "broker-b", "broker-c");
        flow.awaitProgress(allBrokers, 50, inbox);
        run.checkpoint("kill-broker-b", Map.of());
        flow.awaitProgress(List.of("broker-a", "broker-c"), 100, inbox);
        run.checkpoint("restart-broker-b", Map.of());
        flow.awaitProgress(allBrokers, 100, inbox);
        flow.close();

        Check.eventually("delivery of all acknowledged messages", () -> {
            Set<String> missing = new HashSet<>(flow.acknowledged.keySet());
            inbox.messages().forEach(message -> missing.remove(message.getMsgId()));
            Check.that(missing.isEmpty(), missing.size() + " of " + flow.acknowledged.size() + " missing: " + missing.stream()
                .limit(5).map(id -> flow.acknowledged.get(id).toString()).toList());
            return null;
        });
        checkOrder(inbox);
        checkContents(flow, inbox);
        return flow.acknowledged.size() + " acknowledged, " + inbox.size() + " delivered";
    }

    /** An acknowledged message is where its result says, with the content that was sent. */
    private static void checkContents(Flow flow, Inbox inbox) {
        for (MessageExt message : inbox.messages()) {
            Content.of(message.getKeys(), "A").checkSame(message);
            SendResult result = flow.acknowledged.get(message.getMsgId());
            // A message that was sent again after a send without an answer may be there more than once.
            if (result != null && result.getMessageQueue().getBrokerName().equals(message.getBrokerName())
                && result.getMessageQueue().getQueueId() == message.getQueueId()
                && result.getQueueOffset() == message.getQueueOffset()) {
                flow.seen.add(message.getMsgId());
            }
        }
        Set<String> misplaced = new HashSet<>(flow.acknowledged.keySet());
        misplaced.removeAll(flow.seen);
        Check.that(misplaced.isEmpty(), misplaced.size() + " messages are not at the offset of their acknowledgement: "
            + misplaced.stream().limit(5).map(id -> flow.acknowledged.get(id).toString()).toList());
    }

    /**
     * In each queue, each offset holds one message, and the first deliveries come by offset and, of one sender, by the
     * number it gave.
     */
    private static void checkOrder(Inbox inbox) {
        Map<MessageQueue, Long> lastOffset = new HashMap<>();
        Map<String, Integer> lastNumber = new HashMap<>();
        Map<String, String> idAt = new HashMap<>();
        for (MessageExt message : inbox.messages()) {
            MessageQueue queue = new MessageQueue(message.getTopic(), message.getBrokerName(), message.getQueueId());
            String place = queue + "/" + message.getQueueOffset();
            String before = idAt.put(place, message.getMsgId());
            Check.that(before == null || before.equals(message.getMsgId()), "two messages at " + place);
            long last = lastOffset.getOrDefault(queue, -1L);
            if (message.getQueueOffset() <= last) {
                continue; // delivered again after the queue changed hands or the broker lost its newest offsets
            }
            Check.equal("next offset in " + queue, last + 1, message.getQueueOffset());
            lastOffset.put(queue, message.getQueueOffset());
            String[] key = message.getKeys().split("-");
            String sender = String.join("-", List.of(key).subList(0, key.length - 1)) + " in " + queue;
            int number = Integer.parseInt(key[key.length - 1]);
            int previous = lastNumber.getOrDefault(sender, -1);
            // Equal: the same message, sent again after a send without an answer.
            Check.that(number >= previous, sender + ": " + number + " came after " + previous);
            lastNumber.put(sender, number);
        }
    }

    /** Senders that go on until closed, and what was acknowledged. */
    static final class Flow implements AutoCloseable {
        final Map<String, SendResult> acknowledged = new ConcurrentHashMap<>();
        final Collection<SendResult> order = new ConcurrentLinkedQueue<>();
        final Set<String> seen = new HashSet<>();
        private final AtomicBoolean stopping = new AtomicBoolean();
        private final List<Thread> threads = new ArrayList<>();

        void start(Run run, String topic, String sender, MessageQueue queue) throws Exception {
            DefaultMQProducer producer = run.producer();
            producer.setSendMsgTimeout(3000);
            Thread thread = new Thread(() -> {
                for (int number = 0; !stopping.get(); number++) {
                    Content content = Content.of(sender + "-" + number, "A");
                    if (queue == null) {
                        attempt(() -> producer.send(content.message(topic)));
                    } else {
                        while (!attempt(() -> producer.send(content.message(topic), queue)) && !stopping.get()) {
                            pause(100);
                        }
                    }
                    pause(5);
                }
            }, "sender " + sender);
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }

        private boolean attempt(Check.Attempt<SendResult> send) {
            try {
                SendResult result = send.get();
                if (result.getSendStatus() != SendStatus.SEND_OK) {
                    return false;
                }
                acknowledged.put(result.getMsgId(), result);
                order.add(result);
                return true;
            } catch (Exception unanswered) {
                return false; // not acknowledged: nothing is promised for it
            }
        }

        private static void pause(long ms) {
            try {
                Thread.sleep(ms);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        /** Waits until, from now on, each of the brokers has acknowledged that many messages and delivered them too. */
        void awaitProgress(List<String> brokers, int count, Inbox inbox) throws Exception {
            int acknowledgedBefore = order.size();
            Check.eventually("progress of " + brokers, () -> {
                Map<String, Set<String>> fresh = new HashMap<>();
                order.stream().skip(acknowledgedBefore).forEach(result -> fresh
                    .computeIfAbsent(result.getMessageQueue().getBrokerName(), name -> new HashSet<>()).add(result.getMsgId()));
                Map<String, Integer> delivered = new HashMap<>();
                for (MessageExt message : inbox.messages()) {
                    if (fresh.getOrDefault(message.getBrokerName(), Set.of()).contains(message.getMsgId())) {
                        delivered.merge(message.getBrokerName(), 1, Integer::sum);
                    }
                }
                for (String broker : brokers) {
                    Check.that(delivered.getOrDefault(broker, 0) >= count, broker + " acknowledged "
                        + fresh.getOrDefault(broker, Set.of()).size() + " and of these delivered " + delivered.get(broker));
                }
                return null;
            });
        }

        @Override
        public void close() throws Exception {
            stopping.set(true);
            for (Thread thread : threads) {
                thread.join(Check.PATIENCE_MS);
                Check.that(!thread.isAlive(), thread.getName() + " does not end");
            }
        }
    }

    /** The test kills the first name server, starts it again and kills the second. */
    static String nameServerKilled(Run run) throws Exception {
        String topic = run.topic(4);
        Inbox inbox = new Inbox();
        DefaultMQProducer producer = run.producer();
        run.collect(run.name("group"), topic, "*", inbox, "old");
        List<Content> all = Content.range(0, 20);
        Run.sendAll(producer, topic, all);
        inbox.awaitExactly(all);
        run.checkpoint("kill-first", Map.of());
        goOn(run, "one", producer, topic, inbox, all);
        run.checkpoint("restart-first", Map.of("topic", run.name("one")));
        run.checkpoint("kill-second", Map.of());
        goOn(run, "two", producer, topic, inbox, all);
        return all.size() + " messages";
    }

    private static void goOn(Run run, String label, DefaultMQProducer producer, String topic, Inbox inbox, List<Content> all)
        throws Exception {
        List<Content> more = Content.range(all.size(), all.size() + 40);
        Run.sendAll(producer, topic, more);
        all.addAll(more);
        inbox.awaitExactly(all);
        // New clients find their way, to a topic that is new as well. What a client asks the dead name server first fails.
        String newTopic = run.name(label);
        List<Content> contents = Content.range(0, 20);
        DefaultMQProducer newProducer = run.producer();
        List<SendResult> results = Check.eventually("a first send by a new producer", () -> {
            try {
                return Run.sendAll(newProducer, newTopic, contents);
            } catch (MQClientException | IllegalStateException noRoute) {
                throw new Mismatch(noRoute.toString());
            }
        });
        Check.equal("results", 20, results.size());
        Inbox newInbox = new Inbox();
        join(run, run.name("new-" + label), newTopic, newInbox);
        newInbox.awaitExactly(contents);
        Inbox joined = new Inbox();
        join(run, run.name("late-" + label), topic, joined);
        joined.awaitExactly(all);
    }

    private static void join(Run run, String group, String topic, Inbox inbox) throws Exception {
        Check.eventually("the start of a new consumer", () -> {
            DefaultMQPushConsumer consumer = run.pushConsumer(group);
            consumer.subscribe(topic, "*");
            consumer.registerMessageListener(Run.collector(inbox, group));
            try {
                return run.start(consumer);
            } catch (MQClientException | IllegalStateException noRoute) {
                consumer.shutdown();
                throw new Mismatch(noRoute.toString());
            }
        });
    }
}
