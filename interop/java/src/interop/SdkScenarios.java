package interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageClientIDSetter;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;

/** The official client at one end, and the client of this repository at the other. The test compares what both saw. */
final class SdkScenarios {
    private SdkScenarios() {
    }

    /** Sends one by one, a batch, and a body that the client compresses; says what it sent. */
    static String produce(Run run) throws Exception {
        String topic = run.topic(4);
        DefaultMQProducer producer = run.producer();
        List<Map<String, Object>> sent = new ArrayList<>();
        List<Content> contents = new ArrayList<>(Content.range(0, 20));
        contents.add(Content.of("large", "A", "a large body that compresses well ".repeat(2000).getBytes(StandardCharsets.UTF_8)));
        for (Content content : contents) {
            sent.add(described(content, Run.stored(producer.send(content.message(topic)))));
        }
        List<Content> batch = Content.range(20, 40);
        List<Message> messages = new ArrayList<>();
        batch.forEach(content -> messages.add(content.message(topic)));
        SendResult result = Run.stored(producer.send(messages));
        String[] ids = result.getMsgId().split(",");
        for (int index = 0; index < batch.size(); index++) {
            Map<String, Object> description = described(batch.get(index), result);
            description.put("messageId", ids[index]);
            description.put("queueOffset", result.getQueueOffset() + index);
            sent.add(description);
        }
        run.checkpoint("sent", Map.of("topic", topic, "messages", sent));
        return sent.size() + " messages";
    }

    /** Consumes as many messages as the test sends, and says what it got. */
    static String consume(Run run) throws Exception {
        String topic = run.topic(4);
        Inbox inbox = new Inbox();
        run.collect(run.name("group"), topic, "*", inbox, "only");
        run.checkpoint("ready", Map.of("topic", topic));
        int count = Integer.parseInt(run.parameter("count"));
        inbox.awaitSize(count);
        List<Map<String, Object>> received = new ArrayList<>();
        inbox.messages().forEach(message -> received.add(described(message)));
        run.checkpoint("received", Map.of("messages", received));
        return received.size() + " messages";
    }

    /** One member of a group, whose others are the test's. */
    static String member(Run run) throws Exception {
        String topic = run.topic(4);
        String group = run.name("group");
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = run.collect(group, topic, "*", inbox, "java");
        run.checkpoint("joined", Map.of("topic", topic, "group", group));
        Check.eventually("half of the queues", () -> {
            Check.equal("queues", 4, Run.queuesOf(consumer, topic).size());
            return null;
        });
        run.checkpoint("shared", Map.of("topic", topic));
        // The last message of each queue comes behind all others of it.
        Check.eventually("the last messages", () -> {
            Check.equal("last ones", 4L, inbox.keys().stream().filter(key -> key.startsWith("last")).count());
            return null;
        });
        run.checkpoint("received", Map.of("keys", inbox.keys()));
        return inbox.size() + " messages";
    }

    private static Map<String, Object> described(Content content, SendResult result) {
        Map<String, Object> description = new HashMap<>();
        description.put("keys", content.key());
        description.put("tag", content.tag());
        description.put("flag", content.flag());
        description.put("body", Base64.getEncoder().encodeToString(content.body()));
        description.put("properties", content.properties());
        description.put("messageId", result.getMsgId());
        description.put("broker", result.getMessageQueue().getBrokerName());
        description.put("queueId", result.getMessageQueue().getQueueId());
        description.put("queueOffset", result.getQueueOffset());
        return description;
    }

    private static Map<String, Object> described(MessageExt message) {
        Map<String, Object> description = new HashMap<>();
        String id = message.getProperty(MessageConst.PROPERTY_UNIQ_CLIENT_MESSAGE_ID_KEYIDX);
        description.put("keys", message.getKeys());
        description.put("tag", message.getTags());
        description.put("flag", message.getFlag());
        description.put("body", Base64.getEncoder().encodeToString(message.getBody()));
        description.put("properties", message.getProperties());
        description.put("messageId", id);
        description.put("idAgeMs", System.currentTimeMillis() - MessageClientIDSetter.getNearlyTimeFromID(id).getTime());
        description.put("idAddress", MessageClientIDSetter.getIPStrFromID(id));
        description.put("broker", message.getBrokerName());
        description.put("queueId", message.getQueueId());
        description.put("queueOffset", message.getQueueOffset());
        return description;
    }
}
