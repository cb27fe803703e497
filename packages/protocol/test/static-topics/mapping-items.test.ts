import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decidedItems,
  itemBehind,
  itemOfOffset,
  leaderItem,
  toItemOffset,
  toLogicalOffset,
  undecidedOffset,
} from '../../src/index.ts'
import { item, movedQueues } from './items-kit.ts'

describe('offsets of a logical queue', () => {
  test('of an item and back are the same', () => {
    fc.assert(
      fc.property(movedQueues, ({ items, counts }) => {
        for (const [index, one] of items.entries()) {
          for (let offset = one.startOffset; offset <= one.startOffset + counts[index]!; offset++) {
            const logical = toLogicalOffset(one, offset)
            expect(toItemOffset(one, logical)).toBe(offset)
            expect(itemOfOffset(items, logical)).toBe(one)
          }
        }
      }),
    )
  })

  test('ascend from item to item', () => {
    fc.assert(
      fc.property(movedQueues, ({ items, counts }) => {
        const logical = items.flatMap((one, index) =>
          Array.from({ length: counts[index]! }, (_, count) => toLogicalOffset(one, one.startOffset + count)),
        )
        expect(logical).toEqual([...new Set(logical)].toSorted((left, right) => left - right))
      }),
    )
  })

  test('stay within the item: before it is its start, behind it its end', () => {
    const ended = item({ logicOffset: 100, startOffset: 10, endOffset: 15 })
    expect([0, 10, 12, 15, 99].map((offset) => toLogicalOffset(ended, offset))).toEqual([100, 100, 102, 105, 105])
    expect(toLogicalOffset(item({ logicOffset: 100, startOffset: 10 }), 99)).toBe(189)
  })

  test('are unknown while it is not decided where the item begins', () => {
    expect(toLogicalOffset(item({ logicOffset: undecidedOffset }), 7)).toBe(-1)
  })
})

describe('the item of an offset', () => {
  const first = item({ gen: 0, logicOffset: 10 })
  const second = item({ gen: 1, logicOffset: 50 })
  const undecided = item({ gen: 2, logicOffset: undecidedOffset })
  const items = [first, second, undecided]

  test('is the last one that begins at it or before, and the oldest one for an offset before all', () => {
    expect([0, 10, 49, 50, 1000].map((offset) => itemOfOffset(items, offset))).toEqual([
      ...[first, first, first, second],
      second,
    ])
  })

  test('is none when it is not decided where any begins', () => {
    expect(itemOfOffset([undecided], 0)).toBeUndefined()
    expect(decidedItems(items)).toEqual([first, second])
  })

  test('the last one takes messages, also while it is not decided where it begins', () => {
    expect(leaderItem(items)).toBe(undecided)
    expect(leaderItem([])).toBeUndefined()
  })

  test('is followed by the next one once it is decided where that begins', () => {
    expect([first, second, undecided].map((one) => itemBehind(items, one))).toEqual([second, undefined, undefined])
  })
})
