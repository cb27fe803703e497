import { request } from '../../../interop/targets/probe.ts'
import type { Measurement } from '../figures/measurement.ts'
import { generateLoad } from '../load/generator.ts'
import type { Flags, Setup } from '../rows/row.ts'
import { readProcessUsage } from '../servers/process-usage.ts'
import type { SliceContext } from './context.ts'

const getMaxOffset = 30

/** How long the start on the grown store took, memory right after it, and memory once messages went to all queues. */
export async function measureGrown(
  flags: Flags,
  setup: Setup,
  { servers, warmMs, measureMs }: SliceContext,
): Promise<Measurement> {
  await assertGrown(servers.broker.address, setup)
  const idle = readProcessUsage(servers.broker.pid)
  const target = { addresses: servers.brokerAddresses, pid: servers.broker.pid }
  const loaded = await generateLoad('send', flags, target, { warmMs, measureMs })
  return {
    seconds: servers.startMs / 1000,
    idleRssBytes: idle?.rssBytes,
    rssBytes: loaded.rssBytes,
    anonymousBytes: loaded.anonymousBytes,
    errors: loaded.errors,
    firstError: loaded.firstError,
  }
}

/** A broker that took the made store for broken and cut it would be small for the wrong reason. */
async function assertGrown(address: string, { topics, grownMessages = 0 }: Setup): Promise<void> {
  const { name, queues } = topics[0]!
  const expected = Math.floor(grownMessages / queues)
  for (const queueId of [0, queues - 1]) {
    const { code, remark, extFields } = await request(address, getMaxOffset, {
      extFields: { topic: name, queueId: String(queueId) },
    })
    if (code !== 0 || Number(extFields.offset) < expected) {
      throw new Error(
        `queue ${queueId} of the grown store ends at ${extFields.offset ?? `code ${code}, ${remark}`}, not past ${expected}`,
      )
    }
  }
}
