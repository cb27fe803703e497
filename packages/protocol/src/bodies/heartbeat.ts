import { javaStringHash } from '../text/index.ts'
import { defineBody } from './body.ts'
import { consumeFromWhereShape, consumeTypeShape, messageModelShape } from './client-enums.ts'
import { flag, int, list, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'
import { subscriptionDataShape } from './subscription-data.ts'

const producerDataShape = record({ groupName: text })

/** A producer group of a client. */
export type ProducerData = ShapeValue<typeof producerDataShape>

const consumerDataShape = record({
  groupName: text,
  consumeType: optional(consumeTypeShape),
  messageModel: optional(messageModelShape),
  consumeFromWhere: optional(consumeFromWhereShape),
  subscriptionDataSet: withDefault(list(subscriptionDataShape), () => []),
  unitMode: withDefault(flag, () => false),
})

/** A consumer group of a client. Official clients send every field; small ones may leave out the optional ones. */
export type ConsumerData = ShapeValue<typeof consumerDataShape>

const heartbeatShape = record({
  clientID: text,
  producerDataSet: withDefault(list(producerDataShape), () => []),
  consumerDataSet: withDefault(list(consumerDataShape), () => []),
  /** 0: first version of the heartbeat; else a hash of the content (second version), see `heartbeatFingerprint`. */
  heartbeatFingerprint: withDefault(int, () => 0),
  /** Second version: nothing changed since the fingerprint, subscriptions are left out. */
  withoutSub: withDefault(flag, () => false),
})

/** What a client tells each broker every 30 seconds. */
export type Heartbeat = ShapeValue<typeof heartbeatShape>

/** Request body of request 34. */
export const heartbeatBody = defineBody('HeartbeatData', heartbeatShape)

/**
 * The fingerprint of a heartbeat: Java's hash of its JSON text with client id, fingerprint and subscription versions
 * blanked. It changes when, and only when, groups or subscriptions (or their order) change.
 */
export function heartbeatFingerprint(heartbeat: Heartbeat): number {
  const consumerDataSet = heartbeat.consumerDataSet.map((consumer) => ({
    ...consumer,
    subscriptionDataSet: consumer.subscriptionDataSet.map((subscription) => ({ ...subscription, subVersion: 0 })),
  }))
  const blanked = { ...heartbeat, clientID: '', heartbeatFingerprint: 0, withoutSub: false, consumerDataSet }
  return javaStringHash(heartbeatBody.encode(blanked).toString('utf8'))
}
