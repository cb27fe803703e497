import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createNodePlatform } from '@rocketmq-ts/platform'
import { commands, encodeMessageProperties } from '@rocketmq-ts/protocol'
import { RemotingClient } from '@rocketmq-ts/remoting'

/*
 * How much memory a broker takes for light queues: sends one message to each of so many, commits the offset of a group in
 * each, and tells the broker's resident memory on the way. Start the broker with enableLmq=true first.
 *
 *     node benchmarks/src/check/light-queues.ts --broker 127.0.0.1:10911 --pid 4711 --count 1000000
 */
const { values } = parseArgs({
  options: {
    broker: { type: 'string', default: '127.0.0.1:10911' },
    pid: { type: 'string' },
    count: { type: 'string', default: '1000000' },
  },
})
const count = Number(values.count)
const inFlight = 256
const reportEvery = Math.ceil(count / 10)
const timeoutMs = 60_000

const client = new RemotingClient(createNodePlatform())

function residentMebibytes(): number | undefined {
  if (values.pid === undefined) return undefined
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${values.pid}/status`, 'utf8'))
  return line === null ? undefined : Math.round(Number(line[1]) / 1024)
}

async function fill(index: number): Promise<void> {
  const name = `%LMQ%device-${index}`
  const header = {
    producerGroup: 'p',
    topic: 'LightQueues',
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    queueId: 0,
    sysFlag: 0,
    bornTimestamp: Date.now(),
    flag: 0,
    properties: encodeMessageProperties([['INNER_MULTI_DISPATCH', name]]),
    reconsumeTimes: 0,
    unitMode: false,
  }
  await client.invoke(values.broker, commands.sendMessageV2, { header, body: Buffer.from('x'), timeoutMs })
  const commit = { consumerGroup: `%LMQ%client-${index}`, topic: name, queueId: 0, commitOffset: 1 }
  await client.invoke(values.broker, commands.updateConsumerOffset, { header: commit, timeoutMs })
}

let next = 0
let done = 0
const startMs = Date.now()
async function lane(): Promise<void> {
  while (next < count) {
    await fill(next++)
    if (++done % reportEvery === 0) {
      process.stdout.write(`${done} light queues, ${Date.now() - startMs} ms, ${residentMebibytes()} MiB\n`)
    }
  }
}
await Promise.all(Array.from({ length: inFlight }, () => lane()))
await client.close()
