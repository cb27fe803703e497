import { randomBytes } from 'node:crypto'
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Session } from '../session.ts'

export interface LoadOptions {
  readonly topic: string
  /** Messages a second; as many as are answered without it. */
  readonly rate: number | undefined
  readonly durationMs: number
  readonly bodyBytes: number
  readonly inFlightMax: number
  readonly batching: boolean
  /** Whether a reader measures the time of delivery. */
  readonly deliver: boolean
}

export interface Latencies {
  readonly of: string
  readonly count: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

export interface LoadResult {
  readonly seconds: number
  readonly sent: number
  readonly failed: number
  readonly ratePerSecond: number
  readonly latencies: readonly Latencies[]
  /** Why the first message failed. */
  readonly failure: Error | undefined
}

/** Names this load's messages: those of another one are passed over. */
const runProperty = 'bench'
const dueProperty = 'due'
/** What was stored last has so long to be delivered. */
const lastDeliveryMs = 5000
const reportMs = 500

/** Sends until the time is over, or the session's signal ends it. */
export async function runLoad(session: Session, options: LoadOptions): Promise<LoadResult> {
  const { topic, rate, durationMs, bodyBytes, inFlightMax, batching, deliver } = options
  const { host, signal } = session
  const run = randomBytes(4).toString('hex')
  const producer = await session.producer({ group: 'CLI_PRODUCER', batching })
  const stored = createHistogram()
  const delivered = createHistogram()
  const reading = deliver ? await startReading(session, topic, run, delivered) : undefined
  const body = randomBytes(bodyBytes)
  let sent = 0
  let failed = 0
  let failure: Error | undefined
  let inFlight = 0
  let wake: (() => void) | undefined
  const sendOne = (dueMs: number): void => {
    inFlight++
    const properties = deliver ? { [runProperty]: run, [dueProperty]: String(dueMs) } : undefined
    producer
      .send({ topic, body, properties }, { signal })
      .then(
        () => {
          sent++
          note(stored, host.monotonic() - dueMs)
        },
        (error: Error) => {
          if (signal.aborted) return
          failed++
          failure ??= error
        },
      )
      .finally(() => {
        inFlight--
        wake?.()
      })
  }
  const startMs = host.monotonic()
  let reportedMs = startMs
  for (let count = 0; !signal.aborted; ) {
    const nowMs = host.monotonic()
    if (nowMs - startMs >= durationMs) break
    if (nowMs - reportedMs >= reportMs) {
      reportedMs = nowMs
      session.progress(`${sent} messages are stored, ${Math.round((sent * 1000) / (nowMs - startMs))} a second`)
    }
    const nextDueMs = rate === undefined ? nowMs : startMs + (count * 1000) / rate
    if (inFlight >= inFlightMax) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    } else if (nextDueMs > nowMs) await host.pause(Math.min(nextDueMs - nowMs, 50), signal)
    else {
      sendOne(nextDueMs)
      count++
    }
  }
  const seconds = (host.monotonic() - startMs) / 1000
  while (inFlight > 0) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  const endMs = host.monotonic() + lastDeliveryMs
  while (reading !== undefined && delivered.count < sent && host.monotonic() < endMs && !signal.aborted) {
    await host.pause(10, signal)
  }
  await reading?.close()
  session.endProgress()
  return {
    seconds,
    sent,
    failed,
    ratePerSecond: sent / seconds,
    latencies: [latencies('stored', stored), ...(deliver ? [latencies('delivered', delivered)] : [])],
    failure,
  }
}

async function startReading(session: Session, topic: string, run: string, delivered: RecordableHistogram) {
  const { host, signal } = session
  const reader = await session.reader({ topic, from: 'latest' })
  // Where it begins is settled before the first message is sent.
  await reader.lag({ signal })
  const loop = async (): Promise<void> => {
    for await (const { properties } of reader) {
      if (properties[runProperty] === run) note(delivered, host.monotonic() - Number(properties[dueProperty]))
    }
  }
  const ended = loop()
  ended.catch(() => {})
  return {
    async close(): Promise<void> {
      await reader.close()
      await ended
    },
  }
}

/** In microseconds; a histogram takes no 0. */
function note(histogram: RecordableHistogram, latencyMs: number): void {
  histogram.record(Math.max(1, Math.round(latencyMs * 1000)))
}

function latencies(of: string, histogram: RecordableHistogram): Latencies {
  const at = (percentile: number): number => (histogram.count === 0 ? 0 : histogram.percentile(percentile) / 1000)
  return {
    of,
    count: histogram.count,
    p50Ms: at(50),
    p90Ms: at(90),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: histogram.count === 0 ? 0 : histogram.max / 1000,
  }
}
