import { type commands, correctionOffsetsBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface CorrectionOffsetParts {
  offsets: {
    groupsOf(topic: string): readonly string[]
    queuesOf(group: string, topic: string): ReadonlyMap<number, number>
  }
  store: { minOffset(topic: string, queueId: number): number }
}

/**
 * QUERY_CORRECTION_OFFSET: of each queue of a topic, the least offset that groups have committed and whose message is
 * still there. Groups that `filterGroups` lists, separated by commas, do not count.
 */
export function queryCorrectionOffset(parts: CorrectionOffsetParts): Handler<typeof commands.queryCorrectionOffset> {
  return ({ topic, filterGroups = '' }) => {
    const { offsets, store } = parts
    const left = new Set(filterGroups.split(','))
    const correctionOffsets = new Map<number, number>()
    for (const group of offsets.groupsOf(topic)) {
      if (left.has(group)) continue
      for (const [queueId, offset] of offsets.queuesOf(group, topic)) {
        if (offset < store.minOffset(topic, queueId)) continue
        const least = correctionOffsets.get(queueId)
        if (least === undefined || offset < least) correctionOffsets.set(queueId, offset)
      }
    }
    return { body: correctionOffsetsBody.encode({ correctionOffsets }) }
  }
}
