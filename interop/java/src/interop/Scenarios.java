package interop;

import java.util.HashMap;
import java.util.Map;

/** Every scenario by its name. */
final class Scenarios {
    private static final Map<String, Scenario> ALL = new HashMap<>();

    static {
        ALL.put("send-sync", SendScenarios::sync);
        ALL.put("send-async", SendScenarios::async);
        ALL.put("send-one-way", SendScenarios::oneWay);
        ALL.put("send-batch", SendScenarios::batch);
        ALL.put("batch-queue", BatchQueueScenarios::stored);
        ALL.put("batch-queue-refused", BatchQueueScenarios::refused);
        ALL.put("send-compressed", SendScenarios::compressed);
        ALL.put("send-big", SendScenarios::big);
        ALL.put("send-too-big", SendScenarios::tooBig);
        ALL.put("send-selected-queue", SendScenarios::selectedQueue);
        ALL.put("send-unknown-queue", SendScenarios::unknownQueue);
        ALL.put("topic-auto-creation", SendScenarios::topicAutoCreation);
        ALL.put("create-topic", SendScenarios::createTopic);
        ALL.put("push-concurrent", PushScenarios::concurrent);
        ALL.put("push-orderly", PushScenarios::orderly);
        ALL.put("push-cluster", PushScenarios::clusterMembers);
        ALL.put("push-assigned", PushScenarios::assigned);
        ALL.put("pop-shared", PopScenarios::shared);
        ALL.put("pop-refused", PopScenarios::refused);
        ALL.put("pop-switched", PopScenarios::switched);
        ALL.put("dashboard-calls", DashboardScenarios::calls);
        ALL.put("proxy-receive", ProxyScenarios::receiveAndAcknowledge);
        ALL.put("proxy-invisible-time", ProxyScenarios::changeInvisibleTime);
        ALL.put("proxy-orderly", ProxyScenarios::orderly);
        ALL.put("proxy-dead-letter", ProxyScenarios::deadLetter);
        ALL.put("proxy-recall", ProxyScenarios::recall);
        ALL.put("proxy-transactions", ProxyScenarios::transactions);
        ALL.put("proxy-filters", ProxyScenarios::filters);
        ALL.put("proxy-push", ProxyScenarios::push);
        ALL.put("proxy-lite-subscriptions", ProxyLiteScenarios::subscriptions);
        ALL.put("proxy-lite-offsets", ProxyLiteScenarios::offsets);
        ALL.put("proxy-lite-exclusive", ProxyLiteScenarios::exclusive);
        ALL.put("proxy-lite-shared", ProxyLiteScenarios::shared);
        ALL.put("proxy-lite-refused", ProxyLiteScenarios::refused);
        ALL.put("proxy-lite-dead-letter", ProxyLiteScenarios::deadLetter);
        ALL.put("push-broadcast", PushScenarios::broadcast);
        ALL.put("push-tags", PushScenarios::tags);
        ALL.put("sql-push", FilterScenarios::push);
        ALL.put("sql-pull", FilterScenarios::pull);
        ALL.put("sql-lite-pull", FilterScenarios::litePull);
        ALL.put("sql-refused", FilterScenarios::refused);
        ALL.put("request-reply", RequestScenarios::answered);
        ALL.put("request-unanswered", RequestScenarios::unanswered);
        ALL.put("heartbeat-v2", PushScenarios::heartbeatV2);
        ALL.put("retry-then-success", RetryScenarios::retryThenSuccess);
        ALL.put("dead-letter", RetryScenarios::deadLetter);
        ALL.put("orderly-suspend", RetryScenarios::orderlySuspend);
        ALL.put("orderly-dead-letter", RetryScenarios::orderlyDeadLetter);
        ALL.put("delay-levels", RetryScenarios::delayLevels);
        ALL.put("timer-delays", TimerScenarios::delays);
        ALL.put("timer-too-far", TimerScenarios::tooFar);
        ALL.put("timer-recall", TimerScenarios::recall);
        ALL.put("priorities", SendScenarios::priorities);
        ALL.put("pull", PullScenarios::pull);
        ALL.put("lite-pull-assign", PullScenarios::liteAssign);
        ALL.put("lite-pull-subscribe", PullScenarios::liteSubscribe);
        ALL.put("query-by-key", QueryScenarios::byKey);
        ALL.put("query-by-id", QueryScenarios::byId);
        ALL.put("query-offsets", QueryScenarios::offsets);
        ALL.put("orderly-members-change", OrderScenarios::membersChange);
        ALL.put("join-and-leave", GroupScenarios::joinAndLeave);
        ALL.put("member-killed", GroupScenarios::memberKilled);
        ALL.put("holding-member", GroupScenarios::holdingMember);
        ALL.put("client-restart", GroupScenarios::clientRestart);
        ALL.put("consume-from-young", ConsumeFromScenarios::young);
        ALL.put("consume-from-expired", ConsumeFromScenarios::expired);
        ALL.put("broker-restart", RestartScenarios::brokerRestart);
        ALL.put("transaction-ends", TransactionScenarios::ends);
        ALL.put("transaction-other-producer", TransactionScenarios::otherProducer);
        ALL.put("broker-killed", FailoverScenarios::brokerKilled);
        ALL.put("name-server-killed", FailoverScenarios::nameServerKilled);
        ALL.put("compaction-table", CompactionScenarios::table);
        ALL.put("static-topic-moved", StaticTopicScenarios::moved);
        ALL.put("sdk-produce", SdkScenarios::produce);
        ALL.put("sdk-consume", SdkScenarios::consume);
        ALL.put("sdk-member", SdkScenarios::member);
    }

    private Scenarios() {
    }

    static Scenario byName(String name) {
        Scenario scenario = ALL.get(name);
        if (scenario == null) {
            throw new IllegalArgumentException("no scenario " + name);
        }
        return scenario;
    }
}
