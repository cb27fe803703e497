package bench;

import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;

/**
 * The official client end to end: a producer sends at a rate, a push consumer in the same process measures the time from
 * when a message was due to be sent until its handler has it.
 *
 * <p>Arguments: name server, topic, messages a second, warm-up in ms, measured ms. Writes "measure" when measuring begins,
 * "measured" when it ends, and at last one line of JSON.
 */
public final class PushLatency {
    private static final int BODY_BYTES = 128;
    private static final long START_DEADLINE_SECONDS = 30;
    private static final long DRAIN_MS = 2000;

    private final Histogram latencies = new Histogram();
    private final AtomicLong sendErrors = new AtomicLong();
    private final AtomicReference<String> firstError = new AtomicReference<>();
    private final CountDownLatch flowing = new CountDownLatch(1);
    private final long run = System.nanoTime();
    private volatile long measureFrom = Long.MAX_VALUE;
    private volatile long measureTo = Long.MAX_VALUE;

    public static void main(String[] arguments) throws Exception {
        new PushLatency().run(
            arguments[0],
            arguments[1],
            Long.parseLong(arguments[2]),
            Long.parseLong(arguments[3]),
            Long.parseLong(arguments[4]));
        System.exit(0);
    }

    private void run(String nameServer, String topic, long rate, long warmMs, long measureMs) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("bench-push");
        consumer.setNamesrvAddr(nameServer);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            long now = System.nanoTime();
            messages.forEach(message -> arrived(message.getBody(), now));
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        DefaultMQProducer producer = new DefaultMQProducer("bench-push-producer");
        producer.setNamesrvAddr(nameServer);
        producer.setRetryTimesWhenSendAsyncFailed(0);
        producer.start();
        consumer.start();
        awaitFlow(producer, topic);
        long start = System.nanoTime();
        measureFrom = start + warmMs * 1_000_000;
        measureTo = measureFrom + measureMs * 1_000_000;
        Thread phases = new Thread(this::announcePhases);
        phases.start();
        sendAtRate(producer, topic, rate, start);
        phases.join();
        awaitLast(rate * measureMs / 1000);
        String error = firstError.get();
        System.out.println("{\"messages\":" + latencies.total() + ",\"errors\":" + sendErrors.get()
            + (error == null ? "" : ",\"firstError\":\"" + error.replaceAll("[^ -~]|[\"\\\\]", " ") + "\"")
            + ",\"seconds\":" + measureMs / 1000.0 + ",\"latency\":" + latencies.toJson() + "}");
        consumer.shutdown();
        producer.shutdown();
    }

    /** Messages of earlier runs, which the group had not read yet, do not count. */
    private void arrived(byte[] body, long now) {
        ByteBuffer bytes = ByteBuffer.wrap(body);
        if (body.length < 16 || bytes.getLong() != run) {
            return;
        }
        flowing.countDown();
        long due = bytes.getLong();
        if (due >= measureFrom && due < measureTo) {
            latencies.record(now - due);
        }
    }

    /** Sends until the consumer has a message: a new group's first rebalance takes its time. */
    private void awaitFlow(DefaultMQProducer producer, String topic) throws Exception {
        for (int second = 0; second < START_DEADLINE_SECONDS; second++) {
            producer.send(message(topic, 0));
            if (flowing.await(1, TimeUnit.SECONDS)) {
                return;
            }
        }
        throw new IllegalStateException("no message arrived within " + START_DEADLINE_SECONDS + " s");
    }

    private Message message(String topic, long due) {
        return new Message(topic, ByteBuffer.allocate(BODY_BYTES).putLong(run).putLong(due).array());
    }

    private void announcePhases() {
        waitUntil(measureFrom);
        System.out.println("measure");
        waitUntil(measureTo);
        System.out.println("measured");
    }

    private static void waitUntil(long time) {
        for (long wait = time - System.nanoTime(); wait > 0; wait = time - System.nanoTime()) {
            LockSupport.parkNanos(wait);
        }
    }

    private void sendAtRate(DefaultMQProducer producer, String topic, long rate, long start) throws Exception {
        SendCallback callback = new SendCallback() {
            @Override
            public void onSuccess(SendResult result) {
            }

            @Override
            public void onException(Throwable error) {
                failed(error);
            }
        };
        for (long sequence = 0; ; sequence++) {
            long due = start + sequence * 1_000_000_000 / rate;
            if (due >= measureTo) {
                return;
            }
            waitUntil(due);
            producer.send(message(topic, due), callback);
        }
    }

    private void failed(Throwable error) {
        sendErrors.incrementAndGet();
        firstError.compareAndSet(null, String.valueOf(error.getMessage()));
    }

    /** The last messages may still be on their way. */
    private void awaitLast(long expected) throws InterruptedException {
        long deadline = System.nanoTime() + DRAIN_MS * 1_000_000;
        while (latencies.total() + sendErrors.get() < expected && System.nanoTime() < deadline) {
            Thread.sleep(20);
        }
    }
}
