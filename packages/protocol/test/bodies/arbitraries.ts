import fc, { type Arbitrary } from 'fast-check'
import {
  type Body,
  batchAckRequestBody,
  brokerLiteInfoBody,
  brokerMemberGroupBody,
  brokerStatsBody,
  type ConsumerFilterData,
  checkClientBody,
  clusterInfoBody,
  coldDataBody,
  consumeDirectlyBody,
  consumeQueueCheckBody,
  consumeQueueQueryBody,
  consumerConnectionBody,
  consumerFiltersBody,
  consumerIdListBody,
  consumerOffsetsBody,
  consumerOrderBody,
  consumerRunningInfoBody,
  consumerStatusBody,
  consumeStatsBody,
  consumeStatsListBody,
  consumeStatsOfGroupBody,
  consumeTimeSpanBody,
  correctionOffsetsBody,
  createTopicListBody,
  dataVersionBody,
  delayOffsetsBody,
  groupForbiddenBody,
  groupListBody,
  haRuntimeBody,
  heartbeatBody,
  keyValueTableBody,
  liteClientInfoBody,
  liteGroupInfoBody,
  liteSubscriptionsBody,
  liteTopicInfoBody,
  lockBatchRequestBody,
  lockBatchResponseBody,
  messageRequestModeSettingBody,
  messageRequestModeTableBody,
  parentTopicInfoBody,
  popAckBody,
  popBatchAckBody,
  popCheckpointBody,
  producerConnectionBody,
  producerTableBody,
  queryAssignmentRequestBody,
  queryAssignmentResponseBody,
  querySubscriptionBody,
  registerBrokerBody,
  resetOffsetBody,
  resetOffsetListBody,
  subscriptionGroupConfigBody,
  subscriptionGroupListBody,
  subscriptionGroupTableBody,
  timerMetricsBody,
  topicConfigAndMappingTableBody,
  topicConfigAndQueueMappingBody,
  topicConfigBody,
  topicConfigTableBody,
  topicFiltersBody,
  topicListBody,
  topicQueueMappingDetailBody,
  topicQueueMappingInfoBody,
  topicQueueMappingTableBody,
  topicRemappingBody,
  topicRouteBody,
  topicStatsBody,
  transactionMetricsBody,
  unlockBatchRequestBody,
} from '../../src/bodies/index.ts'

/** Any text, names that are special to JavaScript, and topics as they are; no lone surrogates, which no bytes can carry. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('__proto__', 'constructor', '%RETRY%cg', '订单', '0', '-1', 'a b', '{"topic":1}'),
)
const int = fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.nat(20))
const long = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  fc.nat(20),
)
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value))
const flag = fc.boolean()

const list = <T>(item: Arbitrary<T>) => fc.array(item, { maxLength: 3 })
const distinct = <T>(item: Arbitrary<T>) => fc.uniqueArray(item, { maxLength: 3 })
const names = <T>(item: Arbitrary<T>) => list(fc.tuple(text, item)).map((entries) => new Map(entries))
const integers = <T>(item: Arbitrary<T>) => list(fc.tuple(int, item)).map((entries) => new Map(entries))
const longs = <T>(item: Arbitrary<T>) =>
  list(fc.tuple(fc.oneof(fc.nat(5), fc.maxSafeInteger()), item)).map((entries) => new Map(entries))
/** A field that may be missing. */
const maybe = <T>(item: Arbitrary<T>) => fc.option(item, { nil: undefined })
/** A record whose fields that are undefined are missing, as decoders leave them out. */
const record = <T extends object>(fields: { [K in keyof T]-?: Arbitrary<T[K]> }) =>
  fc
    .record(fields)
    .map((value) => Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T)

type ValueOf<B> = B extends Body<infer T> ? T : never

const queue = record<{ topic: string; brokerName: string; queueId: number }>({
  topic: text,
  brokerName: text,
  queueId: int,
})
const queues = <T>(item: Arbitrary<T>) => list(fc.tuple(queue, item))
const version = record<ValueOf<typeof dataVersionBody>>({ counter: long, stateVersion: long, timestamp: long })

const mappingInfoFields = {
  topic: maybe(text),
  scope: text,
  totalQueues: int,
  bname: maybe(text),
  epoch: long,
  dirty: flag,
  currIdMap: integers(int),
}
const mappingInfo = record<ValueOf<typeof topicQueueMappingInfoBody>>(mappingInfoFields)
const mappingItem = fc.record({
  gen: int,
  queueId: int,
  bname: text,
  logicOffset: long,
  startOffset: long,
  endOffset: long,
  timeOfStart: long,
  timeOfEnd: long,
})
const mappingDetail = record<ValueOf<typeof topicQueueMappingDetailBody>>({
  ...mappingInfoFields,
  hostedQueues: integers(list(mappingItem)),
})

const topicFields = {
  topicName: text,
  readQueueNums: int,
  writeQueueNums: int,
  perm: int,
  topicFilterType: fc.constantFrom('SINGLE_TAG', 'MULTI_TAG'),
  topicSysFlag: int,
  order: flag,
  attributes: names(text),
}
const topic = record<ValueOf<typeof topicConfigBody>>(topicFields)
const topicTable = record<ValueOf<typeof topicConfigTableBody>>({
  dataVersion: version,
  topicConfigTable: names(topic),
})
const topicAndMappingTable = record<ValueOf<typeof topicConfigAndMappingTableBody>>({
  dataVersion: version,
  topicConfigTable: names(topic),
  mappingDataVersion: maybe(version),
  topicQueueMappingDetailMap: names(mappingDetail),
  topicQueueMappingInfoMap: names(mappingInfo),
})

const brokerData = record<ValueOf<typeof topicRouteBody>['brokerDatas'][number]>({
  cluster: maybe(text),
  brokerName: text,
  brokerAddrs: longs(text),
  zoneName: maybe(text),
  enableActingMaster: flag,
})
const subscription = fc.record({
  topic: text,
  subString: text,
  tagsSet: distinct(text),
  codeSet: distinct(int),
  subVersion: long,
  expressionType: text,
  classFilterMode: flag,
})
const consumeType = fc.constantFrom('CONSUME_ACTIVELY', 'CONSUME_PASSIVELY', 'CONSUME_POP')
const messageModel = fc.constantFrom('BROADCASTING', 'CLUSTERING', 'LITE_SELECTIVE')
const fromWhere = fc.constantFrom('CONSUME_FROM_LAST_OFFSET', 'CONSUME_FROM_FIRST_OFFSET', 'CONSUME_FROM_TIMESTAMP')
const mode = fc.constantFrom('PULL', 'POP')
const consumer = record<ValueOf<typeof heartbeatBody>['consumerDataSet'][number]>({
  groupName: text,
  consumeType: maybe(consumeType),
  messageModel: maybe(messageModel),
  consumeFromWhere: maybe(fromWhere),
  subscriptionDataSet: list(subscription),
  unitMode: flag,
})
const retryPolicy = record<ValueOf<typeof subscriptionGroupConfigBody>['groupRetryPolicy']>({
  type: fc.constantFrom('EXPONENTIAL', 'CUSTOMIZED'),
  exponentialRetryPolicy: maybe(fc.record({ initial: long, max: long, multiplier: long })),
  customizedRetryPolicy: maybe(fc.record({ next: list(long) })),
})
const group = record<ValueOf<typeof subscriptionGroupConfigBody>>({
  groupName: text,
  consumeEnable: flag,
  consumeFromMinEnable: flag,
  consumeBroadcastEnable: flag,
  consumeMessageOrderly: flag,
  retryQueueNums: int,
  retryMaxTimes: int,
  groupRetryPolicy: retryPolicy,
  brokerId: long,
  whichBrokerWhenConsumeSlowly: long,
  notifyConsumerIdsChangedEnable: flag,
  groupSysFlag: int,
  consumeTimeoutMinute: int,
  subscriptionDataSet: maybe(list(fc.record({ topic: text, expressionType: text, expression: text, version: long }))),
  attributes: names(text),
})
const lockRequest = record<ValueOf<typeof lockBatchRequestBody>>({
  consumerGroup: maybe(text),
  clientId: maybe(text),
  onlyThisBroker: flag,
  mqSet: list(queue),
})
const consumeStats = fc.record({
  consumeTps: double,
  offsetTable: queues(fc.record({ brokerOffset: long, consumerOffset: long, pullOffset: long, lastTimestamp: long })),
})
const statsItem = fc.record({ sum: long, tps: double, avgpt: double })
const connection = fc.record({ clientId: text, clientAddr: text, language: text, version: int })
const producerInfo = fc.record({
  clientId: text,
  remoteIP: text,
  language: text,
  version: int,
  lastUpdateTimestamp: long,
})
const modeSetting = fc.record({ topic: text, consumerGroup: text, mode, popShareQueueNum: int })
const rates = fc.record({
  pullRT: double,
  pullTPS: double,
  consumeRT: double,
  consumeOKTPS: double,
  consumeFailedTPS: double,
  consumeFailedMsgs: long,
})
const processQueue = fc.record({ locked: flag, cachedMsgCount: int, note: text })

const topicFilters = record<ValueOf<typeof topicFiltersBody>>({
  groupFilterData: names(
    record<ConsumerFilterData>({
      bloomFilterData: maybe(fc.record({ bitNum: int, bitPos: list(int) })),
      bornTime: long,
      clientVersion: long,
      consumerGroup: maybe(text),
      dead: flag,
      deadTime: long,
      expression: maybe(text),
      expressionType: maybe(text),
      topic: maybe(text),
    }),
  ),
  topic: maybe(text),
})

export interface BodyWithValues<T> {
  readonly body: Body<T>
  readonly values: Arbitrary<T>
}

const cases: BodyWithValues<never>[] = []

function add<T>(body: Body<T>, values: Arbitrary<T>): void {
  cases.push({ body, values } as unknown as BodyWithValues<never>)
}

export const versions = version
export const heartbeats = record<ValueOf<typeof heartbeatBody>>({
  clientID: text,
  producerDataSet: list(fc.record({ groupName: text })),
  consumerDataSet: list(consumer),
  heartbeatFingerprint: int,
  withoutSub: flag,
})
export const registrations = fc.record({
  filterServerList: list(text),
  topicConfigSerializeWrapper: topicAndMappingTable,
})

add(dataVersionBody, version)
add(topicConfigBody, topic)
add(topicConfigAndQueueMappingBody, record({ ...topicFields, mappingDetail: maybe(mappingDetail) }))
add(
  topicRemappingBody,
  record({
    topic: text,
    type: maybe(text),
    epoch: long,
    brokerConfigMap: names(record({ ...topicFields, mappingDetail: maybe(mappingDetail) })),
    brokerToMapIn: list(text),
    brokerToMapOut: list(text),
  }),
)
add(createTopicListBody, fc.record({ topicConfigList: list(topic) }))
add(topicConfigTableBody, topicTable)
add(topicConfigAndMappingTableBody, topicAndMappingTable)
add(topicQueueMappingInfoBody, mappingInfo)
add(topicQueueMappingDetailBody, mappingDetail)
add(topicQueueMappingTableBody, record({ dataVersion: maybe(version), topicQueueMappingInfoMap: names(mappingDetail) }))
add(registerBrokerBody, registrations)
add(
  topicRouteBody,
  record({
    orderTopicConf: maybe(text),
    queueDatas: list(
      fc.record({ brokerName: text, readQueueNums: int, writeQueueNums: int, perm: int, topicSysFlag: int }),
    ),
    brokerDatas: list(brokerData),
    filterServerTable: names(list(text)),
    topicQueueMappingByBroker: maybe(names(mappingInfo)),
  }),
)
add(clusterInfoBody, fc.record({ brokerAddrTable: names(brokerData), clusterAddrTable: names(distinct(text)) }))
add(
  brokerMemberGroupBody,
  record({
    brokerMemberGroup: maybe(fc.record({ cluster: text, brokerName: text, brokerAddrs: longs(text) })),
  }),
)
add(topicListBody, record({ topicList: distinct(text), brokerAddr: maybe(text) }))
add(groupListBody, fc.record({ groupList: distinct(text) }))
add(consumerIdListBody, fc.record({ consumerIdList: distinct(text) }))
add(keyValueTableBody, fc.record({ table: names(text) }))
add(heartbeatBody, heartbeats)
add(querySubscriptionBody, record({ group: maybe(text), topic: maybe(text), subscriptionData: maybe(subscription) }))
add(
  checkClientBody,
  record({ clientId: maybe(text), group: maybe(text), subscriptionData: maybe(subscription), namespace: maybe(text) }),
)
add(lockBatchRequestBody, lockRequest)
add(unlockBatchRequestBody, lockRequest)
add(lockBatchResponseBody, fc.record({ lockOKMQSet: list(queue) }))
add(subscriptionGroupConfigBody, group)
add(subscriptionGroupListBody, fc.record({ groupConfigList: list(group) }))
add(
  subscriptionGroupTableBody,
  fc.record({ dataVersion: version, forbiddenTable: names(names(int)), subscriptionGroupTable: names(group) }),
)
add(groupForbiddenBody, record({ topic: maybe(text), group: maybe(text), readable: maybe(flag) }))
add(
  topicStatsBody,
  fc.record({
    offsetTable: queues(fc.record({ minOffset: long, maxOffset: long, lastUpdateTimestamp: long })),
    topicPutTps: double,
  }),
)
add(consumeStatsBody, consumeStats)
add(consumeStatsOfGroupBody, names(list(consumeStats)))
add(
  consumeStatsListBody,
  record({
    brokerAddr: maybe(text),
    consumeStatsList: list(names(list(consumeStats))),
    totalDiff: long,
    totalInflightDiff: long,
  }),
)
add(
  haRuntimeBody,
  record({
    master: flag,
    masterCommitLogMaxOffset: long,
    inSyncSlaveNums: int,
    haConnectionInfo: list(
      record({
        addr: maybe(text),
        slaveAckOffset: long,
        diff: long,
        inSync: flag,
        transferredByteInSecond: long,
        transferFromWhere: long,
      }),
    ),
    haClientRuntimeInfo: maybe(
      record({
        masterAddr: maybe(text),
        transferredByteInSecond: long,
        maxOffset: long,
        lastReadTimestamp: long,
        lastWriteTimestamp: long,
        masterFlushOffset: long,
        activated: flag,
      }),
    ),
  }),
)
add(consumeQueueCheckBody, record({ checkResult: maybe(text), checkStatus: int }))
add(
  coldDataBody,
  record({
    runtimeTable: names(record({ coldAcc: long, lastColdReadTimeMills: long, createTimeMills: long })),
    configTable: names(long),
    cgColdReadThreshold: long,
    globalColdReadThreshold: long,
    globalAcc: long,
  }),
)
add(brokerStatsBody, record({ statsMinute: maybe(statsItem), statsHour: maybe(statsItem), statsDay: maybe(statsItem) }))
add(
  consumerConnectionBody,
  record({
    connectionSet: list(connection),
    subscriptionTable: names(subscription),
    consumeType: maybe(consumeType),
    messageModel: maybe(messageModel),
    consumeFromWhere: maybe(fromWhere),
  }),
)
add(producerConnectionBody, fc.record({ connectionSet: list(connection) }))
add(producerTableBody, fc.record({ data: names(list(producerInfo)) }))
add(
  consumerOffsetsBody,
  record({
    dataVersion: maybe(version),
    groupTopicMap: maybe(names(distinct(text))),
    offsetTable: names(integers(long)),
    pullOffsetTable: maybe(names(integers(long))),
  }),
)
add(topicFiltersBody, topicFilters)
add(consumerFiltersBody, fc.record({ filterDataByTopic: names(topicFilters) }))
add(delayOffsetsBody, record({ dataVersion: maybe(version), offsetTable: integers(long) }))
add(
  timerMetricsBody,
  record({ dataVersion: maybe(version), timingCount: names(fc.record({ count: long, timeStamp: long })) }),
)
add(
  transactionMetricsBody,
  record({ dataVersion: maybe(version), transactionCount: names(fc.record({ count: long, timeStamp: long })) }),
)
add(correctionOffsetsBody, fc.record({ correctionOffsets: integers(long) }))
add(resetOffsetBody, fc.record({ offsetTable: queues(long) }))
add(
  resetOffsetListBody,
  fc.record({ offsetTable: list(fc.record({ topic: text, brokerName: text, queueId: int, offset: long })) }),
)
add(consumerStatusBody, fc.record({ messageQueueTable: queues(long), consumerTable: names(queues(long)) }))
add(
  queryAssignmentRequestBody,
  record({
    topic: maybe(text),
    consumerGroup: maybe(text),
    clientId: maybe(text),
    strategyName: maybe(text),
    messageModel: maybe(messageModel),
  }),
)
add(
  queryAssignmentResponseBody,
  record({ messageQueueAssignments: maybe(list(fc.record({ messageQueue: queue, mode, attachments: names(text) }))) }),
)
add(messageRequestModeSettingBody, modeSetting)
add(messageRequestModeTableBody, fc.record({ messageRequestModeMap: names(names(modeSetting)) }))
add(
  consumeTimeSpanBody,
  fc.record({
    consumeTimeSpanSet: list(
      fc.record({
        messageQueue: queue,
        minTimeStamp: long,
        maxTimeStamp: long,
        consumeTimeStamp: long,
        delayTime: long,
        minTimeStampStr: text,
        maxTimeStampStr: text,
        consumeTimeStampStr: text,
      }),
    ),
  }),
)
add(
  consumeQueueQueryBody,
  record({
    subscriptionData: maybe(subscription),
    filterData: maybe(text),
    queueData: maybe(
      list(
        fc.record({
          physicOffset: long,
          physicSize: int,
          tagsCode: fc.oneof(
            long,
            fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
            fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
          ),
          extendDataJson: text,
          bitMap: text,
          eval: flag,
          msg: text,
        }),
      ),
    ),
    maxQueueIndex: long,
    minQueueIndex: long,
  }),
)
add(
  consumeDirectlyBody,
  record({
    order: flag,
    autoCommit: flag,
    consumeResult: maybe(fc.constantFrom('CR_SUCCESS', 'CR_LATER', 'CR_RETURN_NULL')),
    remark: maybe(text),
    spentTimeMills: long,
  }),
)
add(
  consumerRunningInfoBody,
  record({
    properties: names(text),
    subscriptionSet: list(subscription),
    mqTable: queues(processQueue),
    mqPopTable: queues(processQueue),
    statusTable: names(rates),
    userConsumerInfo: names(text),
    jstack: maybe(text),
  }),
)
const popAck = { ao: long, bn: maybe(text), c: text, pt: long, q: int, so: long, t: text }
const queueOrder = record({
  ...{ popTime: long, a: maybe(text), cm: long, i: maybe(long), l: long, o: list(long) },
  ...{ oc: maybe(longs(int)), ot: maybe(longs(long)) },
})
add(
  consumerOrderBody,
  fc.record({ orderInfoCount: int, orderedConsumptionLevel: text, table: names(integers(queueOrder)) }),
)
add(popAckBody, record(popAck))
add(popBatchAckBody, record({ ...popAck, aol: list(long) }))
add(
  popCheckpointBody,
  record({
    ...{ bm: int, bn: maybe(text), c: text, d: maybe(list(int)), it: long, n: int, pt: long, q: int, ro: long },
    ...{ rp: maybe(text), so: long, sp: flag, t: text },
  }),
)
add(
  batchAckRequestBody,
  record({
    brokerName: maybe(text),
    acks: list(fc.record({ b: text, c: text, it: long, pt: long, q: int, r: text, rq: int, so: long, t: text })),
  }),
)

const liteLag = fc.record({ liteTopic: maybe(text), lagCount: long, earliestUnconsumedTimestamp: long })
const offsetsOfQueue = { brokerOffset: long, consumerOffset: long, pullOffset: long, lastTimestamp: long }
const topicOffset = fc.record({ minOffset: long, maxOffset: long, lastUpdateTimestamp: long })
add(
  liteSubscriptionsBody,
  fc.record({
    subscriptionSet: list(
      record<ValueOf<typeof liteSubscriptionsBody>['subscriptionSet'][number]>({
        action: maybe(fc.constantFrom('PARTIAL_ADD', 'PARTIAL_REMOVE', 'COMPLETE_ADD', 'COMPLETE_REMOVE')),
        ...{
          clientId: maybe(text),
          group: maybe(text),
          topic: maybe(text),
          liteTopicSet: distinct(text),
          version: long,
        },
        offsetOption: maybe(
          fc.record({ type: fc.constantFrom('POLICY', 'OFFSET', 'TAIL_N', 'TIMESTAMP'), value: long }),
        ),
      }),
    ),
  }),
)
add(
  brokerLiteInfoBody,
  record({
    ...{ storeType: maybe(text), maxLmqNum: int, currentLmqNum: int, liteSubscriptionCount: int },
    ...{ orderInfoCount: int, cqTableSize: int, offsetTableSize: int, eventMapSize: int },
    ...{ topicMeta: names(int), groupMeta: names(distinct(text)) },
  }),
)
add(
  parentTopicInfoBody,
  record({ topic: maybe(text), ttl: int, groups: maybe(distinct(text)), lmqNum: int, liteTopicCount: int }),
)
add(
  liteTopicInfoBody,
  record({
    ...{ parentTopic: maybe(text), liteTopic: maybe(text), topicOffset: maybe(topicOffset), shardingToBroker: flag },
    subscriber: list(fc.record({ clientId: text, group: text })),
  }),
)
add(
  liteClientInfoBody,
  record({
    ...{ parentTopic: maybe(text), group: maybe(text), clientId: maybe(text), liteTopicCount: int },
    ...{ lastAccessTime: long, lastConsumeTime: long, liteTopicSet: maybe(distinct(text)) },
  }),
)
add(
  liteGroupInfoBody,
  record({
    ...{ group: maybe(text), parentTopic: maybe(text), liteTopic: maybe(text) },
    ...{ earliestUnconsumedTimestamp: long, totalLagCount: long },
    liteTopicOffsetWrapper: maybe(fc.record(offsetsOfQueue)),
    ...{ lagCountTopK: maybe(list(liteLag)), lagTimestampTopK: maybe(list(liteLag)) },
  }),
)

/** Every body, with values that it can carry. */
export const bodiesWithValues: readonly BodyWithValues<never>[] = cases
