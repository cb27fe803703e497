import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { QueueOffsets } from '../queue-offsets.ts'

/** GET_EARLIEST_MSG_STORETIME: -1 for an empty queue. */
export function getEarliestMsgStoretime(parts: {
  store: QueueOffsets
}): Handler<typeof commands.getEarliestMsgStoretime> {
  return ({ topic, queueId }) => {
    const { store } = parts
    return { header: { timestamp: store.storeTimestamp(topic, queueId, store.minOffset(topic, queueId)) ?? -1 } }
  }
}
