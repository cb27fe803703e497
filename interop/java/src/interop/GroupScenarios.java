package interop;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageQueue;

/** Members of a group that come, go and die, and the offsets they leave. */
final class GroupScenarios {
    private GroupScenarios() {
    }

    static String joinAndLeave(Run run) throws Exception {
        String topic = run.topic(4);
        String group = run.name("group");
        Inbox inbox = new Inbox();
        DefaultMQProducer producer = run.producer();
        List<MessageQueue> queues = run.queues(topic);
        List<DefaultMQPushConsumer> members = new ArrayList<>();
        List<Content> all = new ArrayList<>();
        for (int count = 1; count <= 3; count++) {
            members.add(run.collect(group, topic, "*", inbox, "member " + count));
            sendAndReceive(run, producer, queues, all, inbox, members);
        }
        while (members.size() > 1) {
            Run.shutDownNow(members.remove(0));
            sendAndReceive(run, producer, queues, all, inbox, members);
        }
        return all.size() + " messages to 1, 2, 3, 2, 1 members";
    }

    private static void sendAndReceive(Run run, DefaultMQProducer producer, List<MessageQueue> queues, List<Content> all,
        Inbox inbox, List<DefaultMQPushConsumer> members) throws Exception {
        // Half of them while the queues change hands: at least once is what is promised then.
        List<Content> during = Content.range(all.size(), all.size() + 20);
        Run.sendAll(producer, queues, during);
        all.addAll(during);
        Run.awaitShared(queues.get(0).getTopic(), queues.size(), members);
        inbox.awaitAll(all);
        int connections = run.admin().examineConsumerConnectionInfo(members.get(0).getConsumerGroup()).getConnectionSet().size();
        Check.equal("members that the broker knows", members.size(), connections);
        List<Content> after = Content.range(all.size(), all.size() + 20);
        int before = inbox.size();
        Run.sendAll(producer, queues, after);
        all.addAll(after);
        inbox.awaitAll(all);
        Set<String> receivers = new HashSet<>();
        inbox.all().subList(before, inbox.size()).forEach(delivery -> receivers.add(delivery.member()));
        Check.equal("members that got messages", members.size(), receivers.size());
    }

    /** The test starts the other member in a process of its own at one checkpoint, and kills it at the next. */
    static String memberKilled(Run run) throws Exception {
        String topic = run.topic(4);
        String group = run.name("group");
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer survivor = run.collect(group, topic, "*", inbox, "survivor");
        Run.awaitShared(topic, 4, List.of(survivor));
        run.checkpoint("start-member", Map.of("topic", topic, "group", group));
        Check.eventually("half of the queues", () -> {
            Check.equal("queues", 2, Run.queuesOf(survivor, topic).size());
            return null;
        });
        Set<MessageQueue> own = Run.queuesOf(survivor, topic);
        List<Content> contents = Content.range(0, 40);
        List<MessageQueue> queues = run.queues(topic);
        Run.sendAll(run.producer(), queues, contents);
        List<Content> ownContents = new ArrayList<>();
        for (int index = 0; index < contents.size(); index++) {
            if (own.contains(queues.get(index % 4))) {
                ownContents.add(contents.get(index));
            }
        }
        inbox.awaitExactly(ownContents);
        run.checkpoint("kill-member", Map.of());
        Run.awaitShared(topic, 4, List.of(survivor));
        // The member had its messages and never said that it was done with them.
        inbox.awaitExactly(contents);
        return "the survivor has all queues and all 40 messages";
    }

    /** Gets messages and never finishes one. Says so at a checkpoint that is not meant to be answered. */
    static String holdingMember(Run run) throws Exception {
        String topic = run.parameter("topic");
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = run.pushConsumer(run.parameter("group"));
        consumer.subscribe(topic, "*");
        CountDownLatch never = new CountDownLatch(1);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            messages.forEach(message -> inbox.add(message, "holder"));
            try {
                never.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            return ConsumeConcurrentlyStatus.RECONSUME_LATER;
        });
        run.start(consumer);
        Check.eventually("half of the queues", () -> {
            Check.equal("queues", 2, Run.queuesOf(consumer, topic).size());
            return null;
        });
        run.checkpoint("member-started", Map.of());
        inbox.awaitSize(8);
        run.checkpoint("member-holds", Map.of());
        return "not killed";
    }

    static String clientRestart(Run run) throws Exception {
        String topic = run.topic(4);
        String group = run.name("group");
        DefaultMQProducer producer = run.producer();
        List<MessageQueue> queues = run.queues(topic);
        for (int round = 0; round < 3; round++) {
            Inbox inbox = new Inbox();
            List<Content> offline = Content.range(100 * round, 100 * round + 30);
            Run.sendAll(producer, queues, offline);
            DefaultMQPushConsumer consumer = run.collect(group, topic, "*", inbox, "round " + round);
            inbox.awaitExactly(offline);
            List<Content> online = Content.range(100 * round + 30, 100 * round + 50);
            Run.sendAll(producer, queues, online);
            offline.addAll(online);
            inbox.awaitExactly(offline);
            Run.shutDownNow(consumer);
            inbox.awaitExactly(offline);
            run.awaitCommitted(group, topic);
        }
        return "3 times 50 messages, each once";
    }
}
