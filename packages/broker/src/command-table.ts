import type { commands } from '@rocketmq-ts/protocol'
import { type CommandTable, type Lane, type LookAhead, serve, unsupported } from '@rocketmq-ts/remoting'
import type { createAdministration } from './administration/create-administration.ts'
import type { createClients } from './clients/create-clients.ts'
import type { createGroups } from './groups/create-groups.ts'
import type { createLocks } from './locks/create-locks.ts'
import type { createOffsets } from './offsets/create-offsets.ts'
import type { createReading } from './reading/create-reading.ts'
import type { createRetries } from './retries/create-retries.ts'
import type { createSending } from './sending/create-sending.ts'
import type { BrokerSettings } from './settings/index.ts'
import type { createStatistics } from './statistics/create-statistics.ts'
import type { createTopics } from './topics/create-topics.ts'

type HandlersOf<Create extends (...parts: never) => { handlers: object }> = ReturnType<Create>['handlers']

/** The handlers of all features. */
export type BrokerHandlers = HandlersOf<typeof createSending> &
  HandlersOf<typeof createRetries> &
  HandlersOf<typeof createReading> &
  HandlersOf<typeof createClients> &
  HandlersOf<typeof createLocks> &
  HandlersOf<typeof createOffsets> &
  HandlersOf<typeof createTopics> &
  HandlersOf<typeof createGroups> &
  HandlersOf<typeof createStatistics> &
  HandlersOf<typeof createAdministration>

/** Requests that share a limit on how many of them may wait for an answer. */
export interface BrokerLanes {
  send: Lane
  /** Pulls that are held count: each costs memory. */
  pull: Lane
  litePull: Lane
  query: Lane
  client: Lane
  consumer: Lane
  admin: Lane
}

const otherLaneMax = 100_000

export function brokerLanes(settings: BrokerSettings): BrokerLanes {
  const pullMax = settings.pullThreadPoolQueueCapacity
  return {
    send: { name: 'send', waitingMax: settings.sendThreadPoolQueueCapacity },
    pull: { name: 'pull', waitingMax: pullMax },
    litePull: { name: 'lite-pull', waitingMax: pullMax },
    query: { name: 'query', waitingMax: otherLaneMax },
    client: { name: 'client', waitingMax: otherLaneMax },
    consumer: { name: 'consumer', waitingMax: otherLaneMax },
    admin: { name: 'admin', waitingMax: otherLaneMax },
  }
}

const transactions = unsupported('transactional messages are not served yet')
const pop = unsupported('POP consumption is not served yet: consume by pull')
const lite = unsupported('lite topics are not served yet')
const access = unsupported('access control is not served yet')
const replication = unsupported('replication is not served yet')
const controller = unsupported('the controller is not served yet')
const timers = unsupported('messages of any delay are not served yet: use the delay levels')
const requestReply = unsupported('request and reply are not served yet')
const rocksDb = unsupported('this broker keeps everything in files: there is no RocksDB')
const coldData = unsupported('cold data control is not served yet')
const staticTopics = unsupported('static topics are not served yet')
const container = unsupported('this is a broker, not a broker container')
const retired = unsupported('RocketMQ has the code, but no server answers it')

/**
 * Everything that a broker answers: the one list of what it can do.
 * @param sendLookAhead told of messages before they are handled
 */
export function brokerCommandTable(
  handlers: BrokerHandlers,
  lanes: BrokerLanes,
  sendLookAhead: LookAhead<typeof commands.sendMessageV2>,
): CommandTable<'broker'> {
  const { send, pull, litePull, query, client, consumer, admin } = lanes
  return {
    // sending
    sendMessage: serve(send, 'publish', handlers.sendMessage, sendLookAhead),
    sendMessageV2: serve(send, 'publish', handlers.sendMessageV2, sendLookAhead),
    sendBatchMessage: serve(send, 'publish', handlers.sendBatchMessage),
    consumerSendMsgBack: serve(send, 'subscribe', handlers.consumerSendMsgBack),
    sendReplyMessage: requestReply,
    sendReplyMessageV2: requestReply,
    recallMessage: timers,

    // reading
    pullMessage: serve(pull, 'subscribe', handlers.pullMessage),
    litePullMessage: serve(litePull, 'subscribe', handlers.litePullMessage),
    viewMessageById: serve(query, 'subscribe', handlers.viewMessageById),
    queryMessage: serve(query, 'subscribe', handlers.queryMessage),
    peekMessage: pop,

    // clients
    heartBeat: serve(client, 'connect', handlers.heartBeat),
    unregisterClient: serve(client, 'connect', handlers.unregisterClient),
    checkClientConfig: serve(client, 'connect', handlers.checkClientConfig),
    getConsumerListByGroup: serve(consumer, 'subscribe', handlers.getConsumerListByGroup),
    lockBatchMq: serve(consumer, 'subscribe', handlers.lockBatchMq),
    unlockBatchMq: serve(consumer, 'subscribe', handlers.unlockBatchMq),
    getConsumerRunningInfo: serve(admin, 'administer', handlers.getConsumerRunningInfo),
    consumeMessageDirectly: serve(admin, 'administer', handlers.consumeMessageDirectly),
    getConsumerConnectionList: serve(admin, 'administer', handlers.getConsumerConnectionList),
    getProducerConnectionList: serve(admin, 'administer', handlers.getProducerConnectionList),
    getAllProducerInfo: serve(admin, 'administer', handlers.getAllProducerInfo),

    // offsets
    queryConsumerOffset: serve(consumer, 'subscribe', handlers.queryConsumerOffset),
    updateConsumerOffset: serve(consumer, 'subscribe', handlers.updateConsumerOffset),
    searchOffsetByTimestamp: serve(consumer, 'subscribe', handlers.searchOffsetByTimestamp),
    getMaxOffset: serve(consumer, 'subscribe', handlers.getMaxOffset),
    getMinOffset: serve(consumer, 'subscribe', handlers.getMinOffset),
    getEarliestMsgStoretime: serve(consumer, 'subscribe', handlers.getEarliestMsgStoretime),
    getConsumeStats: serve(admin, 'administer', handlers.getConsumeStats),
    getBrokerConsumeStats: serve(admin, 'administer', handlers.getBrokerConsumeStats),
    queryConsumeTimeSpan: serve(admin, 'administer', handlers.queryConsumeTimeSpan),
    queryCorrectionOffset: unsupported('offsets are not corrected by comparing groups: reset them by time instead'),
    invokeBrokerToResetOffset: serve(admin, 'administer', handlers.invokeBrokerToResetOffset),
    invokeBrokerToGetConsumerStatus: serve(admin, 'administer', handlers.invokeBrokerToGetConsumerStatus),
    cloneGroupOffset: serve(admin, 'administer', handlers.cloneGroupOffset),
    queryConsumeQueue: serve(admin, 'administer', handlers.queryConsumeQueue),

    // topics
    updateAndCreateTopic: serve(admin, 'administer', handlers.updateAndCreateTopic),
    updateAndCreateTopicList: serve(admin, 'administer', handlers.updateAndCreateTopicList),
    updateAndCreateStaticTopic: staticTopics,
    getTopicConfig: serve(admin, 'administer', handlers.getTopicConfig),
    getAllTopicConfig: serve(admin, 'administer', handlers.getAllTopicConfig),
    deleteTopicInBroker: serve(admin, 'administer', handlers.deleteTopicInBroker),
    getTopicStatsInfo: serve(admin, 'administer', handlers.getTopicStatsInfo),
    queryTopicConsumeByWho: serve(admin, 'administer', handlers.queryTopicConsumeByWho),
    queryTopicsByConsumer: serve(admin, 'administer', handlers.queryTopicsByConsumer),
    getSystemTopicListFromBroker: serve(admin, 'administer', handlers.getSystemTopicListFromBroker),
    cleanUnusedTopic: serve(admin, 'administer', handlers.cleanUnusedTopic),

    // groups
    updateAndCreateSubscriptiongroup: serve(admin, 'administer', handlers.updateAndCreateSubscriptiongroup),
    updateAndCreateSubscriptiongroupList: serve(admin, 'administer', handlers.updateAndCreateSubscriptiongroupList),
    getAllSubscriptiongroupConfig: serve(admin, 'administer', handlers.getAllSubscriptiongroupConfig),
    getSubscriptiongroupConfig: serve(admin, 'administer', handlers.getSubscriptiongroupConfig),
    deleteSubscriptiongroup: serve(admin, 'administer', handlers.deleteSubscriptiongroup),
    updateAndGetGroupForbidden: serve(admin, 'administer', handlers.updateAndGetGroupForbidden),
    querySubscriptionByConsumer: serve(admin, 'administer', handlers.querySubscriptionByConsumer),

    // administration of the broker
    updateBrokerConfig: serve(admin, 'administer', handlers.updateBrokerConfig),
    getBrokerConfig: serve(admin, 'administer', handlers.getBrokerConfig),
    getBrokerRuntimeInfo: serve(admin, 'administer', handlers.getBrokerRuntimeInfo),
    viewBrokerStatsData: serve(admin, 'administer', handlers.viewBrokerStatsData),
    deleteExpiredCommitlog: serve(admin, 'administer', handlers.deleteExpiredCommitlog),
    cleanExpiredConsumequeue: unsupported('consume queues follow the log: their old files go with it'),
    setCommitlogReadMode: unsupported('files are read by position: there is no read-ahead to set'),
    checkRocksdbCqWriteProgress: rocksDb,
    exportRocksdbConfigToJson: rocksDb,
    updateColdDataFlowCtrConfig: coldData,
    removeColdDataFlowCtrConfig: coldData,
    getColdDataFlowCtrInfo: coldData,
    switchTimerEngine: timers,

    // transactions
    endTransaction: transactions,
    resumeCheckHalfMessage: transactions,

    // POP
    queryAssignment: pop,
    setMessageRequestMode: pop,
    getAllMessageRequestMode: pop,
    popMessage: pop,
    ackMessage: pop,
    batchAckMessage: pop,
    changeMessageInvisibletime: pop,
    notification: pop,
    pollingInfo: pop,
    popRollback: pop,
    popLiteMessage: lite,

    // lite topics
    liteSubscriptionCtl: lite,
    ackLiteMessage: lite,
    getBrokerLiteInfo: lite,
    getParentTopicInfo: lite,
    getLiteTopicInfo: lite,
    getLiteClientInfo: lite,
    getLiteGroupInfo: lite,
    triggerLiteDispatch: lite,

    // users and access
    authCreateUser: access,
    authUpdateUser: access,
    authDeleteUser: access,
    authGetUser: access,
    authListUser: access,
    authCreateAcl: access,
    authUpdateAcl: access,
    authDeleteAcl: access,
    authGetAcl: access,
    authListAcl: access,

    // replication and controller
    getBrokerHaStatus: replication,
    resetMasterFlushOffset: replication,
    exchangeBrokerHaInfo: replication,
    notifyMinBrokerIdChange: replication,
    getAllConsumerOffset: replication,
    getAllDelayOffset: replication,
    getTimerCheckPoint: replication,
    getTimerMetrics: replication,
    getBrokerEpochCache: controller,
    notifyBrokerRoleChanged: controller,
    addBroker: container,
    removeBroker: container,

    // codes without a server
    queryBrokerOffset: retired,
    getTopicConfigList: retired,
    getTopicNameList: retired,
    triggerDeleteFiles: retired,
    getClientConfig: retired,
    suspendConsumer: retired,
    resumeConsumer: retired,
    resetConsumerOffsetInConsumer: retired,
    resetConsumerOffsetInBroker: retired,
    adjustConsumerThreadPool: retired,
    whoConsumeTheMessage: retired,
    registerFilterServer: retired,
    registerMessageFilterClass: retired,
  }
}
