/** How a run for steadiness goes. Everything in seconds. */
export interface SteadyPlan {
  totalSeconds: number
  /** Of a phase with or without consumers that are far behind. */
  phaseSeconds: number
  sampleSeconds: number
  /** Left out of every verdict; whole phases. */
  warmUpSeconds: number
  /** At the start of each phase: left out where phases are compared. */
  settleSeconds: number
  /** Sends a second, or 0 for as many as the broker takes. */
  rate: number
  /** Messages that consumers far behind have before them. */
  farMessages: number
}

/** With fewer there is nothing to compare. */
export const leastMinutes = 2

/**
 * Whole pairs of phases, one without and one with consumers far behind. Runs of less than five minutes, which are
 * trials, have shorter phases and less to read.
 */
export function planSteady(minutes: number, rate: number): SteadyPlan {
  const isTrial = minutes < 5
  const phaseSeconds = isTrial ? 15 : 30
  const pairs = Math.round((minutes * 60) / (2 * phaseSeconds))
  return {
    totalSeconds: pairs * 2 * phaseSeconds,
    phaseSeconds,
    sampleSeconds: 5,
    warmUpSeconds: 2 * phaseSeconds,
    settleSeconds: 5,
    rate,
    farMessages: isTrial ? 8_000_000 : 16_000_000,
  }
}

/** More than any broker has taken on two cores. */
const rateMax = 150_000
/** Of a message of 128 bytes: the log's record, a unit of its consume queue, an entry of the index. */
const storedBytes = 340
/** Stays free, so that nothing else on the machine fails for want of space. */
export const reservedDiskBytes = 4e9

/** Bytes of disk that have to be free before the run; nothing of the store is deleted while it lasts. */
export function neededDiskBytes({ totalSeconds, rate, farMessages }: SteadyPlan): number {
  return (farMessages + totalSeconds * (rate || rateMax)) * storedBytes + reservedDiskBytes
}
