import type { Clock } from '@rocketmq-ts/platform'

/**
 * Called for each answered request, once the answer was handed to the system; for a one-way request, at the end of the
 * turn in which it is done. It must not throw: the rest of the turn's work would be lost.
 * @param requestCode as it came; it may be unknown
 * @param responseCode of the answer, of a one-way request too
 * @param durationMs from taking the request (one time for all requests of a read) to the end of the turn in which it
 *   was answered
 * @param bytesIn of the request's frame, with its length field
 * @param bytesOut of the answer's frame, with its length field; 0 for a one-way request
 */
export type Observer = (
  requestCode: number,
  responseCode: number,
  durationMs: number,
  bytesIn: number,
  bytesOut: number,
) => void

/** Calls an observer, with one reading of the clock for all answers of a turn. */
export class Observation {
  readonly #observer: Observer
  readonly #clock: Pick<Clock, 'turnTime' | 'endOfTurn'>
  #oneWay: ObservedCall[] = []

  constructor(observer: Observer, clock: Pick<Clock, 'turnTime' | 'endOfTurn'>) {
    this.#observer = observer
    this.#clock = clock
  }

  nowMs(): number {
    return this.#clock.turnTime()
  }

  /** To be called at the end of a turn. */
  answered(call: ObservedCall, bytesOut: number): void {
    const durationMs = this.#clock.turnTime() - call.startedAtMs
    this.#observer(call.requestCode, call.responseCode, durationMs, call.bytesIn, bytesOut)
  }

  oneWayDone(call: ObservedCall): void {
    if (this.#oneWay.length === 0) this.#clock.endOfTurn(this.#tellOneWay)
    this.#oneWay.push(call)
  }

  readonly #tellOneWay = (): void => {
    const done = this.#oneWay
    this.#oneWay = []
    for (const call of done) this.answered(call, 0)
  }
}

/** What is known of a request until its answer is written. */
export class ObservedCall {
  readonly #observation: Observation
  readonly requestCode: number
  readonly startedAtMs: number
  readonly bytesIn: number
  responseCode = 0

  constructor(observation: Observation, requestCode: number, startedAtMs: number, bytesIn: number) {
    this.#observation = observation
    this.requestCode = requestCode
    this.startedAtMs = startedAtMs
    this.bytesIn = bytesIn
  }

  /** The answer's frame was handed to the system. */
  written(bytesOut: number): void {
    this.#observation.answered(this, bytesOut)
  }

  /** The request is done, and nobody wants an answer. */
  doneOneWay(responseCode: number): void {
    this.responseCode = responseCode
    this.#observation.oneWayDone(this)
  }
}
