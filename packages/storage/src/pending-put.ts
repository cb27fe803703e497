import type { Clock } from '@rocketmq-ts/platform'
import type { Confirmable, Confirmation } from './confirmation.ts'
import type { RecordView } from './followers/record-view.ts'
import type { PutOutcome } from './store-message.ts'
import type { Refusal } from './write-guard.ts'

/** Messages that were put together, and the callback that waits for them. */
export class PendingPut implements Confirmable {
  readonly #clock: Clock
  readonly #done: (outcome: PutOutcome) => void
  readonly records: readonly RecordView[]
  /** Whether they are records of another broker's log. */
  readonly isRaw: boolean

  constructor(clock: Clock, records: readonly RecordView[], done: (outcome: PutOutcome) => void, isRaw = false) {
    this.records = records
    this.isRaw = isRaw
    this.#clock = clock
    this.#done = done
  }

  confirmed(confirmation: Confirmation): void {
    if (confirmation.kind === 'safe') this.#tell({ kind: 'stored', places: this.records })
    else if (confirmation.kind === 'late') this.#tell({ kind: 'sync-timeout', places: this.records })
    else this.refuse(confirmation.refusal)
  }

  refuse(refusal: Refusal): void {
    this.#tell({ kind: 'refused', ...refusal })
  }

  /** An error of one callback does not keep the others from being called: it is thrown later, as an uncaught one. */
  #tell(outcome: PutOutcome): void {
    try {
      this.#done(outcome)
    } catch (error) {
      this.#clock.nextTurn(() => {
        throw error
      })
    }
  }
}
