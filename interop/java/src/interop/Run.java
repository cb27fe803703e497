package interop;

import com.google.gson.JsonObject;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.body.ClusterInfo;
import org.apache.rocketmq.remoting.protocol.route.BrokerData;
import org.apache.rocketmq.remoting.protocol.route.QueueData;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** One run of a scenario: names of its own, the clients it started, and the checkpoints it shares with the test. */
final class Run implements AutoCloseable {
    /** How long clients wait for one answer, however slow the machine is. */
    static final int ANSWER_MS = 60_000;
    private static final AtomicInteger INSTANCES = new AtomicInteger();

    private final JsonObject request;
    private final BiConsumer<String, Object> announce;
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private final List<String> passed = new CopyOnWriteArrayList<>();
    private DefaultMQAdminExt admin;
    private DefaultMQPullConsumer reader;

    Run(JsonObject request, BiConsumer<String, Object> announce) {
        this.request = request;
        this.announce = announce;
    }

    String scenario() {
        return request.get("scenario").getAsString();
    }

    String namesrvAddr() {
        return request.get("namesrvAddr").getAsString();
    }

    /** A setting of this run that the test gave. */
    String parameter(String name) {
        return request.getAsJsonObject("parameters").get(name).getAsString();
    }

    /** A name for a topic or group that no other run uses. */
    String name(String label) {
        return label + "-" + scenario() + "-" + request.get("suffix").getAsString();
    }

    /** Tells the test that the scenario got here, and waits until the test has done its part. */
    void checkpoint(String name, Object detail) throws Exception {
        announce.accept(name, detail);
        Check.eventually("the test's answer at " + name, () -> {
            Check.that(passed.contains(name), "none yet");
            return null;
        });
    }

    void passed(String checkpoint) {
        passed.add(checkpoint);
    }

    /** The settings that make a client notice changes within a second or two. */
    <C extends ClientConfig> C configure(C client) {
        client.setNamesrvAddr(namesrvAddr());
        client.setInstanceName(scenario() + "-" + INSTANCES.incrementAndGet());
        client.setPollNameServerInterval(1000);
        client.setHeartbeatBrokerInterval(1000);
        client.setPersistConsumerOffsetInterval(500);
        client.setMqClientApiTimeout(ANSWER_MS);
        client.setVipChannelEnabled(false);
        return client;
    }

    /** Ends with the run; {@link #shutDownNow} ends it earlier. */
    synchronized void closeAtEnd(AutoCloseable closeable) {
        started.push(closeable);
    }

    DefaultMQProducer producer() throws MQClientException {
        DefaultMQProducer producer = configure(new DefaultMQProducer(name("producers")));
        producer.setSendMsgTimeout(ANSWER_MS);
        producer.start();
        closeAtEnd(producer::shutdown);
        return producer;
    }

    /** Not started: the caller adds subscriptions and a listener first, then {@link #start}. */
    DefaultMQPushConsumer pushConsumer(String group) {
        DefaultMQPushConsumer consumer = configure(new DefaultMQPushConsumer(group));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeThreadMin(8);
        consumer.setConsumeThreadMax(8);
        return consumer;
    }

    DefaultMQPushConsumer start(DefaultMQPushConsumer consumer) throws MQClientException {
        consumer.start();
        closeAtEnd(consumer::shutdown);
        return consumer;
    }

    /** A started consumer that puts all it gets into the inbox and is content with it. */
    DefaultMQPushConsumer collect(String group, String topic, String tags, Inbox inbox, String member) throws MQClientException {
        DefaultMQPushConsumer consumer = pushConsumer(group);
        consumer.subscribe(topic, tags);
        consumer.registerMessageListener(collector(inbox, member));
        return start(consumer);
    }

    static MessageListenerConcurrently collector(Inbox inbox, String member) {
        return (messages, context) -> {
            messages.forEach(message -> inbox.add(message, member));
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        };
    }

    DefaultLitePullConsumer litePullConsumer(String group) {
        DefaultLitePullConsumer consumer = configure(new DefaultLitePullConsumer(group));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setTopicMetadataCheckIntervalMillis(1000);
        closeAtEnd(consumer::shutdown);
        return consumer;
    }

    @SuppressWarnings("deprecation")
    DefaultMQPullConsumer pullConsumer(String group) throws MQClientException {
        DefaultMQPullConsumer consumer = configure(new DefaultMQPullConsumer(group));
        consumer.start();
        closeAtEnd(consumer::shutdown);
        return consumer;
    }

    synchronized DefaultMQAdminExt admin() throws MQClientException {
        if (admin == null) {
            DefaultMQAdminExt created = configure(new DefaultMQAdminExt(ANSWER_MS));
            created.start();
            closeAtEnd(created::shutdown);
            admin = created;
        }
        return admin;
    }

    List<String> brokerAddresses() throws Exception {
        ClusterInfo cluster = admin().examineBrokerClusterInfo();
        return cluster.getBrokerAddrTable().values().stream().map(BrokerData::selectBrokerAddr).sorted().toList();
    }

    /** Creates a topic of this run on all brokers and waits until the route to all of it is there. */
    String topic(String label, int queues) throws Exception {
        return topic(label, queues, Map.of());
    }

    /** As above, with attributes in the form "+name" to value. */
    String topic(String label, int queues, Map<String, String> attributes) throws Exception {
        String topic = name(label);
        List<String> addresses = brokerAddresses();
        for (String address : addresses) {
            TopicConfig config = new TopicConfig(topic, queues, queues, 6);
            config.setAttributes(new HashMap<>(attributes));
            admin().createAndUpdateTopicConfig(address, config);
        }
        awaitRoute(topic, addresses.size(), queues);
        return topic;
    }

    String topic(int queues) throws Exception {
        return topic("topic", queues);
    }

    void awaitRoute(String topic, int brokers, int queues) throws Exception {
        Check.eventually("route of " + topic, () -> {
            try {
                List<QueueData> route = admin().examineTopicRouteInfo(topic).getQueueDatas();
                Check.equal("brokers of the topic", brokers, route.size());
                for (QueueData data : route) {
                    Check.equal("read queues", queues, data.getReadQueueNums());
                    Check.equal("write queues", queues, data.getWriteQueueNums());
                    Check.equal("permission", 6, data.getPerm());
                }
            } catch (MQClientException exception) {
                throw new Mismatch(exception.getErrorMessage());
            }
            return null;
        });
    }

    /** Sends one after the other; each must be stored. */
    static List<SendResult> sendAll(DefaultMQProducer producer, String topic, List<Content> contents) throws Exception {
        List<SendResult> results = new ArrayList<>();
        for (Content content : contents) {
            results.add(stored(producer.send(content.message(topic))));
        }
        return results;
    }

    /** As above, into the given queues in turn. */
    static List<SendResult> sendAll(DefaultMQProducer producer, List<MessageQueue> queues, List<Content> contents)
        throws Exception {
        List<SendResult> results = new ArrayList<>();
        for (int index = 0; index < contents.size(); index++) {
            MessageQueue queue = queues.get(index % queues.size());
            results.add(stored(producer.send(contents.get(index).message(queue.getTopic()), queue)));
        }
        return results;
    }

    static SendResult stored(SendResult result) {
        Check.equal("send status", SendStatus.SEND_OK, result.getSendStatus());
        return result;
    }

    /** The topic's queues by broker name and number. */
    List<MessageQueue> queues(String topic) throws Exception {
        return reader().fetchSubscribeMessageQueues(topic).stream().sorted().toList();
    }

    @SuppressWarnings("deprecation")
    private synchronized DefaultMQPullConsumer reader() throws MQClientException {
        if (reader == null) {
            reader = pullConsumer(name("readers"));
        }
        return reader;
    }

    /** Waits until the topic holds that many messages and reads them all, queue after queue, each in its order. */
    List<MessageExt> readAll(String topic, int count) throws Exception {
        return Check.eventually("messages in " + topic, () -> {
            List<MessageExt> messages = new ArrayList<>();
            try {
                for (MessageQueue queue : queues(topic)) {
                    messages.addAll(readQueue(queue));
                }
            } catch (MQClientException noRoute) {
                throw new Mismatch(noRoute.getErrorMessage());
            }
            Check.equal("count", count, messages.size());
            return messages;
        });
    }

    @SuppressWarnings("deprecation")
    List<MessageExt> readQueue(MessageQueue queue) throws Exception {
        List<MessageExt> messages = new ArrayList<>();
        long offset = reader().minOffset(queue);
        while (offset < reader().maxOffset(queue)) {
            PullResult result = reader().pull(queue, "*", offset, 32);
            if (result.getPullStatus() == PullStatus.FOUND) {
                messages.addAll(result.getMsgFoundList());
            }
            Check.that(result.getNextBeginOffset() > offset, "pull of " + queue + " at " + offset + " answers " + result);
            offset = result.getNextBeginOffset();
        }
        return messages;
    }

    /** Each of the contents was stored once, where its send result says. */
    void checkStored(String topic, List<Content> contents, List<SendResult> results) throws Exception {
        Map<String, Integer> index = new HashMap<>();
        for (int number = 0; number < contents.size(); number++) {
            index.put(contents.get(number).key(), number);
        }
        Set<String> ids = new HashSet<>();
        for (MessageExt message : readAll(topic, contents.size())) {
            Integer number = index.remove(message.getKeys());
            Check.that(number != null, "stored twice, or never sent: " + message);
            contents.get(number).checkSame(message, results.get(number));
            Check.that(ids.add(message.getMsgId()), "id of two messages: " + message.getMsgId());
        }
    }

    /** Waits until the consumers together hold all queues of the topic and each holds the same number, within one. */
    static void awaitShared(String topic, int queues, List<DefaultMQPushConsumer> members) throws Exception {
        Check.eventually("even shares of " + topic, () -> {
            Set<MessageQueue> all = new HashSet<>();
            for (DefaultMQPushConsumer member : members) {
                Set<MessageQueue> own = queuesOf(member, topic);
                int fair = queues / members.size();
                Check.that(own.size() == fair || own.size() == fair + 1, "a member has " + own.size() + " of " + queues);
                for (MessageQueue queue : own) {
                    Check.that(all.add(queue), "two members have " + queue);
                }
            }
            Check.equal("queues held", queues, all.size());
            return null;
        });
    }

    static Set<MessageQueue> queuesOf(DefaultMQPushConsumer member, String topic) {
        Set<MessageQueue> own = new HashSet<>();
        member.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet().stream()
            .filter(queue -> queue.getTopic().equals(topic))
            .forEach(own::add);
        return own;
    }

    /** Waits until the group's offsets of the topic, as the broker knows them, are the queues' ends. */
    void awaitCommitted(String group, String topic) throws Exception {
        Check.eventually("offsets of " + group, () -> {
            try {
                admin().examineConsumeStats(group, topic).getOffsetTable().forEach((queue, offsets) ->
                    Check.equal("offset of " + queue, offsets.getBrokerOffset(), offsets.getConsumerOffset()));
            } catch (MQClientException unknownYet) {
                throw new Mismatch(unknownYet.getErrorMessage());
            }
            return null;
        });
    }

    /** Ends a client before the run ends. Ending it a second time at the run's end does nothing. */
    static void shutDownNow(DefaultMQPushConsumer consumer) {
        consumer.shutdown();
    }

    @Override
    public void close() {
        List<AutoCloseable> closing;
        synchronized (this) {
            closing = new ArrayList<>(started);
            started.clear();
        }
        for (AutoCloseable closeable : closing) {
            try {
                closeable.close();
            } catch (Exception exception) {
                exception.printStackTrace();
            }
        }
    }
}
