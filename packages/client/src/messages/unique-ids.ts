import { createUniqueIdGenerator, encodeHost } from '@rocketmq-ts/protocol'
import type { Runtime } from '../runtime.ts'

const hostPortBytes = 4

/** Makes message ids that Java decodes, and that differ from those of all other producers. */
export function uniqueIds({ network, clock, random, processId }: Runtime): () => string {
  const host = encodeHost(network.localAddress(), 0)
  const source = {
    address: host.subarray(0, host.length - hostPortBytes),
    processId,
    instanceHash: random.below(0x1_0000_0000),
    firstCount: random.below(0x1_0000),
  }
  return createUniqueIdGenerator(source, () => clock.now())
}
