package interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** What a broker still knows after it was stopped or killed. At the checkpoint the test restarts it. */
final class RestartScenarios {
    private RestartScenarios() {
    }

    static String brokerRestart(Run run) throws Exception {
        String topic = run.topic(4);
        String running = run.name("running");
        String stopped = run.name("stopped");
        Inbox runningInbox = new Inbox();
        Inbox stoppedInbox = new Inbox();
        DefaultMQProducer producer = run.producer();
        List<MessageQueue> queues = run.queues(topic);
        run.collect(running, topic, "*", runningInbox, "running");
        DefaultMQPushConsumer ended = run.collect(stopped, topic, "*", stoppedInbox, "stopped");
        List<Content> before = Content.range(0, 60);
        List<SendResult> results = new ArrayList<>(Run.sendAll(producer, queues, before));
        runningInbox.awaitExactly(before);
        stoppedInbox.awaitExactly(before);
        Run.shutDownNow(ended);
        run.awaitCommitted(running, topic);
        run.awaitCommitted(stopped, topic);
        List<Content> unread = Content.range(60, 80);
        results.addAll(Run.sendAll(producer, queues, unread));
        List<Content> all = new ArrayList<>(before);
        all.addAll(unread);
        runningInbox.awaitExactly(all);
        run.awaitCommitted(running, topic);
        Content delayed = Content.of("delayed", "A");
        String delayTopic = run.topic("delayed", 1);
        Message message = delayed.message(delayTopic);
        message.setDelayTimeLevel(3);
        Run.stored(producer.send(message));

        run.checkpoint("restart-broker", Map.of("groups", List.of(topic + "@" + running, topic + "@" + stopped)));

        run.awaitRoute(topic, 1, 4);
        run.checkStored(topic, all, results);
        run.awaitCommitted(running, topic);
        Inbox next = new Inbox();
        run.collect(stopped, topic, "*", next, "next");
        next.awaitExactly(unread);
        List<Content> after = Content.range(80, 120);
        Run.sendAll(producer, queues, after);
        List<Content> rest = new ArrayList<>(unread);
        rest.addAll(after);
        next.awaitExactly(rest);
        all.addAll(after);
        runningInbox.awaitExactly(all);
        Inbox.checkExactly(List.of(delayed), run.readAll(delayTopic, 1));
        for (int index : List.of(0, 41, 79)) {
            all.get(index).checkSame(run.admin().viewMessage(topic, results.get(index).getOffsetMsgId()));
            int number = index;
            Check.eventually("message of a key from before", () -> {
                try {
                    long now = System.currentTimeMillis();
                    var found = run.admin().queryMessage(topic, "m" + number, 32, now - 600_000, now + 600_000).getMessageList();
                    Check.equal("count", 1, found.size());
                    all.get(number).checkFound(found.get(0), results.get(number));
                } catch (org.apache.rocketmq.client.exception.MQClientException none) {
                    throw new Mismatch(none.toString());
                }
                return null;
            });
        }
        return "80 messages from before, 40 from after, none delivered twice";
    }
}
