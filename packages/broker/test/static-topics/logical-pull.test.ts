import { type LogicQueueMappingItem, toItemOffset, toLogicalOffset } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { logicalPull, type PullPosition, pullBehind } from '../../src/static-topics/logical-pull.ts'

function item(changes: Partial<LogicQueueMappingItem> = {}): LogicQueueMappingItem {
  const none = { endOffset: -1, timeOfStart: -1, timeOfEnd: -1 }
  return { gen: 0, queueId: 0, bname: 'broker-a', logicOffset: 0, startOffset: 0, ...none, ...changes }
}

/** A queue as a broker reads it: from `min` to before `max`, two messages at a time. */
function pulled(asked: number, min: number, max: number): PullPosition & { read: number[] } {
  const range = { minOffset: min, maxOffset: max }
  if (max === 0) {
    return { code: asked === 0 ? 'PULL_NOT_FOUND' : 'PULL_OFFSET_MOVED', nextBeginOffset: 0, ...range, read: [] }
  }
  if (asked < min) return { code: 'PULL_OFFSET_MOVED', nextBeginOffset: min, ...range, read: [] }
  if (asked === max) return { code: 'PULL_NOT_FOUND', nextBeginOffset: max, ...range, read: [] }
  if (asked > max) return { code: 'PULL_OFFSET_MOVED', nextBeginOffset: max, ...range, read: [] }
  const next = Math.min(max, asked + 2)
  return {
    code: 'SUCCESS',
    nextBeginOffset: next,
    ...range,
    read: Array.from({ length: next - asked }, (_, i) => asked + i),
  }
}

const stretches = fc.array(
  fc.record({ count: fc.nat(9), gone: fc.nat(9), startOffset: fc.nat(3), gap: fc.nat(9), hasEnd: fc.boolean() }),
  { minLength: 1, maxLength: 4 },
)

describe('pulls of a logical queue', () => {
  test('that go on where they are told get every message that is left once, with ascending offsets', () => {
    fc.assert(
      fc.property(stretches, fc.nat(60), (parts, from) => {
        const items: LogicQueueMappingItem[] = []
        const ranges: { min: number; max: number }[] = []
        let logicOffset = 0
        for (const [gen, { count, gone, startOffset, gap, hasEnd }] of parts.entries()) {
          const isLast = gen === parts.length - 1
          const max = startOffset + count
          const endOffset = hasEnd && !isLast && count > 0 ? max : -1
          items.push(item({ gen, queueId: gen, logicOffset, startOffset, endOffset }))
          // What came behind the end of an item does not belong to it.
          ranges.push({ min: Math.min(max, startOffset + gone), max: endOffset === -1 ? max : max + 1 })
          logicOffset += count + gap + 1
        }
        const ends = items.map((one, index) => (one.endOffset === -1 ? ranges[index]!.max : one.endOffset))
        const left = items
          .flatMap((one, index) =>
            Array.from({ length: ends[index]! }, (_, offset) => offset)
              .filter((offset) => offset >= Math.max(one.startOffset, ranges[index]!.min))
              .map((offset) => toLogicalOffset(one, offset)),
          )
          .filter((offset) => offset >= from)
        const seen: number[] = []
        let at = from
        for (let step = 0; ; step++) {
          expect(step, 'pulls').toBeLessThan(100)
          const index = Math.max(
            0,
            items.findLastIndex((one) => one.logicOffset <= at),
          )
          const one = items[index]!
          const asked = toItemOffset(one, at)
          const behind = pullBehind(items, one, asked)
          if (behind !== undefined) {
            at = behind.nextBeginOffset
            continue
          }
          const answer = pulled(asked, ranges[index]!.min, ranges[index]!.max)
          const ofItem = answer.read.filter((offset) => one.endOffset === -1 || offset < one.endOffset)
          const logical = logicalPull(items, one, asked, answer)
          seen.push(...ofItem.map((offset) => offset + logical.offsetDelta))
          const isAtEnd = logical.code === 'PULL_NOT_FOUND' && logical.nextBeginOffset === at
          at = logical.nextBeginOffset
          if (isAtEnd) break
        }
        expect(seen).toEqual(left)
      }),
      { numRuns: 500 },
    )
  })

  test('wait at the end of an item while it is not decided where the next one begins', () => {
    const items = [item(), item({ gen: 1, logicOffset: -1 })]
    const answer = logicalPull(items, items[0]!, 5, pulled(5, 0, 5))
    expect(answer).toMatchObject({ code: 'PULL_NOT_FOUND', nextBeginOffset: 5, minOffset: 0, maxOffset: 5 })
  })

  test('at the end of an item go on at once where the next one begins', () => {
    const items = [item(), item({ gen: 1, logicOffset: 100, startOffset: 3 })]
    expect(logicalPull(items, items[0]!, 5, pulled(5, 0, 5))).toEqual({
      code: 'PULL_RETRY_IMMEDIATELY',
      nextBeginOffset: 100,
      minOffset: 100,
      maxOffset: 100,
      offsetDelta: 97,
    })
  })

  test('before the first message are told so, and in a later item go on behind what is gone', () => {
    const items = [item(), item({ gen: 1, logicOffset: 100 })]
    expect(logicalPull(items, items[0]!, 2, pulled(2, 4, 9))).toMatchObject({
      code: 'PULL_OFFSET_MOVED',
      nextBeginOffset: 4,
    })
    expect(logicalPull(items, items[1]!, 2, pulled(2, 4, 9))).toMatchObject({
      code: 'PULL_RETRY_IMMEDIATELY',
      nextBeginOffset: 104,
    })
  })

  test('tell the end of the logical queue, which is never before where its last item begins', () => {
    const items = [item(), item({ gen: 1, logicOffset: 100 })]
    expect(logicalPull(items, items[0]!, 0, pulled(0, 0, 9)).maxOffset).toBe(100)
    expect(logicalPull(items, items[1]!, 0, pulled(0, 0, 9)).maxOffset).toBe(109)
  })
})
