import { setTimeout as pause } from 'node:timers/promises'
import type { Measurement } from '../figures/measurement.ts'
import { awaitFirstAccepted, generateLoad } from '../load/generator.ts'
import type { Flags } from '../rows/row.ts'
import type { BenchServers } from '../servers/bench-servers.ts'
import { readProcessUsage } from '../servers/process-usage.ts'
import type { SliceContext } from './context.ts'

/** Long enough for what a start leaves behind to be over, and one value for both targets. */
const settleMs = 3000
const sampleEveryMs = 100
const topic = 'First'
/** A cold virtual machine refuses nearly everything under full load, and never gets warm from it. */
const gentle = { topic, connections: 4, 'in-flight': 4 }
const startTimeoutMs = 120_000

/** One fresh start serves both rows that need it. */
const taken = new WeakMap<BenchServers, Measurement>()

/**
 * Starts a broker with an empty store: the time from the launch of its process to the first accepted message, its memory
 * after it has stood idle, and the most it had while messages were sent.
 */
export async function measureFresh(flags: Flags, context: SliceContext): Promise<Measurement> {
  const known = taken.get(context.servers)
  if (known !== undefined) return known
  // The name server is all that is needed of what runs already.
  context.servers.pause()
  const { options, launch } = await context.servers.startAnother()
  const address = `127.0.0.1:${options.listenPort}`
  const launchedAt = Date.now()
  const [broker, acceptedAt] = await Promise.all([launch(), awaitFirstAccepted(address, startTimeoutMs)])
  try {
    context.say('standing idle')
    await pause(settleMs)
    const idle = readProcessUsage(broker.pid)
    const target = { addresses: address, pid: broker.pid }
    const peak = trackPeak(broker.pid)
    const loaded = await (async () => {
      await generateLoad('send', gentle, target, { warmMs: 0, measureMs: 5 * context.warmMs })
      return generateLoad('send', { ...flags, topic }, target, { warmMs: 0, measureMs: context.measureMs })
    })().finally(() => peak.stop())
    const measurement: Measurement = {
      seconds: (acceptedAt - launchedAt) / 1000,
      idleRssBytes: idle?.rssBytes,
      rssBytes: peak.rssBytes() || loaded.rssBytes,
      anonymousBytes: peak.anonymousBytes() || loaded.anonymousBytes,
      errors: loaded.errors,
      firstError: loaded.firstError,
    }
    taken.set(context.servers, measurement)
    return measurement
  } finally {
    await broker.kill()
  }
}

function trackPeak(pid: number): { rssBytes(): number; anonymousBytes(): number; stop(): void } {
  let rss = 0
  let anonymous = 0
  const timer = setInterval(() => {
    const usage = readProcessUsage(pid)
    rss = Math.max(rss, usage?.rssBytes ?? 0)
    anonymous = Math.max(anonymous, usage?.anonymousBytes ?? 0)
  }, sampleEveryMs)
  return { rssBytes: () => rss, anonymousBytes: () => anonymous, stop: () => clearInterval(timer) }
}
