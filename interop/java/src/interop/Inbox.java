package interop;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.rocketmq.common.message.MessageExt;

/** Deliveries to one or more consumers, in the order of their arrival. */
final class Inbox {
    record Delivery(MessageExt message, String member, long atMs) {
    }

    private final List<Delivery> deliveries = new ArrayList<>();

    synchronized void add(MessageExt message, String member) {
        deliveries.add(new Delivery(message, member, System.currentTimeMillis()));
        notifyAll();
    }

    synchronized List<Delivery> all() {
        return new ArrayList<>(deliveries);
    }

    synchronized List<MessageExt> messages() {
        return deliveries.stream().map(Delivery::message).toList();
    }

    /** Keys in the order of arrival, repeated ones included. */
    synchronized List<String> keys() {
        return deliveries.stream().map(delivery -> delivery.message().getKeys()).toList();
    }

    /** Keys of the messages of one queue, in the order in which they were stored. */
    synchronized List<String> keysOfQueue(int queueId) {
        return messages().stream().filter(message -> message.getQueueId() == queueId)
            .sorted(Comparator.comparing(MessageExt::getQueueOffset)).map(MessageExt::getKeys).toList();
    }

    synchronized int size() {
        return deliveries.size();
    }

    /** Waits until there are at least so many deliveries. */
    synchronized void awaitSize(int count) throws InterruptedException {
        long deadline = Check.deadline();
        while (deliveries.size() < count) {
            long leftMs = (deadline - System.nanoTime()) / 1_000_000;
            if (leftMs <= 0) {
                throw new Mismatch("only " + deliveries.size() + " of " + count + " deliveries within "
                    + Check.PATIENCE_MS + " ms: " + keys());
            }
            wait(leftMs);
        }
    }

    /** Waits until each of the contents was delivered once or more. */
    void awaitAll(List<Content> contents) throws Exception {
        Check.eventually("deliveries", () -> {
            TreeSet<String> missing = new TreeSet<>();
            contents.forEach(content -> missing.add(content.key()));
            keys().forEach(missing::remove);
            Check.that(missing.isEmpty(), missing.size() + " of " + contents.size() + " missing: " + missing);
            return null;
        });
    }

    /** Waits for all of the contents and compares each; nothing else and nothing twice may have come. */
    void awaitExactly(List<Content> contents) throws Exception {
        awaitAll(contents);
        checkExactly(contents, messages());
    }

    /** The messages are the contents, each once, in any order. */
    static void checkExactly(List<Content> contents, List<MessageExt> messages) {
        Map<String, Content> expected = new HashMap<>();
        contents.forEach(content -> expected.put(content.key(), content));
        for (MessageExt message : messages) {
            Content content = expected.remove(message.getKeys());
            if (content == null) {
                throw new Mismatch("delivered twice, or not expected at all: " + message);
            }
            content.checkSame(message);
        }
        Check.that(expected.isEmpty(), "not delivered: " + expected.keySet());
    }
}
