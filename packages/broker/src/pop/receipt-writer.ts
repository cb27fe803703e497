import type { Clock } from '@rocketmq-ts/platform'
import { ProtocolError, timerTopic } from '@rocketmq-ts/protocol'
import type { PutOutcome, PutPlace, StoreMessage } from '@rocketmq-ts/storage'
import type { MessageSink } from '../intake/intake.ts'
import { storedPut } from '../sending/put-reply.ts'
import { checkInvisibleTime } from './pop-checks.ts'
import { type Acknowledging, type Checkpoint, type Receipts, visibleAt } from './receipts.ts'
import { type Acknowledgement, ackRecord, checkpointRecord, type ReviveRecordParts } from './revive-records.ts'

export interface ReceiptWriterParts {
  clock: Clock
  records: ReviveRecordParts
  /** Has a record wait for its time. */
  intake: { take(message: StoreMessage): StoreMessage }
  sink: MessageSink
  receipts: Receipts
  settings(): { timerMaxDelaySec: number }
  /** Whether a group was given a message, as far as offsets and checkpoints tell that are there. */
  wasGiven(group: string, topic: string, queueId: number, queueOffset: number): boolean
  /** A checkpoint waits in the timer's queue at an offset, and so do all before it. */
  onWaiting(timerOffset: number): void
}

/** Told that records are stored, or why they are not. */
export type Written = (refusal: ProtocolError | undefined) => void

/** Stores checkpoints and acknowledgements. A receipt counts from when its record is as safe as messages are. */
export class ReceiptWriter {
  readonly #parts: ReceiptWriterParts

  constructor(parts: ReceiptWriterParts) {
    this.#parts = parts
  }

  /**
   * Milliseconds since 1970 at which messages are given out: no checkpoint of another one may have the same name.
   * @param isTaken whether a checkpoint of that time is there
   */
  popTime(isTaken: (popTime: number) => boolean): number {
    let popTime = this.#parts.clock.now()
    while (isTaken(popTime)) popTime++
    return popTime
  }

  /** Checkpoints of now, or of as soon after it as none of them has the name of another one. */
  checkpoints(of: (popTime: number) => readonly Checkpoint[]): readonly Checkpoint[] {
    const { clock, receipts } = this.#parts
    let popTime = clock.now()
    let checkpoints = of(popTime)
    while (checkpoints.some((one) => receipts.has(one))) checkpoints = of(++popTime)
    return checkpoints
  }

  /** @throws ProtocolError when the messages cannot be invisible for so long */
  give(checkpoints: readonly Checkpoint[], done: Written): void {
    const { records, intake, receipts } = this.#parts
    const nowMs = this.#parts.clock.now()
    const messages = checkpoints.map((one) => intake.take(checkpointRecord(one, records, nowMs)))
    // Before it is stored, since its record may be read as soon as it is.
    for (const checkpoint of checkpoints) receipts.add(checkpoint)
    this.#put(messages, (refusal, places) => {
      if (refusal !== undefined) for (const checkpoint of checkpoints) receipts.close(checkpoint)
      done(refusal)
      const last = messages.findLastIndex(({ topic }) => topic === timerTopic)
      if (refusal === undefined && last >= 0) this.#parts.onWaiting(places[last]!.queueOffset)
    })
  }

  /** @throws ProtocolError when the receipt cannot be of this broker, or has expired */
  acknowledge(ack: Acknowledgement, done: Written): void {
    const begun = this.#begin(ack)
    if (begun === undefined) {
      done(undefined)
      return
    }
    this.#put([begun.message], (refusal) => {
      for (const offset of begun.offsets) this.#parts.receipts.settle(ack, offset, refusal === undefined)
      done(refusal)
    })
  }

  /**
   * Gives a message out once more in place of a receipt, which ends.
   * @throws ProtocolError when the receipt cannot be of this broker, has expired, or was acknowledged
   */
  change(ended: Acknowledgement, checkpoint: Checkpoint, done: Written): void {
    const { records, intake, receipts, clock } = this.#parts
    const given = intake.take(checkpointRecord(checkpoint, records, clock.now()))
    const begun = this.#begin(ended)
    if (begun === undefined) throw new ProtocolError('MESSAGE_ILLEGAL', 'the message is acknowledged already')
    receipts.add(checkpoint)
    this.#put([given, begun.message], (refusal) => {
      const isStored = refusal === undefined
      if (!isStored) receipts.close(checkpoint)
      for (const offset of begun.offsets) receipts.settle(ended, offset, isStored, true)
      done(refusal)
    })
  }

  /**
   * An acknowledgement of a checkpoint that is due in an instant goes to the revive topic at once.
   * @returns what is to be stored of it, which is settled then; undefined when all of it counts already
   */
  #begin(ack: Acknowledgement): { offsets: readonly number[]; message: StoreMessage } | undefined {
    const { clock, receipts, settings, records, intake, wasGiven } = this.#parts
    const nowMs = clock.now()
    if (visibleAt(ack) <= nowMs) throw problem('expired')
    const offsets: number[] = []
    try {
      for (const offset of ack.offsets) {
        const acknowledging = receipts.acknowledge(ack, offset)
        if (acknowledging === 'done') continue
        if (acknowledging !== 'begun' && acknowledging !== 'unknown') throw problem(acknowledging)
        offsets.push(offset)
        if (acknowledging !== 'unknown') continue
        // Its checkpoint is gone, by a failure of the power: the message comes again, whatever is acknowledged.
        if (!wasGiven(ack.group, ack.topic, ack.queueId, offset)) throw problem('lost')
        // Nobody was given anything for longer: the timer would never be done with the record.
        checkInvisibleTime(ack.invisibleTime, settings())
      }
      if (offsets.length === 0) return undefined
      return { offsets, message: intake.take(ackRecord({ ...ack, offsets }, records, nowMs)) }
    } catch (error) {
      for (const offset of offsets) receipts.settle(ack, offset, false)
      throw error
    }
  }

  #put(
    messages: readonly StoreMessage[],
    done: (refusal: ProtocolError | undefined, places: readonly PutPlace[]) => void,
  ): void {
    this.#parts.sink.put(messages, (outcome) =>
      done(refusalOf(outcome), outcome.kind === 'refused' ? [] : outcome.places),
    )
  }
}

const reasons = {
  'never-given': 'this broker gave no such receipt',
  'no-such-message': 'the receipt is not one of this message',
  replaced: 'the message has another receipt since its invisible time was changed',
} as const

function problem(kind: Exclude<Acknowledging, 'begun' | 'done' | 'unknown'> | 'lost'): ProtocolError {
  if (kind === 'lost') {
    return new ProtocolError('NO_MESSAGE', 'that the message was given out is lost: it comes again')
  }
  if (kind === 'expired') {
    return new ProtocolError('NO_MESSAGE', 'the receipt has expired: the message is visible again')
  }
  if (kind === 'under-way') {
    return new ProtocolError('SYSTEM_BUSY', 'another request about this message is being stored: ask again')
  }
  return new ProtocolError('MESSAGE_ILLEGAL', `${reasons[kind]}: nothing was changed`)
}

function refusalOf(outcome: PutOutcome): ProtocolError | undefined {
  try {
    storedPut(outcome)
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
}
