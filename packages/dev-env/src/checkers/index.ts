export { Consumed, checkConsumed } from './check-consumed.ts'
export { checkDelays } from './check-delays.ts'
export { takeOverPowerLoss } from './check-power-loss.ts'
export { checkQueries } from './check-queries.ts'
export { checkQueues } from './check-queues.ts'
export { checkRoutes, type ExpectedRoute } from './check-routes.ts'
export { type CheckLimits, checkHistory } from './checker.ts'
export {
  type BrokerRun,
  type History,
  type KeyQuery,
  type Observation,
  type ObservedOffset,
  type ObservedQueue,
  type ObservedRecord,
  queueKey,
  type TimeQuery,
} from './history.ts'
export { LastValue } from './last-value.ts'
export { type LoadMessage, lastDigitOf, MessageFactory } from './message-factory.ts'
export { observedRecords } from './observed-records.ts'
export {
  type ObservedBroker,
  type ObservedTopic,
  observe,
  observedTopics,
  readOffsets,
  readQueue,
  readQueues,
} from './observer.ts'
export { Recorder } from './recorder.ts'
export { describeViolations, type Rule, type Violation } from './violation.ts'
