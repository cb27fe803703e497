export {
  BrokerCalls,
  type NewMessage,
  type PullAnswer,
  type PullRequest,
  type ReadMessage,
  type SendAnswer,
} from './broker-calls.ts'
export type { Caller } from './calls.ts'
export { createLiteGroup, createParent, LiteConsumer, sendToLite } from './lite-consumer.ts'
export { PopConsumer, type PoppedMessage } from './pop-consumer.ts'
