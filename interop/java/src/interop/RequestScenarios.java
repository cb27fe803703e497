package interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.RequestTimeoutException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;

/** Requests that are messages, and replies to them. */
final class RequestScenarios {
    private RequestScenarios() {
    }

    static String answered(Run run) throws Exception {
        String topic = run.topic(2);
        DefaultMQProducer replying = run.producer();
        DefaultMQPushConsumer consumer = run.pushConsumer(run.name("group"));
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                try {
                    byte[] body = ("reply to " + new String(message.getBody(), StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
                    Run.stored(replying.send(MessageUtil.createReplyMessage(message, body)));
                } catch (Exception exception) {
                    exception.printStackTrace();
                    return ConsumeConcurrentlyStatus.RECONSUME_LATER;
                }
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        run.start(consumer);
        List<DefaultMQProducer> asking = List.of(run.producer(), run.producer(), run.producer());
        List<CompletableFuture<Message>> replies = new ArrayList<>();
        for (int number = 0; number < 30; number++) {
            DefaultMQProducer producer = asking.get(number % asking.size());
            String body = "request " + number;
            replies.add(CompletableFuture.supplyAsync(() -> {
                try {
                    return producer.request(new Message(topic, body.getBytes(StandardCharsets.UTF_8)), Run.ANSWER_MS);
                } catch (Exception exception) {
                    throw new IllegalStateException(exception);
                }
            }));
        }
        for (int number = 0; number < replies.size(); number++) {
            Message reply = replies.get(number).get(Check.PATIENCE_MS, TimeUnit.MILLISECONDS);
            Check.equal("reply", "reply to request " + number, new String(reply.getBody(), StandardCharsets.UTF_8));
            Check.equal("type", "reply", reply.getProperty(MessageConst.PROPERTY_MESSAGE_TYPE));
            Check.that(reply.getProperty(MessageConst.PROPERTY_PUSH_REPLY_TIME) != null, "no time of the push");
        }
        return replies.size() + " replies, each to whoever asked";
    }

    static String unanswered(Run run) throws Exception {
        String topic = run.topic(1);
        DefaultMQProducer producer = run.producer();
        try {
            producer.request(new Message(topic, "anybody?".getBytes(StandardCharsets.UTF_8)), 2_000);
            throw new Mismatch("a request that nobody answers was answered");
        } catch (RequestTimeoutException expected) {
            run.readAll(topic, 1);
        }
        return "no answer within the time";
    }
}
