import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { internalTopicNameProblem, refuseProblem } from '../../configuration/index.ts'

export interface DeleteTopicParts {
  topics: { delete(topic: string, peer: string): boolean; confirmed(): Promise<void> }
  /** Of static topics. */
  mappings: { secured(): Promise<void> }
  /** Resolves when the progress of groups in it is gone for good. */
  whenProgressRemoved(deleted: readonly string[]): Promise<void>
}

/** DELETE_TOPIC_IN_BROKER: the topic with its queues and the offsets of all groups in it. */
export function deleteTopicInBroker(parts: DeleteTopicParts): Handler<typeof commands.deleteTopicInBroker> {
  return async ({ topic }, call) => {
    refuseProblem(internalTopicNameProblem(topic))
    parts.topics.delete(topic, call.connection.remoteAddress)
    await Promise.all([parts.topics.confirmed(), parts.mappings.secured(), parts.whenProgressRemoved([topic])])
    return {}
  }
}
