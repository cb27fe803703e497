import type { CancelTimer, Clock } from '@rocketmq-ts/platform'
import { HeldBytes } from './held-bytes.ts'

export interface OutflowOptions<Holder> {
  clock: Clock
  /** Bytes that all connections may hold for their other ends; above it those that have held them longest must go. */
  bytesMax: number
  /** What a connection holds now. */
  bytesNow(holder: Holder): number
  /** Called with each connection that must go, and the bytes it held. */
  onExcess(holder: Holder, bytes: number): void
}

/** Bytes written in a turn of the loop after which large answers wait for the next one, so that others have their turn. */
const turnBytesMax = 16 * 1024 * 1024
/** Large answers wait from this part of the limit on. The rest is for the other answers. */
const fullFrom = 0.5
const checkIntervalMs = 1000
/** When nobody was given room for so many milliseconds, connections must go whose other end took nothing in that time. */
const stuckMs = 10_000
/** While others wait for room, connections must go whose other end took nothing for so many milliseconds. */
const stuckForLongMs = 60_000

/**
 * What goes out over all connections of a peer. An answer takes memory from the time when it is written until the other
 * end has taken it, and messages may come to very many consumers at once. Large answers are therefore given only while
 * there is room for them: whoever waits is called when there is.
 */
export class Outflow<Holder> {
  readonly #clock: Clock
  readonly #held: HeldBytes<Holder>
  readonly #fullFromBytes: number
  #waiters: (() => void)[] = []
  #turnBytes = 0
  #isTurnSpent = false
  #isTurnAsked = false
  /** When the last one was given room who waited for it, or the first one began to wait. */
  #roomMs = 0
  #cancelCheck: CancelTimer | undefined

  constructor({ clock, bytesMax, bytesNow, onExcess }: OutflowOptions<Holder>) {
    this.#clock = clock
    this.#held = new HeldBytes(bytesMax, onExcess, bytesNow, () => clock.monotonic())
    this.#fullFromBytes = bytesMax * fullFrom
  }

  /** Whether large answers have to wait. */
  get isFull(): boolean {
    return this.#isTurnSpent || this.#isHeldTooMuch
  }

  /** A connection wrote something in this turn. */
  wrote(bytes: number): void {
    this.#turnBytes += bytes
    if (this.#turnBytes < turnBytesMax || this.#isTurnSpent) return
    this.#isTurnSpent = true
    this.#askForTurn()
  }

  /** Sets how many bytes a connection holds now. */
  hold(holder: Holder, bytes: number): void {
    this.#held.set(holder, bytes)
    if (this.#waiters.length > 0 && !this.#isHeldTooMuch) this.#askForTurn()
  }

  /** Calls back once when there is room, in the order of the calls. What is answered then may take the room again. */
  whenRoom(callback: () => void): void {
    if (this.#waiters.length === 0) this.#roomMs = this.#clock.monotonic()
    this.#waiters.push(callback)
    if (!this.#isHeldTooMuch) this.#askForTurn()
    this.#cancelCheck ??= this.#clock.every(checkIntervalMs, () => this.#check())
  }

  get #isHeldTooMuch(): boolean {
    return this.#held.total > this.#fullFromBytes
  }

  #askForTurn(): void {
    if (this.#isTurnAsked) return
    this.#isTurnAsked = true
    this.#clock.nextTurn(() => {
      this.#isTurnAsked = false
      this.#isTurnSpent = false
      this.#turnBytes = 0
      this.#callWaiters()
    })
  }

  #callWaiters(): void {
    const waiters = this.#waiters
    // Who waits again meanwhile comes behind the others.
    this.#waiters = []
    let called = 0
    while (called < waiters.length && !this.isFull) waiters[called++]!()
    if (called > 0) this.#roomMs = this.#clock.monotonic()
    this.#waiters = [...waiters.slice(called), ...this.#waiters]
    if (this.#waiters.length === 0) this.#stopChecking()
    else if (!this.#isHeldTooMuch) this.#askForTurn()
  }

  /** Ends that take nothing must not keep the room from all others. */
  #check(): void {
    if (this.#waiters.length === 0) this.#stopChecking()
    else if (this.#isHeldTooMuch) {
      const isStuck = this.#clock.monotonic() - this.#roomMs >= stuckMs
      this.#held.dropStuck(isStuck ? stuckMs : stuckForLongMs)
    }
  }

  #stopChecking(): void {
    this.#cancelCheck?.()
    this.#cancelCheck = undefined
  }
}
