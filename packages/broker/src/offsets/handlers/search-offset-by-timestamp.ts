import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { QueueOffsets } from '../queue-offsets.ts'

/** SEARCH_OFFSET_BY_TIMESTAMP */
export function searchOffsetByTimestamp(parts: {
  store: QueueOffsets
}): Handler<typeof commands.searchOffsetByTimestamp> {
  return ({ topic, queueId, timestamp, boundaryType }) => ({
    header: { offset: parts.store.offsetByTime(topic, queueId, timestamp, boundaryType ?? 'lower') },
  })
}
