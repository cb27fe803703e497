import type { CancelTimer } from '../../clock.ts'
import type { SeededRandom } from '../seeded-random.ts'

/** Milliseconds after which a system gives up what nobody confirms: a quarter of an hour, as Linux does by default. */
export const giveUpMs = 900_000

/** What one end of a connection sends: that it is there, bytes, and that no more come. */
export type Packet =
  | { readonly kind: 'hello' }
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'end' }

interface Sent {
  readonly packet: Packet
  readonly atMs: number
}

export interface WireParts {
  readonly clock: { monotonic(): number; after(delayMs: number, callback: () => void): CancelTimer }
  readonly random: SeededRandom
  /** How long the next packet is under way. */
  latencyMs(): number
  /** Brings a packet to the other end, trying again while the way is blocked, and calls `arrived` or `gaveUp`. */
  carry(isWanted: () => boolean, arrived: () => void, gaveUp: () => void, delayMs: number): void
  deliver(packet: Packet): void
  /** Nothing was confirmed for too long. */
  gaveUp(): void
}

/** The way of a connection in one direction: what was sent first arrives first, however long each piece takes. */
export class SimulatedWire {
  readonly #parts: WireParts
  #sent: Sent[] = []
  #isBusy = false
  /** Nothing arrives any more. */
  isSilenced = false

  constructor(parts: WireParts) {
    this.#parts = parts
  }

  send(packet: Packet): void {
    const { clock, latencyMs } = this.#parts
    this.#sent.push({ packet, atMs: clock.monotonic() + latencyMs() })
    this.#move()
  }

  /** What is under way is lost. */
  clear(): void {
    this.#sent = []
  }

  /** The machine is gone: of what is under way, the last may not have left it. */
  cutOff(): void {
    this.#sent.splice(this.#parts.random.below(this.#sent.length + 1))
  }

  #move(): void {
    const first = this.#sent[0]
    if (first === undefined || this.#isBusy) return
    this.#isBusy = true
    const { clock, carry, deliver, gaveUp } = this.#parts
    carry(
      () => this.#sent[0] === first,
      () => {
        if (this.isSilenced) {
          // Nobody will ever confirm it.
          clock.after(giveUpMs, gaveUp)
          return
        }
        this.#isBusy = false
        this.#sent.shift()
        deliver(first.packet)
        this.#move()
      },
      gaveUp,
      Math.max(0, first.atMs - clock.monotonic()),
    )
  }
}
