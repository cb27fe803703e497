import type { BoundedLog } from '@rocketmq-ts/platform'
import {
  commands,
  hasEnd,
  itemOfOffset,
  type LogicQueue,
  type LogicQueueMappingItem,
  leaderItem,
  ProtocolError,
  type RemotingCommand,
  type RequestOf,
  responseCodeName,
  responseCodes,
  toItemOffset,
} from '@rocketmq-ts/protocol'
import { answeredLater, type Call, type Handler, type RemotingConnection, type Reply } from '@rocketmq-ts/remoting'
import type { HeldPull, LongPolling, PullLane } from '../reading/long-polling.ts'
import { AnsweringCall } from './answering-call.ts'
import type { ForwardedCommits } from './forwarded-commits.ts'
import type { ItemCalls } from './item-calls.ts'
import { logicalPull, pullBehind } from './logical-pull.ts'
import type { MappingTable } from './mapping-table.ts'
import type { StaticTopic } from './static-topic.ts'

type PullCommand = typeof commands.pullMessage
type PullRequest = RequestOf<PullCommand>
type PullReply = Reply<PullCommand>

export interface RedirectedPullParts {
  log: BoundedLog
  mappings: Pick<MappingTable, 'isEmpty' | 'get'>
  itemCalls: ItemCalls
  commits: ForwardedCommits
  offsets: {
    commit(group: string, topic: string, queueId: number, offset: number): void
    isResetPending(group: string, topic: string, queueId: number): boolean
  }
  longPolling: Pick<LongPolling, 'hold' | 'refusal'>
  /** @throws ProtocolError for a pull that may not be served, whichever broker has its queue */
  check(header: PullRequest, connection: RemotingConnection): void
}

const commitOffsetFlag = 1
const suspendFlag = 2
/** A pull that found nothing in an item that is not the last one is answered after so long: nobody wakes it. */
const pauseMs = 500

/** Stands for the queue of a pull that no arrival in a queue of this broker wakes. */
const noQueueId = -1

/** Pulls of static topics: each reads the item that its offset is in, on this broker or on another one. */
export class RedirectedPulls {
  readonly #parts: RedirectedPullParts

  constructor(parts: RedirectedPullParts) {
    this.#parts = parts
  }

  /**
   * @param lane in which the pulls come
   * @param handle pulls from queues of this broker
   */
  redirected(lane: PullLane, handle: Handler<PullCommand>): Handler<PullCommand> {
    const { mappings } = this.#parts
    return (header, call) => {
      const topic = mappings.isEmpty || header.lo === false ? undefined : mappings.get(header.topic)
      return topic === undefined ? handle(header, call) : this.#redirect(topic, header, call, lane, handle)
    }
  }

  close(): void {
    this.#parts.log.close()
  }

  #redirect(
    topic: StaticTopic,
    header: PullRequest,
    call: Call<PullCommand>,
    lane: PullLane,
    handle: Handler<PullCommand>,
  ): ReturnType<Handler<PullCommand>> {
    const { check, itemCalls } = this.#parts
    check(header, call.connection)
    const items = topic.led(header.queueId)
    const item = itemOfOffset(items, header.queueOffset)
    if (item === undefined) refuseUndecided(header)
    const asked = toItemOffset(item, header.queueOffset)
    const mayWait = item !== leaderItem(items) && (header.sysFlag & suspendFlag) !== 0
    const answer = (logical: PullReply) => {
      if (mayWait && logical.code === 'PULL_NOT_FOUND') this.#answerLater(header, call, lane, logical)
      else call.answer(logical)
    }
    const behind = pullBehind(items, item, asked)
    if (behind !== undefined) {
      const { code, ...position } = behind
      answer({ code, header: { suggestWhichBrokerId: 0, ...position } })
      return answeredLater
    }
    const answerOfItem = (reply: PullReply) => answer(toLogical(items, item, asked, reply))
    const ofItem = this.#pullOfItem(topic, items, item, header, call.connection)
    if (topic.isHere(item)) return handle(ofItem, new AnsweringCall(call, answerOfItem))
    itemCalls
      .forward(call.connection, item, commands.pullMessage, ofItem)
      .then((answered) => answerOfItem(pullReplyOf(answered)))
      .catch((error: unknown) => call.fail(error))
    return answeredLater
  }

  /** Holds an answer for a moment, so that the consumer does not come again at once. */
  #answerLater(header: PullRequest, call: Call<PullCommand>, lane: PullLane, reply: PullReply): void {
    const { longPolling } = this.#parts
    const waitMs = Math.min(pauseMs, header.suspendTimeoutMillis!)
    if (waitMs <= 0 || call.connection.isClosed) {
      call.answer(reply)
      return
    }
    const held: HeldPull = {
      topic: header.topic,
      queueId: noQueueId,
      connectionId: call.connection.id,
      lane,
      retry: () => false,
      giveUp: () => call.answer(reply),
    }
    if (!longPolling.hold(held, waitMs)) call.fail(longPolling.refusal())
  }

  /** The same pull of an item's own queue. Nobody wakes a pull of an item that takes no messages: it does not wait. */
  #pullOfItem(
    topic: StaticTopic,
    items: LogicQueue,
    item: LogicQueueMappingItem,
    header: PullRequest,
    connection: RemotingConnection,
  ): PullRequest {
    const { commitOffset } = header
    const asked = toItemOffset(item, header.queueOffset)
    const ofItem = {
      ...header,
      lo: false,
      bname: item.bname,
      queueId: item.queueId,
      queueOffset: asked,
      maxMsgNums: hasEnd(item) ? Math.min(header.maxMsgNums, item.endOffset - asked) : header.maxMsgNums,
    }
    if (item !== leaderItem(items)) ofItem.sysFlag &= ~suspendFlag
    if ((header.sysFlag & commitOffsetFlag) === 0 || commitOffset === undefined) return ofItem
    // No progress is below 0.
    if (commitOffset < 0) return { ...ofItem, sysFlag: ofItem.sysFlag & ~commitOffsetFlag }
    const committed = itemOfOffset(items, commitOffset)!
    // What is before the first item is gone: the group goes on at its start.
    const offsetOfItem = Math.max(0, toItemOffset(committed, commitOffset))
    if (committed === item && topic.isHere(item)) return { ...ofItem, commitOffset: offsetOfItem }
    this.#commit(topic, committed, header, connection, offsetOfItem)
    return { ...ofItem, sysFlag: ofItem.sysFlag & ~commitOffsetFlag }
  }

  /** Of another item than the one that is pulled. */
  #commit(
    topic: StaticTopic,
    item: LogicQueueMappingItem,
    header: PullRequest,
    connection: RemotingConnection,
    commitOffset: number,
  ): void {
    const { offsets, commits, log } = this.#parts
    const { consumerGroup, topic: name } = header
    const { queueId, bname } = item
    if (topic.isHere(item)) {
      // What was consumed before the group took up another offset must not take its place.
      if (offsets.isResetPending(consumerGroup, name, queueId)) return
      offsets.commit(consumerGroup, name, queueId, commitOffset)
      return
    }
    const failed = (reason: Record<string, unknown>): void => {
      const fields = { consumerGroup, topic: name, queueId, commitOffset, bname, ...reason }
      // The messages are worth having without it, and a consumer commits again.
      log.warn('commit', fields, 'an offset that came with a pull could not be noted on its broker')
    }
    commits.commit(connection, header, item, commitOffset).then(
      ({ code, remark }) => {
        if (code !== responseCodes.SUCCESS.code) failed({ code, remark })
      },
      (err: unknown) => failed({ err }),
    )
  }
}

function refuseUndecided({ topic, queueId }: PullRequest): never {
  const remark = `it is not decided yet where the logical queue ${queueId} of ${topic} begins: complete its mapping`
  throw new ProtocolError('SYSTEM_ERROR', remark)
}

function toLogical(items: LogicQueue, item: LogicQueueMappingItem, asked: number, reply: PullReply): PullReply {
  const { header, code = 'SUCCESS' } = reply
  if (header === undefined) return reply
  const { nextBeginOffset, minOffset, maxOffset } = header
  const { code: logicalCode, ...position } = logicalPull(items, item, asked, {
    code,
    nextBeginOffset,
    minOffset,
    maxOffset,
  })
  return { ...reply, code: logicalCode, header: { ...header, ...position } }
}

/** Answers of these codes say where the pull stands. */
const positionCodes = new Set(['SUCCESS', 'PULL_NOT_FOUND', 'PULL_RETRY_IMMEDIATELY', 'PULL_OFFSET_MOVED'])

function pullReplyOf({ code, remark, extFields, body }: RemotingCommand): PullReply {
  const name = responseCodeName(code) ?? 'SYSTEM_ERROR'
  return {
    code: name,
    ...(remark === undefined ? {} : { remark }),
    ...(positionCodes.has(name) ? { header: commands.pullMessage.responseCodec.decode(extFields) } : {}),
    ...(body === undefined ? {} : { body }),
  }
}
