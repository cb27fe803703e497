import type { TraceEvent } from '@rocketmq-ts/client'
import { decodeTraces } from '@rocketmq-ts/client/raw'
import { CommandError } from '../usage-error.ts'
import { formatted, hashOrder, localSeconds } from './java-text.ts'
import { byKey, noSuchKey } from './query-tools.ts'
import { optional, required, type Tool } from './tool.ts'

const columns = '%-10s %-20s %-20s %-20s %-10s %-10s\n'
const usualTopic = 'RMQ_SYS_TRACE_TOPIC'

export const traceTools: readonly Tool[] = [
  {
    name: 'queryMsgTraceById',
    about: 'Shows what clients noted of a message in a topic of traces.',
    options: [
      required('i', 'msgId', 'the id that its producer gave it'),
      optional('t', 'traceTopic', `the topic of traces, ${usualTopic} without it`),
      optional('b', 'beginTimestamp', 'noted then or later: milliseconds since 1970'),
      optional('e', 'endTimestamp', 'noted then or before'),
      optional('c', 'maxNum', 'messages of the topic at the most, 64 without it'),
    ],
    async run(context) {
      const id = context.need('msgId')
      const most = context.number('maxNum', 64)
      const found = await byKey(context, context.value('traceTopic') ?? usualTopic, id, { most, isUniqueId: false })
      if (found.length === 0) throw new CommandError(noSuchKey)
      const events = found
        .flatMap(({ record, body }) =>
          decodeTraces({ body, bornHost: `${record.bornHost.host}:${record.bornHost.port}` }),
        )
        .filter(({ messageId }) => messageId === id)
      for (const event of events.filter(({ kind }) => kind === 'sent')) {
        await context.print(
          formatted(columns, '#Type', '#ProducerGroup', '#ClientHost', '#SendTime', '#CostTimes', '#Status'),
        )
        await context.print(`${row('Pub', event)}\n`)
      }
      const handled = Map.groupBy(
        events.filter(({ kind }) => kind === 'handled'),
        ({ group }) => group,
      )
      for (const [, ofGroup] of hashOrder(handled)) {
        await context.print(
          formatted(columns, '#Type', '#ConsumerGroup', '#ClientHost', '#ConsumerTime', '#CostTimes', '#Status'),
        )
        await context.print(`${ofGroup.map((event) => row('Sub', event)).join('')}\n`)
      }
    },
  },
]

function row(type: string, { group, clientHost, timestamp = 0, costMs = 0, succeeded }: TraceEvent): string {
  const status = succeeded === true ? 'success' : 'failed'
  return formatted(columns, type, group, clientHost, localSeconds(timestamp), `${costMs}ms`, status)
}
