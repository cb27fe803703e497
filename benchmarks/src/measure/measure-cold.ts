import type { Measurement } from '../figures/measurement.ts'
import { dropCachedPages, fillTopic, generateLoad } from '../load/generator.ts'
import type { Load } from '../rows/row.ts'
import type { SliceContext } from './context.ts'

/**
 * Fills a topic, stops the broker in order, drops the store's cached pages, starts the broker and reads from the first
 * message on. A broker that runs keeps its pages mapped or blocks in memory, so that nothing less makes the files cold.
 */
export async function measureCold(
  load: Extract<Load, { kind: 'cold' }>,
  { servers, measureMs, say }: SliceContext,
): Promise<Measurement> {
  say(`sending ${load.fill.toLocaleString('en')} messages to read`)
  await fillTopic(servers.brokerAddresses, String(load.flags.topic), load.fill)
  say('stopping, dropping the cached pages, starting')
  await servers.broker.stop()
  await dropCachedPages(servers.storeFolder)
  await servers.broker.restart()
  const target = { addresses: servers.brokerAddresses, pid: servers.broker.pid }
  return generateLoad('pull', load.flags, target, { warmMs: 0, measureMs })
}
