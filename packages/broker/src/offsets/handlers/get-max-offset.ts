import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { QueueOffsets } from '../queue-offsets.ts'

/** GET_MAX_OFFSET */
export function getMaxOffset(parts: { store: QueueOffsets }): Handler<typeof commands.getMaxOffset> {
  return ({ topic, queueId }) => ({ header: { offset: parts.store.maxOffset(topic, queueId) } })
}
