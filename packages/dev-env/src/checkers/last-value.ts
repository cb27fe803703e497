import type { Rule, Violation } from './violation.ts'

/**
 * Something of which the last value counts. One asks at a time. What was never answered, or refused, may have been done,
 * and may still be: then it is one of the values that may be there.
 */
export class LastValue<Value> {
  readonly #name: string
  readonly #rule: Rule
  #known: Value
  readonly #doubtful = new Set<Value>()

  /**
   * @param rule broken when it is another one
   * @param initial what it is before the first change
   */
  constructor(name: string, rule: Rule, initial: Value) {
    this.#name = name
    this.#rule = rule
    this.#known = initial
  }

  /** What was acknowledged last. */
  get known(): Value {
    return this.#known
  }

  async change(value: Value, operation: () => Promise<unknown>): Promise<void> {
    try {
      await operation()
      this.#known = value
    } catch {
      this.#doubtful.add(value)
    }
  }

  /** @param now what it is */
  check(now: Value): Violation[] {
    if (now === this.#known || this.#doubtful.has(now)) return []
    const detail = `${this.#name} is ${now}, acknowledged was ${this.#known}`
    return [{ rule: this.#rule, detail }]
  }
}
