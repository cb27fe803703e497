import type { LogicQueueMappingItem } from '../bodies/index.ts'

/**
 * A logical queue is a list of items, oldest first. An item is a stretch of the queue that lies in one queue of one broker.
 * The last one takes messages, and its broker leads the queue. An item says at which offset of the logical queue it
 * begins (`logicOffset`), and at which of its own queue (`startOffset`). The offset in between is not used, so that what
 * is sent while a queue moves has room.
 */
export type LogicQueue = readonly LogicQueueMappingItem[]

/** The `logicOffset` of an item that takes messages already while it is not decided yet where it begins. */
export const undecidedOffset = -1

/** Whether it is decided where the item begins. */
export function isDecided({ logicOffset }: LogicQueueMappingItem): boolean {
  return logicOffset >= 0
}

/** Whether it is decided where the item ends. */
export function hasEnd({ startOffset, endOffset }: LogicQueueMappingItem): boolean {
  return endOffset > startOffset
}

/** The item that takes messages; undefined for a queue without items. */
export function leaderItem(items: LogicQueue): LogicQueueMappingItem | undefined {
  return items.at(-1)
}

/** @returns -1 while it is not decided where the item begins */
export function toLogicalOffset(item: LogicQueueMappingItem, offset: number): number {
  const { logicOffset, startOffset, endOffset } = item
  if (!isDecided(item)) return undecidedOffset
  const within = hasEnd(item) ? Math.min(offset, endOffset) : offset
  return logicOffset + Math.max(0, within - startOffset)
}

/** The offset in the item's own queue, which is outside of the item when `logicalOffset` is. */
export function toItemOffset({ logicOffset, startOffset }: LogicQueueMappingItem, logicalOffset: number): number {
  return logicalOffset - logicOffset + startOffset
}

/** The offset in the logical queue behind the item, as far as the item says it. */
export function endInMapping(item: LogicQueueMappingItem): number {
  return hasEnd(item) ? item.logicOffset + item.endOffset - item.startOffset : item.logicOffset
}

/** The item that an offset of the logical queue is in, or the oldest one for an offset before it. */
export function itemOfOffset(items: LogicQueue, logicalOffset: number): LogicQueueMappingItem | undefined {
  return (
    items.findLast((item) => isDecided(item) && item.logicOffset <= logicalOffset) ??
    items.find((item) => isDecided(item))
  )
}

/** The item behind one of the list, once it is decided where it begins. */
export function itemBehind(items: LogicQueue, item: LogicQueueMappingItem): LogicQueueMappingItem | undefined {
  const next = items[items.indexOf(item) + 1]
  return next !== undefined && isDecided(next) ? next : undefined
}

/** Items of which it is decided where they begin, oldest first. */
export function decidedItems(items: LogicQueue): LogicQueueMappingItem[] {
  return items.filter((item) => isDecided(item))
}
