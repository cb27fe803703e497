package interop;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Clients of a static topic, whose queues move from broker to broker. */
final class StaticTopicScenarios {
    private StaticTopicScenarios() {
    }

    /** Two producers and a consumer go on while the test moves the queues at each checkpoint. */
    static String moved(Run run) throws Exception {
        String topic = run.parameter("topic");
        String listener = run.parameter("listener");
        int moves = Integer.parseInt(run.parameter("moves"));
        Inbox inbox = new Inbox();
        String group = run.parameter("group");
        if (listener.equals("orderly")) {
            DefaultMQPushConsumer consumer = run.pushConsumer(group);
            consumer.subscribe(topic, "*");
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
                messages.forEach(message -> inbox.add(message, "member"));
                return ConsumeOrderlyStatus.SUCCESS;
            });
            run.start(consumer);
        } else {
            run.collect(group, topic, "*", inbox, "member");
        }
        FailoverScenarios.Flow flow = new FailoverScenarios.Flow();
        run.closeAtEnd(flow);
        for (int number = 0; number < 2; number++) {
            flow.start(run, topic, "sender" + number, null);
        }
        awaitProgress("at the start", flow, inbox);
        for (int move = 0; move < moves; move++) {
            run.checkpoint("move", Map.of("number", move));
            awaitProgress("after move " + move, flow, inbox);
        }
        flow.close();
        Check.eventually("delivery of all acknowledged messages", () -> {
            Set<String> missing = new HashSet<>(flow.acknowledged.keySet());
            inbox.messages().forEach(message -> missing.remove(message.getMsgId()));
            Check.that(missing.isEmpty(), missing.size() + " of " + flow.acknowledged.size() + " missing: " + missing.stream()
                .limit(5).map(id -> flow.acknowledged.get(id).toString()).toList());
            return null;
        });
        checkPlaces(flow, inbox, listener.equals("orderly"));
        return flow.acknowledged.size() + " acknowledged, " + inbox.size() + " delivered";
    }

    /** In each logical queue an offset holds one message, the one whose sender was told so, and offsets ascend. */
    private static void checkPlaces(FailoverScenarios.Flow flow, Inbox inbox, boolean isInOrder) {
        Map<Integer, Long> last = new HashMap<>();
        Map<String, String> idAt = new HashMap<>();
        for (MessageExt message : inbox.messages()) {
            String place = message.getQueueId() + "/" + message.getQueueOffset();
            SendResult result = flow.acknowledged.get(message.getMsgId());
            if (result != null && result.getQueueOffset() >= 0) {
                MessageQueue queue = result.getMessageQueue();
                Check.equal("place of " + message.getKeys(), queue.getQueueId() + "/" + result.getQueueOffset(), place);
            }
            String before = idAt.put(place, message.getMsgId());
            Check.that(before == null || before.equals(message.getMsgId()), "two messages at " + place);
            if (isInOrder && before == null) {
                long previous = last.getOrDefault(message.getQueueId(), -1L);
                Check.that(message.getQueueOffset() > previous, place + " came after " + previous);
                last.put(message.getQueueId(), message.getQueueOffset());
            }
        }
    }

    private static void awaitProgress(String when, FailoverScenarios.Flow flow, Inbox inbox) throws Exception {
        int before = flow.order.size();
        Check.eventually("progress " + when, () -> {
            Set<String> fresh = new HashSet<>();
            flow.order.stream().skip(before).forEach(result -> fresh.add(result.getMsgId()));
            long delivered = inbox.messages().stream().filter(message -> fresh.contains(message.getMsgId())).count();
            Check.that(delivered >= 100, when + " " + fresh.size() + " acknowledged, of these delivered " + delivered);
            return null;
        });
    }
}
