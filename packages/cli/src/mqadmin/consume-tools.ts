import { UsageError } from '../usage-error.ts'
import { decoderOf } from './charset.ts'
import { brokerOf, endsOf, pullMax, pullOnce, type Queue, queuesOf } from './message-tools.ts'
import { lineText } from './shown-message.ts'
import { optional, type Tool, type ToolContext, topic } from './tool.ts'

const countByDefault = 128

export const consumeTools: readonly Tool[] = [
  {
    name: 'consumeMessage',
    differs:
      'Not more messages come than `-c` says, over all queues together; the official one counts a queue of N messages as N + 1.',
    about: 'Shows messages from an offset on; nothing is committed.',
    options: [
      topic,
      optional('b', 'brokerName', 'name of the broker'),
      optional('i', 'queueId', 'number of the queue'),
      optional('o', 'offset', 'the first offset'),
      optional('g', 'consumerGroup', 'pulls in the name of this group'),
      optional('s', 'beginTimestamp', 'stored then or later'),
      optional('e', 'endTimestamp', 'stored then or before'),
      optional('c', 'MessageNumber', `messages at the most, ${countByDefault} without it`),
    ],
    async run(context) {
      const name = context.need('topic')
      const [broker, queueId, offset] = ['brokerName', 'queueId', 'offset'].map((long) => context.value(long))
      const count = context.number('MessageNumber', countByDefault)
      if (count < 1) throw new UsageError(`MessageNumber is ${count}: give at least 1`)
      if (queueId !== undefined && broker === undefined) throw new UsageError('give the broker of the queue: -b')
      if (offset !== undefined && queueId === undefined) throw new UsageError('give the queue of the offset: -i')
      if (broker !== undefined && queueId !== undefined) {
        await consumeQueue(context, { topic: name, broker, queueId: context.number('queueId', 0) }, count)
      } else await consumeQueues(context, await queuesOf(context, name), count)
    },
  },
]

/** The spelling is that of the official tools. */
async function consumeQueue(context: ToolContext, queue: Queue, count: number): Promise<void> {
  const ends = await endsOf(context, queue)
  const wanted = context.number('offset', ends.min)
  if (wanted > ends.max) await context.line(`${aboutOf(queue)} no matched msg, offset=${wanted}`)
  const first = Math.max(ends.min, wanted)
  const isMore = ends.max - first > count
  if (isMore) await context.line(`The oldler ${count} message will be provided`)
  await showRange(context, queue, first, isMore ? first + count : ends.max + 1)
}

async function consumeQueues(context: ToolContext, queues: readonly Queue[], count: number): Promise<void> {
  let left = count
  for (const queue of queues) {
    if (left <= 0) return
    const { min, max } = await endsOf(context, queue)
    const isMore = max - min > left
    if (isMore) await context.line(`The older ${left} message of the ${queue.queueId} queue will be provided`)
    await showRange(context, queue, min, isMore ? min + left : max + 1)
    left -= max - min
  }
}

/** Up to the offset before `end`. */
async function showRange(context: ToolContext, queue: Queue, first: number, end: number): Promise<void> {
  const decode = decoderOf(context, 'charsetName')
  const broker = await brokerOf(context, queue)
  for (let offset = first; offset < end; ) {
    const { messages, nextOffset, status } = await pullOnce(context, broker, queue, {
      ...{ offset, tags: '*', most: Math.min(pullMax, end - offset) },
      group: context.value('consumerGroup'),
    })
    if (messages.length > 0) await context.line('Consume ok')
    for (const message of messages) await context.print(lineText(message, decode))
    const isFinished = messages.length === 0 && status !== 'NO_MATCHED_MSG'
    if (messages.length === 0) {
      const what = isFinished ? 'print msg finished.' : 'no matched msg.'
      await context.line(`${aboutOf(queue)} ${what} status=${status}, offset=${nextOffset}`)
    }
    if (isFinished || nextOffset <= offset) return
    offset = nextOffset
  }
}

function aboutOf({ topic: name, broker, queueId }: Queue): string {
  return `MessageQueue [topic=${name}, brokerName=${broker}, queueId=${queueId}]`
}
