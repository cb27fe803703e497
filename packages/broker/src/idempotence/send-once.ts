import type { Clock } from '@rocketmq-ts/platform'
import { type EncodedProperties, ProtocolError, propertyName } from '@rocketmq-ts/protocol'
import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import type { MessageSink } from '../intake/intake.ts'
import { idempotenceMarks, type ProducerSequence, sequenceOf } from './producer-log.ts'
import type { ProducerWindows } from './producer-windows.ts'

export interface SendOnceParts {
  clock: Clock
  windows: ProducerWindows
  sink: MessageSink
  store: { readonly positions: { synced: number } }
  /** Whether a message counts as stored only once the disk has it. */
  isSyncAwaited(): boolean
}

type Done = (outcome: PutOutcome, queueId: number) => void

/** Stores messages that their producers have numbered once, however often they are sent. */
export class SendOnce {
  readonly #parts: SendOnceParts
  /** Those who sent a message again that is just being stored. */
  readonly #waiting = new Map<string, Done[]>()

  constructor(parts: SendOnceParts) {
    this.#parts = parts
  }

  /**
   * Stores a message, or tells where it was stored first.
   * @param message with the two properties of a numbered message, or one of them
   * @param queueId that its sender is told
   * @param done told the queue that the sender of the first one was told
   * @throws ProtocolError MESSAGE_ILLEGAL for a number that cannot be used
   */
  put(message: StoreMessage, queueId: number, done: Done): void {
    const { clock, windows, sink } = this.#parts
    const numbered = requiredSequence(message.properties)
    const claim = windows.claim(numbered.id, numbered.sequence, clock.now())
    switch (claim.kind) {
      case 'new':
        try {
          sink.put([message], (outcome) => {
            if (outcome.kind === 'refused') windows.release(numbered.id, numbered.sequence)
            done(outcome, queueId)
            this.#settled(numbered, outcome, queueId)
          })
        } catch (error) {
          windows.release(numbered.id, numbered.sequence)
          throw error
        }
        return
      case 'pending':
        this.#wait(numbered, done)
        return
      case 'stored':
        done(this.#storedAt(claim.place), claim.place.queueId)
        return
      case 'too-old': {
        const remark =
          `the ${propertyName.producerSequence} ${numbered.sequence} of ${numbered.id} is too far below its others: ` +
          `whether it was stored is known from ${claim.lowest} on (idempotentProducerWindow)`
        throw new ProtocolError('MESSAGE_ILLEGAL', remark)
      }
    }
  }

  #storedAt(place: { queueOffset: number; physicalOffset: number }): PutOutcome {
    const { store, isSyncAwaited } = this.#parts
    const places = [{ ...place, totalSize: 0, storeTimestamp: 0 }]
    const isSafe = !isSyncAwaited() || place.physicalOffset < store.positions.synced
    return { kind: isSafe ? 'stored' : 'sync-timeout', places }
  }

  #wait({ id, sequence }: ProducerSequence, done: Done): void {
    const key = `${sequence} ${id}`
    const waiting = this.#waiting.get(key)
    if (waiting === undefined) this.#waiting.set(key, [done])
    else waiting.push(done)
  }

  #settled({ id, sequence }: ProducerSequence, outcome: PutOutcome, queueId: number): void {
    if (this.#waiting.size === 0) return
    const key = `${sequence} ${id}`
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    for (const done of waiting ?? []) done(outcome, queueId)
  }
}

/** Whether a producer has numbered a message. */
export function isNumbered(properties: EncodedProperties): boolean {
  return properties.hasAny(idempotenceMarks)
}

function requiredSequence(properties: EncodedProperties): ProducerSequence {
  const numbered = sequenceOf(properties)
  if (numbered !== undefined) return numbered
  const remark =
    `a message with ${propertyName.producerId} or ${propertyName.producerSequence} needs both: an id of at most 128 ` +
    'characters, and an integer from 0 on'
  throw new ProtocolError('MESSAGE_ILLEGAL', remark)
}
