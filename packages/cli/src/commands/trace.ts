import type { TraceEvent } from '@rocketmq-ts/client'
import { readMessages } from '../messages/reading.ts'
import { argument, type CommandGroup, command, option, rows, textOption } from '../table/define.ts'
import { duration, inJson, maybe, record, text, time, whole, yesNo } from '../table/record.ts'
import { parseTime, type TimeText, wholeNumber } from '../values.ts'
import { exists } from './topic.ts'

const traceRow = record({
  time: maybe(time('Time')),
  event: text('Event'),
  group: text('Group'),
  client: text('Client'),
  succeeded: maybe(yesNo('Succeeded')),
  cost: maybe(duration('Took')),
  attempt: maybe(whole('Delivery')),
  topic: maybe(text('Topic')),
  messageId: text('Id'),
  keys: maybe(text('Keys')),
  transaction: inJson(maybe(text('Transaction'))),
  storeHost: inJson(maybe(text('Stored at'))),
})

const defaultTopic = 'RMQ_SYS_TRACE_TOPIC'
const traceTopic = textOption('name', `the topic of traces, ${defaultTopic} without it`, { completes: 'topic' })
const limit = option({
  placeholder: 'number',
  about: 'traces at the most',
  short: 'l',
  parse: wholeNumber(1, 100_000),
  fallback: 64,
})

export const traceGroup: CommandGroup = {
  name: 'trace',
  about: 'What clients noted of messages, where they write traces.',
  commands: [
    command({
      name: 'show',
      about: 'Shows who sent a message, who received it, and what became of it.',
      example: 'rocketmq trace show 7F0000010000A9F30000000000000000',
      arguments: { id: argument('the id that its producer gave it') },
      options: { traceTopic, limit },
      output: rows(
        traceRow,
        'No client has noted anything of this message: they do where their traces are on, and traceTopicEnable of the broker.',
      ),
      async run(session, { id, traceTopic: topic = defaultTopic, limit: most }) {
        const admin = await session.admin()
        const { signal } = session
        if (!(await exists(admin, topic, signal))) return []
        const traces = await admin.traces(id, { traceTopic: topic, limit: most, signal })
        return joined(traces).slice(0, most).map(traceRowOf)
      },
    }),
    command({
      name: 'list',
      about: 'Shows what clients noted in a time.',
      example: 'rocketmq trace list --from -10m --group mailer',
      options: {
        from: option({ placeholder: 'time', about: 'noted then or later; -10m without it', parse: parseTime }),
        group: textOption('name', 'only of this group', { short: 'g', completes: 'group' }),
        topic: textOption('name', 'only of messages of this topic', { short: 't', completes: 'topic' }),
        traceTopic,
        limit,
      },
      output: rows(traceRow, 'No client has noted anything.'),
      async run(session, { from, group, topic, traceTopic: noted = defaultTopic, limit: most }) {
        const { decodeTraces } = await import('@rocketmq-ts/client')
        if (!(await exists(await session.admin(), noted, session.signal))) return []
        const tenMinutes: TimeText = (nowMs) => nowMs - 600_000
        const begin = { kind: 'time', time: from ?? tenMinutes } as const
        const found: TraceEvent[] = []
        const options = { topic: noted, from: begin, to: { kind: 'latest' }, filter: undefined, queues: [] } as const
        for await (const message of readMessages(session, options)) {
          const events = decodeTraces(message).filter(
            (event) => (group === undefined || event.group === group) && (topic === undefined || event.topic === topic),
          )
          found.push(...events)
          if (found.length >= most) break
        }
        return found.slice(0, most).map(traceRowOf)
      },
    }),
  ],
}

/** Older clients do not say in which group a message was handled: the request that received it does. */
function joined(traces: readonly TraceEvent[]): TraceEvent[] {
  const received = new Map(traces.filter(({ kind }) => kind === 'received').map((event) => [event.requestId, event]))
  const events = traces.map((event) => {
    const before = event.kind === 'handled' && event.group === '' ? received.get(event.requestId) : undefined
    return before === undefined ? event : { ...event, group: before.group }
  })
  return events.sort((one, other) => (one.timestamp ?? 0) - (other.timestamp ?? 0))
}

function traceRowOf(event: TraceEvent) {
  const { timestamp, kind, group, clientHost, succeeded, costMs, attempt, topic, messageId, keys } = event
  return {
    time: timestamp,
    event: kind === 'transactionEnded' ? 'transaction ended' : kind,
    group,
    client: clientHost,
    succeeded,
    cost: costMs,
    attempt,
    topic,
    messageId,
    keys,
    transaction: event.transactionState,
    storeHost: event.storeHost,
  }
}
