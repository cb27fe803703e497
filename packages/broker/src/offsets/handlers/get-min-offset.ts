import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { QueueOffsets } from '../queue-offsets.ts'

/** GET_MIN_OFFSET */
export function getMinOffset(parts: { store: QueueOffsets }): Handler<typeof commands.getMinOffset> {
  return ({ topic, queueId }) => ({ header: { offset: parts.store.minOffset(topic, queueId) } })
}
