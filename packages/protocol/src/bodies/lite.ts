import { defineBody } from './body.ts'
import {
  distinct,
  flag,
  int,
  list,
  long,
  nameTable,
  oneOf,
  optional,
  record,
  type ShapeValue,
  text,
  withDefault,
} from './shape/index.ts'

const offsetOptionShape = record({
  /** POLICY: 0 where the group is, 1 the first message, 2 the end. OFFSET: that one. TAIL_N: so many before where the group is. */
  type: oneOf('POLICY', 'OFFSET', 'TAIL_N', 'TIMESTAMP'),
  value: withDefault(long, () => 0),
})

/** Where a group goes on in a lite topic that one of its members subscribes to. */
export type LiteOffsetOption = ShapeValue<typeof offsetOptionShape>

const liteSubscriptionShape = record({
  /** PARTIAL: these lite topics among others. COMPLETE: these and no others. */
  action: optional(oneOf('PARTIAL_ADD', 'PARTIAL_REMOVE', 'COMPLETE_ADD', 'COMPLETE_REMOVE')),
  clientId: optional(text),
  group: optional(text),
  /** The parent topic. */
  topic: optional(text),
  /** One may come twice: looking for that takes longer than reading very many. */
  liteTopicSet: withDefault(list(text), () => []),
  offsetOption: optional(offsetOptionShape),
  version: withDefault(long, () => 0),
})

/** A change of what a client subscribes to. */
export type LiteSubscriptionChange = ShapeValue<typeof liteSubscriptionShape>

/** Request body of 200071. */
export const liteSubscriptionsBody = defineBody(
  'LiteSubscriptionCtlRequestBody',
  record({ subscriptionSet: withDefault(list(liteSubscriptionShape), () => []) }),
)

const groupsByTopic = nameTable(distinct(text))

/** Response body of 200074. */
export const brokerLiteInfoBody = defineBody(
  'GetBrokerLiteInfoResponseBody',
  record({
    storeType: optional(text),
    /** Light queues that there may be, and that there are. */
    maxLmqNum: withDefault(int, () => 0),
    currentLmqNum: withDefault(int, () => 0),
    liteSubscriptionCount: withDefault(int, () => 0),
    /** Lite topics of which a group was given something in order. */
    orderInfoCount: withDefault(int, () => 0),
    /** Topics that have consume queues. */
    cqTableSize: withDefault(int, () => 0),
    offsetTableSize: withDefault(int, () => 0),
    /** Clients for which there are events. */
    eventMapSize: withDefault(int, () => 0),
    /** Parent topic to the minutes after which its unused lite topics go. */
    topicMeta: withDefault(nameTable(int), () => new Map()),
    /** Parent topic to the groups that are bound to it. */
    groupMeta: withDefault(groupsByTopic, () => new Map()),
  }),
)

/** Response body of 200075. */
export const parentTopicInfoBody = defineBody(
  'GetParentTopicInfoResponseBody',
  record({
    topic: optional(text),
    /** Minutes; -1 for ever. */
    ttl: withDefault(int, () => 0),
    groups: optional(distinct(text)),
    lmqNum: withDefault(int, () => 0),
    liteTopicCount: withDefault(int, () => 0),
  }),
)

const clientGroupShape = record({ clientId: text, group: text })

/** Response body of 200076. */
export const liteTopicInfoBody = defineBody(
  'GetLiteTopicInfoResponseBody',
  record({
    parentTopic: optional(text),
    liteTopic: optional(text),
    subscriber: withDefault(list(clientGroupShape), () => []),
    topicOffset: optional(
      record({
        minOffset: withDefault(long, () => 0),
        maxOffset: withDefault(long, () => 0),
        /** Store time of the newest message in milliseconds since 1970; 0 without any. */
        lastUpdateTimestamp: withDefault(long, () => 0),
      }),
    ),
    /** Whether this is the broker that producers choose for the lite topic. */
    shardingToBroker: withDefault(flag, () => false),
  }),
)

/** Response body of 200077. */
export const liteClientInfoBody = defineBody(
  'GetLiteClientInfoResponseBody',
  record({
    parentTopic: optional(text),
    group: optional(text),
    clientId: optional(text),
    /** Milliseconds since 1970 of its last request, and of the last one that took something; -1 for none. */
    lastAccessTime: withDefault(long, () => 0),
    lastConsumeTime: withDefault(long, () => 0),
    /** -1 when the client has no subscriptions. */
    liteTopicCount: withDefault(int, () => 0),
    /** Names of the light queues. */
    liteTopicSet: optional(distinct(text)),
  }),
)

const lagShape = record({
  liteTopic: optional(text),
  lagCount: withDefault(long, () => 0),
  /** Store time of the first message that the group has not consumed, in milliseconds since 1970. */
  earliestUnconsumedTimestamp: withDefault(long, () => 0),
})

/** How far a group is behind in a lite topic. */
export type LiteLag = ShapeValue<typeof lagShape>

/** Response body of 200078. */
export const liteGroupInfoBody = defineBody(
  'GetLiteGroupInfoResponseBody',
  record({
    group: optional(text),
    parentTopic: optional(text),
    /** The one that is asked for; all of the group without it. */
    liteTopic: optional(text),
    /** -1 when nothing is left. */
    earliestUnconsumedTimestamp: withDefault(long, () => 0),
    /** -1 when the lite topic that is asked for is not there. */
    totalLagCount: withDefault(long, () => 0),
    liteTopicOffsetWrapper: optional(
      record({
        brokerOffset: withDefault(long, () => 0),
        consumerOffset: withDefault(long, () => 0),
        pullOffset: withDefault(long, () => 0),
        lastTimestamp: withDefault(long, () => 0),
      }),
    ),
    lagCountTopK: optional(list(lagShape)),
    lagTimestampTopK: optional(list(lagShape)),
  }),
)
