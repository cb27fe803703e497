import { performance } from 'node:perf_hooks'
import type { Clock } from '../clock.ts'

const timeoutMsMax = 0x7fffffff

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
  endOfTurn: (callback) => void setImmediate(callback),
}
