import { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { type BrokerCalls, Cluster } from '../../src/index.ts'

const seeds = Number(process.env.TIMER_COUNT ?? 12)
const firstSeed = Number(process.env.TIMER_SEED ?? 1)
const livesOfRun = 4
const precisionMs = 1000
/** What a killed broker had under way, and how long after a delivery, or a start after it, it may be unsynced. */
const inFlightMs = 100
const unsyncedMs = 3500

/** From the start of a broker to its end: a failure of the power may take what was not synced. */
interface Life {
  startMs: number
  endMs: number
  how: 'kill' | 'power' | 'stop'
}

interface Sent {
  body: string
  dueMs: number
}

/**
 * Sends messages with random times through lives of a broker that end by a kill, a failure of the power, or in order,
 * and takes what was delivered at the end.
 */
async function run(seed: number, flushDiskType: string) {
  const random = new SeededRandom(seed)
  const cluster = new Cluster({ seed, brokerSettings: { flushDiskType, mappedFileSizeTimerLog: '4096' } })
  await cluster.start()
  const machine = cluster.brokers[0]!
  const sent: Sent[] = []
  const lives: Life[] = []
  let startMs = machine.wallMs
  for (let life = 0; life < livesOfRun; life++) {
    const broker = cluster.newClient().broker(machine)
    if (life === 0) await broker.createTopic('T', 1)
    const how = (['kill', 'power', 'stop'] as const)[random.below(3)]!
    if (how === 'power' && random.oneIn(2)) machine.losePowerAt(20 + random.below(400))
    await load(broker, life).catch(() => {})
    if (how === 'stop' && machine.isRunning) await machine.stop().catch(() => {})
    if (how === 'power') machine.powerLoss()
    else if (machine.isAlive) machine.kill()
    // In a change of the disk the power may have failed long before the load was told.
    lives.push({ startMs, endMs: machine.wallMs - cluster.simulation.monotonic() + machine.endedAtMs, how })
    await cluster.sleep(random.below(8000))
    startMs = machine.wallMs
    await machine.start()
  }
  await cluster.sleep(40_000)
  const found = await cluster.newClient().broker(machine).readQueue('T')
  return { sent, lives, found }

  async function load(broker: BrokerCalls, life: number): Promise<void> {
    const count = 10 + random.below(60)
    for (let number = 0; number < count; number++) {
      const delayMs = random.oneIn(4) ? 5000 : random.below(25_000)
      const dueMs = machine.wallMs + delayMs
      const body = `${life}.${number}`
      await broker.send({ topic: 'T', body, properties: { TIMER_DELIVER_MS: String(dueMs) } })
      sent.push({ body, dueMs })
      if (random.oneIn(3)) await cluster.sleep(random.below(700))
    }
  }
}

/** A message comes again only when a broker died soon after it was delivered, before that was noted or synced. */
function mayComeAgain(beforeMs: number, againMs: number, lives: readonly Life[]): boolean {
  for (const { startMs, endMs, how } of lives) {
    // Store times are whole milliseconds.
    if (Math.ceil(endMs) < beforeMs || startMs > againMs) continue
    const ranMs = endMs - Math.max(startMs, beforeMs)
    if (how === 'kill' && ranMs < inFlightMs) return true
    // Each start begins to sync anew.
    if (how === 'stop' || ranMs >= unsyncedMs) return false
    if (how === 'power') return true
  }
  return false
}

/** What fell due while no broker was there, in the order in which the next one delivered it. */
function dueWhileDown(sent: readonly Sent[], found: readonly { body: Buffer }[], lives: readonly Life[]): number[][] {
  const dueMsOf = new Map(sent.map(({ body, dueMs }) => [body, dueMs]))
  const orders: number[][] = []
  for (const [index, { endMs }] of lives.entries()) {
    const untilMs = (lives[index + 1]?.startMs ?? 0) - 2 * precisionMs
    const seen = new Set<string>()
    orders.push([])
    for (const body of found.map((each) => String(each.body))) {
      const dueMs = dueMsOf.get(body)
      if (dueMs === undefined || dueMs <= endMs || dueMs > untilMs || seen.has(body)) continue
      seen.add(body)
      orders.at(-1)!.push(Math.ceil(dueMs / precisionMs))
    }
  }
  return orders
}

test.each(Array.from({ length: seeds }, (_, index) => firstSeed + index))(
  'messages come at their times, in the order of time, and none is lost, whatever becomes of the broker (seed %i)',
  async (seed) => {
    const { sent, lives, found } = await run(seed, 'SYNC_FLUSH')
    const times = new Map<string, number[]>()
    for (const { body, storeTimestamp } of found) {
      const known = times.get(String(body))
      if (known === undefined) times.set(String(body), [storeTimestamp])
      else known.push(storeTimestamp)
    }
    for (const { body, dueMs } of sent) {
      const deliveredMs = times.get(body)
      expect(deliveredMs, `${body} is lost`).toBeDefined()
      expect(deliveredMs![0]!, `${body} is early`).toBeGreaterThanOrEqual(dueMs)
      for (const [index, again] of deliveredMs!.entries()) {
        if (index > 0) expect(mayComeAgain(deliveredMs![index - 1]!, again, lives), `${body} came twice`).toBe(true)
      }
    }
    for (const order of dueWhileDown(sent, found, lives)) expect(order).toEqual(order.toSorted((a, b) => a - b))
  },
)
