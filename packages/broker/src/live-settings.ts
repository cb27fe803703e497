import { type BrokerSettings, updateBrokerSettings } from './settings/index.ts'

/** The settings of a running broker. Whoever reads one that can change asks for it each time. */
export class LiveSettings {
  #current: BrokerSettings
  #updateCount = 0
  readonly #startMs: number
  #lastUpdateMs: number
  readonly #listeners: ((changedKeys: readonly string[]) => void)[] = []

  constructor(initial: BrokerSettings, nowMs: number) {
    this.#current = initial
    this.#startMs = nowMs
    this.#lastUpdateMs = nowMs
  }

  get current(): BrokerSettings {
    return this.#current
  }

  /** How often and when they were changed. */
  get version(): { counter: number; timestamp: number } {
    return { counter: this.#updateCount, timestamp: this.#updateCount === 0 ? this.#startMs : this.#lastUpdateMs }
  }

  /** Told the keys that changed, after the change. */
  onChange(listener: (changedKeys: readonly string[]) => void): void {
    this.#listeners.push(listener)
  }

  /** Changes settings; see `updateBrokerSettings` for what can become of it. */
  update(changes: ReadonlyMap<string, string>, nowMs: number): ReturnType<typeof updateBrokerSettings> {
    const update = updateBrokerSettings(this.#current, changes)
    if (update.outcome === 'updated') {
      this.#current = update.values
      this.#updateCount++
      this.#lastUpdateMs = nowMs
      for (const listener of this.#listeners) listener(update.changedKeys)
    }
    return update
  }
}
