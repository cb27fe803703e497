package interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;

/** What a user puts into a message, kept apart from the client's object, which sending changes. */
record Content(String key, String tag, byte[] body, int flag, Map<String, String> properties) {

    static Content of(String key, String tag) {
        Map<String, String> properties = new HashMap<>();
        properties.put("color", "of " + key);
        properties.put("größe", "groß, 大, 🐘 " + key);
        return new Content(key, tag, ("body of " + key + " – ü 消息").getBytes(StandardCharsets.UTF_8), key.length(), properties);
    }

    static Content of(String key, String tag, byte[] body) {
        return new Content(key, tag, body, 0, Map.of());
    }

    /** Contents with the keys m0, m1, … of the range, tagged A, B, C in turn. */
    static List<Content> range(int from, int to) {
        List<Content> contents = new ArrayList<>();
        for (int number = from; number < to; number++) {
            contents.add(of("m" + number, List.of("A", "B", "C").get(number % 3)));
        }
        return contents;
    }

    Message message(String topic) {
        Message message = new Message(topic, tag, key, flag, body, true);
        properties.forEach(message::putUserProperty);
        return message;
    }

    /** Compares all that the user gave. */
    void checkSame(MessageExt received) {
        Check.equal("keys", key, received.getKeys());
        Check.equal("tags of " + key, tag, received.getTags());
        Check.equal("flag of " + key, flag, received.getFlag());
        if (!Arrays.equals(body, received.getBody())) {
            throw new Mismatch("body of " + key + ": expected " + describe(body) + ", is " + describe(received.getBody()));
        }
        properties.forEach((name, value) -> Check.equal("property " + name + " of " + key, value, received.getUserProperty(name)));
    }

    /** Compares all that the user gave, and where the broker said it put it, for a message that a consumer got. */
    void checkSame(MessageExt received, SendResult result) {
        checkFound(received, result);
        Check.equal("broker of " + key, result.getMessageQueue().getBrokerName(), received.getBrokerName());
    }

    /** The same for a message that was found by a query: the client does not know its broker's name. */
    void checkFound(MessageExt received, SendResult result) {
        checkSame(received);
        Check.equal("topic of " + key, result.getMessageQueue().getTopic(), received.getTopic());
        Check.equal("id of " + key, result.getMsgId(), received.getMsgId());
        Check.equal("UNIQ_KEY of " + key, result.getMsgId(), received.getProperty(MessageConst.PROPERTY_UNIQ_CLIENT_MESSAGE_ID_KEYIDX));
        Check.equal("queue of " + key, result.getMessageQueue().getQueueId(), received.getQueueId());
        Check.equal("offset of " + key, result.getQueueOffset(), received.getQueueOffset());
        Check.equal("reconsume times of " + key, 0, received.getReconsumeTimes());
    }

    private static String describe(byte[] bytes) {
        String start = new String(bytes, 0, Math.min(bytes.length, 60), StandardCharsets.UTF_8);
        return bytes.length + " bytes that start with '" + start + "'";
    }
}
