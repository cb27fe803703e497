import type { Clock } from '@rocketmq-ts/platform'
import { ProtocolError, timerTopic } from '@rocketmq-ts/protocol'
import type { PutOutcome, PutPlace, StoreMessage } from '@rocketmq-ts/storage'
import type { MessageSink } from '../intake/intake.ts'
import { storedPut } from '../sending/put-reply.ts'
import type { Acknowledging, Checkpoint, Receipts } from './receipts.ts'
import { type Acknowledgement, ackRecord, checkpointRecord, type ReviveRecordParts } from './revive-records.ts'

export interface ReceiptWriterParts {
  clock: Clock
  records: ReviveRecordParts
  /** Has a record wait for its time. */
  intake: { take(message: StoreMessage): StoreMessage }
  sink: MessageSink
  receipts: Receipts
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
    if (begun.length === 0) {
      done(undefined)
      return
    }
    const message = this.#ackRecord({ ...ack, offsets: begun })
    this.#put([message], (refusal) => {
      for (const offset of begun) this.#parts.receipts.settle(ack, offset, refusal === undefined)
      done(refusal)
    })
  }

  /**
   * Gives a message out once more in place of a receipt, which ends.
   * @throws ProtocolError when the receipt cannot be of this broker, has expired, or was acknowledged
   */
  change(ended: Acknowledgement, checkpoint: Checkpoint, done: Written): void {
    const { records, intake, receipts, clock } = this.#parts
    const begun = this.#begin(ended)
    if (begun.length === 0) throw new ProtocolError('MESSAGE_ILLEGAL', 'the message is acknowledged already')
    try {
      const given = intake.take(checkpointRecord(checkpoint, records, clock.now()))
      const message = this.#ackRecord(ended)
      receipts.add(checkpoint)
      this.#put([given, message], (refusal) => {
        const isStored = refusal === undefined
        if (!isStored) receipts.close(checkpoint)
        for (const offset of begun) receipts.settle(ended, offset, isStored, true)
        done(refusal)
      })
    } catch (error) {
      for (const offset of begun) receipts.settle(ended, offset, false)
      throw error
    }
  }

  /** @returns what is to be stored of it: what counts already is not stored once more */
  #begin(ack: Acknowledgement): number[] {
    const { clock, receipts } = this.#parts
    if (ack.popTime + ack.invisibleTime <= clock.now()) {
      throw new ProtocolError('NO_MESSAGE', 'the receipt has expired: the message is visible again')
    }
    const begun: number[] = []
    try {
      for (const offset of ack.offsets) {
        const acknowledging = receipts.acknowledge(ack, offset)
        if (acknowledging === 'begun' || acknowledging === 'unknown') begun.push(offset)
        else if (acknowledging !== 'done') throw problem(acknowledging)
      }
    } catch (error) {
      for (const offset of begun) receipts.settle(ack, offset, false)
      throw error
    }
    return begun
  }

  /** An acknowledgement of a checkpoint that is due in an instant goes to the revive topic at once. */
  #ackRecord(ack: Acknowledgement): StoreMessage {
    const { records, intake, clock } = this.#parts
    return intake.take(ackRecord(ack, records, clock.now()))
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

function problem(kind: Exclude<Acknowledging, 'begun' | 'done' | 'unknown'>): ProtocolError {
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
