import {
  endInMapping,
  hasEnd,
  itemBehind,
  type LogicQueue,
  type LogicQueueMappingItem,
  leaderItem,
  type ResponseCodeName,
  toLogicalOffset,
} from '@rocketmq-ts/protocol'

/** Where a pull stands after it was answered. */
export interface PullPosition {
  code: ResponseCodeName
  nextBeginOffset: number
  minOffset: number
  maxOffset: number
}

/** The same in the logical queue; each record's offset is off by `offsetDelta`. */
export interface LogicalPullPosition extends PullPosition {
  offsetDelta: number
}

/**
 * Where a pull of one item stands in the logical queue.
 * @param asked the offset in the item's own queue that was asked for
 * @param pulled what the item's own queue answered
 */
export function logicalPull(
  items: LogicQueue,
  item: LogicQueueMappingItem,
  asked: number,
  pulled: PullPosition,
): LogicalPullPosition {
  const isOver = pulled.code !== 'SUCCESS' && asked >= endOf(item, pulled.maxOffset) && item !== leaderItem(items)
  const next = isOver ? itemBehind(items, item) : undefined
  if (next !== undefined) return atStartOf(next)
  const { code, nextBeginOffset } = isOver ? waiting(pulled) : placed(items, item, asked, pulled)
  return {
    code,
    nextBeginOffset: toLogicalOffset(item, nextBeginOffset),
    minOffset: toLogicalOffset(item, pulled.minOffset),
    maxOffset: Math.max(toLogicalOffset(item, pulled.maxOffset), endInMapping(leaderItem(items)!)),
    offsetDelta: item.logicOffset - item.startOffset,
  }
}

/** Where a pull goes on that has come to the end of an item, without a look at its queue; undefined before the end. */
export function pullBehind(
  items: LogicQueue,
  item: LogicQueueMappingItem,
  asked: number,
): LogicalPullPosition | undefined {
  if (!hasEnd(item) || asked < item.endOffset) return undefined
  const { startOffset: minOffset, endOffset: maxOffset } = item
  const ended = { code: 'PULL_NOT_FOUND', nextBeginOffset: maxOffset, minOffset, maxOffset } as const
  return logicalPull(items, item, asked, ended)
}

function endOf(item: LogicQueueMappingItem, maxOffset: number): number {
  return hasEnd(item) ? Math.min(item.endOffset, maxOffset) : maxOffset
}

function atStartOf({ logicOffset, startOffset }: LogicQueueMappingItem): LogicalPullPosition {
  return {
    code: 'PULL_RETRY_IMMEDIATELY',
    nextBeginOffset: logicOffset,
    minOffset: logicOffset,
    maxOffset: logicOffset,
    offsetDelta: logicOffset - startOffset,
  }
}

/** The next item takes messages already, but it is not decided yet where it begins. */
function waiting({ maxOffset }: PullPosition): Pick<PullPosition, 'code' | 'nextBeginOffset'> {
  return { code: 'PULL_NOT_FOUND', nextBeginOffset: maxOffset }
}

function placed(
  items: LogicQueue,
  item: LogicQueueMappingItem,
  asked: number,
  { code, nextBeginOffset, minOffset }: PullPosition,
): Pick<PullPosition, 'code' | 'nextBeginOffset'> {
  if (code === 'SUCCESS' || asked >= minOffset) return { code, nextBeginOffset }
  // What is missing at the start of the whole queue is told; in between it is passed by.
  const isOldest = item === items.find(({ logicOffset }) => logicOffset >= 0)
  return { code: isOldest ? 'PULL_OFFSET_MOVED' : 'PULL_RETRY_IMMEDIATELY', nextBeginOffset: minOffset }
}
