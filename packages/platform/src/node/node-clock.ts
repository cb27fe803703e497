import { performance } from 'node:perf_hooks'
import type { Clock } from '../clock.ts'

const timeoutMsMax = 0x7fffffff

let endOfTurn: (() => void)[] = []
let turnTimeMs: number | undefined

/** Runs all callbacks, and those that they add: an answer made at the end of a turn leaves in this turn too. */
function finishTurn(): void {
  let done = 0
  turnTimeMs = undefined
  try {
    while (done < endOfTurn.length) endOfTurn[done++]!()
  } finally {
    turnTimeMs = undefined
    endOfTurn = endOfTurn.slice(done)
    if (endOfTurn.length > 0) setImmediate(finishTurn)
  }
}

function atEndOfTurn(callback: () => void): void {
  if (endOfTurn.length === 0) setImmediate(finishTurn)
  endOfTurn.push(callback)
}

/** Only makes `finishTurn` run, which resets the time of the turn. */
function nothingMore(): void {}

export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  turnTime() {
    if (turnTimeMs === undefined) {
      turnTimeMs = performance.now()
      atEndOfTurn(nothingMore)
    }
    return turnTimeMs
  },
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), timeoutMsMax))
    return () => clearTimeout(timer)
  },
  every(intervalMs, callback) {
    const timer = setInterval(callback, Math.min(intervalMs, timeoutMsMax))
    return () => clearInterval(timer)
  },
  endOfTurn: atEndOfTurn,
  nextTurn: (callback) => void setImmediate(callback),
}
