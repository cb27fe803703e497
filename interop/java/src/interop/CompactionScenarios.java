package interop;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Topics of which the last message of each key is kept. */
final class CompactionScenarios {
    private static final int KEYS = 15;

    private CompactionScenarios() {
    }

    /** A table of keys and values, kept up by one who reads on, and made anew by one who comes after compactions. */
    static String table(Run run) throws Exception {
        String topic = run.name("topic");
        for (String address : run.brokerAddresses()) {
            TopicConfig config = new TopicConfig(topic, 1, 1, 6);
            config.setAttributes(new HashMap<>(Map.of("+cleanup.policy", "COMPACTION")));
            run.admin().createAndUpdateTopicConfig(address, config);
        }
        run.awaitRoute(topic, 1, 1);
        DefaultMQProducer producer = run.producer();
        try {
            producer.send(new Message(topic, "no key".getBytes(StandardCharsets.UTF_8)));
            throw new Mismatch("a message without a key was taken");
        } catch (MQBrokerException refused) {
            Check.equal("code of a message without a key", 13, refused.getResponseCode());
        }
        Map<String, String> expected = new HashMap<>();
        Map<String, String> followed = new HashMap<>();
        DefaultLitePullConsumer follower = consumer(run, topic, "follower");
        long[] last = {-1};
        for (int round = 0; round < 60; round++) {
            for (int key = 0; key < KEYS; key++) {
                String value = round + "." + key;
                producer.send(new Message(topic, "tag", "k" + key, value.getBytes(StandardCharsets.UTF_8)));
                expected.put("k" + key, value);
            }
            take(follower, followed, last);
        }
        Check.eventually("the table of one who reads on", () -> {
            take(follower, followed, last);
            Check.equal("table", expected, followed);
            return null;
        });
        int sent = 60 * KEYS;
        int[] found = {sent};
        Check.eventually("a compaction", () -> {
            found[0] = run.readQueue(run.queues(topic).get(0)).size();
            Check.that(found[0] < sent / 2, found[0] + " of " + sent + " messages are left");
            return null;
        });
        Map<String, String> fresh = new HashMap<>();
        DefaultLitePullConsumer late = consumer(run, topic, "late");
        long[] lateLast = {-1};
        Check.eventually("the table of one who comes later", () -> {
            take(late, fresh, lateLast);
            Check.equal("table", expected, fresh);
            return null;
        });
        return sent + " messages sent, " + found[0] + " left, both tables right";
    }

    private static DefaultLitePullConsumer consumer(Run run, String topic, String group) throws Exception {
        DefaultLitePullConsumer consumer = run.litePullConsumer(run.name(group));
        consumer.start();
        List<MessageQueue> queues = run.queues(topic);
        consumer.assign(queues);
        for (MessageQueue queue : queues) {
            consumer.seek(queue, 0);
        }
        return consumer;
    }

    private static void take(DefaultLitePullConsumer consumer, Map<String, String> table, long[] last) {
        // What a pull at the end of a queue brings is one message.
        for (List<MessageExt> some = consumer.poll(200); !some.isEmpty(); some = consumer.poll(200)) {
            for (MessageExt message : some) {
                Check.that(message.getQueueOffset() > last[0], "offset " + message.getQueueOffset() + " after " + last[0]);
                last[0] = message.getQueueOffset();
                table.put(message.getKeys(), new String(message.getBody(), StandardCharsets.UTF_8));
            }
        }
    }
}
