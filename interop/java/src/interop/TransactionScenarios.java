package interop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.producer.TransactionSendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Transactions: each message has an end that its key decides, told at once or when the broker asks. */
final class TransactionScenarios {
    private static final LocalTransactionState COMMIT = LocalTransactionState.COMMIT_MESSAGE;
    private static final LocalTransactionState ROLLBACK = LocalTransactionState.ROLLBACK_MESSAGE;
    private static final LocalTransactionState UNKNOWN = LocalTransactionState.UNKNOW;

    private TransactionScenarios() {
    }

    /** Tells the ends of transactions by the messages' keys, and notes what the broker asks. */
    private static final class Decisions implements TransactionListener {
        final Map<String, LocalTransactionState> atOnce = new ConcurrentHashMap<>();
        final Map<String, LocalTransactionState> whenAsked = new ConcurrentHashMap<>();
        final Map<String, AtomicInteger> asked = new ConcurrentHashMap<>();
        final Map<String, String> problems = new ConcurrentHashMap<>();
        final Map<String, Content> contents = new HashMap<>();
        /** How often a transaction has to be asked about before its end is told. */
        int asksBefore = 1;

        void add(Content content, LocalTransactionState now, LocalTransactionState later) {
            contents.put(content.key(), content);
            atOnce.put(content.key(), now);
            whenAsked.put(content.key(), later);
        }

        @Override
        public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
            return atOnce.get(message.getKeys());
        }

        @Override
        public LocalTransactionState checkLocalTransaction(MessageExt message) {
            String key = message.getKeys();
            int count = asked.computeIfAbsent(key, any -> new AtomicInteger()).incrementAndGet();
            try {
                contents.get(key).checkSame(message);
                Check.equal("checks of " + key, String.valueOf(count), message.getProperty("TRANSACTION_CHECK_TIMES"));
            } catch (RuntimeException problem) {
                problems.put(key, problem.getMessage());
            }
            return count < asksBefore ? UNKNOWN : whenAsked.get(key);
        }
    }

    private static TransactionMQProducer producer(Run run, String group, TransactionListener listener) throws MQClientException {
        TransactionMQProducer producer = run.configure(new TransactionMQProducer(group));
        producer.setSendMsgTimeout(Run.ANSWER_MS);
        producer.setTransactionListener(listener);
        producer.start();
        run.closeAtEnd(producer::shutdown);
        return producer;
    }

    private static void send(TransactionMQProducer producer, String topic, Content content) throws Exception {
        TransactionSendResult result = producer.sendMessageInTransaction(content.message(topic), null);
        Check.equal("status of " + content.key(), SendStatus.SEND_OK, result.getSendStatus());
        Check.equal("transaction id of " + content.key(), result.getMsgId(), result.getTransactionId());
    }

    /** Without a flag: the official broker forgets it when it asks about a transaction. */
    private static List<Content> contents(int count) {
        return Content.range(0, count).stream()
            .map(content -> new Content(content.key(), content.tag(), content.body(), 0, content.properties()))
            .toList();
    }

    static String ends(Run run) throws Exception {
        String topic = run.topic(4);
        Decisions decisions = new Decisions();
        decisions.asksBefore = 2;
        List<Content> committed = new ArrayList<>();
        List<LocalTransactionState[]> ends = List.of(
            new LocalTransactionState[] {COMMIT, COMMIT}, new LocalTransactionState[] {ROLLBACK, COMMIT},
            new LocalTransactionState[] {UNKNOWN, COMMIT}, new LocalTransactionState[] {UNKNOWN, ROLLBACK});
        TransactionMQProducer producer = producer(run, run.name("producers"), decisions);
        for (Content content : contents(40)) {
            LocalTransactionState[] end = ends.get(Integer.parseInt(content.key().substring(1)) % ends.size());
            decisions.add(content, end[0], end[1]);
            if (end[0] == COMMIT || end[0] == UNKNOWN && end[1] == COMMIT) {
                committed.add(content);
            }
        }
        for (Content content : contents(40)) {
            send(producer, topic, content);
        }
        Inbox inbox = new Inbox();
        run.collect(run.name("group"), topic, "*", inbox, "only");
        inbox.awaitExactly(committed);
        // Whatever is asked about once more, or delivered twice, comes before others that were sent later and are asked about.
        Content last = contents(41).get(40);
        decisions.add(last, UNKNOWN, COMMIT);
        send(producer, topic, last);
        committed.add(last);
        inbox.awaitExactly(committed);
        Check.equal("problems", Map.of(), decisions.problems);
        TreeSet<String> asked = new TreeSet<>(decisions.asked.keySet());
        Check.equal("transactions that were asked about", 21, asked.size());
        decisions.asked.forEach((key, count) -> Check.equal("questions about " + key, 2, count.get()));
        for (MessageExt message : inbox.messages()) {
            boolean wasAsked = asked.contains(message.getKeys());
            Check.equal("checks of " + message.getKeys(), wasAsked ? "2" : null, message.getProperty("TRANSACTION_CHECK_TIMES"));
            Check.equal("transaction id", message.getProperty("UNIQ_KEY"), message.getProperty("__transactionId__"));
        }
        return "properties of a delivered message: " + names(inbox.messages().get(0)) + ", of one that was asked about: "
            + names(inbox.messages().stream().filter(one -> asked.contains(one.getKeys())).findFirst().orElseThrow());
    }

    private static String names(MessageExt message) {
        return new TreeMap<>(message.getProperties()).keySet() + " sysFlag " + message.getSysFlag();
    }

    /** A producer that is gone does not end its transactions; another one of its group does. */
    static String otherProducer(Run run) throws Exception {
        String topic = run.topic(2);
        String group = run.name("producers");
        Decisions first = new Decisions();
        Decisions second = new Decisions();
        List<Content> contents = contents(10);
        for (Content content : contents) {
            first.add(content, UNKNOWN, UNKNOWN);
            second.add(content, UNKNOWN, COMMIT);
        }
        TransactionMQProducer gone = producer(run, group, first);
        for (Content content : contents) {
            send(gone, topic, content);
        }
        gone.shutdown();
        producer(run, group, second).getDefaultMQProducerImpl().getMqClientFactory().sendHeartbeatToAllBrokerWithLock();
        // A producer is known to a broker once it has a route that leads there.
        TransactionMQProducer asked = producer(run, group, second);
        Content last = contents(11).get(10);
        second.add(last, COMMIT, COMMIT);
        send(asked, topic, last);
        Inbox inbox = new Inbox();
        run.collect(run.name("group"), topic, "*", inbox, "only");
        List<Content> all = new ArrayList<>(contents);
        all.add(last);
        inbox.awaitExactly(all);
        return "10 transactions ended by another producer";
    }
}
