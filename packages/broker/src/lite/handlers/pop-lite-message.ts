import type { Clock } from '@rocketmq-ts/platform'
import { type commands, orderedReviveQueueId, ProtocolError, popCountMax, type RequestOf } from '@rocketmq-ts/protocol'
import { answeredLater, type Call, type Handler, type Reply } from '@rocketmq-ts/remoting'
import { type HeldPop, type HeldPops, holdRefusal } from '../../pop/held-pops.ts'
import { checkedTopic, type PopCheckParts } from '../../pop/pop-checks.ts'
import type { PopReader, Taken } from '../../pop/pop-reader.ts'
import type { MessageFilter } from '../../reading/message-filter.ts'
import type { LiteEvents } from '../lite-events.ts'
import type { LiteRules } from '../lite-rules.ts'
import type { LiteClient } from '../lite-subscriptions.ts'

type PopLiteCommand = typeof commands.popLiteMessage
type PopLiteRequest = RequestOf<PopLiteCommand>

export interface PopLiteParts extends PopCheckParts {
  clock: Clock
  rules: LiteRules
  client(clientId: string): LiteClient | undefined
  events: LiteEvents
  reader: Pick<PopReader, 'take' | 'release'>
  held: HeldPops
  /** Something of a light queue was given to a group: it is free again some time. */
  onGiven(group: string, parent: string, taken: Taken): void
  onMissed(): void
  settings(): { maxTransferBytesOnMessageInMemory: number }
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
    const { topic, consumerGroup, maxMsgNum, invisibleTime } = header
    const refuse = (remark: string): never => {
      throw new ProtocolError('INVALID_PARAMETER', remark)
    }
    if (maxMsgNum > popCountMax || maxMsgNum < 1) {
      refuse(`the broker pop message's num is greater than 32: maxMsgNum is ${maxMsgNum}, give 1 to ${popCountMax}`)
    }
    if (invisibleTime <= 0) refuse(`invisibleTime is ${invisibleTime}: give the milliseconds of work with the messages`)
    checkedTopic({ topic, consumerGroup, queueId: -1 }, parts)
    if (!parts.rules.isParent(topic))
      refuse(`the topic [${topic}] message type not match: its message.type is not LITE`)
    if (parts.rules.parentOf(consumerGroup) !== topic) {
      refuse(`subscription bind topic not match, ${consumerGroup}: its lite.bind.topic is not ${topic}`)
    }
    new LitePop(header, call, parts).start()
    return answeredLater
  }
}

/** One request, from the first look to its answer; while there is nothing it is what waits. */
class LitePop implements HeldPop {
  readonly connectionId: number
  readonly topic: string
  readonly group: string
  readonly queueId = -1
  readonly #header: PopLiteRequest
  readonly #call: Call<PopLiteCommand>
  readonly #parts: PopLiteParts
  #isLooking = false
  #isOver = false

  constructor(header: PopLiteRequest, call: Call<PopLiteCommand>, parts: PopLiteParts) {
    this.#header = header
    this.#call = call
    this.#parts = parts
    this.connectionId = call.connection.id
    this.topic = header.topic
    this.group = heldGroupOf({ group: header.consumerGroup, clientId: header.clientId })
  }

  get #bytesMax(): number {
    return this.#parts.settings().maxTransferBytesOnMessageInMemory
  }

  /** Looks when the peer takes answers. */
  start(): void {
    const { connection } = this.#call
    if (connection.takesAnswer(this.#bytesMax)) this.#begin()
    else connection.whenTaking(() => this.#begin())
  }

  #begin(): void {
    const looked = this.#look()
    if (looked === false) this.#hold()
    else if (looked !== true) looked.then((answered) => answered || this.#hold())
  }

  retry(): boolean | 'unable' | Promise<boolean> {
    // Whoever is gone, or does not take answers, would have the messages until they are visible again.
    const { connection } = this.#call
    if (connection.isClosed || !connection.takesAnswer(this.#bytesMax)) return 'unable'
    return this.#look()
  }

  whenAble(callback: () => void): void {
    const { connection } = this.#call
    if (!connection.isClosed) connection.whenTaking(callback)
  }

  giveUp(): void {
    this.#isOver = true
    // What is being read for it is given to it all the same.
    if (!this.#isLooking) this.#answerNothing('POLLING_TIMEOUT', 'NO_MESSAGE_IN_QUEUE')
  }

  #hold(): void {
    const { pollTime } = this.#header
    this.#parts.onMissed()
    if (pollTime <= 0 || this.#isOver || this.#call.connection.isClosed) {
      this.#answerNothing('POLLING_TIMEOUT', 'NO_MESSAGE_IN_QUEUE')
      return
    }
    const limit = this.#parts.held.hold(this, pollTime)
    if (limit !== undefined) this.#answerNothing('POLLING_FULL', holdRefusal(limit))
  }

  /** @returns whether it has been answered */
  #look(): boolean | Promise<boolean> {
    const client = this.#parts.client(this.#header.clientId)
    if (client === undefined || client.group !== this.#header.consumerGroup || client.topic !== this.topic) return false
    const found: Found = { popTime: this.#parts.clock.now(), taken: [], count: 0, byteCount: 0, seen: new Set() }
    const { attemptId } = this.#header
    if (attemptId !== undefined) this.#parts.events.repeatAttempt(client, attemptId)
    try {
      const looked = this.#takeOn(client, found)
      if (!(looked instanceof Promise)) return this.#give(client, found)
      this.#isLooking = true
      return looked.then(
        () => this.#lookedLater(client, found),
        (error) => this.#failed(error),
      )
    } catch (error) {
      return this.#failed(error)
    }
  }

  #lookedLater(client: LiteClient, found: Found): boolean {
    this.#isLooking = false
    if (this.#give(client, found)) return true
    if (!this.#isOver) return false
    this.#answerNothing('POLLING_TIMEOUT', 'NO_MESSAGE_IN_QUEUE')
    return true
  }

  #failed(error: unknown): true {
    this.#isLooking = false
    this.#call.fail(error)
    return true
  }

  /** Takes messages of one light queue after the other in which there may be some, until there are enough. */
  #takeOn(client: LiteClient, found: Found): Promise<void> | undefined {
    const { events, reader } = this.#parts
    const { attemptId, invisibleTime, maxMsgNum, consumerGroup: group } = this.#header
    const { popTime, seen } = found
    while (found.count < maxMsgNum && found.byteCount < this.#bytesMax) {
      const queue = events.take(client)
      if (queue === undefined) return undefined
      if (seen.has(queue)) {
        // More came while this request looks: the next one has it.
        events.giveBack(client, queue)
        return undefined
      }
      seen.add(queue)
      const taken = reader.take({
        group,
        queues: [{ topic: queue, queueId: 0 }],
        countMax: maxMsgNum - found.count,
        initMode: 'max',
        filter: everything,
        order: { attemptId, popTime, invisibleTime },
      })
      if (taken instanceof Promise) {
        return taken.then((later) => {
          note(found, later)
          return this.#takeOn(client, found)
        })
      }
      note(found, taken)
    }
    return undefined
  }

  /** @returns whether there was something to give */
  #give(client: LiteClient, found: Found): boolean {
    const queues = found.taken.flatMap((taken) => taken.queues)
    if (queues.length === 0) return false
    const { consumerGroup, attemptId } = this.#header
    if (attemptId !== undefined) {
      this.#parts.events.noteAttempt(
        client,
        attemptId,
        queues.map(({ topic }) => topic),
      )
    }
    for (const { cursor } of queues) this.#parts.reader.release(cursor)
    for (const taken of found.taken) this.#parts.onGiven(consumerGroup, this.topic, taken)
    const counts = queues.flatMap(({ offsets, counts: ofQueue }) => offsets.map((offset) => ofQueue.get(offset) ?? 0))
    this.#call.answer({
      remark: 'FOUND',
      header: { ...this.#answerHeader(found.popTime), orderCountInfo: counts.join(';') },
      body: queues.flatMap(({ records }) => records),
    })
    return true
  }

  #answerNothing(code: 'POLLING_TIMEOUT' | 'POLLING_FULL', remark: string): void {
    this.#call.answer({ code, remark, header: this.#answerHeader(0) })
  }

  #answerHeader(popTime: number): NonNullable<Reply<PopLiteCommand>['header']> {
    return { popTime, invisibleTime: this.#header.invisibleTime, reviveQid: orderedReviveQueueId }
  }
}

/** What a request has taken so far. */
interface Found {
  readonly popTime: number
  readonly taken: Taken[]
  count: number
  byteCount: number
  /** Light queues that it has looked into. */
  readonly seen: Set<string>
}

function note(found: Found, taken: Taken): void {
  if (taken.queues.length === 0) return
  found.taken.push(taken)
  found.count += taken.count
  for (const { records } of taken.queues) for (const { length } of records) found.byteCount += length
}
