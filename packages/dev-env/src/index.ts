export {
  BrokerCalls,
  type NewMessage,
  type PullAnswer,
  type PullRequest,
  type ReadMessage,
  readMessages,
  type SendAnswer,
} from './client/broker-calls.ts'
export { ClusterClient } from './client/cluster-client.ts'
export { createLiteGroup, createParent, LiteConsumer, sendToLite } from './client/lite-consumer.ts'
export { NameServerCalls } from './client/name-server-calls.ts'
export { type PopAnswer, PopConsumer, type PoppedMessage } from './client/pop-consumer.ts'
export { moveGap, moveSteps, StaticTopicAdmin } from './client/static-topic-admin.ts'
export {
  checksOverTopic,
  type Ending,
  type Half,
  halfTopic,
  opTopic,
  TransactionProducer,
} from './client/transaction-producer.ts'
export { BrokerMachine } from './cluster/broker-machine.ts'
export { Cluster, type ClusterOptions, startCluster } from './cluster/cluster.ts'
export { ProcessGoneError } from './cluster/machine.ts'
export { NameServerMachine } from './cluster/name-server-machine.ts'
