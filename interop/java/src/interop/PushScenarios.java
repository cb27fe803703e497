package interop;

import java.io.File;
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
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragelyByCircle;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.ResponseCode;
import org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel;

/** Push consumption: concurrent, orderly, in groups, broadcast, by tags. */
final class PushScenarios {
    private PushScenarios() {
    }

    static String concurrent(Run run) throws Exception {
        String topic = run.topic(4);
        Inbox inbox = new Inbox();
        run.collect(run.name("group"), topic, "*", inbox, "only");
        List<Content> contents = Content.range(0, 200);
        List<SendResult> results = Run.sendAll(run.producer(), topic, contents);
        inbox.awaitExactly(contents);
        Map<String, MessageExt> byKey = new HashMap<>();
        inbox.messages().forEach(message -> byKey.put(message.getKeys(), message));
        for (int index = 0; index < contents.size(); index++) {
            Content content = contents.get(index);
            content.checkSame(byKey.get(content.key()), results.get(index));
        }
        run.awaitCommitted(run.name("group"), topic);
        Check.equal("deliveries", 200, inbox.size());
        return "200 messages, each once";
    }

    static String orderly(Run run) throws Exception {
        String topic = run.topic(4);
        Inbox inbox = new Inbox();
        Map<Integer, AtomicInteger> active = new ConcurrentHashMap<>();
        AtomicReference<String> overlap = new AtomicReference<>();
        DefaultMQPushConsumer consumer = run.pushConsumer(run.name("group"));
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            int queue = context.getMessageQueue().getQueueId();
            AtomicInteger threads = active.computeIfAbsent(queue, id -> new AtomicInteger());
            if (threads.incrementAndGet() > 1) {
                overlap.set("two threads in queue " + queue);
            }
            messages.forEach(message -> inbox.add(message, "only"));
            threads.decrementAndGet();
            return ConsumeOrderlyStatus.SUCCESS;
        });
        List<Content> contents = Content.range(0, 200);
        DefaultMQProducer producer = run.producer();
        List<MessageQueue> queues = run.queues(topic);
        Run.sendAll(producer, queues, contents.subList(0, 100));
        run.start(consumer);
        Run.sendAll(producer, queues, contents.subList(100, 200));
        inbox.awaitExactly(contents);
        Check.equal("overlap", null, overlap.get());
        for (int queue = 0; queue < 4; queue++) {
            int number = queue;
            List<Long> offsets = inbox.messages().stream().filter(message -> message.getQueueId() == number)
                .map(MessageExt::getQueueOffset).toList();
            Check.equal("messages of queue " + queue, 50, offsets.size());
            for (int index = 0; index < offsets.size(); index++) {
                Check.equal("offset number " + index + " of queue " + queue, (long) index, offsets.get(index));
            }
        }
        return "50 messages in order in each of 4 queues";
    }

    static String clusterMembers(Run run) throws Exception {
        String topic = run.topic(4);
        Inbox inbox = new Inbox();
        List<DefaultMQPushConsumer> members = List.of(run.collect(run.name("group"), topic, "*", inbox, "first"),
            run.collect(run.name("group"), topic, "*", inbox, "second"));
        Run.awaitShared(topic, 4, members);
        List<Content> contents = Content.range(0, 80);
        Run.sendAll(run.producer(), run.queues(topic), contents);
        inbox.awaitExactly(contents);
        for (Inbox.Delivery delivery : inbox.all()) {
            DefaultMQPushConsumer member = members.get(delivery.member().equals("first") ? 0 : 1);
            Set<MessageQueue> own = Run.queuesOf(member, topic);
            Check.that(own.stream().anyMatch(queue -> queue.getQueueId() == delivery.message().getQueueId()),
                delivery.member() + " got a message of queue " + delivery.message().getQueueId() + ", has " + own);
        }
        return "80 messages, 2 queues a member";
    }

    /** Members that ask the broker which queues are theirs: without an answer they have none. */
    static String assigned(Run run) throws Exception {
        String topic = run.topic(4);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer first = assignedMember(run, topic, inbox, "first");
        DefaultMQPushConsumer second = assignedMember(run, topic, inbox, "second");
        Run.awaitShared(topic, 4, List.of(first, second));
        for (DefaultMQPushConsumer member : List.of(first, second)) {
            // In turns, which clients do not do unless they are told to.
            Set<Integer> ids = new HashSet<>();
            Run.queuesOf(member, topic).forEach(queue -> ids.add(queue.getQueueId()));
            Check.that(ids.equals(Set.of(0, 2)) || ids.equals(Set.of(1, 3)), "a member has the queues " + ids);
        }
        DefaultMQProducer producer = run.producer();
        List<Content> contents = Content.range(0, 40);
        Run.sendAll(producer, run.queues(topic), contents);
        inbox.awaitExactly(contents);
        Run.shutDownNow(first);
        Run.awaitShared(topic, 4, List.of(second));
        List<Content> all = new ArrayList<>(contents);
        List<Content> later = Content.range(40, 60);
        all.addAll(later);
        Run.sendAll(producer, run.queues(topic), later);
        inbox.awaitExactly(all);
        return "60 messages, 2 queues a member, then 4 for the survivor";
    }

    private static DefaultMQPushConsumer assignedMember(Run run, String topic, Inbox inbox, String member) throws MQClientException {
        DefaultMQPushConsumer consumer = run.pushConsumer(run.name("group"));
        consumer.setClientRebalance(false);
        consumer.setAllocateMessageQueueStrategy(new AllocateMessageQueueAveragelyByCircle());
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(Run.collector(inbox, member));
        return run.start(consumer);
    }

    static String broadcast(Run run) throws Exception {
        String topic = run.topic(4);
        String group = run.name("group");
        Inbox first = new Inbox();
        Inbox second = new Inbox();
        DefaultMQPushConsumer firstMember = broadcastMember(run, group, topic, run.name("one"), first);
        broadcastMember(run, group, topic, run.name("two"), second);
        DefaultMQProducer producer = run.producer();
        List<Content> contents = Content.range(0, 40);
        Run.sendAll(producer, run.queues(topic), contents);
        first.awaitExactly(contents);
        second.awaitExactly(contents);
        Run.shutDownNow(firstMember);
        File offsets = new File(System.getProperty("rocketmq.client.localOffsetStoreDir"));
        String[] members = offsets.list((folder, name) -> name.contains(run.name("one")));
        Check.that(members != null && members.length == 1, "no offsets of the member in " + offsets);
        for (MessageQueue queue : run.queues(topic)) {
            checkNoBrokerOffset(run, group, queue);
        }
        // The member continues where its own file says, and the messages sent meanwhile are there.
        List<Content> later = Content.range(40, 60);
        Run.sendAll(producer, run.queues(topic), later);
        Inbox again = new Inbox();
        broadcastMember(run, group, topic, run.name("one"), again);
        again.awaitExactly(later);
        List<Content> all = new ArrayList<>(contents);
        all.addAll(later);
        second.awaitExactly(all);
        return "60 messages for each of 2 members";
    }

    private static DefaultMQPushConsumer broadcastMember(Run run, String group, String topic, String instance, Inbox inbox)
        throws MQClientException {
        DefaultMQPushConsumer consumer = run.pushConsumer(group);
        consumer.setInstanceName(instance);
        consumer.setMessageModel(MessageModel.BROADCASTING);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(Run.collector(inbox, instance));
        return run.start(consumer);
    }

    private static void checkNoBrokerOffset(Run run, String group, MessageQueue queue) throws Exception {
        try {
            run.admin().examineConsumeStats(group, queue.getTopic()).getOffsetTable().forEach((queue1, offsets) ->
                Check.that(offsets.getConsumerOffset() <= 0, "the broker has an offset of the group: " + offsets));
        } catch (MQClientException | MQBrokerException unknown) {
            int code = unknown instanceof MQBrokerException broker ? broker.getResponseCode()
                : ((MQClientException) unknown).getResponseCode();
            Check.that(code == ResponseCode.TOPIC_NOT_EXIST || code == ResponseCode.CONSUMER_NOT_ONLINE, "unexpected: " + unknown);
        }
    }

    /** "Aa" and "BB" have the same hash code, which is all that the broker compares. */
    static String tags(Run run) throws Exception {
        String topic = run.topic(2);
        List<Content> contents = new ArrayList<>();
        for (String tag : new String[] {"A", "B", "C", "Aa", "BB", null}) {
            for (int number = 0; number < 5; number++) {
                contents.add(Content.of(tag + "-" + number, tag));
            }
        }
        DefaultMQProducer producer = run.producer();
        Run.sendAll(producer, topic, contents);
        Map<String, Set<String>> cases = new HashMap<>();
        cases.put("A || B", Set.of("A", "B"));
        cases.put("*", new HashSet<>(List.of("A", "B", "C", "Aa", "BB", "")));
        cases.put("BB", Set.of("BB"));
        cases.put("C||Aa||other", Set.of("C", "Aa"));
        Map<String, Inbox> inboxes = new HashMap<>();
        int number = 0;
        for (String expression : cases.keySet()) {
            Inbox inbox = new Inbox();
            inboxes.put(expression, inbox);
            run.collect(run.name("group" + number++), topic, expression, inbox, expression);
        }
        List<Content> last = new ArrayList<>();
        for (String tag : List.of("A", "BB", "Aa")) {
            last.add(Content.of(tag + "-last", tag));
        }
        Run.sendAll(producer, topic, last);
        contents.addAll(last);
        for (Map.Entry<String, Set<String>> entry : cases.entrySet()) {
            List<Content> expected = contents.stream()
                .filter(content -> entry.getValue().contains(content.tag() == null ? "" : content.tag())).toList();
            inboxes.get(entry.getKey()).awaitExactly(expected);
        }
        return "4 groups with filters of their own";
    }

    static String heartbeatV2(Run run) throws Exception {
        String topic = run.topic("topic", 4);
        String other = run.topic("other", 2);
        Inbox inbox = new Inbox();
        List<DefaultMQPushConsumer> members = new ArrayList<>();
        for (String member : List.of("first", "second")) {
            DefaultMQPushConsumer consumer = run.pushConsumer(run.name("group"));
            consumer.setUseHeartbeatV2(true);
            consumer.subscribe(topic, "A || B");
            consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
                messages.forEach(message -> inbox.add(message, member));
                return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
            members.add(run.start(consumer));
        }
        Run.awaitShared(topic, 4, members);
        DefaultMQProducer producer = run.producer();
        List<Content> wanted = new ArrayList<>(Content.range(0, 60).stream().filter(content -> !content.tag().equals("C")).toList());
        Run.sendAll(producer, run.queues(topic), Content.range(0, 60));
        inbox.awaitExactly(wanted);
        // A changed subscription changes the fingerprint: the broker must take the whole heartbeat again.
        for (DefaultMQPushConsumer member : members) {
            member.subscribe(other, "*");
        }
        Run.awaitShared(other, 2, members);
        List<Content> more = Content.range(60, 80);
        Run.sendAll(producer, run.queues(other), more);
        wanted.addAll(more);
        inbox.awaitExactly(wanted);
        Run.shutDownNow(members.get(1));
        Run.awaitShared(topic, 4, members.subList(0, 1));
        return wanted.size() + " messages";
    }
}
