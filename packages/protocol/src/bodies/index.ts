export { type Body, defineBody, type JsonForm } from './body.ts'
export { BodyError } from './body-error.ts'
export { BodyInParts } from './body-in-parts.ts'
export type { BrokerData } from './broker-data.ts'
export { type BrokerStats, type BrokerStatsItem, brokerStatsBody } from './broker-stats.ts'
export {
  type Connection,
  type ConsumerConnection,
  consumerConnectionBody,
  type ProducerConnection,
  type ProducerInfo,
  type ProducerTable,
  producerConnectionBody,
  producerTableBody,
} from './client-connections.ts'
export type { ConsumeFromWhere, ConsumeType, MessageModel, MessageRequestMode } from './client-enums.ts'
export { type BrokerMemberGroup, brokerMemberGroupBody, type ClusterInfo, clusterInfoBody } from './cluster-info.ts'
export { type ColdData, coldDataBody } from './cold-data.ts'
export { type ConsumeDirectly, consumeDirectlyBody } from './consume-directly.ts'
export { type ConsumeQueueCheck, consumeQueueCheckBody } from './consume-queue-check.ts'
export { type ConsumeQueueData, type ConsumeQueueQuery, consumeQueueQueryBody } from './consume-queue-query.ts'
export {
  type ConsumeStats,
  type ConsumeStatsList,
  consumeStatsBody,
  consumeStatsListBody,
  consumeStatsOfGroupBody,
  type OffsetWrapper,
} from './consume-stats.ts'
export {
  type ConsumeTimeSpan,
  consumeTimeSpanBody,
  formatTimeSpanStamp,
  type QueueTimeSpan,
} from './consume-time-span.ts'
export {
  type ConsumerFilterData,
  type ConsumerFilters,
  consumerFiltersBody,
  topicFiltersBody,
} from './consumer-filters.ts'
export {
  type ConsumerOffsets,
  type CorrectionOffsets,
  consumerOffsetsBody,
  correctionOffsetsBody,
  type DelayOffsets,
  delayOffsetsBody,
} from './consumer-offsets.ts'
export { type ConsumerOrder, consumerOrderBody, type QueueOrder } from './consumer-order.ts'
export { type ConsumerRunningInfo, type ConsumeStatus, consumerRunningInfoBody } from './consumer-running-info.ts'
export {
  compareDataVersions,
  type DataVersion,
  dataVersionBody,
  newDataVersion,
  nextDataVersion,
  sameDataVersion,
} from './data-version.ts'
export { decodeRegisterBroker } from './decode-register-broker.ts'
export { DEFAULT_RETRY_DELAYS_MS, type GroupRetryPolicy } from './group-retry-policy.ts'
export { type HaRuntime, haRuntimeBody } from './ha-runtime.ts'
export {
  type ConsumerData,
  type Heartbeat,
  heartbeatBody,
  heartbeatFingerprint,
  type ProducerData,
} from './heartbeat.ts'
export {
  brokerLiteInfoBody,
  type LiteLag,
  type LiteOffsetOption,
  type LiteSubscriptionChange,
  liteClientInfoBody,
  liteGroupInfoBody,
  liteSubscriptionsBody,
  liteTopicInfoBody,
  parentTopicInfoBody,
} from './lite.ts'
export type { MessageQueue } from './message-queue.ts'
export {
  type ConsumerIdList,
  consumerIdListBody,
  type GroupList,
  groupListBody,
  type KeyValueTable,
  keyValueTableBody,
  type TopicList,
  topicListBody,
} from './name-lists.ts'
export {
  type BatchAck,
  batchAckRequestBody,
  encodePopAck,
  encodePopCheckpoint,
  type PopAck,
  type PopBatchAck,
  type PopCheckpoint,
  popAckBody,
  popBatchAckBody,
  popCheckpointBody,
} from './pop-records.ts'
export {
  type MessageRequestModeSetting,
  type MessageRequestModeTable,
  messageRequestModeSettingBody,
  messageRequestModeTableBody,
  type QueryAssignmentRequest,
  type QueryAssignmentResponse,
  type QueueAssignment,
  queryAssignmentRequestBody,
  queryAssignmentResponseBody,
} from './query-assignment.ts'
export {
  type LockBatchResponse,
  lockBatchRequestBody,
  lockBatchResponseBody,
  type QueueLockRequest,
  unlockBatchRequestBody,
} from './queue-locks.ts'
export { type RegisterBroker, registerBrokerBody } from './register-broker.ts'
export { decodeCompressedRegisterBroker, encodeCompressedRegisterBroker } from './register-broker-compressed.ts'
export {
  type ConsumerStatus,
  consumerStatusBody,
  type ResetOffset,
  type ResetOffsetList,
  resetOffsetBody,
  resetOffsetListBody,
} from './reset-offset.ts'
export {
  type CheckClient,
  checkClientBody,
  newTagSubscription,
  type QuerySubscription,
  querySubscriptionBody,
  type SubscriptionData,
} from './subscription-data.ts'
export {
  type GroupForbidden,
  groupForbiddenBody,
  newSubscriptionGroupConfig,
  type SubscriptionGroupConfig,
  type SubscriptionGroupList,
  type SubscriptionGroupTable,
  subscriptionGroupConfigBody,
  subscriptionGroupListBody,
  subscriptionGroupTableBody,
} from './subscription-group.ts'
export { type TimerMetrics, type TopicCount, timerMetricsBody, transactionMetricsBody } from './timer-metrics.ts'
export {
  type CreateTopicList,
  createTopicListBody,
  newTopicConfig,
  type TopicConfig,
  type TopicConfigAndQueueMapping,
  type TopicRemapping,
  topicConfigAndQueueMappingBody,
  topicConfigBody,
  topicRemappingBody,
} from './topic-config.ts'
export {
  type TopicConfigAndMappingTable,
  type TopicConfigTable,
  topicConfigAndMappingTableBody,
  topicConfigTableBody,
  withoutMappings,
} from './topic-config-table.ts'
export { formatTopicConfigText, parseTopicConfigText } from './topic-config-text.ts'
export {
  type LogicQueueMappingItem,
  type TopicQueueMappingDetail,
  type TopicQueueMappingInfo,
  type TopicQueueMappingTable,
  topicQueueMappingDetailBody,
  topicQueueMappingInfoBody,
  topicQueueMappingTableBody,
} from './topic-queue-mapping.ts'
export { type QueueData, type TopicRoute, topicRouteBody } from './topic-route.ts'
export { type TopicOffset, type TopicStats, topicStatsBody } from './topic-stats.ts'
