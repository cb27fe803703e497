import type { TopicMemo } from '../store-message.ts'
import type { ConsumeQueue } from './consume-queue.ts'

/**
 * Brings into the processor's caches what messages will need of their queues. With very many queues each line of memory
 * is a wait of its own; read in loops as short as these, the processor waits for those of many messages together. Each
 * loop reads what is one step further away than what the one before it read.
 */
export class QueueLookAhead {
  readonly #queues: ConsumeQueue[] = []

  /**
   * @param topics of the messages
   * @param queueIds of the messages; there may be no such queue
   * @returns a number that depends on all that was read, so that no compiler leaves the reads away
   */
  read(topics: readonly TopicMemo[], queueIds: readonly number[]): number {
    const queues = this.#queues
    let sum = 0
    for (const { queues: known } of topics) if (known !== undefined) sum += known.queues.length
    let count = 0
    for (let index = 0; index < topics.length; index++) {
      const queue = topics[index]!.queues?.queues[queueIds[index]!]
      if (queue !== undefined) queues[count++] = queue
    }
    for (let index = 0; index < count; index++) sum += queues[index]!.readAheadFields()
    for (let index = 0; index < count; index++) sum += queues[index]!.readAheadBuffers()
    for (let index = 0; index < count; index++) sum += queues[index]!.readAheadBytes()
    queues.length = 0
    return sum
  }
}
