import { type EncodedProperties, scheduleTopic } from '@rocketmq-ts/protocol'

/** What the tags slot of a queue unit holds. */
export class TagsCodes {
  readonly #delayLevelsMs: readonly number[]

  /** @param delayLevelsMs from level 1 at index 0 */
  constructor(delayLevelsMs: readonly number[]) {
    this.#delayLevelsMs = delayLevelsMs
  }

  /** The hash of the tag, 0 without one; in the topic of delayed messages the time at which they are due. */
  of(topic: string, properties: EncodedProperties, storeTimestamp: number): number {
    if (topic === scheduleTopic) {
      const level = Number(properties.value('delayLevel') ?? 0)
      if (level > 0) return storeTimestamp + this.delayMs(level)
    }
    return properties.hash('tags')
  }

  /** Milliseconds of a delay level; levels above the highest count as the highest. */
  delayMs(level: number): number {
    return this.#delayLevelsMs[Math.min(level, this.#delayLevelsMs.length) - 1] ?? 0
  }
}
