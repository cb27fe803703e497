import type { Clock } from '@rocketmq-ts/platform'
import {
  type commands,
  formatMessageOffsets,
  formatOrderCounts,
  formatStartOffsets,
  newTagSubscription,
  orderedReviveQueueId,
  ProtocolError,
  popRetryTopicOf,
  type RequestOf,
  type SubscriptionData,
  TagExpressionError,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import { answeredLater, type Call, type Handler, type Reply } from '@rocketmq-ts/remoting'
import { isByTags } from '../../filters/is-by-tags.ts'
import { type MessageFilter, type MessageFilterParts, messageFilter } from '../../reading/message-filter.ts'
import type { HeldPops } from '../held-pops.ts'
import {
  checkAttempt,
  checkedTopic,
  checkInvisibleTime,
  checkPopSize,
  overdueRemark,
  type PopCheckParts,
  tooMuchGiven,
  waitLeftMs,
} from '../pop-checks.ts'
import { type PopPlanParts, type PopPlanSettings, popPlan } from '../pop-plan.ts'
import type { PopReader, Taken, TakenQueue } from '../pop-reader.ts'
import type { PopRecovery } from '../pop-recovery.ts'
import type { ReceiptWriter } from '../receipt-writer.ts'
import type { Checkpoint, Receipts } from '../receipts.ts'
import { shownRecord } from '../shown-record.ts'
import { WaitingPop } from '../waiting-pop.ts'

type PopCommand = typeof commands.popMessage
type PopRequest = RequestOf<PopCommand>

export interface PopSettings extends PopPlanSettings {
  popCkMaxBufferSize: number
  popResponseReturnActualRetryTopic: boolean
  reviveQueueNum: number
  timerWheelEnable: boolean
  timerMaxDelaySec: number
  maxTransferBytesOnMessageInMemory: number
}

export interface PopParts
  extends PopCheckParts,
    Omit<PopPlanParts, 'topics' | 'groups'>,
    Pick<MessageFilterParts, 'compiler' | 'filters'> {
  topics: PopCheckParts['topics'] & { checkInternal(topic: string): void }
  groups: PopCheckParts['groups'] & { readonly isSecured: boolean; secured(): Promise<void> }
  clock: Clock
  brokerName: string
  reader: PopReader
  writer: ReceiptWriter
  receipts: Receipts
  held: HeldPops
  /** Queues of the revive topic. */
  reviveQueueCount: number
  recovery: PopRecovery
  settings(): PopSettings & ReturnType<MessageFilterParts['settings']>
  onGiven(group: string, topic: string, count: number, byteCount: number): void
  /** A request that was given messages took so long, from the look that found them. */
  onTook(group: string, topic: string, queueId: number, elapsedMs: number): void
  onMissed(): void
  /** Checkpoints are stored for what a group is given of a topic, or of its retry topic. */
  onCheckpoints(group: string, topic: string, count: number): void
}

const subscriptionInHeader = 4

/**
 * POP_MESSAGE: messages of a topic that a group may have, from any queue or one, invisible to the others of the group
 * until they are acknowledged or their time is over.
 */
export function popMessage(parts: PopParts): Handler<PopCommand> {
  let count = 0
  return (header, call) => {
    const overdue = overdueRemark(header, parts.clock.now())
    if (overdue !== undefined) {
      return {
        code: 'POLLING_TIMEOUT',
        remark: overdue,
        header: { popTime: 0, invisibleTime: 0, reviveQid: 0, restNum: 0 },
      }
    }
    const topic = checkedTopic(header, parts)
    checkFields(header)
    checkInvisibleTime(header.invisibleTime, parts.settings())
    checkServed(header, parts)
    const filter = popFilter(header, parts)
    const reviveQueueId = header.order ? orderedReviveQueueId : count % parts.reviveQueueCount
    count = (count + 1) % parts.reviveQueueCount
    const pop = new Pop(header, call, topic, filter, reviveQueueId, parts)
    const { recovery, groups } = parts
    if (recovery.isLoaded && groups.isSecured) {
      pop.start()
      return answeredLater
    }
    // What a group is given does not come again when the group is lost in a failure of the power.
    return Promise.all([recovery.isLoaded || recovery.load(), groups.secured()]).then(() => {
      // What may be read by whom may have changed since.
      checkedTopic(header, parts)
      pop.start()
      return answeredLater
    })
  }
}

/** @throws ProtocolError INVALID_PARAMETER */
function checkFields({ maxMsgNums, invisibleTime, initMode, attemptId }: PopRequest): void {
  checkAttempt(attemptId)
  checkPopSize('maxMsgNums', maxMsgNums, invisibleTime)
  if (initMode !== 0 && initMode !== 1) {
    throw new ProtocolError('INVALID_PARAMETER', `initMode is ${initMode}: it is 0 (first message) or 1 (last one)`)
  }
}

function checkServed({ topic, consumerGroup }: PopRequest, parts: PopParts): void {
  const { timerWheelEnable, enableRetryTopicV2 } = parts.settings()
  if (!timerWheelEnable) {
    throw new ProtocolError('SYSTEM_ERROR', 'pop message is forbidden because timerWheelEnable is false')
  }
  // What cannot come again would be lost.
  parts.topics.checkInternal(popRetryTopicOf(consumerGroup, topic, enableRetryTopicV2 ? '2' : '1'))
}

/** @throws ProtocolError when the expression is malformed, or not served */
export function popFilter(
  header: Pick<PopRequest, 'topic' | 'consumerGroup' | 'exp' | 'expType'>,
  parts: MessageFilterParts,
): MessageFilter {
  const { topic, consumerGroup } = header
  return messageFilter(
    subscriptionOf(header),
    { topic, consumerGroup, sysFlag: subscriptionInHeader, subVersion: 0 },
    parts,
  )
}

function subscriptionOf({ topic, exp, expType }: Pick<PopRequest, 'topic' | 'exp' | 'expType'>): SubscriptionData {
  // Without an expression its type says nothing.
  if (exp === undefined || exp === '') return newTagSubscription(topic, '*', 0)
  if (expType !== undefined && !isByTags({ expressionType: expType })) {
    return { ...newTagSubscription(topic, '*', 0), subString: exp, expressionType: expType }
  }
  try {
    return newTagSubscription(topic, exp, 0)
  } catch (error) {
    if (!(error instanceof TagExpressionError)) throw error
    throw new ProtocolError('SUBSCRIPTION_PARSE_FAILED', `parse the consumer's subscription failed: ${error.message}`)
  }
}

class Pop extends WaitingPop<Taken> {
  readonly #header: PopRequest
  readonly #call: Call<PopCommand>
  readonly #topic: TopicConfig
  readonly #filter: MessageFilter
  readonly #reviveQueueId: number
  readonly #parts: PopParts
  #restCount = 0
  /** When messages in order were given. */
  #orderedMs = 0
  /** When the last look began, by the monotonic clock. */
  #lookMs = 0

  constructor(
    header: PopRequest,
    call: Call<PopCommand>,
    topic: TopicConfig,
    filter: MessageFilter,
    reviveQueueId: number,
    parts: PopParts,
  ) {
    super(call.connection, waitLeftMs(header, parts.clock.now()), parts)
    this.#header = header
    this.#call = call
    this.#topic = topic
    this.#filter = filter
    this.#reviveQueueId = reviveQueueId
    this.#parts = parts
  }

  get topic(): string {
    return this.#header.topic
  }

  get group(): string {
    return this.#header.consumerGroup
  }

  get queueId(): number {
    return this.#header.queueId < 0 ? -1 : this.#header.queueId
  }

  protected override refusal(): string | undefined {
    const { receipts, settings } = this.#parts
    const { popCkMaxBufferSize } = settings()
    // In order the reader knows of which queues more may be given.
    const isFull = !this.#header.order && receipts.openCount >= popCkMaxBufferSize
    return isFull ? tooMuchGiven(popCkMaxBufferSize) : undefined
  }

  protected override check(): void {
    checkedTopic(this.#header, this.#parts)
  }

  protected override take(): Taken | Promise<Taken> {
    const { reader, topics } = this.#parts
    const { topic, consumerGroup: group, maxMsgNums: countMax, initMode } = this.#header
    const config = topics.get(topic) ?? this.#topic
    const { order: isOrdered, attemptId, invisibleTime } = this.#header
    const request = { topic, group, queueId: this.queueId, isOrdered }
    const popTime = this.#parts.clock.now()
    this.#lookMs = this.#parts.clock.turnTime()
    const taken = reader.take({
      group,
      queues: popPlan(request, config, this.#parts),
      countMax,
      initMode: initMode === 0 ? 'min' : 'max',
      filter: this.#filter,
      order: isOrdered ? { attemptId, popTime, invisibleTime } : undefined,
    })
    this.#orderedMs = popTime
    return taken
  }

  protected override fail(error: unknown): void {
    this.#call.fail(error)
  }

  protected override giveBack(taken: Taken): void {
    this.#parts.reader.giveBack(taken, this.#orderedMs)
  }

  protected override give(taken: Taken): boolean {
    this.#restCount = taken.restCount
    if (taken.queues.length === 0) {
      if (taken.isFull) this.answerNothing('POLLING_FULL', tooMuchGiven(this.#parts.settings().popCkMaxBufferSize))
      return taken.isFull
    }
    const { writer } = this.#parts
    const { consumerGroup: group, invisibleTime, order } = this.#header
    if (order) {
      for (const { cursor } of taken.queues) this.#parts.reader.release(cursor)
      this.#answer(taken, this.#orderedMs)
      return true
    }
    const checkpoints = writer.checkpoints((popTime) =>
      taken.queues.map(({ topic, queueId, startOffset, offsets }): Checkpoint => {
        const reviveQueueId = this.#reviveQueueId
        return {
          topic,
          group,
          queueId,
          startOffset,
          popTime,
          invisibleTime,
          offsets,
          reviveQueueId,
          isSuspended: false,
        }
      }),
    )
    const { popTime } = checkpoints[0]!
    try {
      writer.give(checkpoints, (refusal) => {
        this.#release(taken.queues, refusal === undefined)
        if (refusal === undefined) {
          this.#parts.onCheckpoints(group, this.topic, taken.queues.length)
          this.#answer(taken, popTime)
        } else this.#call.fail(refusal)
      })
    } catch (error) {
      this.#release(taken.queues, false)
      this.#call.fail(error)
    }
    return true
  }

  #release(queues: readonly TakenQueue[], isStored: boolean): void {
    for (const { cursor, span } of queues) {
      if (isStored) cursor.stored(span!)
      else cursor.refused(span!)
      this.#parts.reader.release(cursor)
    }
  }

  #answer({ queues }: Taken, popTime: number): void {
    const { consumerGroup } = this.#header
    const body = queues.flatMap((queue) => this.#shown(queue, popTime))
    for (const { topic, records } of queues) {
      const byteCount = records.reduce((sum, { length }) => sum + length, 0)
      this.#parts.onGiven(consumerGroup, topic, records.length, byteCount)
    }
    this.#parts.onTook(consumerGroup, this.topic, this.queueId, this.#parts.clock.turnTime() - this.#lookMs)
    const header = {
      ...this.#answerHeader(popTime),
      startOffsetInfo: formatStartOffsets(queues),
      msgOffsetInfo: formatMessageOffsets(queues),
      orderCountInfo: this.#header.order ? formatOrderCounts(queues) : undefined,
    }
    this.#call.answer({ remark: 'FOUND', header, body })
  }

  /** Messages of a retry topic are shown under the topic that the group consumes. */
  #shown({ source, queueId, startOffset, offsets, records }: TakenQueue, popTime: number): readonly Buffer[] {
    const { brokerName, settings } = this.#parts
    if (source === '0' || settings().popResponseReturnActualRetryTopic) return records
    const { topic: consumed, invisibleTime } = this.#header
    const ofQueue = {
      startOffset,
      popTime,
      invisibleTime,
      reviveQueueId: this.#reviveQueueId,
      source,
      brokerName,
      queueId,
    }
    return records.map((record, index) => shownRecord(record, 0, consumed, { ...ofQueue, queueOffset: offsets[index] }))
  }

  protected override answerNothing(code: 'POLLING_TIMEOUT' | 'POLLING_FULL', remark: string): void {
    const orderCountInfo = this.#header.order ? '' : undefined
    const nothing = { startOffsetInfo: '', msgOffsetInfo: '', orderCountInfo }
    this.#call.answer({ code, remark, header: { ...this.#answerHeader(this.#parts.clock.now()), ...nothing } })
  }

  #answerHeader(popTime: number): NonNullable<Reply<PopCommand>['header']> {
    const { invisibleTime } = this.#header
    return { popTime, invisibleTime, reviveQid: this.#reviveQueueId, restNum: this.#restCount }
  }
}
