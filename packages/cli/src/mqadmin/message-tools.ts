import { answerError, type Master, readAnswer } from '@rocketmq-ts/client/raw'
import {
  commands,
  decodeMessages,
  isLightQueue,
  logicalQueues,
  newTagSubscription,
  propertyName,
  responseCodeName,
} from '@rocketmq-ts/protocol'
import { CommandError, UsageError } from '../usage-error.ts'
import { decoderOf } from './charset.ts'
import { formatted } from './java-text.ts'
import { lineText, type ShownMessage, shownMessage } from './shown-message.ts'
import { optional, required, type Tool, type ToolContext, timeOf, topic } from './tool.ts'
import { mastersOf, routeOf } from './topic-tools.ts'

const sendColumns = '%-32s  %-4s  %-20s    %s\n'
const toolGroup = 'TOOLS_CONSUMER'
export const pullMax = 32

/** What the official client calls answers to a pull that have no messages. */
const statuses: ReadonlyMap<string, string> = new Map([
  ['PULL_NOT_FOUND', 'NO_NEW_MSG'],
  ['PULL_RETRY_IMMEDIATELY', 'NO_MATCHED_MSG'],
  ['PULL_OFFSET_MOVED', 'OFFSET_ILLEGAL'],
])

export const range = [
  optional('b', 'beginTimestamp', 'stored then or later: milliseconds since 1970, or yyyy-MM-dd#HH:mm:ss:SSS'),
  optional('e', 'endTimestamp', 'stored then or before'),
]

/** Sending messages, and showing those of a queue one after the other. */
export const messageTools: readonly Tool[] = [
  {
    name: 'sendMessage',
    differs: 'The group of the producer has another name.',
    about: 'Sends a message.',
    options: [
      topic,
      required('p', 'body', 'its body'),
      optional('k', 'key', 'its keys'),
      optional('c', 'tags', 'its tag'),
      optional('b', 'broker', 'name of the broker'),
      optional('i', 'qid', 'number of the queue'),
      optional('m', 'msgTraceEnable', "true: notes it in RocketMQ's topic of traces"),
    ],
    async run(context) {
      const name = context.need('topic')
      const [broker, queueId] = [context.value('broker'), context.value('qid')]
      if (queueId !== undefined && broker === undefined)
        throw new UsageError('Broker name must be set if the queue is chosen!')
      const producer = await context.session.producer({
        group: `mqadmin-${context.session.host.now()}`,
        traceTopic: context.value('msgTraceEnable') === 'true',
      })
      const keys = context
        .value('key')
        ?.split(' ')
        .filter((key) => key !== '')
      const receipt = await producer.send(
        {
          topic: name,
          body: context.need('body'),
          keys: keys?.length ? keys : undefined,
          tag: context.value('tags'),
          ...(broker === undefined ? {} : { queue: { topic: name, broker, queueId: context.number('qid', 0) } }),
        },
        { signal: context.session.signal },
      )
      await context.print(formatted(sendColumns, '#Broker Name', '#QID', '#Send Result', '#MsgId'))
      const status = receipt.status === 'STORED' ? 'SEND_OK' : receipt.status
      await context.print(
        formatted(sendColumns, receipt.queue.broker, receipt.queue.queueId, status, receipt.messageId),
      )
    },
  },
  {
    name: 'printMsg',
    differs:
      'Static topics are shown too, and light queues of lite topics, without `-l` too and at all brokers of a cluster.',
    about: 'Shows the messages of a topic.',
    options: [
      topic,
      optional('c', 'charsetName', 'of the bodies, UTF-8 without it'),
      optional('s', 'subExpression', 'tags: A || B'),
      ...range,
      optional('d', 'printBody', 'false: without bodies'),
      optional('l', 'lmqParentTopic', 'of a light queue: the topic whose route leads to it'),
    ],
    async run(context) {
      const name = context.need('topic')
      const decode = decoderOf(context, 'charsetName')
      const tags = context.value('subExpression') ?? '*'
      const withBody = context.value('printBody') !== 'false'
      for (const queue of await queuesOf(context, name)) {
        const { min, max } = await endsOf(context, queue)
        const about = `MessageQueue [topic=${name}, brokerName=${queue.broker}, queueId=${queue.queueId}]`
        await context.line(`minOffset=${min}, maxOffset=${max}, ${about}`)
        await scan(
          context,
          queue,
          { min, max, tags },
          {
            message: (message) => context.print(lineText(message, withBody ? decode : undefined)),
            nothing: (status, offset) => context.line(`${about} no matched msg. status=${status}, offset=${offset}`),
          },
        )
        await context.line('--------------------------------------------------------')
      }
    },
  },
  {
    name: 'printMsgByQueue',
    about: 'Shows the messages of a queue, or counts them by tag.',
    options: [
      topic,
      required('a', 'brokerName', 'name of the broker'),
      required('i', 'queueId', 'number of the queue'),
      optional('c', 'charsetName', 'of the bodies, UTF-8 without it'),
      optional('s', 'subExpression', 'tags: A || B'),
      ...range,
      optional('p', 'print', 'true: shows the messages'),
      optional('d', 'printBody', 'true: with bodies'),
      optional('f', 'calculate', 'true: counts them by tag'),
    ],
    async run(context) {
      const queue = {
        topic: context.need('topic'),
        broker: context.need('brokerName'),
        queueId: context.number('queueId', 0),
      }
      const decode = decoderOf(context, 'charsetName')
      const tags = context.value('subExpression') ?? '*'
      const counts = new Map<string, number>()
      const isShown = context.value('print') === 'true'
      const withBody = context.value('printBody') === 'true'
      await scan(
        context,
        queue,
        { ...(await endsOf(context, queue)), tags },
        {
          async message(message) {
            const tag = message.properties.get(propertyName.tags)
            if (tag !== undefined) counts.set(tag, (counts.get(tag) ?? 0) + 1)
            if (isShown) await context.print(lineText(message, withBody ? decode : undefined))
          },
          async nothing() {},
        },
      )
      if (context.value('calculate') !== 'true') return
      for (const [tag, count] of [...counts].sort(([, one], [, other]) => other - one)) {
        await context.print(formatted('Tag: %-30s Count: %s\n', tag, count))
      }
    },
  },
]

export interface Queue {
  readonly topic: string
  readonly broker: string
  readonly queueId: number
}

export async function queuesOf(context: ToolContext, name: string): Promise<Queue[]> {
  const route = await routeOf(context, name)
  // A broker whose queues of a static topic have moved away has files of them still, and answers for none.
  const logical = logicalQueues(route)
  if (logical !== undefined) return logical.map(({ leader, queueId }) => ({ topic: name, broker: leader, queueId }))
  const { queueDatas } = route
  // A light queue is one at each broker.
  if (isLightQueue(name)) return queueDatas.map(({ brokerName: broker }) => ({ topic: name, broker, queueId: 0 }))
  return queueDatas.flatMap(({ brokerName: broker, readQueueNums, perm }) =>
    (perm & 4) === 0 ? [] : Array.from({ length: readQueueNums }, (_, queueId) => ({ topic: name, broker, queueId })),
  )
}

export async function brokerOf(context: ToolContext, { topic: name, broker }: Queue): Promise<Master> {
  const { brokerDatas } = await routeOf(context, name)
  const found = mastersOf(brokerDatas).find((one) => one.name === broker)
  if (found === undefined) throw new CommandError(`the route of ${name} has no broker ${broker}`)
  return found
}

/** Ends of a queue, or where times lie in it. */
export async function endsOf(
  context: ToolContext,
  queue: Queue,
): Promise<{ readonly min: number; readonly max: number }> {
  const broker = await brokerOf(context, queue)
  const place = { topic: queue.topic, queueId: queue.queueId }
  const now = context.session.host.now()
  const at = async (text: string | undefined, end: 'lower' | 'upper'): Promise<number> => {
    if (text !== undefined) {
      const header = { ...place, timestamp: timeOf(text, now), boundaryType: end }
      return (await context.ask(broker, commands.searchOffsetByTimestamp, header)).header.offset
    }
    if (end === 'lower') return (await context.ask(broker, commands.getMinOffset, place)).header.offset
    return (await context.ask(broker, commands.getMaxOffset, { ...place, committed: true })).header.offset
  }
  return {
    min: Math.max(0, await at(context.value('beginTimestamp'), 'lower')),
    max: await at(context.value('endTimestamp'), 'upper'),
  }
}

interface Pull {
  readonly offset: number
  readonly tags: string
  readonly most: number
  /** In whose name it is pulled: the tools' own without it. */
  readonly group?: string | undefined
}

/** @param broker the one that has the queue */
export async function pullOnce(
  context: ToolContext,
  broker: Master,
  queue: Queue,
  { offset, tags, most, group }: Pull,
) {
  const subscription = newTagSubscription(queue.topic, tags, 0)
  const command = commands.pullMessage
  const header = {
    consumerGroup: group ?? toolGroup,
    topic: queue.topic,
    queueId: queue.queueId,
    queueOffset: offset,
    maxMsgNums: most,
    // The subscription comes with the request.
    sysFlag: 4,
    commitOffset: 0,
    suspendTimeoutMillis: 0,
    subscription: tags,
    subVersion: 0,
    expressionType: 'TAG',
    bname: queue.broker,
  }
  const answer = await context.client.ask(broker, { command, header }, context.deadline)
  const code = responseCodeName(answer.code)
  if (code === undefined || !(code === 'SUCCESS' || code.startsWith('PULL_')))
    throw answerError(command.name, answer, queue)
  const {
    nextBeginOffset,
    minOffset: min,
    maxOffset: max,
    records,
  } = readAnswer(command.name, queue, () => ({
    ...command.responseCodec.decode(answer.extFields),
    records: code === 'SUCCESS' ? decodeMessages(answer.body ?? Buffer.alloc(0)) : [],
  }))
  const messages = records
    .map((record) => shownMessage(record, queue.broker, { min, max }))
    .filter(
      ({ properties }) =>
        subscription.tagsSet.length === 0 || subscription.tagsSet.includes(properties.get(propertyName.tags) ?? ''),
    )
  return {
    messages,
    nextOffset: nextBeginOffset,
    status: statuses.get(code) ?? 'FOUND',
  }
}

interface ScanListener {
  message(message: ShownMessage): Promise<void>
  nothing(status: string, offset: number): Promise<void>
}

async function scan(
  context: ToolContext,
  queue: Queue,
  { min, max, tags }: { readonly min: number; readonly max: number; readonly tags: string },
  listener: ScanListener,
): Promise<void> {
  const broker = await brokerOf(context, queue)
  for (let offset = min; offset < max; ) {
    const { messages, nextOffset, status } = await pullOnce(context, broker, queue, { offset, tags, most: pullMax })
    for (const message of messages) if (message.record.queueOffset < max) await listener.message(message)
    if (messages.length === 0) await listener.nothing(status, nextOffset)
    if (nextOffset <= offset) break
    offset = nextOffset
  }
}
