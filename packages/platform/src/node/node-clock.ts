import { performance } from 'node:perf_hooks'
import type { Clock } from '../clock.ts'

const timeoutMsMax = 0x7fffffff

let endOfTurn: (() => void)[] = []

/** Runs what waits, and what that adds: an answer that is made at the end of a turn leaves in this turn too. */
function finishTurn(): void {
  let done = 0
  try {
    while (done < endOfTurn.length) endOfTurn[done++]!()
  } finally {
    endOfTurn = endOfTurn.slice(done)
    if (endOfTurn.length > 0) setImmediate(finishTurn)
  }
}

export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), timeoutMsMax))
    return () => clearTimeout(timer)
  },
  every(intervalMs, callback) {
    const timer = setInterval(callback, Math.min(intervalMs, timeoutMsMax))
    return () => clearInterval(timer)
  },
  endOfTurn(callback) {
    if (endOfTurn.length === 0) setImmediate(finishTurn)
    endOfTurn.push(callback)
  },
  nextTurn: (callback) => void setImmediate(callback),
}
