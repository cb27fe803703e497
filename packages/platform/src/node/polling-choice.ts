/** Milliseconds: sleeping through a gap of at most this length can cost more than staying awake. */
const shortGapMs = 0.13
/** Share of short gaps at which staying awake is tried, and below which it ends. */
const beginShare = 0.95
const endShare = 0.9
/** Weight of the newest gap: the share covers about the last hundred gaps. */
const gapWeight = 1 / 64
/** Milliseconds of each half of a trial: one half asleep, one awake. */
const trialMs = 6
/** Trials that must agree, of up to seven: a stall of the system decides at most one of them. */
const majority = 4
/** Staying awake pays when at least this many times the bytes come. */
const gainMin = 1.15
/** Milliseconds after which staying awake must prove itself again. */
const awakeMs = 2000
/** Milliseconds from a lost trial to the next one: at first, and at most. The time doubles with each loss. */
const asleepMsFirst = 1000
const asleepMsMax = 8000
/** Milliseconds: after a longer gap other peers may be there. */
const pauseMs = 100

/**
 * Decides whether the process stays awake between two pieces of work. That pays with peers that wait for each answer
 * before they send the next request: without the time for falling asleep and waking up, they send more. Other peers
 * send as much either way, and staying awake takes a whole processor. Both kinds look alike, so the choice is made by
 * trial: the bytes that come while the process sleeps are compared with those that come while it is awake.
 */
export class PollingChoice {
  #shortShare = 0
  #phase: 'off' | 'trial asleep' | 'trial awake' | 'awake' = 'off'
  #phaseStartMs = 0
  #phaseEndMs = 0
  /** Bytes that came in this phase. */
  #bytes = 0
  /** Bytes a millisecond of the trial asleep. */
  #asleepRate = 0
  #gainCount = 0
  #lossCount = 0
  /** When staying awake lost for the last time. */
  #lostAtMs = Number.NEGATIVE_INFINITY
  #asleepMs = 0

  /** Whether the process should stay awake after its work. */
  get isAwake(): boolean {
    return this.#phase === 'awake' || this.#phase === 'trial awake'
  }

  /**
   * To be called when work begins.
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
        // Gaps are longer while the process sleeps: their share means something only now.
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
