// One load of one client, in a process of its own, so that its processor time is its own. Tells its parent of the moments
// between which it measures, and of the result.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** @type {{ client: string, peers: string, address: string, topic: string, load: string, bytes: number, count: number }} */
const options = JSON.parse(process.argv[2])
const { client, peers, address, topic, bytes, count } = options
const sendsUnderWay = 64
const batchesUnderWay = 8
const batchCount = 100
const stampBytes = 8

const require = createRequire(`${peers}/package.json`)
const load = (name) => import(pathToFileURL(require.resolve(name)).href)
const { open } = await import(`./clients/${client}.mjs`)
const peer = await open({ address, topic, load })

const body = Buffer.alloc(bytes, 'm')
const latencies = new Float64Array(count)
const nowMs = () => performance.now()

/** Runs tasks so many at a time. @param task of an index @returns when all are done */
async function each(tasks, underWay, task) {
  let next = 0
  const run = async () => {
    while (next < tasks) await task(next++)
  }
  await Promise.all(Array.from({ length: underWay }, run))
}

/** @param most tasks to measure @param noted where each one's latency goes */
async function sendOneByOne(most, noted) {
  await each(most, sendsUnderWay, async (index) => {
    const startMs = nowMs()
    await peer.send(body)
    if (noted) latencies[index] = nowMs() - startMs
  })
}

async function sendBatches(most, noted) {
  await each(Math.ceil(most / batchCount), batchesUnderWay, async (index) => {
    const size = Math.min(batchCount, most - index * batchCount)
    const startMs = nowMs()
    await peer.sendBatch(Array.from({ length: size }, () => body))
    if (noted) latencies.fill(nowMs() - startMs, index * batchCount, index * batchCount + size)
  })
}

/** Messages carry the time at which they were handed to the client. */
async function endToEnd(most, noted) {
  let handled = 0
  const all = Promise.withResolvers()
  onMessage = (received) => {
    if (noted && handled < most) latencies[handled] = nowMs() - received.readDoubleBE(0)
    if (++handled === most) all.resolve()
  }
  await each(most, sendsUnderWay, async () => {
    const stamped = Buffer.alloc(Math.max(bytes, stampBytes), 'm')
    stamped.writeDoubleBE(nowMs(), 0)
    await peer.send(stamped)
  })
  await all.promise
}

let onMessage = () => {}
const loads = { 'one by one': sendOneByOne, batched: sendBatches, 'end to end': endToEnd }
const run = loads[options.load]
if (options.load === 'end to end') await peer.consume((received) => onMessage(received))
await run(Math.min(count, Math.max(100, count >> 2)), false)

await tell({ kind: 'begins' })
const cpuBefore = process.cpuUsage()
const startMs = nowMs()
await run(count, true)
const seconds = (nowMs() - startMs) / 1000
const { user, system } = process.cpuUsage(cpuBefore)
latencies.sort()
const percentile = (share) => latencies[Math.min(count - 1, Math.floor(count * share))]
await tell({
  kind: 'ended',
  rate: count / seconds,
  p50Ms: percentile(0.5),
  p99Ms: percentile(0.99),
  clientMicros: (user + system) / count,
  clientMb: process.memoryUsage.rss() / 1e6,
})
await peer.close()
process.disconnect()

function tell(message) {
  return new Promise((resolve, reject) => process.send(message, (error) => (error ? reject(error) : resolve())))
}
