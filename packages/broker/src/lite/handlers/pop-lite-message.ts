import type { Clock } from '@rocketmq-ts/platform'
import { type commands, lightQueueId, orderedReviveQueueId, ProtocolError, type RequestOf } from '@rocketmq-ts/protocol'
import { answeredLater, type Call, type Handler, type Reply } from '@rocketmq-ts/remoting'
import type { ConsumerOffsetTable } from '../../offsets/index.ts'
import type { HeldPops } from '../../pop/held-pops.ts'
import {
  checkAttempt,
  checkedTopic,
  checkPopSize,
  overdueRemark,
  type PopCheckParts,
  tooMuchGiven,
  waitLeftMs,
} from '../../pop/pop-checks.ts'
import type { PopReader, Taken } from '../../pop/pop-reader.ts'
import { recordInLightQueue } from '../../pop/shown-record.ts'
import { WaitingPop } from '../../pop/waiting-pop.ts'
import type { MessageFilter } from '../../reading/message-filter.ts'
import type { LiteEvents } from '../lite-events.ts'
import type { LiteRules } from '../lite-rules.ts'
import type { LiteClient } from '../lite-subscriptions.ts'
import type { UnreadableQueues } from '../unreadable-queues.ts'

type PopLiteCommand = typeof commands.popLiteMessage
type PopLiteRequest = RequestOf<PopLiteCommand>

export interface PopLiteParts extends PopCheckParts {
  clock: Clock
  rules: LiteRules
  client(clientId: string): LiteClient | undefined
  events: LiteEvents
  reader: Pick<PopReader, 'take' | 'release' | 'giveBack'>
  held: HeldPops
  offsets: Pick<ConsumerOffsetTable, 'hasRoom'>
  /** Something of a light queue was given to a group: it is free again some time. */
  onGiven(group: string, parent: string, taken: Taken): void
  onMissed(): void
  /** Of these nothing is given: what stands in others is. */
  unreadable: UnreadableQueues
  settings(): { maxTransferBytesOnMessageInMemory: number; popCkMaxBufferSize: number }
}

/** By what the requests of a client that wait are found. */
export function heldGroupOf({ group, clientId }: Pick<LiteClient, 'group' | 'clientId'>): string {
  return `${group}@${clientId}`
}

/** Everything that stands in a lite topic is wanted. */
const everything: MessageFilter = { matches: () => true, recordFilter: undefined }

/**
 * POP_LITE_MESSAGE: messages of the lite topics that a client subscribes to, of each in order: nothing more of a lite topic
 * is given to the group until all that was given of it is acknowledged or visible again.
 */
export function popLiteMessage(parts: PopLiteParts): Handler<PopLiteCommand> {
  return (header, call) => {
    const overdue = overdueRemark(header, parts.clock.now())
    if (overdue !== undefined) {
      return { code: 'POLLING_TIMEOUT', remark: overdue, header: { popTime: 0, invisibleTime: 0, reviveQid: 0 } }
    }
    checkPopSize('maxMsgNum', header.maxMsgNum, header.invisibleTime)
    checkAttempt(header.attemptId)
    checkServed(header, parts)
    new LitePop(header, call, parts).start()
    return answeredLater
  }
}

/** @throws ProtocolError when the group may not have messages of lite topics of the topic */
function checkServed({ topic, consumerGroup }: PopLiteRequest, parts: PopLiteParts): void {
  const refuse = (remark: string): never => {
    throw new ProtocolError('INVALID_PARAMETER', remark)
  }
  checkedTopic({ topic, consumerGroup, queueId: -1 }, parts)
  if (!parts.rules.isParent(topic)) refuse(`the topic [${topic}] message type not match: its message.type is not LITE`)
  if (parts.rules.parentOf(consumerGroup) !== topic) {
    refuse(`subscription bind topic not match, ${consumerGroup}: its lite.bind.topic is not ${topic}`)
  }
}

class LitePop extends WaitingPop<Found> {
  readonly topic: string
  readonly group: string
  readonly queueId = -1
  readonly #header: PopLiteRequest
  readonly #call: Call<PopLiteCommand>
  readonly #parts: PopLiteParts

  constructor(header: PopLiteRequest, call: Call<PopLiteCommand>, parts: PopLiteParts) {
    super(call.connection, waitLeftMs(header, parts.clock.now()), parts)
    this.#header = header
    this.#call = call
    this.#parts = parts
    this.topic = header.topic
    this.group = heldGroupOf({ group: header.consumerGroup, clientId: header.clientId })
  }

  protected override check(): void {
    checkServed(this.#header, this.#parts)
  }

  protected override take(): Found | Promise<Found> | undefined {
    const client = this.#parts.client(this.#header.clientId)
    if (client === undefined || client.group !== this.#header.consumerGroup || client.topic !== this.topic) {
      return undefined
    }
    const popTime = this.#parts.clock.now()
    const found: Found = { client, popTime, taken: [], count: 0, byteCount: 0, seen: new Set(), isFull: false }
    const { attemptId } = this.#header
    if (attemptId !== undefined) this.#parts.events.repeatAttempt(client, attemptId)
    return this.#takeOn(found)?.then(() => found) ?? found
  }

  protected override fail(error: unknown): void {
    this.#call.fail(error)
  }

  /** Takes messages of one light queue after the other in which there may be some, until there are enough. */
  #takeOn(found: Found): Promise<void> | undefined {
    const { events } = this.#parts
    const { maxMsgNum, consumerGroup: group } = this.#header
    const { client, seen } = found
    while (found.count < maxMsgNum && found.byteCount < this.bytesMax) {
      const queue = events.take(client)
      if (queue === undefined) return undefined
      if (seen.has(queue)) {
        // More came while this request looks: the next one has it.
        events.giveBack(client, queue)
        return undefined
      }
      seen.add(queue)
      if (!this.#parts.offsets.hasRoom(group, queue)) {
        // What it has is given; a request that has nothing is told why by the reader.
        events.giveBack(client, queue)
        if (found.count > 0) return undefined
      }
      const taken = this.#takeOf(queue, found)
      if (taken instanceof Promise) {
        return taken.then((later) => {
          this.#noteTaken(found, queue, later)
          return this.#takeOn(found)
        })
      }
      this.#noteTaken(found, queue, taken)
    }
    return undefined
  }

  /** @returns undefined when it cannot be read */
  #takeOf(queue: string, { popTime, count }: Found): Taken | undefined | Promise<Taken | undefined> {
    const { attemptId, invisibleTime, maxMsgNum, consumerGroup: group } = this.#header
    const { reader, unreadable } = this.#parts
    const passBy = (error: unknown): undefined => {
      unreadable.passBy(queue, error)
    }
    try {
      const taken = reader.take({
        group,
        queues: [{ topic: queue, queueId: 0 }],
        countMax: maxMsgNum - count,
        // What a group was given before its offset was written down would be passed by after the death of the process.
        initMode: 'min',
        filter: everything,
        order: { attemptId, popTime, invisibleTime },
      })
      return taken instanceof Promise ? taken.catch(passBy) : taken
    } catch (error) {
      return passBy(error)
    }
  }

  #noteTaken(found: Found, queue: string, taken: Taken | undefined): void {
    if (taken === undefined) return
    if (taken.isFull) {
      // Others may have room again before it is asked once more.
      this.#parts.events.giveBack(found.client, queue)
      found.isFull = true
    }
    if (taken.queues.length === 0) return
    found.taken.push(taken)
    found.count += taken.count
    for (const { records } of taken.queues) for (const { length } of records) found.byteCount += length
  }

  protected override giveBack({ taken, popTime }: Found): void {
    const { reader, events } = this.#parts
    for (const one of taken) {
      reader.giveBack(one, popTime)
      for (const { topic } of one.queues) events.dispatch(topic, this.#header.consumerGroup)
    }
  }

  protected override give(found: Found): boolean {
    const queues = found.taken.flatMap((taken) => taken.queues)
    if (queues.length === 0) {
      if (found.isFull) this.answerNothing('POLLING_FULL', tooMuchGiven(this.#parts.settings().popCkMaxBufferSize))
      return found.isFull
    }
    const { consumerGroup, attemptId } = this.#header
    if (attemptId !== undefined) {
      this.#parts.events.noteAttempt(
        found.client,
        attemptId,
        queues.map(({ topic }) => topic),
      )
    }
    for (const { cursor } of queues) this.#parts.reader.release(cursor)
    for (const taken of found.taken) this.#parts.onGiven(consumerGroup, this.topic, taken)
    const counts = queues.flatMap(({ offsets, counts: ofQueue }) =>
      offsets.map((offset) => orderCount(offset, ofQueue.get(offset) ?? 0)),
    )
    this.#call.answer({
      remark: 'FOUND',
      header: { ...this.#answerHeader(found.popTime), orderCountInfo: counts.join(';') },
      body: queues.flatMap(({ topic, offsets, records }) =>
        records.map((record, index) => recordInLightQueue(record, topic, offsets[index]!)),
      ),
    })
    return true
  }

  protected override answerNothing(code: 'POLLING_TIMEOUT' | 'POLLING_FULL', remark: string): void {
    this.#call.answer({ code, remark, header: this.#answerHeader(0) })
  }

  #answerHeader(popTime: number): NonNullable<Reply<PopLiteCommand>['header']> {
    return { popTime, invisibleTime: this.#header.invisibleTime, reviveQid: orderedReviveQueueId }
  }
}

/** Deliveries of a message before this one, as RocketMQ tells them: with its place, unless there were none. */
function orderCount(offset: number, count: number): string {
  return count === 0 ? '0' : `0 qo${lightQueueId}%${offset} ${count}`
}

/** What a request has taken so far. */
interface Found {
  readonly client: LiteClient
  readonly popTime: number
  readonly taken: Taken[]
  count: number
  byteCount: number
  /** Light queues that it has looked into. */
  readonly seen: Set<string>
  /** Whether one was passed by since of too many others something is given. */
  isFull: boolean
}
