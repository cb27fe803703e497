import type { Log } from '@rocketmq-ts/platform'
import { lightQueueId } from '@rocketmq-ts/protocol'
import type { ConsumerOffsetTable } from './consumer-offset-table.ts'

export interface CheckedOffsetsParts {
  log: Log
  offsets: ConsumerOffsetTable
  store: { maxOffset(topic: string, queueId: number): number }
}

const warning =
  'the offset of a group points past the end of its queue, as after messages were lost: the group goes on at the end'

/**
 * Where groups go on reading. When messages were lost, the offset of a group may point past what is there: it is set to
 * the end of the queue, or the group would not get the messages that come where the lost ones were.
 */
export class CheckedOffsets {
  readonly #parts: CheckedOffsetsParts

  constructor(parts: CheckedOffsetsParts) {
    this.#parts = parts
  }

  /** Where the group goes on; undefined when it was never there. */
  offset(group: string, topic: string, queueId: number): number | undefined {
    const { log, offsets, store } = this.#parts
    const offset = offsets.offset(group, topic, queueId)
    if (offset === undefined) return undefined
    const maxOffset = store.maxOffset(topic, queueId)
    if (offset <= maxOffset) return offset
    offsets.commit(group, topic, queueId, maxOffset)
    log.warn({ group, topic, queueId, offset, maxOffset }, warning)
    return maxOffset
  }

  /**
   * Checks all that are known, before messages come where lost ones were. It opens ordinary queues that have any. What went
   * back is kept when this returns: the offsets before would pass by what comes.
   */
  checkAll(): void {
    const { log, offsets, store } = this.#parts
    let hasChanged = this.#checkLight()
    for (const group of offsets.groups()) {
      for (const topic of offsets.ordinaryTopicsOf(group)) {
        const changes: Record<number, { offset: number; maxOffset: number }> = {}
        for (const [queueId, offset] of offsets.queuesOf(group, topic)) {
          const maxOffset = store.maxOffset(topic, queueId)
          if (offset > maxOffset) changes[queueId] = { offset, maxOffset }
        }
        const changed = Object.entries(changes)
        if (changed.length === 0) continue
        hasChanged = true
        for (const [queueId, { maxOffset }] of changed) offsets.commit(group, topic, Number(queueId), maxOffset)
        log.warn({ group, topic, queues: changes }, warning)
      }
    }
    if (hasChanged) this.keep()
  }

  /** @returns whether any went back */
  #checkLight(): boolean {
    const { log, offsets, store } = this.#parts
    let hasChanged = false
    for (const { topic, group, offset } of offsets.lightEntries()) {
      const maxOffset = store.maxOffset(topic, lightQueueId)
      if (offset <= maxOffset) continue
      hasChanged = true
      offsets.commit(group, topic, lightQueueId, maxOffset)
      log.warn({ group, topic, queueId: lightQueueId, offset, maxOffset }, warning)
    }
    return hasChanged
  }

  /** Has the file hold the offsets as they are now, when this returns. */
  keep(): void {
    const { log, offsets } = this.#parts
    try {
      offsets.flush()
    } catch (error) {
      // In memory they are right, and the table tries to keep them again.
      log.error({ err: error }, 'that offsets of groups went back, or are gone, could not be kept')
    }
  }
}
