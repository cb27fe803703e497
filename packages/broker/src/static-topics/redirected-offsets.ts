import {
  type AnyCommand,
  commands,
  decidedItems,
  isDecided,
  itemOfOffset,
  type LogicQueue,
  type LogicQueueMappingItem,
  ProtocolError,
  type RequestOf,
  responseCodes,
  toItemOffset,
  toLogicalOffset,
} from '@rocketmq-ts/protocol'
import type { Call, Handler, Reply } from '@rocketmq-ts/remoting'
import type { ForwardedCommits } from './forwarded-commits.ts'
import { type ItemCalls, replyOf } from './item-calls.ts'
import type { MappingTable } from './mapping-table.ts'

/** The handlers of this broker's own queues. */
export interface OffsetHandlers {
  getMinOffset: Handler<typeof commands.getMinOffset>
  getMaxOffset: Handler<typeof commands.getMaxOffset>
  getEarliestMsgStoretime: Handler<typeof commands.getEarliestMsgStoretime>
  searchOffsetByTimestamp: Handler<typeof commands.searchOffsetByTimestamp>
  queryConsumerOffset: Handler<typeof commands.queryConsumerOffset>
  updateConsumerOffset: Handler<typeof commands.updateConsumerOffset>
}

export interface RedirectedOffsetsParts {
  mappings: Pick<MappingTable, 'isEmpty' | 'get'>
  itemCalls: ItemCalls
  commits: ForwardedCommits
}

type Key = keyof OffsetHandlers
type CommandOf<K extends Key> = (typeof commands)[K]
type CommitRequest = RequestOf<typeof commands.updateConsumerOffset>
type CommitReply = Reply<typeof commands.updateConsumerOffset>

/** One request about a logical queue that this broker leads. */
interface Asked {
  items: LogicQueue
  /** Asks the broker of an item. */
  ask<K extends Key>(item: LogicQueueMappingItem, key: K, header: RequestOf<CommandOf<K>>): Promise<Reply<CommandOf<K>>>
  /** Notes an offset of an item's own queue at its broker. */
  commit(item: LogicQueueMappingItem, header: CommitRequest): Promise<CommitReply>
}

/** Fields by which each of these requests names its queue. */
interface QueueHeader {
  topic: string
  queueId: number
  lo?: boolean
}

/** From where to where an item has messages, in its own offsets, or an answer that does not say it. */
type ItemRange = { isKnown: true; min: number; max: number } | { isKnown: false; reply: OffsetReply }

/** Requests about the offsets of logical queues: each is answered from the items, on this broker or on others. */
export function redirectedOffsets(handlers: OffsetHandlers, parts: RedirectedOffsetsParts): OffsetHandlers {
  const { mappings, itemCalls, commits } = parts
  const redirect =
    <K extends Key>(
      handle: Handler<CommandOf<K>>,
      answer: (asked: Asked, header: RequestOf<CommandOf<K>>) => Promise<Reply<CommandOf<K>>>,
    ): Handler<CommandOf<K>> =>
    (header, call) => {
      const { topic: name, queueId, lo } = header as unknown as QueueHeader
      const topic = mappings.isEmpty || lo === false ? undefined : mappings.get(name)
      if (topic === undefined) return handle(header, call)
      const ask = <Of extends Key>(item: LogicQueueMappingItem, key: Of, changed: RequestOf<CommandOf<Of>>) => {
        // The handlers of offsets look at the header alone, whichever of these requests the call is of.
        const here = handlers[key] as unknown as Handler<CommandOf<Of>>
        const by = call as unknown as Call<CommandOf<Of>>
        const ofQueue = changed as RequestOf<CommandOf<Of>> & QueueHeader
        return itemCalls.ask(by.connection, topic, item, commands[key], ofQueue, (ofItem) => here(ofItem, by))
      }
      const commit = async (item: LogicQueueMappingItem, changed: CommitRequest): Promise<CommitReply> => {
        if (topic.isHere(item)) return ask(item, 'updateConsumerOffset', changed)
        const answered = await commits.commit(call.connection, changed, item, changed.commitOffset)
        return replyOf(commands.updateConsumerOffset, answered)
      }
      return answer({ items: topic.led(queueId), ask, commit }, header)
    }
  return {
    getMinOffset: redirect<'getMinOffset'>(handlers.getMinOffset, minOffset),
    getMaxOffset: redirect<'getMaxOffset'>(handlers.getMaxOffset, maxOffset),
    getEarliestMsgStoretime: redirect<'getEarliestMsgStoretime'>(handlers.getEarliestMsgStoretime, earliestStoreTime),
    searchOffsetByTimestamp: redirect<'searchOffsetByTimestamp'>(handlers.searchOffsetByTimestamp, searchOffset),
    queryConsumerOffset: redirect<'queryConsumerOffset'>(handlers.queryConsumerOffset, queryOffset),
    updateConsumerOffset: redirect<'updateConsumerOffset'>(handlers.updateConsumerOffset, commitOffset),
  }
}

type OffsetReply = Reply<typeof commands.getMinOffset>

async function minOffset({ items, ask }: Asked, header: RequestOf<typeof commands.getMinOffset>): Promise<OffsetReply> {
  const oldest = decided(items, header)[0]!
  return withLogical(oldest, await ask(oldest, 'getMinOffset', header))
}

async function maxOffset({ items, ask }: Asked, header: RequestOf<typeof commands.getMaxOffset>): Promise<OffsetReply> {
  const newest = decided(items, header).at(-1)!
  return withLogical(newest, await ask(newest, 'getMaxOffset', header))
}

/** Of the oldest item that has messages. */
async function earliestStoreTime(
  { items, ask }: Asked,
  header: RequestOf<typeof commands.getEarliestMsgStoretime>,
): Promise<Reply<typeof commands.getEarliestMsgStoretime>> {
  let reply: Reply<typeof commands.getEarliestMsgStoretime> = { header: { timestamp: -1 } }
  for (const item of decided(items, header)) {
    reply = await ask(item, 'getEarliestMsgStoretime', header)
    if (!isSuccess(reply) || reply.header!.timestamp >= 0) break
  }
  return reply
}

/** The first message from a time on, in the oldest item that has one; with an upper boundary the last until then. */
async function searchOffset(
  asked: Asked,
  header: RequestOf<typeof commands.searchOffsetByTimestamp>,
): Promise<OffsetReply> {
  const isUpper = header.boundaryType === 'upper'
  const items = decided(asked.items, header)
  let last: OffsetReply | undefined
  for (const item of isUpper ? items.toReversed() : items) {
    const range = await rangeOf(asked, item, header)
    if (!range.isKnown) return range.reply
    if (range.min >= range.max) {
      last = { header: { offset: toLogicalOffset(item, range.max) } }
      continue
    }
    const reply = await asked.ask(item, 'searchOffsetByTimestamp', header)
    if (!isSuccess(reply)) return reply
    const { offset } = reply.header!
    last = withLogical(item, reply)
    if (isUpper ? await isFromBefore(asked, item, header) : offset < range.max) return last
  }
  return last!
}

/** Whether the item's first message is from before the time that is searched for, or of that time. */
async function isFromBefore(
  { ask }: Asked,
  item: LogicQueueMappingItem,
  header: RequestOf<typeof commands.searchOffsetByTimestamp>,
): Promise<boolean> {
  const { topic, queueId, timestamp } = header
  const reply = await ask(item, 'getEarliestMsgStoretime', { topic, queueId })
  return isSuccess(reply) && reply.header!.timestamp >= 0 && reply.header!.timestamp <= timestamp
}

async function rangeOf(
  { ask }: Asked,
  item: LogicQueueMappingItem,
  { topic, queueId }: { topic: string; queueId: number },
): Promise<ItemRange> {
  const min = await ask(item, 'getMinOffset', { topic, queueId })
  if (!isSuccess(min)) return { isKnown: false, reply: min }
  const max = await ask(item, 'getMaxOffset', { topic, queueId, committed: true })
  if (!isSuccess(max)) return { isKnown: false, reply: max }
  return { isKnown: true, min: min.header!.offset, max: max.header!.offset }
}

/** The newest item that the group has an offset in says where it is. */
async function queryOffset(
  { items, ask }: Asked,
  header: RequestOf<typeof commands.queryConsumerOffset>,
): Promise<Reply<typeof commands.queryConsumerOffset>> {
  const candidates = decided(items, header)
  const [only] = items
  // A queue that never moved is as any other: a new group in a young one is told 0.
  if (items.length === 1 && only!.logicOffset === 0) {
    return withLogical(only!, await ask(only!, 'queryConsumerOffset', header))
  }
  for (const item of candidates.toReversed()) {
    const reply = await ask(item, 'queryConsumerOffset', { ...header, setZeroIfNotFound: false })
    if (isSuccess(reply)) return withLogical(item, reply)
    if (reply.code !== 'QUERY_NOT_FOUND') return reply
  }
  return { code: 'QUERY_NOT_FOUND', remark: 'Not found, maybe this group consumer boot first' }
}

async function commitOffset({ items, commit }: Asked, header: CommitRequest): Promise<CommitReply> {
  decided(items, header)
  if (header.commitOffset < 0) {
    throw new ProtocolError('INVALID_PARAMETER', `Commit offset ${header.commitOffset} is negative`)
  }
  const item = itemOfOffset(items, header.commitOffset)!
  // What is before the first item is gone: the group goes on at its start.
  const ofItem = Math.max(0, toItemOffset(item, header.commitOffset))
  return commit(item, { ...header, commitOffset: ofItem })
}

/** Items of which it is decided where they begin. @throws ProtocolError when there is none */
function decided(items: LogicQueue, { topic, queueId }: { topic: string; queueId: number }): LogicQueueMappingItem[] {
  if (items.some((item) => isDecided(item))) return decidedItems(items)
  const remark = `it is not decided yet where the logical queue ${queueId} of ${topic} begins: complete its mapping`
  throw new ProtocolError('SYSTEM_ERROR', remark)
}

function isSuccess({ code }: Reply<AnyCommand>): boolean {
  return code === undefined || responseCodes[code].code === responseCodes.SUCCESS.code
}

function withLogical(item: LogicQueueMappingItem, reply: OffsetReply): OffsetReply {
  if (reply.header === undefined) return reply
  return { ...reply, header: { ...reply.header, offset: toLogicalOffset(item, reply.header.offset) } }
}
