import type { QueueRef } from '../routing/topic-route.ts'
import type { WorkSource } from './dispatcher.ts'

/** How a member gets the messages of a queue: it has the queue and pulls, or asks the broker for what is next by POP. */
export type RequestMode = 'PULL' | 'POP'

/** What a member of a group reads: one queue, or by POP all queues of a broker, whose `queueId` is -1. */
export interface MemberQueue extends WorkSource {
  readonly queue: QueueRef
  readonly mode: RequestMode
  /** How far everything is done; undefined until the start is known, and by POP, where the broker knows it. */
  readonly committable: number | undefined
  /**
   * Milliseconds since 1970: everything that it was given was stored by then, by the broker's clock. Undefined by POP.
   */
  readonly storedUntilMs: number | undefined
  /** Resolves when it is known where to begin, or the queue is not read any more. */
  readonly begun: Promise<void>
  /** Messages that are not done; undefined when that is not known. */
  readonly lag: number | undefined
  /** For reports. */
  readonly state: {
    readonly pendingMessages: number
    readonly pendingBytes: number
    /** Milliseconds since 1970. */
    readonly lastAskedMs: number | undefined
  }
  /** A change outside may let it go on. */
  wake(): void
  /** Nothing is asked for or begun any more; what waits is forgotten, what runs goes on. */
  stop(): void
  /** Stops, and gives up what is on its way back to the broker. */
  drop(): void
  /** Resolves when no handler runs. */
  drained(): Promise<void>
}
