import type { Address, CancelTimer, Clock, Connection, Listener, ListenOptions, Network } from '@rocketmq-ts/platform'
import { nodeNetwork } from '@rocketmq-ts/platform'

/**
 * What one life of a server sees of the world: when it is killed, its connections and ports are gone and none of its
 * timers runs any more, as after the death of a process.
 */
export class ServerLife {
  readonly clock: Clock
  readonly network: Network
  readonly #connections = new Set<GatedConnection>()
  readonly #listeners = new Set<Listener>()
  readonly #timers = new Set<CancelTimer>()
  #isOver = false
  #isPartitioned = false

  constructor(clock: Clock) {
    const unlessOver = (callback: () => void) => () => {
      if (!this.#isOver) callback()
    }
    this.clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      turnTime: () => clock.turnTime(),
      after: (delayMs, callback) => this.#after(clock, delayMs, callback),
      every: (intervalMs, callback) => this.#timer(clock.every(intervalMs, callback)),
      endOfTurn: (callback) => clock.endOfTurn(unlessOver(callback)),
      nextTurn: (callback) => clock.nextTurn(unlessOver(callback)),
    }
    this.network = {
      listen: (options) => this.#listen(options),
      connect: (address, timeoutMs) => this.#connect(address, timeoutMs),
      localAddress: () => '127.0.0.1',
      hostName: () => 'localhost',
    }
  }

  /** Nothing of it happens any more; resolves when its ports are free. */
  async end(): Promise<void> {
    this.#isOver = true
    for (const cancel of this.#timers) cancel()
    const closing = [...this.#listeners].map((listener) => listener.close())
    for (const connection of this.#connections) connection.destroy()
    await Promise.all(closing)
  }

  /** Nothing that is sent arrives until it is healed; nothing is lost by that. */
  set isPartitioned(isPartitioned: boolean) {
    this.#isPartitioned = isPartitioned
    for (const connection of this.#connections) connection.isHeld = isPartitioned
  }

  #after(clock: Clock, delayMs: number, callback: () => void): CancelTimer {
    const cancel = this.#timer(
      clock.after(delayMs, () => {
        this.#timers.delete(cancel)
        callback()
      }),
    )
    return cancel
  }

  /** @returns what cancels the timer; the end of the life does, too */
  #timer(cancelTimer: CancelTimer): CancelTimer {
    const cancel = (): void => {
      this.#timers.delete(cancel)
      cancelTimer()
    }
    this.#timers.add(cancel)
    if (this.#isOver) cancel()
    return cancel
  }

  async #listen(options: ListenOptions): Promise<Listener> {
    const listener = await nodeNetwork.listen({
      ...options,
      onConnection: (connection) => {
        if (this.#isOver) connection.destroy()
        else options.onConnection(this.#gate(connection))
      },
    })
    this.#listeners.add(listener)
    return listener
  }

  /** Gives no connection once the life is over, also when it ended meanwhile. */
  async #connect(address: Address, timeoutMs: number): Promise<Connection> {
    if (!this.#isOver) {
      const connection = await nodeNetwork.connect(address, timeoutMs)
      if (!this.#isOver) return this.#gate(connection)
      connection.destroy()
    }
    return new Promise(() => {})
  }

  #gate(connection: Connection): Connection {
    const gated = new GatedConnection(connection, () => this.#connections.delete(gated))
    gated.isHeld = this.#isPartitioned
    this.#connections.add(gated)
    return gated
  }
}

/** A connection over which nothing passes while it is held. */
class GatedConnection implements Connection {
  readonly #connection: Connection
  readonly #onGone: () => void
  #held: Buffer[] = []
  #isHeld = false
  #isPaused = false
  #isEndWanted = false

  constructor(connection: Connection, onGone: () => void) {
    this.#connection = connection
    this.#onGone = onGone
  }

  get remote(): Address {
    return this.#connection.remote
  }

  get local(): Address {
    return this.#connection.local
  }

  get unsentBytes(): number {
    return this.#connection.unsentBytes + this.#held.reduce((sum, { length }) => sum + length, 0)
  }

  set isHeld(isHeld: boolean) {
    if (this.#isHeld === isHeld) return
    this.#isHeld = isHeld
    if (isHeld) {
      this.#connection.pause()
      return
    }
    for (const data of this.#held.splice(0)) this.#connection.write(data)
    if (this.#isEndWanted) this.#connection.end()
    else if (!this.#isPaused) this.#connection.resume()
  }

  onData(handler: (chunk: Buffer) => void): void {
    this.#connection.onData(handler)
    // Listening makes a socket flow.
    if (this.#isHeld) this.#connection.pause()
  }

  onClose(handler: (error: Error | undefined) => void): void {
    this.#connection.onClose((error) => {
      this.#onGone()
      handler(error)
    })
  }

  onDrain(handler: () => void): void {
    this.#connection.onDrain(handler)
  }

  write(data: Uint8Array): void {
    // The memory of a write may be used again.
    if (this.#isHeld) this.#held.push(Buffer.from(data))
    else this.#connection.write(data)
  }

  pause(): void {
    this.#isPaused = true
    this.#connection.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (!this.#isHeld) this.#connection.resume()
  }

  end(): void {
    this.#isEndWanted = true
    if (!this.#isHeld) this.#connection.end()
  }

  destroy(): void {
    this.#connection.destroy()
  }

  onIdle(timeoutMs: number, handler: () => void): void {
    this.#connection.onIdle(timeoutMs, handler)
  }
}
