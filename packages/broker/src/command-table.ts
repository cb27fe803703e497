import type { commands } from '@rocketmq-ts/protocol'
import {
  anyOf,
  type CommandTable,
  create,
  get,
  group,
  type Lane,
  type LookAhead,
  ownCluster,
  publish,
  remove,
  serve,
  subscribe,
  topic,
  unsupported,
  update,
} from '@rocketmq-ts/remoting'
import {
  batchAckAccess,
  checkClientAccess,
  createTopicListAccess,
  heartbeatAccess,
  liteSubscriptionAccess,
  lockAccess,
  queryAssignmentAccess,
  requestModeAccess,
  unlockAccess,
  updateGroupAccess,
  updateGroupListAccess,
} from './body-access.ts'
import type { Features } from './create-features.ts'
import type { LiveSettings } from './live-settings.ts'

/** Requests that share a limit on how many of them may wait for an answer. */
export interface BrokerLanes {
  send: Lane
  /** Replies wait for the clients that get them. */
  reply: Lane
  /** Pulls that are held count: each costs memory. */
  pull: Lane
  litePull: Lane
  /** Requests of POP that are held count, too. */
  pop: Lane
  ack: Lane
  query: Lane
  client: Lane
  consumer: Lane
  transaction: Lane
  admin: Lane
}

const otherLaneMax = 100_000
/** Requests of POP that may be under way beside those that are held. */
const popsUnderWayMax = 10_000
/** As many as the official broker queues. */
const replyLaneMax = 10_000

/** Lanes whose limits follow the settings. */
export function brokerLanes(liveSettings: Pick<LiveSettings, 'current' | 'onChange'>): BrokerLanes {
  const send = { name: 'send', waitingMax: 0 }
  const pull = { name: 'pull', waitingMax: 0 }
  const litePull = { name: 'lite-pull', waitingMax: 0 }
  const pop = { name: 'pop', waitingMax: 0 }
  const transaction = { name: 'transaction', waitingMax: 0 }
  const setLimits = () => {
    const {
      sendThreadPoolQueueCapacity,
      pullThreadPoolQueueCapacity,
      endTransactionPoolQueueCapacity,
      maxPopPollingSize,
    } = liveSettings.current
    send.waitingMax = sendThreadPoolQueueCapacity
    transaction.waitingMax = endTransactionPoolQueueCapacity
    pull.waitingMax = pullThreadPoolQueueCapacity
    litePull.waitingMax = pullThreadPoolQueueCapacity
    pop.waitingMax = maxPopPollingSize + popsUnderWayMax
  }
  setLimits()
  liveSettings.onChange(setLimits)
  return {
    send,
    reply: { name: 'reply', waitingMax: replyLaneMax },
    pull,
    litePull,
    pop,
    ack: { name: 'ack', waitingMax: otherLaneMax },
    query: { name: 'query', waitingMax: otherLaneMax },
    client: { name: 'client', waitingMax: otherLaneMax },
    consumer: { name: 'consumer', waitingMax: otherLaneMax },
    transaction,
    admin: { name: 'admin', waitingMax: otherLaneMax },
  }
}

const access = unsupported('access control is not served yet')
const replication = unsupported('replication is not served yet')
const controller = unsupported('the controller is not served yet')
const configInJson = unsupported(
  'there is no RocksDB: topics.json, subscriptionGroup.json and consumerOffset.json in the config folder of the store are JSON',
)
const container = unsupported('this is a broker, not a broker container')
const retired = unsupported('RocketMQ has the code, but no server answers it')

/**
 * Everything that a broker answers: the one list of what it can do, and what has to be allowed to whoever asks for it.
 *
 * The demands are those of RocketMQ's own access control, with two departures. RocketMQ lets anybody who is signed in
 * send requests 18, 21, 25, 26, 28, 46, 200, 201, 225, 305, 306, 316, 329, 361, 907, 2001 to 2004, 5001 and 200056: here
 * they demand what they do.
 * And whoever reads a retry topic needs the topic's own group, not any group.
 *
 * @param sendLookAhead told of messages before they are handled
 */
export function brokerCommandTable(
  handlers: Features['handlers'],
  lanes: BrokerLanes,
  sendLookAhead: LookAhead<typeof commands.sendMessageV2>,
): CommandTable<'broker'> {
  const { send, reply, pull, litePull, pop, ack, query, client, consumer, transaction, admin } = lanes
  return {
    // sending
    sendMessage: serve(send, publish(topic('topic')), handlers.sendMessage, sendLookAhead),
    sendMessageV2: serve(send, publish(topic('topic')), handlers.sendMessageV2, sendLookAhead),
    sendBatchMessage: serve(send, publish(topic('topic')), handlers.sendBatchMessage),
    consumerSendMsgBack: serve(send, subscribe(group('group')), handlers.consumerSendMsgBack),
    sendReplyMessage: serve(reply, publish(topic('topic')), handlers.sendReplyMessage),
    sendReplyMessageV2: serve(reply, publish(topic('topic')), handlers.sendReplyMessageV2),
    recallMessage: serve(send, publish(topic('topic')), handlers.recallMessage),

    // reading
    pullMessage: serve(pull, subscribe(topic('topic'), group('consumerGroup')), handlers.pullMessage),
    litePullMessage: serve(litePull, subscribe(topic('topic'), group('consumerGroup')), handlers.litePullMessage),
    viewMessageById: serve(query, get(topic('topic')), handlers.viewMessageById),
    queryMessage: serve(query, anyOf(['SUB', 'GET'], topic('topic')), handlers.queryMessage),
    peekMessage: serve(query, subscribe(group('consumerGroup'), topic('topic')), handlers.peekMessage),

    // clients
    heartBeat: serve(client, heartbeatAccess, handlers.heartBeat),
    unregisterClient: serve(client, subscribe(group('consumerGroup')), handlers.unregisterClient),
    checkClientConfig: serve(client, checkClientAccess, handlers.checkClientConfig),
    getConsumerListByGroup: serve(
      consumer,
      anyOf(['SUB', 'GET'], group('consumerGroup')),
      handlers.getConsumerListByGroup,
    ),
    queryAssignment: serve(consumer, queryAssignmentAccess, handlers.queryAssignment),
    lockBatchMq: serve(consumer, lockAccess, handlers.lockBatchMq),
    unlockBatchMq: serve(consumer, unlockAccess, handlers.unlockBatchMq),
    getConsumerRunningInfo: serve(admin, get(group('consumerGroup')), handlers.getConsumerRunningInfo),
    consumeMessageDirectly: serve(
      admin,
      subscribe(group('consumerGroup'), topic('topic')),
      handlers.consumeMessageDirectly,
    ),
    getConsumerConnectionList: serve(admin, get(group('consumerGroup')), handlers.getConsumerConnectionList),
    getProducerConnectionList: serve(admin, get(ownCluster), handlers.getProducerConnectionList),
    getAllProducerInfo: serve(admin, get(ownCluster), handlers.getAllProducerInfo),

    // offsets
    queryConsumerOffset: serve(
      consumer,
      anyOf(['SUB', 'GET'], topic('topic'), group('consumerGroup')),
      handlers.queryConsumerOffset,
    ),
    updateConsumerOffset: serve(
      consumer,
      anyOf(['SUB', 'UPDATE'], topic('topic'), group('consumerGroup')),
      handlers.updateConsumerOffset,
    ),
    searchOffsetByTimestamp: serve(consumer, get(topic('topic')), handlers.searchOffsetByTimestamp),
    getMaxOffset: serve(consumer, get(topic('topic')), handlers.getMaxOffset),
    getMinOffset: serve(consumer, get(topic('topic')), handlers.getMinOffset),
    getEarliestMsgStoretime: serve(consumer, get(topic('topic')), handlers.getEarliestMsgStoretime),
    getConsumeStats: serve(
      admin,
      get(group('consumerGroup'), topic('topic'), topic('topicList', ';')),
      handlers.getConsumeStats,
    ),
    getBrokerConsumeStats: serve(admin, get(ownCluster), handlers.getBrokerConsumeStats),
    queryConsumeTimeSpan: serve(admin, get(topic('topic'), group('group')), handlers.queryConsumeTimeSpan),
    queryCorrectionOffset: serve(admin, get(topic('topic')), handlers.queryCorrectionOffset),
    invokeBrokerToResetOffset: serve(admin, update(topic('topic'), group('group')), handlers.invokeBrokerToResetOffset),
    invokeBrokerToGetConsumerStatus: serve(
      admin,
      get(topic('topic'), group('group')),
      handlers.invokeBrokerToGetConsumerStatus,
    ),
    cloneGroupOffset: serve(admin, update(group('destGroup'), topic('topic')), handlers.cloneGroupOffset),
    queryConsumeQueue: serve(admin, get(topic('topic'), group('consumerGroup')), handlers.queryConsumeQueue),

    // topics
    updateAndCreateTopic: serve(admin, create(topic('topic')), handlers.updateAndCreateTopic),
    updateAndCreateTopicList: serve(admin, createTopicListAccess, handlers.updateAndCreateTopicList),
    updateAndCreateStaticTopic: serve(admin, create(topic('topic')), handlers.updateAndCreateStaticTopic),
    getTopicConfig: serve(admin, get(topic('topic')), handlers.getTopicConfig),
    getAllTopicConfig: serve(admin, get(ownCluster), handlers.getAllTopicConfig),
    deleteTopicInBroker: serve(admin, remove(topic('topic')), handlers.deleteTopicInBroker),
    getTopicStatsInfo: serve(admin, get(topic('topic')), handlers.getTopicStatsInfo),
    queryTopicConsumeByWho: serve(admin, get(topic('topic')), handlers.queryTopicConsumeByWho),
    queryTopicsByConsumer: serve(admin, get(group('group')), handlers.queryTopicsByConsumer),
    getSystemTopicListFromBroker: serve(admin, get(ownCluster), handlers.getSystemTopicListFromBroker),
    cleanUnusedTopic: serve(admin, update(ownCluster), handlers.cleanUnusedTopic),

    // groups
    updateAndCreateSubscriptiongroup: serve(admin, updateGroupAccess, handlers.updateAndCreateSubscriptiongroup),
    updateAndCreateSubscriptiongroupList: serve(
      admin,
      updateGroupListAccess,
      handlers.updateAndCreateSubscriptiongroupList,
    ),
    getAllSubscriptiongroupConfig: serve(admin, get(ownCluster), handlers.getAllSubscriptiongroupConfig),
    getSubscriptiongroupConfig: serve(admin, get(group('group')), handlers.getSubscriptiongroupConfig),
    deleteSubscriptiongroup: serve(admin, remove(group('groupName')), handlers.deleteSubscriptiongroup),
    updateAndGetGroupForbidden: serve(
      admin,
      update(group('group'), topic('topic')),
      handlers.updateAndGetGroupForbidden,
    ),
    querySubscriptionByConsumer: serve(
      admin,
      get(group('group'), topic('topic')),
      handlers.querySubscriptionByConsumer,
    ),

    // administration of the broker
    updateBrokerConfig: serve(admin, update(ownCluster), handlers.updateBrokerConfig),
    getBrokerConfig: serve(admin, get(ownCluster), handlers.getBrokerConfig),
    getBrokerRuntimeInfo: serve(admin, get(ownCluster), handlers.getBrokerRuntimeInfo),
    viewBrokerStatsData: serve(admin, get(ownCluster), handlers.viewBrokerStatsData),
    deleteExpiredCommitlog: serve(admin, update(ownCluster), handlers.deleteExpiredCommitlog),
    cleanExpiredConsumequeue: serve(admin, update(ownCluster), handlers.cleanExpiredConsumequeue),
    setCommitlogReadMode: serve(admin, update(ownCluster), handlers.setCommitlogReadMode),
    checkRocksdbCqWriteProgress: serve(admin, get(ownCluster), handlers.checkRocksdbCqWriteProgress),
    exportRocksdbConfigToJson: configInJson,
    updateColdDataFlowCtrConfig: serve(admin, update(ownCluster), handlers.updateColdDataFlowCtrConfig),
    removeColdDataFlowCtrConfig: serve(admin, update(ownCluster), handlers.removeColdDataFlowCtrConfig),
    getColdDataFlowCtrInfo: serve(admin, get(ownCluster), handlers.getColdDataFlowCtrInfo),
    switchTimerEngine: serve(admin, update(ownCluster), handlers.switchTimerEngine),

    // transactions
    endTransaction: serve(transaction, publish(topic('topic')), handlers.endTransaction),
    resumeCheckHalfMessage: serve(admin, update(topic('topic')), handlers.resumeCheckHalfMessage),

    // POP
    setMessageRequestMode: serve(admin, requestModeAccess, handlers.setMessageRequestMode),
    getAllMessageRequestMode: serve(admin, get(ownCluster), handlers.getAllMessageRequestMode),
    popMessage: serve(pop, subscribe(group('consumerGroup'), topic('topic')), handlers.popMessage),
    ackMessage: serve(ack, subscribe(group('consumerGroup'), topic('topic')), handlers.ackMessage),
    batchAckMessage: serve(ack, batchAckAccess, handlers.batchAckMessage),
    changeMessageInvisibletime: serve(
      ack,
      subscribe(group('consumerGroup'), topic('topic')),
      handlers.changeMessageInvisibletime,
    ),
    notification: serve(pop, subscribe(group('consumerGroup'), topic('topic')), handlers.notification),
    pollingInfo: serve(consumer, subscribe(group('consumerGroup'), topic('topic')), handlers.pollingInfo),
    popRollback: serve(admin, update(ownCluster), handlers.popRollback),
    popLiteMessage: serve(pop, subscribe(group('consumerGroup'), topic('topic')), handlers.popLiteMessage),

    // lite topics
    liteSubscriptionCtl: serve(consumer, liteSubscriptionAccess, handlers.liteSubscriptionCtl),
    ackLiteMessage: unsupported('RocketMQ has the code, but no server answers it: acknowledge by ACK_MESSAGE'),
    getBrokerLiteInfo: serve(admin, get(ownCluster), handlers.getBrokerLiteInfo),
    getParentTopicInfo: serve(admin, get(topic('topic')), handlers.getParentTopicInfo),
    getLiteTopicInfo: serve(admin, get(topic('parentTopic')), handlers.getLiteTopicInfo),
    getLiteClientInfo: serve(admin, get(topic('parentTopic'), group('group')), handlers.getLiteClientInfo),
    getLiteGroupInfo: serve(admin, get(group('group')), handlers.getLiteGroupInfo),
    triggerLiteDispatch: serve(admin, update(group('group')), handlers.triggerLiteDispatch),

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
    getBrokerHaStatus: serve(admin, get(ownCluster), handlers.getBrokerHaStatus),
    resetMasterFlushOffset: serve(admin, update(ownCluster), handlers.resetMasterFlushOffset),
    exchangeBrokerHaInfo: replication,
    notifyMinBrokerIdChange: replication,
    getAllConsumerOffset: replication,
    getAllDelayOffset: replication,
    getTimerCheckPoint: serve(admin, get(ownCluster), handlers.getTimerCheckPoint),
    getTimerMetrics: serve(admin, get(ownCluster), handlers.getTimerMetrics),
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
