import { defineBody } from './body.ts'
import { dataVersionShape } from './data-version.ts'
import { groupRetryPolicyShape } from './group-retry-policy.ts'
import {
  flag,
  int,
  list,
  long,
  nameTable,
  optional,
  record,
  type ShapeValue,
  text,
  withDefault,
} from './shape/index.ts'

const simpleSubscriptionShape = record({
  topic: text,
  expressionType: optional(text),
  expression: optional(text),
  version: withDefault(long, () => 0),
})

const subscriptionGroupConfigShape = record({
  groupName: text,
  consumeEnable: withDefault(flag, () => true),
  consumeFromMinEnable: withDefault(flag, () => true),
  consumeBroadcastEnable: withDefault(flag, () => true),
  consumeMessageOrderly: withDefault(flag, () => false),
  retryQueueNums: withDefault(int, () => 1),
  retryMaxTimes: withDefault(int, () => 16),
  groupRetryPolicy: withDefault(groupRetryPolicyShape, () => ({ type: 'CUSTOMIZED' as const })),
  brokerId: withDefault(long, () => 0),
  /** Broker id that a slow consumer is sent to. */
  whichBrokerWhenConsumeSlowly: withDefault(long, () => 1),
  notifyConsumerIdsChangedEnable: withDefault(flag, () => true),
  groupSysFlag: withDefault(int, () => 0),
  consumeTimeoutMinute: withDefault(int, () => 15),
  subscriptionDataSet: optional(list(simpleSubscriptionShape)),
  attributes: withDefault(nameTable(text), () => new Map()),
})

/** A consumer group as a broker knows it. */
export type SubscriptionGroupConfig = ShapeValue<typeof subscriptionGroupConfigShape>

/** Request body of request 200, response body of 352. */
export const subscriptionGroupConfigBody = defineBody('SubscriptionGroupConfig', subscriptionGroupConfigShape)

/** A group with the defaults of the Java peers. */
export function newSubscriptionGroupConfig(
  groupName: string,
  changes: Partial<Omit<SubscriptionGroupConfig, 'groupName'>> = {},
): SubscriptionGroupConfig {
  return { ...subscriptionGroupConfigShape.decode({ groupName }), ...changes }
}

const subscriptionGroupTableShape = record({
  dataVersion: withDefault(dataVersionShape, () => ({ counter: 0, stateVersion: 0, timestamp: 0 })),
  /** Group to topic to bits; bit 4 forbids reading. */
  forbiddenTable: withDefault(nameTable(nameTable(int)), () => new Map()),
  subscriptionGroupTable: withDefault(nameTable(subscriptionGroupConfigShape), () => new Map()),
})

/** A broker's groups. */
export type SubscriptionGroupTable = ShapeValue<typeof subscriptionGroupTableShape>

/** Response body of request 201; content of subscriptionGroup.json. */
export const subscriptionGroupTableBody = defineBody('SubscriptionGroupWrapper', subscriptionGroupTableShape)

const subscriptionGroupListShape = record({
  groupConfigList: withDefault(list(subscriptionGroupConfigShape), () => []),
})

export type SubscriptionGroupList = ShapeValue<typeof subscriptionGroupListShape>

/** Request body of request 225. */
export const subscriptionGroupListBody = defineBody('SubscriptionGroupList', subscriptionGroupListShape)

const groupForbiddenShape = record({ topic: optional(text), group: optional(text), readable: optional(flag) })

export type GroupForbidden = ShapeValue<typeof groupForbiddenShape>

/** Response body of request 353. */
export const groupForbiddenBody = defineBody('GroupForbidden', groupForbiddenShape)
