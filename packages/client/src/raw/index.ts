/**
 * Requests as they are on the wire, for the command line's `mqadmin`, which shows what servers answer. Not published: `Admin`
 * is what programs use.
 */
export { type CallAnswer, ClusterCalls, type Master } from '../admin/cluster-calls.ts'
export { StaticTopicBrokers } from '../admin/static-topic-brokers.ts'
export {
  checkedStaticTopic,
  planOfMove,
  planOfQueues,
  type StaticTopicState,
  withOtherBrokers,
} from '../admin/static-topic-plan.ts'
export { decodeTraces } from '../admin/traces.ts'
export type { Deadline } from '../calls/deadline.ts'
export { ClusterClient } from '../connection/cluster-client.ts'
export { queueShare } from '../consumer/queue-share.ts'
export { decompressBody } from '../messages/body-compression.ts'
export { reservedProperties } from '../messages/reserved-properties.ts'
export { answerError, RocketMQError, readAnswer } from '../rocketmq-error.ts'
