import { SteppedClock } from '@rocketmq-ts/platform/test-kit'

/** A clock of which each turn is run by itself, and time passes only in `advance`. */
export class TurnClock extends SteppedClock {
  readonly #turns: (() => void)[] = []

  override nextTurn(callback: () => void): void {
    this.#turns.push(callback)
  }

  turn(): void {
    for (const callback of this.#turns.splice(0)) callback()
  }
}
