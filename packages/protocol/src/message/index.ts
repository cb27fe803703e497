export { putInt32 } from '../put-bytes.ts'
export { type BatchedMessage, batchedBytesMin, decodeBatchBody, encodeBatchBody } from './batch-body.ts'
export { type DecodedMessage, decodeMessageAt, decodeMessages, MessageDecodeError } from './decode-message.ts'
export { decodeHost, encodeHost, isIpv6 } from './host-bytes.ts'
export * from './light-queues.ts'
export { queueOfLiteTopic } from './lite-sharding.ts'
export {
  createUniqueIdGenerator,
  offsetMessageId,
  offsetMessageIds,
  parseOffsetMessageId,
  upperHex,
} from './message-ids.ts'
export {
  blankRecordBytes,
  bodyCrc,
  type MessageToStore,
  propertiesBytesMax,
  readInt64,
  recordBytes,
  recordBytesMin,
  recordMagic,
  recordPosition,
  recordProblem,
  recordSysFlag,
  writeBlankRecord,
  writeInt64,
  writeRecord,
} from './message-record.ts'
export {
  formatMessageOffsets,
  formatOrderCounts,
  formatPopReceipt,
  formatStartOffsets,
  orderedReviveQueueId,
  type PoppedQueue,
  type PopReceipt,
  PopReceiptError,
  type PopSource,
  parsePopReceipt,
  popConsumedTopic,
  popCountMax,
  popRetryTopicOf,
  popSourceOf,
  popTopicOf,
} from './pop-receipt.ts'
export { propertyName } from './property-names.ts'
export { type RecordLayout, type RecordReading, readRecord, recordPropertiesStart } from './read-record.ts'
export { decodeRecallHandle, encodeRecallHandle, type RecallHandle, RecallHandleError } from './recall-handle.ts'
export { sysFlag } from './sys-flag.ts'
export * from './topic-names.ts'
export { TraceBatch, type TraceContents } from './trace-batch.ts'
export {
  type TracedMessage,
  type TraceStep,
  type TransactionStep,
  traceMessageType,
} from './trace-records.ts'
