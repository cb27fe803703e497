import { type LikelyHandles, LookAhead } from '@rocketmq-ts/storage'
import type { SendableTopic } from '../topics/index.ts'

/** Brings into the processor's caches what the messages of a read need of their topics and queues: see `LookAhead`. */
export function sendLookAhead(topics: LikelyHandles<SendableTopic>): LookAhead<SendableTopic> {
  return new LookAhead(topics, [
    ({ counters }) => (counters === undefined ? 0 : 1),
    ({ topic, config, counters }) =>
      topic.charCodeAt(0) + config.writeQueueNums + (counters?.isPending === true ? 1 : 0),
  ])
}
