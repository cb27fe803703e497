package interop;

import java.util.List;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.ResponseCode;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** Finding messages by what they are and when they came. */
final class QueryScenarios {
    private QueryScenarios() {
    }

    static String byKey(Run run) throws Exception {
        String topic = run.topic(2);
        DefaultMQProducer producer = run.producer();
        long start = System.currentTimeMillis();
        List<Content> contents = Content.range(0, 10);
        List<SendResult> results = Run.sendAll(producer, topic, contents);
        List<Content> shared = List.of(Content.of("shared other1", "A"), Content.of("shared other2", "B"), Content.of("x shared", "C"));
        Run.sendAll(producer, topic, shared);
        DefaultMQAdminExt admin = run.admin();
        MessageExt found = query(admin, topic, "m7", 1).get(0);
        contents.get(7).checkFound(found, results.get(7));
        Inbox.checkExactly(shared, query(admin, topic, "shared", 3));
        contents.get(3).checkSame(query(admin, topic, "m3", 1).get(0));
        checkNone(admin, topic, "no such key", start, start + 600_000);
        checkNone(admin, topic, "m7", start - 7_200_000, start - 3_600_000);
        QueryResult limited = admin.queryMessage(topic, "shared", 2, start - 60_000, start + 600_000);
        Check.equal("messages with a limit of 2", 2, limited.getMessageList().size());
        return "one, three of one key, none";
    }

    private static List<MessageExt> query(DefaultMQAdminExt admin, String topic, String key, int count) throws Exception {
        return Check.eventually("messages of key " + key, () -> {
            try {
                long now = System.currentTimeMillis();
                List<MessageExt> found = admin.queryMessage(topic, key, 32, now - 600_000, now + 600_000).getMessageList();
                Check.equal("count", count, found.size());
                return found;
            } catch (MQClientException none) {
                Check.equal("code", ResponseCode.NO_MESSAGE, none.getResponseCode());
                throw new Mismatch(none.getErrorMessage());
            }
        });
    }

    private static void checkNone(DefaultMQAdminExt admin, String topic, String key, long begin, long end) throws Exception {
        try {
            throw new Mismatch("found " + admin.queryMessage(topic, key, 32, begin, end));
        } catch (MQClientException none) {
            Check.equal("code of no message", ResponseCode.NO_MESSAGE, none.getResponseCode());
        }
    }

    static String byId(Run run) throws Exception {
        String topic = run.topic(2);
        List<Content> contents = Content.range(0, 20);
        List<SendResult> results = Run.sendAll(run.producer(), topic, contents);
        DefaultMQAdminExt admin = run.admin();
        for (int index : List.of(0, 9, 19)) {
            SendResult result = results.get(index);
            Check.that(!result.getMsgId().equals(result.getOffsetMsgId()), "one id for both: " + result);
            MessageExt byOffsetId = admin.viewMessage(topic, result.getOffsetMsgId());
            contents.get(index).checkSame(byOffsetId);
            Check.equal("offset", result.getQueueOffset(), byOffsetId.getQueueOffset());
            Check.equal("queue", result.getMessageQueue().getQueueId(), byOffsetId.getQueueId());
            MessageExt byUniqueId = Check.eventually("message of the unique id", () -> {
                try {
                    MessageExt message = admin.viewMessage(topic, result.getMsgId());
                    Check.that(message != null, "none");
                    return message;
                } catch (MQClientException none) {
                    throw new Mismatch(none.toString());
                }
            });
            contents.get(index).checkFound(byUniqueId, result);
        }
        // An offset at which no message starts.
        String id = results.get(0).getOffsetMsgId();
        String wrong = id.substring(0, 16) + "000000007FFFFFF0";
        try {
            throw new Mismatch("found " + admin.viewMessage(topic, wrong));
        } catch (MQBrokerException | MQClientException expected) {
            return "3 messages by both ids; behind the end: " + expected.getMessage().lines().findFirst().orElse("");
        }
    }

    static String offsets(Run run) throws Exception {
        String topic = run.topic(2);
        DefaultMQProducer producer = run.producer();
        DefaultMQAdminExt admin = run.admin();
        MessageQueue queue = run.queues(topic).get(0);
        MessageQueue empty = run.queues(topic).get(1);
        Check.equal("greatest offset of an empty queue", 0L, admin.maxOffset(empty));
        Check.equal("least offset of an empty queue", 0L, admin.minOffset(empty));
        long before = System.currentTimeMillis();
        Run.sendAll(producer, List.of(queue), Content.range(0, 10));
        long between = awaitLaterThan(run.readAll(topic, 10).get(9).getStoreTimestamp());
        Run.sendAll(producer, List.of(queue), Content.range(10, 20));
        List<MessageExt> stored = run.readAll(topic, 20);
        Check.equal("greatest offset", 20L, admin.maxOffset(queue));
        Check.equal("least offset", 0L, admin.minOffset(queue));
        Check.equal("earliest store time", stored.get(0).getStoreTimestamp(), admin.earliestMsgStoreTime(queue));
        Check.equal("offset at a time before all", 0L, admin.searchOffset(queue, before - 60_000));
        Check.equal("offset at a time between", 10L, admin.searchOffset(queue, between));
        long exact = admin.searchOffset(queue, stored.get(10).getStoreTimestamp());
        Check.equal("offset at the store time of message 10", 10L, exact);
        Check.equal("offset at a time after all", 20L, admin.searchOffset(queue, System.currentTimeMillis() + 60_000));
        return "20 messages, searched by 4 times";
    }

    /** A time later than the given one and not later than now. */
    static long awaitLaterThan(long timeMs) throws Exception {
        return Check.eventually("a later millisecond", () -> {
            long now = System.currentTimeMillis();
            Check.that(now > timeMs + 1, "now is " + now);
            return timeMs + 1;
        });
    }
}
