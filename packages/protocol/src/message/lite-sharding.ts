import { javaStringHash } from '../text/index.ts'

const multiplier = 2_862_933_555_777_941_757n
const wordBits = 64
const shift = 33n
const two31 = 2 ** 31

/**
 * The queue that producers choose for a lite topic, of so many that a topic has over all brokers: the consistent hash of
 * Guava, by the hash of the name in Java, as RocketMQ's proxy chooses it.
 */
export function queueOfLiteTopic(liteTopic: string, queueCount: number): number {
  let state = BigInt.asIntN(wordBits, BigInt(javaStringHash(liteTopic)))
  let candidate = 0
  for (;;) {
    state = BigInt.asIntN(wordBits, multiplier * state + 1n)
    const fraction = (Number(BigInt.asUintN(wordBits, state) >> shift) + 1) / two31
    const next = Math.trunc((candidate + 1) / fraction)
    if (next >= queueCount) return candidate
    candidate = next
  }
}
