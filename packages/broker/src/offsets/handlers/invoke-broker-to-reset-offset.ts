import type { Log } from '@rocketmq-ts/platform'
import {
  commands,
  ProtocolError,
  type RequestOf,
  type ResetOffset,
  resetOffsetBody,
  resetOffsetListBody,
  type SubscriptionGroupConfig,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { ConsumerGroupView } from '../../clients/index.ts'
import { checkNotOwnProgress } from '../../groups/index.ts'
import type { QueueOffsets } from '../queue-offsets.ts'

export interface ResetOffsetParts {
  log: Log
  brokerName: string
  topics: { get(topic: string): TopicConfig | undefined }
  groups: { get(group: string): SubscriptionGroupConfig | undefined }
  consumers: { get(group: string): ConsumerGroupView | undefined }
  offsets: {
    reset(group: string, topic: string, queueId: number, offset: number): void
    checkRoom(group: string, topic: string): void
    written(): Promise<void>
  }
  store: QueueOffsets
  settings(): { useServerSideResetOffset: boolean }
}

/** What tools send with a time, instead of an offset. */
const noOffset = -1

type ResetRequest = RequestOf<typeof commands.invokeBrokerToResetOffset>

/**
 * INVOKE_BROKER_TO_RESET_OFFSET: a group is to go on at a time or an offset. The broker keeps it until the group's next
 * pull; with `useServerSideResetOffset` off it tells the members that are online.
 */
export function invokeBrokerToResetOffset(parts: ResetOffsetParts): Handler<typeof commands.invokeBrokerToResetOffset> {
  return async (header, call) => {
    const { group, topic } = header
    const config = parts.topics.get(topic)
    if (config === undefined) throw new ProtocolError('TOPIC_NOT_EXIST', `Topic ${topic} does not exist`)
    if (parts.groups.get(group) === undefined) {
      throw new ProtocolError('SUBSCRIPTION_GROUP_NOT_EXIST', `Group ${group} does not exist`)
    }
    checkNotOwnProgress(group)
    const table = newOffsets(header, config, parts)
    if (parts.settings().useServerSideResetOffset) {
      parts.offsets.checkRoom(group, topic)
      for (const [{ queueId }, offset] of table) parts.offsets.reset(group, topic, queueId, offset)
    } else {
      tellMembers(header, table, parts)
    }
    const offsets = Object.fromEntries(table.map(([{ queueId }, offset]) => [queueId, offset]))
    parts.log.info({ group, topic, offsets, peer: call.connection.remoteAddress }, 'offsets of a group were reset')
    await parts.offsets.written()
    return { body: resetOffsetBody.encode({ offsetTable: table }) }
  }
}

function newOffsets(header: ResetRequest, config: TopicConfig, parts: ResetOffsetParts): ResetOffset['offsetTable'] {
  const { topic, queueId, offset } = header
  if (queueId >= config.readQueueNums) {
    const remark = `queue ${queueId} of ${topic} does not exist: it has ${config.readQueueNums} queues to read`
    throw new ProtocolError('INVALID_PARAMETER', remark)
  }
  const queueIds = queueId >= 0 ? [queueId] : Array.from({ length: config.readQueueNums }, (_, index) => index)
  const hasOffset = queueId >= 0 && offset !== undefined && offset !== noOffset
  return queueIds.map((id) => [
    { topic, brokerName: parts.brokerName, queueId: id },
    hasOffset ? checkedOffset(offset, id, header, parts) : byTime(header, id, parts),
  ])
}

function byTime({ topic, timestamp }: ResetRequest, queueId: number, { store }: ResetOffsetParts): number {
  if (timestamp === undefined) {
    const remark = 'the request has neither an offset of a queue nor a timestamp: say where the group is to go on'
    throw new ProtocolError('INVALID_PARAMETER', remark)
  }
  return timestamp < 0 ? store.maxOffset(topic, queueId) : store.offsetByTime(topic, queueId, timestamp, 'lower')
}

function checkedOffset(offset: number, queueId: number, { topic }: ResetRequest, { store }: ResetOffsetParts): number {
  const min = store.minOffset(topic, queueId)
  const max = store.maxOffset(topic, queueId)
  if (offset >= min && offset <= max) return offset
  const remark = `Target offset ${offset} not in consume queue range [${min}-${max}]`
  throw new ProtocolError('SYSTEM_ERROR', remark)
}

function tellMembers(header: ResetRequest, table: ResetOffset['offsetTable'], parts: ResetOffsetParts): void {
  const { group, topic } = header
  const members = parts.consumers.get(group)?.clients() ?? []
  if (members.length === 0) {
    const remark = `Consumer not online, so can not reset offset, Group: ${group} Topic: ${topic} Timestamp: ${header.timestamp}`
    throw new ProtocolError('CONSUMER_NOT_ONLINE', remark)
  }
  for (const { link, language } of members) {
    const listed = table.map(([queue, offset]) => ({ ...queue, offset }))
    const body =
      language === 'CPP'
        ? resetOffsetListBody.encode({ offsetTable: listed })
        : resetOffsetBody.encode({ offsetTable: table })
    link.tell(commands.resetConsumerClientOffset, { ...header, timestamp: header.timestamp ?? 0 }, body)
  }
}
