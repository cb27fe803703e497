package interop;

import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.ResponseCode;

/** Messages whose producers name the time at which they are delivered. */
final class TimerScenarios {
    private TimerScenarios() {
    }

    static String delays(Run run) throws Exception {
        String topic = run.topic(2);
        Inbox inbox = new Inbox();
        run.collect(run.name("group"), topic, "*", inbox, "only");
        MessageQueue queue = run.queues(topic).get(1);
        DefaultMQProducer producer = run.producer();
        List<Content> contents = List.of(Content.of("seconds", "A"), Content.of("milliseconds", "B"),
            Content.of("time", "A"), Content.of("past", "B"));
        List<SendResult> results = new ArrayList<>();
        List<Long> dueAt = new ArrayList<>();
        for (int number = 0; number < contents.size(); number++) {
            Message message = contents.get(number).message(topic);
            long now = System.currentTimeMillis();
            switch (number) {
                case 0 -> message.setDelayTimeSec(15);
                case 1 -> message.setDelayTimeMs(8500);
                case 2 -> message.setDeliverTimeMs(now + 3000);
                default -> message.setDeliverTimeMs(now - 5000);
            }
            dueAt.add(number == 0 ? now + 15_000 : number == 1 ? now + 8500 : number == 2 ? now + 3000 : now);
            results.add(Run.stored(producer.send(message, queue)));
        }
        inbox.awaitExactly(contents);
        Check.equal("order", List.of("past", "time", "milliseconds", "seconds"), inbox.keysOfQueue(1));
        for (MessageExt message : inbox.messages()) {
            int number = contents.stream().map(Content::key).toList().indexOf(message.getKeys());
            long late = message.getStoreTimestamp() - dueAt.get(number);
            Check.that(late >= 0, message.getKeys() + " came " + -late + " ms before its time");
            Check.equal("id", results.get(number).getMsgId(), message.getMsgId());
            Check.equal("queue", 1, message.getQueueId());
            // The broker leaves the properties by which it delayed the message in it.
            boolean timed = number < 3;
            Check.equal("REAL_TOPIC", timed ? topic : null, message.getProperty("REAL_TOPIC"));
            Check.equal("is timed", timed, message.getProperty("TIMER_OUT_MS") != null);
            Check.equal("has a handle", timed, results.get(number).getRecallHandle() != null);
        }
        return "past, after 3 s, after 8.5 s, after 15 s";
    }

    static String tooFar(Run run) throws Exception {
        String topic = run.topic(1);
        DefaultMQProducer producer = run.producer();
        Message message = Content.of("far", "A").message(topic);
        message.setDelayTimeSec(3 * 86_400 + 60);
        try {
            producer.send(message);
            throw new Mismatch("a delay of more than three days was taken");
        } catch (MQBrokerException refused) {
            Check.equal("code", ResponseCode.MESSAGE_ILLEGAL, refused.getResponseCode());
        }
        return "refused";
    }

    static String recall(Run run) throws Exception {
        String topic = run.topic(1);
        DefaultMQProducer producer = run.producer();
        List<Content> contents = List.of(Content.of("taken back", "A"), Content.of("kept", "A"), Content.of("last", "A"));
        List<SendResult> results = new ArrayList<>();
        for (Content content : contents) {
            Message message = content.message(topic);
            // The last one comes when the time of the others is over: whatever was not taken back is there then.
            message.setDelayTimeMs(content.key().equals("last") ? 13_000 : 10_000);
            results.add(Run.stored(producer.send(message)));
        }
        String id = producer.recallMessage(topic, results.get(0).getRecallHandle());
        Check.equal("id", results.get(0).getMsgId(), id);
        List<MessageExt> delivered = run.readAll(topic, 2);
        Check.equal("delivered", List.of("kept", "last"), delivered.stream().map(MessageExt::getKeys).toList());
        try {
            producer.recallMessage(topic, results.get(1).getRecallHandle());
            throw new Mismatch("a message that was delivered was taken back");
        } catch (MQBrokerException refused) {
            Check.equal("code", ResponseCode.ILLEGAL_OPERATION, refused.getResponseCode());
        }
        return "one of three taken back";
    }
}
