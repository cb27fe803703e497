package interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.trace.TraceContext;
import org.apache.rocketmq.client.trace.TraceDataEncoder;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.common.topic.TopicValidator;
import org.apache.rocketmq.remoting.protocol.admin.OffsetWrapper;
import org.apache.rocketmq.remoting.protocol.body.AclInfo;
import org.apache.rocketmq.remoting.protocol.body.ConsumerRunningInfo;
import org.apache.rocketmq.remoting.protocol.body.UserInfo;
import org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * The calls behind the pages of the official dashboard that no command of mqadmin makes, for a cluster of one broker that
 * has nothing but this. Topics and groups have fixed names, so that the answers of two clusters can be compared.
 */
@SuppressWarnings("deprecation")
final class DashboardScenarios {
    private static final String TOPIC = "DashboardTopic";
    private static final String READER = "dashboard-reader";
    private static final String FILTER = "dashboard-filter";
    private static final String ABSENT = "dashboard-absent";
    private static final String EXPRESSION = "dashboard-expression";
    private static final String ORDERLY = "dashboard-orderly";
    private static final String BROADCAST = "dashboard-broadcast";
    private static final String DEAD = "%DLQ%" + READER;

    private final Run run;
    private final DefaultMQAdminExt admin;
    private final String broker;
    private final Set<String> nameServers;
    private final Answers answers = new Answers();
    private final List<SendResult> sent = new ArrayList<>();
    private DefaultMQPullConsumer pull;
    private DefaultMQPushConsumer reader;

    private DashboardScenarios(Run run) throws Exception {
        this.run = run;
        admin = run.admin();
        broker = run.brokerAddresses().get(0);
        nameServers = Set.of(run.namesrvAddr());
    }

    /** Returns the answers as an object of JSON. */
    static String calls(Run run) throws Exception {
        DashboardScenarios pages = new DashboardScenarios(run);
        pages.prepare();
        pages.topics();
        pages.consumers();
        pages.statistics();
        pages.messages();
        pages.deadLetters();
        pages.sends();
        pages.resets();
        pages.deletions();
        pages.accessControl();
        return pages.answers.toJson();
    }

    /** Six messages, a dead letter, and groups of every kind that has read them: one of them has gone. */
    private void prepare() throws Exception {
        answers.of("dead letters: route before the first", () -> admin.examineTopicRouteInfo(DEAD));
        createTopic(TOPIC, 2, "NORMAL");
        run.awaitRoute(TOPIC, 1, 2);
        DefaultMQProducer producer = run.configure(new DefaultMQProducer("dashboard-producers"));
        producer.start();
        run.closeAtEnd(producer::shutdown);
        for (int number = 0; number < 6; number++) {
            MessageQueue queue = new MessageQueue(TOPIC, "broker-a", number % 2);
            sent.add(Run.stored(producer.send(message(TOPIC, number % 3 == 0 ? "B" : "A", "key-" + number), queue)));
        }
        DefaultMQPushConsumer absent = run.start(member(ABSENT, MessageSelector.byTag("*")));
        run.start(member(FILTER, MessageSelector.byTag("A")));
        reader = run.start(member(READER, MessageSelector.byTag("*")));
        run.start(member(EXPRESSION, MessageSelector.bySql("TAGS = 'A'")));
        DefaultMQPushConsumer orderly = member(ORDERLY, MessageSelector.byTag("A || B"));
        orderly.registerMessageListener((MessageListenerOrderly) (messages, context) -> ConsumeOrderlyStatus.SUCCESS);
        run.start(orderly);
        DefaultMQPushConsumer broadcast = member(BROADCAST, MessageSelector.byTag("*"));
        broadcast.setMessageModel(MessageModel.BROADCASTING);
        run.start(broadcast);
        for (String group : List.of(ABSENT, FILTER, READER, EXPRESSION, ORDERLY)) {
            run.awaitCommitted(group, TOPIC);
        }
        absent.shutdown();
        awaitOffline(ABSENT);
        Check.eventually("a dead letter", () -> {
            try {
                Check.equal("its offset", 1L, admin.examineTopicStats(DEAD).getOffsetTable().values().iterator().next().getMaxOffset());
            } catch (MQClientException notYet) {
                throw new Mismatch(notYet.getErrorMessage());
            }
            return null;
        });
        pull = run.pullConsumer("dashboard-pages");
    }

    /** Not started. Accepts all messages; that of the readers refuses the first one, for good. */
    private DefaultMQPushConsumer member(String group, MessageSelector wanted) throws Exception {
        DefaultMQPushConsumer consumer = run.pushConsumer(group);
        consumer.setMaxReconsumeTimes(0);
        consumer.setConsumeMessageBatchMaxSize(1);
        consumer.subscribe(TOPIC, wanted);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) ->
            group.equals(READER) && messages.get(0).getKeys().equals("key-0") && !messages.get(0).getTopic().equals(DEAD)
                ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS);
        return consumer;
    }

    private void awaitOffline(String group) throws Exception {
        Check.eventually("no member of " + group, () -> {
            try {
                throw new Mismatch("members: " + admin.examineConsumerConnectionInfo(group, broker).getConnectionSet().size());
            } catch (MQBrokerException offline) {
                return null;
            }
        });
    }

    private static Message message(String topic, String tag, String key) {
        return new Message(topic, tag, key, ("body of " + key).getBytes(StandardCharsets.UTF_8));
    }

    private void createTopic(String topic, int queues, String type) throws Exception {
        TopicConfig config = new TopicConfig(topic, queues, queues, 6);
        config.setAttributes(Map.of("+message.type", type));
        admin.createAndUpdateTopicConfig(broker, config);
    }

    private void topics() throws Exception {
        answers.of("topics: names of system topics", () -> {
            DefaultMQProducer any = run.producer();
            return any.getDefaultMQProducerImpl().getMqClientFactory().getMQClientAPIImpl().getSystemTopicList(Run.ANSWER_MS);
        });
        for (String type : List.of("NORMAL", "FIFO", "DELAY", "TRANSACTION", "PRIORITY", "UNSPECIFIED", "MIXED", "NONE")) {
            answers.to("topics: create one of type " + type, () -> createTopic("Dashboard" + type, 1, type));
            answers.of("topics: configuration of one of type " + type, () -> admin.examineTopicConfig(broker, "Dashboard" + type));
        }
        answers.of("topics: configurations of all", () -> new TreeMap<>(admin.getAllTopicConfig(broker, Run.ANSWER_MS).getTopicConfigTable()));
        answers.of("topics: groups of one", () -> admin.queryTopicConsumeByWho(TOPIC));
        answers.of("topics: groups of one without", () -> admin.queryTopicConsumeByWho("DashboardNORMAL"));
    }

    private void consumers() throws Exception {
        SubscriptionGroupConfig config = new SubscriptionGroupConfig();
        config.setGroupName("dashboard-made");
        config.setConsumeMessageOrderly(true);
        config.setRetryQueueNums(2);
        config.setRetryMaxTimes(5);
        config.setConsumeTimeoutMinute(7);
        answers.to("groups: create", () -> admin.createAndUpdateSubscriptionGroupConfig(broker, config));
        answers.of("groups: configurations of all", () -> new TreeMap<>(admin.getAllSubscriptionGroup(broker, Run.ANSWER_MS).getSubscriptionGroupTable()));
        for (String group : List.of(READER, ABSENT, FILTER, EXPRESSION, ORDERLY, BROADCAST, "dashboard-unknown")) {
            answers.of("groups: progress at a broker of " + group, () -> progress(group));
            answers.of("groups: members at a broker of " + group, () -> admin.examineConsumerConnectionInfo(group, broker));
        }
        answers.of("groups: threads of a member", () -> {
            ConsumerRunningInfo info = admin.getConsumerRunningInfo(READER, reader.buildMQClientId(), true);
            return info.getJstack().contains("STATE:");
        });
    }

    /** Without the retry topic: a member tells no offset of that before its first pull comes back, after up to 15 s. */
    private Object progress(String group) throws Exception {
        Map<MessageQueue, OffsetWrapper> offsets = new HashMap<>(admin.examineConsumeStats(broker, group, null, 3000).getOffsetTable());
        offsets.keySet().removeIf(queue -> queue.getTopic().startsWith("%RETRY%"));
        return offsets;
    }

    /** Counters that a broker has nothing in. Those with something are in mqadmin's statsAll. */
    private void statistics() throws Exception {
        answers.of("statistics: puts of a topic without", () -> admin.viewBrokerStatsData(broker, "TOPIC_PUT_NUMS", "DashboardFIFO"));
        answers.of("statistics: gets of a group without", () -> admin.viewBrokerStatsData(broker, "GROUP_GET_NUMS", TOPIC + "@none"));
        answers.of("statistics: counters of no name", () -> admin.viewBrokerStatsData(broker, "NO_SUCH_NUMS", TOPIC));
    }

    private void messages() throws Exception {
        long now = System.currentTimeMillis();
        for (int queueId = 0; queueId < 2; queueId++) {
            MessageQueue queue = new MessageQueue(TOPIC, "broker-a", queueId);
            answers.of("messages: offsets of times in queue " + queueId, () ->
                List.of(pull.searchOffset(queue, now - 3_600_000), pull.searchOffset(queue, now), pull.searchOffset(queue, now + 1000)));
            answers.of("messages: first page of queue " + queueId, () -> page(queue, 0));
            answers.of("messages: page behind the last of queue " + queueId, () -> page(queue, 3));
            answers.of("messages: page far behind the last of queue " + queueId, () -> page(queue, 300));
        }
        answers.of("messages: queues of a topic", () -> pull.fetchSubscribeMessageQueues(TOPIC));
        for (int number : List.of(1, 3)) {
            answers.of("messages: who consumed key-" + number, () -> {
                MessageExt message = Check.eventually("message", () -> {
                    MessageExt found = admin.viewMessage(TOPIC, sent.get(number).getOffsetMsgId());
                    Check.that(found != null, "none");
                    return found;
                });
                return admin.messageTrackDetail(message);
            });
        }
    }

    private Map<String, Object> page(MessageQueue queue, long offset) throws Exception {
        PullResult result = pull.pull(queue, "*", offset, 32);
        Map<String, Object> page = new TreeMap<>();
        page.put("status", result.getPullStatus());
        page.put("next", result.getNextBeginOffset());
        page.put("ends", List.of(result.getMinOffset(), result.getMaxOffset()));
        page.put("messages", result.getMsgFoundList());
        return page;
    }

    private void deadLetters() throws Exception {
        run.awaitRoute(DEAD, 1, 1);
        MessageQueue queue = new MessageQueue(DEAD, "broker-a", 0);
        answers.of("dead letters: route", () -> admin.examineTopicRouteInfo(DEAD));
        answers.of("dead letters: page", () -> page(queue, 0));
        MessageExt letter = pull.pull(queue, "*", 0, 32).getMsgFoundList().get(0);
        answers.of("dead letters: one", () -> Check.eventually("the letter's index", () -> {
            try {
                return admin.viewMessage(DEAD, letter.getMsgId());
            } catch (MQClientException notYet) {
                throw new Mismatch(notYet.getErrorMessage());
            }
        }));
        answers.of("dead letters: resend to a member", () ->
            admin.consumeMessageDirectly(READER, reader.buildMQClientId(), DEAD, letter.getMsgId()).getConsumeResult());
    }

    /** From the page of topics: an ordinary message, one of a transaction, and one with a trace, which is looked up. */
    private void sends() throws Exception {
        for (String topic : List.of("DashboardNORMAL", "DashboardTRANSACTION")) {
            run.awaitRoute(topic, 1, 1);
        }
        TransactionMQProducer transactions = run.configure(new TransactionMQProducer("dashboard-transactions"));
        transactions.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
                return LocalTransactionState.COMMIT_MESSAGE;
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                return LocalTransactionState.COMMIT_MESSAGE;
            }
        });
        transactions.start();
        run.closeAtEnd(transactions::shutdown);
        answers.of("topics: send in a transaction", () ->
            transactions.sendMessageInTransaction(message("DashboardTRANSACTION", "A", "committed"), null).getSendStatus());
        answers.of("topics: message of a transaction", () -> {
            MessageExt message = run.readAll("DashboardTRANSACTION", 1).get(0);
            return List.of(message.getKeys(), message.getSysFlag(), message.getProperties().keySet().stream().sorted().toList());
        });
        DefaultMQProducer traced = run.configure(
            new DefaultMQProducer("dashboard-traced", null, true, TopicValidator.RMQ_SYS_TRACE_TOPIC));
        traced.start();
        SendResult[] result = new SendResult[1];
        answers.of("topics: send with a trace", () -> {
            result[0] = traced.send(message("DashboardNORMAL", "A", "traced"));
            return Map.of("status", result[0].getSendStatus(), "offset", result[0].getQueueOffset(), "traced", result[0].isTraceOn());
        });
        traced.shutdown();
        answers.of("traces: of a message", () -> trace(result[0].getMsgId()));
        answers.of("traces: of no message", () ->
            admin.queryMessage(TopicValidator.RMQ_SYS_TRACE_TOPIC, "none", 64, 0, System.currentTimeMillis()).getMessageList());
    }

    private Object trace(String id) throws Exception {
        MessageExt stored = Check.eventually("the trace", () -> {
            try {
                return admin.queryMessage(TopicValidator.RMQ_SYS_TRACE_TOPIC, id, 64, 0, System.currentTimeMillis()).getMessageList().get(0);
            } catch (MQClientException notYet) {
                throw new Mismatch(notYet.getErrorMessage());
            }
        });
        List<Object> seen = new ArrayList<>();
        for (TraceContext trace : TraceDataEncoder.decoderFromTraceDataString(new String(stored.getBody(), StandardCharsets.UTF_8))) {
            trace.getTraceBeans().forEach(bean -> seen.add(List.of(trace.getTraceType(), trace.getGroupName(), trace.isSuccess(),
                bean.getTopic(), bean.getTags(), bean.getKeys(), bean.getStoreHost(), bean.getMsgId().equals(id))));
        }
        return seen;
    }

    /** The page sets the offsets of members; of a group without members, the broker does it. */
    private void resets() throws Exception {
        for (long time : List.of(1000L, -1L)) {
            answers.of("groups: members go to " + time, () -> admin.resetOffsetByTimestamp(TOPIC, READER, time, true));
            answers.of("groups: a group without members goes to " + time, () -> admin.resetOffsetByTimestamp(TOPIC, ABSENT, time, true));
            answers.of("groups: the old way to " + time, () -> admin.resetOffsetByTimestampOld(ABSENT, TOPIC, time, true));
        }
        answers.of("groups: an unknown group goes", () -> admin.resetOffsetByTimestamp(TOPIC, "dashboard-unknown", -1, true));
    }

    private void deletions() throws Exception {
        answers.to("groups: delete with offsets", () -> admin.deleteSubscriptionGroup(broker, ABSENT, true));
        for (String topic : List.of("%RETRY%" + ABSENT, "%DLQ%" + ABSENT)) {
            answers.to("groups: delete " + topic + " at the broker", () -> admin.deleteTopicInBroker(Set.of(broker), topic));
            answers.to("groups: delete " + topic + " at the name server", () -> admin.deleteTopicInNameServer(nameServers, topic));
        }
        answers.of("groups: progress of a deleted one", () -> progress(ABSENT));
        answers.of("groups: retry topic of a deleted one", () -> admin.examineTopicRouteInfo("%RETRY%" + ABSENT));
        answers.to("topics: delete at a broker", () -> admin.deleteTopicInBroker(Set.of(broker), "DashboardFIFO"));
        answers.of("topics: configuration of a deleted one", () -> admin.examineTopicConfig(broker, "DashboardFIFO"));
    }

    private void accessControl() throws Exception {
        UserInfo user = UserInfo.of("alice", "12345678", "Normal");
        AclInfo acl = AclInfo.of("User:alice", List.of("Topic:" + TOPIC), List.of("Pub"), List.of(), "Allow");
        answers.of("access: users", () -> admin.listUser(broker, ""));
        answers.to("access: create a user", () -> admin.createUser(broker, user));
        answers.to("access: change a user", () -> admin.updateUser(broker, user));
        answers.to("access: delete a user", () -> admin.deleteUser(broker, "alice"));
        answers.of("access: rules", () -> admin.listAcl(broker, "", ""));
        answers.to("access: create a rule", () -> admin.createAcl(broker, acl));
        answers.to("access: change a rule", () -> admin.updateAcl(broker, acl));
        answers.to("access: delete a rule", () -> admin.deleteAcl(broker, "User:alice", "Topic:" + TOPIC));
    }
}
