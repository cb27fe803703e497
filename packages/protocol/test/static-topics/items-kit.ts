import fc from 'fast-check'
import type { LogicQueueMappingItem } from '../../src/index.ts'

export function item(changes: Partial<LogicQueueMappingItem> = {}): LogicQueueMappingItem {
  return {
    gen: 0,
    queueId: 0,
    bname: 'broker-a',
    logicOffset: 0,
    startOffset: 0,
    endOffset: -1,
    timeOfStart: -1,
    timeOfEnd: -1,
    ...changes,
  }
}

/** Logical queues as moves make them, with how many messages each item has. */
export const movedQueues = fc
  .array(
    fc.record({
      count: fc.nat(30),
      startOffset: fc.nat(5),
      gap: fc.nat(20),
      skippedGens: fc.nat(2),
      hasEnd: fc.boolean(),
      broker: fc.constantFrom('broker-a', 'broker-b', 'broker-c'),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((stretches) => {
    const items: LogicQueueMappingItem[] = []
    const counts: number[] = []
    let logicOffset = 0
    let gen = 0
    for (const [queueId, { count, startOffset, gap, skippedGens, hasEnd, broker }] of stretches.entries()) {
      const isLast = queueId === stretches.length - 1
      const endOffset = hasEnd && !isLast && count > 0 ? startOffset + count : -1
      items.push(item({ gen, queueId, bname: broker, logicOffset, startOffset, endOffset }))
      counts.push(count)
      logicOffset += count + gap + 1
      gen += 1 + skippedGens
    }
    return { items, counts }
  })
