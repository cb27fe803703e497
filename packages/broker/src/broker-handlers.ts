import { deleteExpiredCommitlog } from './handlers/administration/delete-expired-commitlog.ts'
import { getBrokerConfig } from './handlers/administration/get-broker-config.ts'
import { getBrokerRuntimeInfo } from './handlers/administration/get-broker-runtime-info.ts'
import { updateBrokerConfig } from './handlers/administration/update-broker-config.ts'
import { viewBrokerStatsData } from './handlers/administration/view-broker-stats-data.ts'
import { checkClientConfig } from './handlers/clients/check-client-config.ts'
import { consumeMessageDirectly } from './handlers/clients/consume-message-directly.ts'
import { getAllProducerInfo } from './handlers/clients/get-all-producer-info.ts'
import { getConsumerConnectionList } from './handlers/clients/get-consumer-connection-list.ts'
import { getConsumerListByGroup } from './handlers/clients/get-consumer-list-by-group.ts'
import { getConsumerRunningInfo } from './handlers/clients/get-consumer-running-info.ts'
import { getProducerConnectionList } from './handlers/clients/get-producer-connection-list.ts'
import { heartBeat } from './handlers/clients/heart-beat.ts'
import { lockBatchMq } from './handlers/clients/lock-batch-mq.ts'
import { unlockBatchMq } from './handlers/clients/unlock-batch-mq.ts'
import { unregisterClient } from './handlers/clients/unregister-client.ts'
import { deleteSubscriptiongroup } from './handlers/groups/delete-subscriptiongroup.ts'
import { getAllSubscriptiongroupConfig } from './handlers/groups/get-all-subscriptiongroup-config.ts'
import { getSubscriptiongroupConfig } from './handlers/groups/get-subscriptiongroup-config.ts'
import { querySubscriptionByConsumer } from './handlers/groups/query-subscription-by-consumer.ts'
import { updateAndCreateSubscriptiongroup } from './handlers/groups/update-and-create-subscriptiongroup.ts'
import { updateAndCreateSubscriptiongroupList } from './handlers/groups/update-and-create-subscriptiongroup-list.ts'
import { updateAndGetGroupForbidden } from './handlers/groups/update-and-get-group-forbidden.ts'
import { cloneGroupOffset } from './handlers/offsets/clone-group-offset.ts'
import { getBrokerConsumeStats } from './handlers/offsets/get-broker-consume-stats.ts'
import { getConsumeStats } from './handlers/offsets/get-consume-stats.ts'
import { getEarliestMsgStoretime } from './handlers/offsets/get-earliest-msg-storetime.ts'
import { getMaxOffset } from './handlers/offsets/get-max-offset.ts'
import { getMinOffset } from './handlers/offsets/get-min-offset.ts'
import { invokeBrokerToGetConsumerStatus } from './handlers/offsets/invoke-broker-to-get-consumer-status.ts'
import { invokeBrokerToResetOffset } from './handlers/offsets/invoke-broker-to-reset-offset.ts'
import { queryConsumeQueue } from './handlers/offsets/query-consume-queue.ts'
import { queryConsumeTimeSpan } from './handlers/offsets/query-consume-time-span.ts'
import { queryConsumerOffset } from './handlers/offsets/query-consumer-offset.ts'
import { searchOffsetByTimestamp } from './handlers/offsets/search-offset-by-timestamp.ts'
import { updateConsumerOffset } from './handlers/offsets/update-consumer-offset.ts'
import { litePullMessage } from './handlers/reading/lite-pull-message.ts'
import { pullMessage } from './handlers/reading/pull-message.ts'
import { queryMessage } from './handlers/reading/query-message.ts'
import { viewMessageById } from './handlers/reading/view-message-by-id.ts'
import { consumerSendMsgBack } from './handlers/sending/consumer-send-msg-back.ts'
import { sendBatchMessage } from './handlers/sending/send-batch-message.ts'
import { sendMessage } from './handlers/sending/send-message.ts'
import { sendMessageV2 } from './handlers/sending/send-message-v2.ts'
import { cleanUnusedTopic } from './handlers/topics/clean-unused-topic.ts'
import { deleteTopicInBroker } from './handlers/topics/delete-topic-in-broker.ts'
import { getAllTopicConfig } from './handlers/topics/get-all-topic-config.ts'
import { getSystemTopicListFromBroker } from './handlers/topics/get-system-topic-list-from-broker.ts'
import { getTopicConfig } from './handlers/topics/get-topic-config.ts'
import { getTopicStatsInfo } from './handlers/topics/get-topic-stats-info.ts'
import { queryTopicConsumeByWho } from './handlers/topics/query-topic-consume-by-who.ts'
import { queryTopicsByConsumer } from './handlers/topics/query-topics-by-consumer.ts'
import { updateAndCreateTopic } from './handlers/topics/update-and-create-topic.ts'
import { updateAndCreateTopicList } from './handlers/topics/update-and-create-topic-list.ts'

const makers = {
  sendMessage,
  sendMessageV2,
  sendBatchMessage,
  consumerSendMsgBack,
  pullMessage,
  litePullMessage,
  viewMessageById,
  queryMessage,
  heartBeat,
  unregisterClient,
  checkClientConfig,
  getConsumerListByGroup,
  lockBatchMq,
  unlockBatchMq,
  getConsumerRunningInfo,
  consumeMessageDirectly,
  getConsumerConnectionList,
  getProducerConnectionList,
  getAllProducerInfo,
  queryConsumerOffset,
  updateConsumerOffset,
  searchOffsetByTimestamp,
  getMaxOffset,
  getMinOffset,
  getEarliestMsgStoretime,
  getConsumeStats,
  getBrokerConsumeStats,
  queryConsumeTimeSpan,
  invokeBrokerToResetOffset,
  invokeBrokerToGetConsumerStatus,
  cloneGroupOffset,
  queryConsumeQueue,
  updateAndCreateTopic,
  updateAndCreateTopicList,
  getTopicConfig,
  getAllTopicConfig,
  deleteTopicInBroker,
  getTopicStatsInfo,
  queryTopicConsumeByWho,
  queryTopicsByConsumer,
  getSystemTopicListFromBroker,
  cleanUnusedTopic,
  updateAndCreateSubscriptiongroup,
  updateAndCreateSubscriptiongroupList,
  getAllSubscriptiongroupConfig,
  getSubscriptiongroupConfig,
  deleteSubscriptiongroup,
  updateAndGetGroupForbidden,
  querySubscriptionByConsumer,
  updateBrokerConfig,
  getBrokerConfig,
  getBrokerRuntimeInfo,
  viewBrokerStatsData,
  deleteExpiredCommitlog,
} as const

type Maker = (typeof makers)[keyof typeof makers]
type Intersection<Union> = (Union extends unknown ? (value: Union) => void : never) extends (value: infer All) => void
  ? All
  : never

/** All that handlers name, each for itself: only `create-broker.ts` has to have everything. */
export type BrokerParts = Intersection<NonNullable<Parameters<Maker>[0]>>

/** The handler of every command that the broker serves. */
export type BrokerHandlers = { [Key in keyof typeof makers]: ReturnType<(typeof makers)[Key]> }

export function brokerHandlers(parts: BrokerParts): BrokerHandlers {
  const made = Object.entries(makers).map(([key, make]) => [key, make(parts)] as const)
  return Object.fromEntries(made) as BrokerHandlers
}
