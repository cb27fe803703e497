import { type commands, ProtocolError, topicQueueMappingDetailBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { type TopicTable, topicUpdate } from '../../topics/index.ts'
import type { MappingTable } from '../mapping-table.ts'
import { StaticTopic } from '../static-topic.ts'

export interface UpdateStaticTopicParts {
  brokerName: string
  mappings: Pick<MappingTable, 'accepted' | 'set' | 'secured'>
  topics: Pick<TopicTable, 'update' | 'mappingChanged' | 'secured'>
  store: {
    /** Resolves when all that was put is in its queues and safe. @returns false when the disk refuses */
    syncLog(): Promise<boolean>
  }
  /** Resolves when the name servers know what changed. */
  whenRegistered(): Promise<void>
}

/**
 * UPDATE_AND_CREATE_STATIC_TOPIC: a topic with this broker's part of its logical queues. When it is answered, the mapping
 * survives a failure of the power, the name servers know it, and all that was sent under the one before is in its queue:
 * whoever moves a logical queue takes its end from there.
 */
export function updateAndCreateStaticTopic(
  parts: UpdateStaticTopicParts,
): Handler<typeof commands.updateAndCreateStaticTopic> {
  return async (header, call) => {
    const { mappings, topics, store } = parts
    const { topic, readQueueNums, writeQueueNums } = header
    const mapping = mappings.accepted(topic, topicQueueMappingDetailBody.decode(call.body), header.force)
    const { read, written } = new StaticTopic(mapping, parts.brokerName).highestQueues()
    if (read >= readQueueNums || written >= writeQueueNums) {
      const remark = `the mapping of ${topic} needs ${read + 1} queues to read and ${written + 1} to write on this broker: it would have ${readQueueNums} and ${writeQueueNums}`
      throw new ProtocolError('INVALID_PARAMETER', remark)
    }
    topics.update([topicUpdate(header)], call.connection.remoteAddress)
    mappings.set(topic, mapping)
    topics.mappingChanged(topic)
    const [isSynced] = await Promise.all([
      store.syncLog(),
      topics.secured(),
      mappings.secured(),
      parts.whenRegistered(),
    ])
    if (isSynced) return {}
    throw new ProtocolError('SYSTEM_ERROR', `the mapping of ${topic} is taken, but the log could not be synced`)
  }
}
