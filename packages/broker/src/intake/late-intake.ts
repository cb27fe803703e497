import type { StoreMessage } from '@rocketmq-ts/storage'
import { Intake, type IntakeParts } from './intake.ts'

export interface LateIntakeParts extends IntakeParts {
  topics: IntakeParts['topics'] & {
    /** The queue that takes, now, what was sent to a queue some time ago. */
    queueOfLate(topic: string, queueId: number): number
  }
}

/** For messages that waited for their time or for the end of their transaction: their queue may have moved meanwhile. */
export class LateIntake extends Intake {
  readonly #topics: LateIntakeParts['topics']

  constructor(origin: 'due' | 'commit', parts: LateIntakeParts) {
    super(origin, parts)
    this.#topics = parts.topics
  }

  override take(message: StoreMessage): StoreMessage {
    const taken = super.take(message)
    const queueId = this.#topics.queueOfLate(taken.topic, taken.queueId)
    return queueId === taken.queueId ? taken : { ...taken, queueId }
  }
}
