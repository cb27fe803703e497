import { existsSync, readdirSync } from 'node:fs'
import { pollUntil } from '../../../interop/targets/deadline.ts'
import type { Measurement } from '../figures/measurement.ts'
import { fillLiteTopics, fillTopic, generateLoad, touchTopics } from '../load/generator.ts'
import type { Flags, Row } from '../rows/row.ts'
import type { BenchServers } from '../servers/bench-servers.ts'
import type { SliceContext } from './context.ts'
import { measureCold } from './measure-cold.ts'
import { measureFresh } from './measure-fresh.ts'
import { measureGrown } from './measure-grown.ts'
import { measureOfficialProgram } from './measure-official-program.ts'
import { measurePush } from './measure-push.ts'

/** What the load generator uses of each topic. */
const queuesByDefault = 4

/** Topics and queues that were filled already, by the servers that have them. */
const filled = new WeakMap<BenchServers, Set<string>>()

/** What has to be done once before a row's slices, unmeasured. */
export async function prepareRow(row: Row, servers: BenchServers, say: (text: string) => void): Promise<void> {
  if (row.load.kind !== 'generator') return
  const { command, fill, flags } = row.load
  const { topic, topics = 1 } = flags
  const known = filled.get(servers) ?? new Set()
  const queues = Number(flags.queues ?? queuesByDefault)
  const what = `${topic}, ${queues} queues`
  if (known.has(what)) return
  if (fill !== undefined && 'lite' in flags) {
    say(`sending to each of ${fill.toLocaleString('en')} lite topics`)
    await fillLiteTopics(servers.brokerAddresses, String(topic), fill)
  } else if (fill !== undefined) {
    say(`sending ${fill.toLocaleString('en')} messages to read`)
    await fillTopic(servers.brokerAddresses, String(topic), fill, 'sql' in flags)
  } else if (command === 'send' && Number(topics) > 1) {
    await makeQueueFiles(servers, String(topic), Number(topics), queues, say)
  }
  filled.set(servers, known.add(what))
}

/** A row over many topics does not measure the making of their files: a broker makes them some time after a message. */
async function makeQueueFiles(
  servers: BenchServers,
  topic: string,
  topics: number,
  queues: number,
  say: (text: string) => void,
): Promise<void> {
  say(`sending to each of ${topics} topics`)
  await touchTopics(servers.brokerAddresses, topic, topics, queues)
  say(`waiting for the files of ${topics * queues} queues`)
  let ready = 0
  const condition = async () => {
    while (ready < topics && queueFolders(`${servers.storeFolder}/consumequeue/${topic}${ready}`) >= queues) ready++
    return ready === topics || { notYet: `${ready} of ${topics} topics have them` }
  }
  await pollUntil(`a file for each of ${queues} queues of each topic`, condition, { intervalMs: 500 })
}

function queueFolders(topicFolder: string): number {
  return existsSync(topicFolder) ? readdirSync(topicFolder).length : 0
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
