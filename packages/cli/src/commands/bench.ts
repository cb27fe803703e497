import { runLoad } from '../messages/load.ts'
import { recordJson, recordText } from '../output/print.ts'
import { command, flag, option, ownObject } from '../table/define.ts'
import { decimal, list, record, size, text, whole } from '../table/record.ts'
import { parseBytes, parseDuration, wholeNumber } from '../values.ts'
import { topicArgument } from './topic.ts'

const latencyRow = record({
  of: text('Of'),
  count: whole('Count'),
  p50Ms: decimal('p50 ms', 2),
  p90Ms: decimal('p90 ms', 2),
  p99Ms: decimal('p99 ms', 2),
  p999Ms: decimal('p99.9 ms', 2),
  maxMs: decimal('max ms', 2),
})

const result = record({
  topic: text('Topic'),
  bodyBytes: size('Body'),
  seconds: decimal('Seconds', 2),
  sent: whole('Sent'),
  failed: whole('Failed'),
  ratePerSecond: decimal('Messages a second', 0),
  latencies: list('Latencies', latencyRow),
})

export const benchCommand = command({
  name: 'bench',
  about: 'Measures how fast messages are stored, and delivered.',
  details:
    'With --rate the load is open: each message has its time, whether or not earlier ones were answered, and its latency counts\nfrom that time. Without it, --in-flight messages are under way all the time. The messages stay in the topic.',
  example:
    'rocketmq bench load-test --rate 5000 --duration 10s\nrocketmq bench load-test --in-flight 64 --deliver --json',
  arguments: { topic: topicArgument },
  options: {
    rate: option({ placeholder: 'number', about: 'messages a second', parse: wholeNumber(1, 10_000_000) }),
    duration: option({ placeholder: 'duration', about: 'how long', parse: parseDuration, fallback: 10_000 }),
    size: option({ placeholder: 'size', about: 'of a body', parse: parseBytes, fallback: 128 }),
    inFlight: option({
      placeholder: 'number',
      about: 'messages under way at the most; 32 without --rate, 10,000 with it',
      parse: wholeNumber(1, 1_000_000),
    }),
    batching: flag('messages share requests'),
    deliver: flag('also measures the time until a reader has each message'),
  },
  output: ownObject(result),
  async run(session, { topic, rate, duration: durationMs, size: bodyBytes, inFlight, batching, deliver }) {
    const load = await runLoad(session, {
      topic,
      rate,
      durationMs,
      bodyBytes: Math.max(1, bodyBytes),
      inFlightMax: inFlight ?? (rate === undefined ? 32 : 10_000),
      batching,
      deliver,
    })
    const row = { topic, bodyBytes, ...load }
    await session.host.write(session.isJson ? recordJson(result, row) : recordText(result, row))
    if (load.failure !== undefined) session.warn(`the first failure: ${load.failure.message}`)
    return load.failed > 0 ? 1 : 0
  },
})
