import { encodeHost } from '@rocketmq-ts/protocol'
import type { Runtime } from '../runtime.ts'

const hostPortBytes = 4
const counterLimit = 0x1_0000

/**
 * Makes message ids that Java decodes: hex of address, process id (2 bytes), a random number of the producer (4),
 * milliseconds since the month began (4) and a counter (2). No two of a producer are the same, also when the clock is set
 * back: time never goes back here, and passes at least once a round of the counter.
 */
export function uniqueIds({ network, clock, random, processId }: Runtime): () => string {
  const host = encodeHost(network.localAddress(), 0)
  const prefix = Buffer.concat([
    host.subarray(0, host.length - hostPortBytes),
    Buffer.from([(processId >> 8) & 0xff, processId & 0xff]),
    Buffer.from(Array.from({ length: 4 }, () => random.below(256))),
  ])
  const prefixHex = prefix.toString('hex').toUpperCase()
  let counter = random.below(counterLimit)
  let nowMs = 0
  let monthStartMs = 0
  let monthEndMs = 0
  return () => {
    counter = (counter + 1) % counterLimit
    nowMs = Math.max(nowMs + (counter === 0 ? 1 : 0), clock.now())
    if (nowMs >= monthEndMs) {
      const date = new Date(nowMs)
      monthStartMs = new Date(date.getFullYear(), date.getMonth(), 1).getTime()
      monthEndMs = new Date(date.getFullYear(), date.getMonth() + 1, 1).getTime()
    }
    return prefixHex + hex(nowMs - monthStartMs, 8) + hex(counter, 4)
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}
