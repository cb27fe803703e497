export type {
  Address,
  CancelTimer,
  Clock,
  Connection,
  Listener,
  ListenOptions,
  Log,
  LogLine,
  Lookup,
  Network,
  Random,
  TlsOptions,
} from '@rocketmq-ts/platform'
export type { ResponseCodeName } from '@rocketmq-ts/protocol'
export { Admin, type AdminOptions } from './admin/admin.ts'
export type {
  BrokerDescription,
  ConnectedClient,
  ConnectedProducer,
  GroupConfiguration,
  GroupDescription,
  GroupProgress,
  GroupSettings,
  LiteBrokerDescription,
  LiteClientDescription,
  LiteGroupSettings,
  LiteParentDescription,
  LiteProgress,
  LiteTopicDescription,
  LiteTopicLag,
  LiteTopicSettings,
  MemberConnection,
  MemberStatus,
  NameServerView,
  OffsetChange,
  OffsetTarget,
  QueueProgress,
  QueueRange,
  RequestModeSetting,
  RequestModeSettings,
  StaticQueue,
  StaticQueuePart,
  StaticTopicChange,
  StaticTopicDescription,
  StaticTopicMove,
  StaticTopicSettings,
  TopicAccess,
  TopicChanges,
  TopicConfiguration,
  TopicDescription,
  TopicSettings,
} from './admin/descriptions.ts'
export type { KeyQuery } from './admin/messages.ts'
export { decodeTraces, type TraceEvent } from './admin/traces.ts'
export type { CallOptions } from './calls/deadline.ts'
export type { Credentials } from './connection/acl-signer.ts'
export type { ClientOptions } from './connection/client-options.ts'
export { Consumer } from './consumer/consumer.ts'
export type { ConsumerOptions } from './consumer/consumer-options.ts'
export type { BatchHandler, Handler, HandlerContext } from './consumer/message-handling.ts'
export type { OffsetStore } from './consumer/offset-keeping.ts'
export type { Order } from './consumer/pending-messages.ts'
export {
  DeadLetter,
  type Redelivery,
  RetryAfter,
  type RetryPolicy,
  type UndecodablePolicy,
} from './consumer/redelivery.ts'

export type { ProcessDiagnostics, SendDiagnostics } from './diagnostics.ts'
export { LiteConsumer } from './lite/lite-consumer.ts'
export type {
  LiteConsumerOptions,
  LiteMemberOptions,
  LiteSimpleConsumerOptions,
  SubscribeOptions,
} from './lite/lite-options.ts'
export { type LiteReceipted, LiteSimpleConsumer } from './lite/lite-simple-consumer.ts'
export {
  bytes,
  type Codec,
  json,
  type MessageBody,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
  text,
} from './messages/codec.ts'
export type { Message, QueueChooser, SendReceipt, SendStatus } from './messages/message.ts'
export type { PoppedMessage, ReceivedMessage } from './messages/received-message.ts'
export type {
  OpenTelemetry,
  TelemetryAttributes,
  TelemetryContext,
  TelemetryCounter,
  TelemetryHistogram,
  TelemetryInstrumentOptions,
  TelemetryMeter,
  TelemetryObservableGauge,
  TelemetryObservableResult,
  TelemetryObservation,
  TelemetrySpan,
  TelemetrySpanContext,
  TelemetrySpanOptions,
  TelemetryTracer,
} from './open-telemetry.ts'
export type { Receipted } from './pop/receipts.ts'
export { SimpleConsumer } from './pop/simple-consumer.ts'
export type { ReceiveOptions, SimpleConsumerOptions } from './pop/simple-consumer-options.ts'
export type { BatchingOptions } from './producer/batching.ts'
export { Producer, type ProducerOptions } from './producer/producer.ts'
export { SendManyError, type SendOutcome } from './producer/send-many-error.ts'
export type { SendStreamOptions } from './producer/send-stream.ts'
export type { Transaction, TransactionChecker, TransactionState } from './producer/transactions.ts'
export type { StartPosition } from './reading/queue-positions.ts'
export { type QueueLag, Reader, type ReaderOptions } from './reading/reader.ts'
export type { Filter, Topics } from './reading/subscriptions.ts'
export {
  type ClientErrorCode,
  type FailurePlace,
  RocketMQError,
  type RocketMQErrorCode,
  type RocketMQErrorDetails,
} from './rocketmq-error.ts'
export type { QueueRef } from './routing/topic-route.ts'
export type { Runtime } from './runtime.ts'
