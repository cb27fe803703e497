import type { Measurement } from '../figures/measurement.ts'
import { fillTopic, generateLoad, touchTopics } from '../load/generator.ts'
import type { Flags, Row } from '../rows/row.ts'
import type { BenchServers } from '../servers/bench-servers.ts'
import type { SliceContext } from './context.ts'
import { measureCold } from './measure-cold.ts'
import { measureFresh } from './measure-fresh.ts'
import { measureGrown } from './measure-grown.ts'
import { measureOfficialProgram } from './measure-official-program.ts'
import { measurePush } from './measure-push.ts'

/** Topics that were filled already, by the servers that have them. */
const filled = new WeakMap<BenchServers, Set<string>>()

/** What has to be done once before a row's slices, unmeasured. */
export async function prepareRow(row: Row, servers: BenchServers, say: (text: string) => void): Promise<void> {
  if (row.load.kind !== 'generator') return
  const { command, fill, flags } = row.load
  const { topic, topics = 1 } = flags
  const known = filled.get(servers) ?? new Set()
  if (known.has(String(topic))) return
  if (fill !== undefined) {
    say(`sending ${fill.toLocaleString('en')} messages to read`)
    await fillTopic(servers.brokerAddresses, String(topic), fill)
  } else if (command === 'send' && Number(topics) > 1) {
    say(`sending to each of ${topics} topics`)
    await touchTopics(servers.brokerAddresses, String(topic), Number(topics))
  }
  filled.set(servers, known.add(String(topic)))
}

/** Puts one slice of the row's load on the servers. */
export function measureSlice(row: Row, flags: Flags | undefined, context: SliceContext): Promise<Measurement> {
  const { load } = row
  const { servers, warmMs, measureMs } = context
  switch (load.kind) {
    case 'generator': {
      const target = { addresses: servers.brokerAddresses, pid: servers.broker.pid }
      return generateLoad(load.command, { ...load.flags, ...flags }, target, { warmMs, measureMs })
    }
    case 'fresh':
      return measureFresh(load.flags, context)
    case 'cold':
      return measureCold(load, context)
    case 'push':
      return measurePush(load, context)
    case 'official-program':
      return measureOfficialProgram(load, context)
    case 'grown':
      return measureGrown(load.flags, row.setup, context)
  }
}
