package interop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Messages of a sharding key, consumed in their order while the group changes. */
final class OrderScenarios {
    private static final List<String> KEYS = List.of("anna", "bert", "carl", "dora", "emil", "fritz");

    private OrderScenarios() {
    }

    static String membersChange(Run run) throws Exception {
        String topic = run.topic(4);
        String group = run.name("group");
        Inbox inbox = new Inbox();
        Map<Integer, String> busy = new ConcurrentHashMap<>();
        AtomicReference<String> overlap = new AtomicReference<>();
        List<DefaultMQPushConsumer> members = new ArrayList<>();
        members.add(member(run, group, topic, "first", inbox, busy, overlap));
        members.add(member(run, group, topic, "second", inbox, busy, overlap));
        DefaultMQProducer producer = run.producer();
        int sent = sendUntilAllHave(producer, topic, 0, inbox, List.of("first", "second"));
        members.add(member(run, group, topic, "third", inbox, busy, overlap));
        sent = sendUntilAllHave(producer, topic, sent, inbox, List.of("first", "second", "third"));
        Run.shutDownNow(members.remove(0));
        sent = sendUntilAllHave(producer, topic, sent, inbox, List.of("second", "third"));
        Run.shutDownNow(members.remove(0));
        int total = sendUntilAllHave(producer, topic, sent, inbox, List.of("third"));
        Check.eventually("messages", () -> {
            Check.equal("different messages", total, new HashSet<>(inbox.keys()).size());
            return null;
        });
        Check.equal("overlap", null, overlap.get());
        checkOrder(inbox.messages(), total);
        run.awaitCommitted(group, topic);
        return total + " messages of " + KEYS.size() + " keys in order, three members that came and went";
    }

    private static DefaultMQPushConsumer member(Run run, String group, String topic, String name, Inbox inbox,
        Map<Integer, String> busy, AtomicReference<String> overlap) throws Exception {
        DefaultMQPushConsumer consumer = run.pushConsumer(group);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            int queue = context.getMessageQueue().getQueueId();
            String other = busy.put(queue, name);
            if (other != null) {
                overlap.set(name + " begins in queue " + queue + " while " + other + " is at it");
            }
            messages.forEach(message -> inbox.add(message, name));
            try {
                Thread.sleep(3);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            busy.remove(queue);
            return ConsumeOrderlyStatus.SUCCESS;
        });
        return run.start(consumer);
    }

    /** Sends until each of the members has handled something that was sent meanwhile; returns how many were sent in all. */
    private static int sendUntilAllHave(DefaultMQProducer producer, String topic, int from, Inbox inbox,
        List<String> members) throws Exception {
        AtomicInteger sent = new AtomicInteger(from);
        Check.eventually("a part for each of " + members, () -> {
            for (int count = 0; count < KEYS.size(); count++) {
                int number = sent.getAndIncrement();
                String sharding = KEYS.get(number % KEYS.size());
                Message message = new Message(topic, sharding, sharding + "-" + number / KEYS.size(), new byte[] {1});
                Run.stored(producer.send(message, new SelectMessageQueueByHash(), sharding));
            }
            Set<String> missing = new HashSet<>(members);
            inbox.all().stream().filter(delivery -> numberOf(delivery.message()) >= from / KEYS.size())
                .forEach(delivery -> missing.remove(delivery.member()));
            Check.that(missing.isEmpty(), missing + " have nothing");
            return null;
        });
        return sent.get();
    }

    private static int numberOf(MessageExt message) {
        return Integer.parseInt(message.getKeys().substring(message.getTags().length() + 1));
    }

    /** Each key's messages came one after the other; what was not committed when a queue moved may come again. */
    private static void checkOrder(List<MessageExt> messages, int total) {
        Map<String, Integer> last = new HashMap<>();
        Set<String> seen = new HashSet<>();
        for (MessageExt message : messages) {
            String key = message.getTags();
            int number = numberOf(message);
            int before = last.getOrDefault(key, -1);
            Check.that(number <= before + 1, key + ": " + number + " came after " + before);
            last.put(key, number);
            seen.add(message.getKeys());
        }
        Check.equal("messages seen", total, seen.size());
    }
}
