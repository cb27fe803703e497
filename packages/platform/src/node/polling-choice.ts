/** Gaps up to here, in milliseconds, can cost more when the process sleeps through them than when it stays awake. */
const shortGapMs = 0.13
/** Shares of short gaps from which on staying awake is tried, and below which it ends. */
const beginShare = 0.95
const endShare = 0.9
/** How much the newest gap counts: the share is that of the last hundred or so. */
const gapWeight = 1 / 64
/** For so long, in milliseconds, the process sleeps and then stays awake to compare what comes. */
const trialMs = 6
/** Trials that must agree, of up to seven: a moment in which the system stands still decides no more than one. */
const majority = 4
/** Staying awake pays when so many times the bytes come. */
const gainMin = 1.15
/** After so long, in milliseconds, it is tried again whether staying awake still pays, */
const awakeMs = 2000
/** and whether it does now; each time twice as long, up to the latter. */
const asleepMsFirst = 1000
const asleepMsMax = 8000
/** After a gap of so long, in milliseconds, other peers may be there. */
const pauseMs = 100

/**
 * Decides whether the process stays awake between two pieces of work. That pays for peers who wait for each answer
 * before they send the next request: without the time in which the process falls asleep and is woken up, more comes. For
 * those who send when they have something to send, as much comes either way, and staying awake takes a whole processor.
 * Both look alike, so that it is tried: what comes while the process sleeps is compared with what comes while it is awake.
 */
export class PollingChoice {
  #shortShare = 0
  #phase: 'off' | 'trial asleep' | 'trial awake' | 'awake' = 'off'
  #phaseStartMs = 0
  #phaseEndMs = 0
  /** In this phase. */
  #bytes = 0
  /** Bytes a millisecond of the trial asleep. */
  #asleepRate = 0
  #gainCount = 0
  #lossCount = 0
  /** When the last trial ended that staying awake did not win. */
  #lostAtMs = Number.NEGATIVE_INFINITY
  #asleepMs = 0

  /** Whether the process is to stay awake after its work. */
  get isAwake(): boolean {
    return this.#phase === 'awake' || this.#phase === 'trial awake'
  }

  /**
   * Work begins.
   * @param nowMs milliseconds that never go back, with fractions
   * @param gapMs since the work before ended
   */
  workBegins(nowMs: number, gapMs: number): void {
    this.#shortShare += ((gapMs <= shortGapMs ? 1 : 0) - this.#shortShare) * gapWeight
    if (gapMs > pauseMs) this.#asleepMs = Math.min(this.#asleepMs, asleepMsFirst)
    if (this.#phase === 'off') {
      if (this.#shortShare >= beginShare && nowMs - this.#lostAtMs >= this.#asleepMs)
        this.#begin('trial asleep', nowMs, trialMs)
    } else if (this.#phase === 'awake' && this.#shortShare < endShare) {
      this.#phase = 'off'
    } else if (nowMs >= this.#phaseEndMs) {
      this.#phaseIsOver(nowMs)
    }
  }

  bytesCame(byteCount: number): void {
    this.#bytes += byteCount
  }

  #begin(phase: 'trial asleep' | 'trial awake' | 'awake', nowMs: number, durationMs: number): void {
    this.#phase = phase
    this.#phaseStartMs = nowMs
    this.#phaseEndMs = nowMs + durationMs
    this.#bytes = 0
  }

  #phaseIsOver(nowMs: number): void {
    const rate = this.#bytes / (nowMs - this.#phaseStartMs)
    switch (this.#phase) {
      case 'trial asleep':
        this.#asleepRate = rate
        this.#begin('trial awake', nowMs, trialMs)
        break
      case 'trial awake':
        // Gaps are longer while the process sleeps: only now does their share tell something.
        this.#trialIsOver(nowMs, rate >= this.#asleepRate * gainMin && this.#shortShare >= endShare)
        break
      case 'awake':
        this.#begin('trial asleep', nowMs, trialMs)
    }
  }

  #trialIsOver(nowMs: number, isGain: boolean): void {
    if (isGain) this.#gainCount++
    else this.#lossCount++
    if (this.#gainCount === majority) {
      this.#asleepMs = 0
      this.#begin('awake', nowMs, awakeMs)
    } else if (this.#lossCount === majority) {
      this.#lostAtMs = nowMs
      this.#asleepMs = this.#asleepMs === 0 ? asleepMsFirst : Math.min(this.#asleepMs * 2, asleepMsMax)
      this.#phase = 'off'
    } else {
      this.#begin('trial asleep', nowMs, trialMs)
      return
    }
    this.#gainCount = 0
    this.#lossCount = 0
  }
}
