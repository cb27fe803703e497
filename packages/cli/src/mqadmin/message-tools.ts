import { answerError, type Master } from '@rocketmq-ts/client/raw'
import {
  type ConsumerConnection,
  commands,
  consumerConnectionBody,
  decodeMessages,
  newTagSubscription,
  parseOffsetMessageId,
  propertyName,
  responseCodeName,
  responseCodes,
  retryTopicOf,
} from '@rocketmq-ts/protocol'
import { CommandError, UsageError } from '../usage-error.ts'
import { mastersOf, resetTime } from './group-tools.ts'
import { formatted } from './java-text.ts'
import { detailText, lineText, type ShownMessage, shownMessage } from './shown-message.ts'
import { optional, required, type Tool, type ToolContext, topic } from './tool.ts'
import { groupsOf, routeOf } from './topic-tools.ts'

const keyColumns = '%-50s %4s %40s %-200s\n'
const sendColumns = '%-32s  %-4s  %-20s    %s\n'
const hourMs = 3_600_000
const bodyFolder = '/tmp/rocketmq/msgbodys'
const toolGroup = 'TOOLS_CONSUMER'
const pullMax = 32
const noSuchKey = 'CODE: 208  DESC: query message by key finished, but no message.'

const range = [
  optional('b', 'beginTimestamp', 'stored then or later: milliseconds since 1970, or yyyy-MM-dd#HH:mm:ss:SSS'),
  optional('e', 'endTimestamp', 'stored then or before'),
]

export const messageTools: readonly Tool[] = [
  {
    name: 'sendMessage',
    about: 'Sends a message.',
    options: [
      topic,
      required('p', 'body', 'its body'),
      optional('k', 'key', 'its keys'),
      optional('c', 'tags', 'its tag'),
      optional('b', 'broker', 'name of the broker'),
      optional('i', 'qid', 'number of the queue'),
    ],
    async run(context) {
      const name = context.need('topic')
      const [broker, queueId] = [context.value('broker'), context.value('qid')]
      if (queueId !== undefined && broker === undefined)
        throw new UsageError('Broker name must be set if the queue is chosen!')
      const producer = await context.session.producer({ group: `mqadmin-${context.session.host.now()}` })
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
    name: 'queryMsgByKey',
    about: 'Shows messages with a key.',
    options: [
      topic,
      required('k', 'msgKey', 'one of their keys'),
      ...range,
      optional('m', 'maxNum', 'messages at the most, 64 without it'),
      optional('p', 'keyType', 'K a key, T a tag'),
      optional(
        'l',
        'lastKey',
        'the #IndexKey that an earlier query showed last: goes on behind it where the index is in RocksDB',
      ),
      optional('c', 'cluster', 'only in this cluster'),
    ],
    async run(context) {
      const name = context.need('topic')
      const key = context.need('msgKey')
      const kind = context.value('keyType') ?? 'K'
      if (kind !== 'K' && kind !== 'T') {
        await context.line('index type error, just support K for keys or T for tags')
        return
      }
      const found = await byKey(context, name, key, { most: context.number('maxNum', 64), isUniqueId: false })
      const isTag = kind === 'T'
      const wanted = found.filter(({ properties }) =>
        isTag ? properties.get(propertyName.tags) === key : properties.get(propertyName.keys)?.split(' ').includes(key),
      )
      if (wanted.length === 0) throw new CommandError(noSuchKey)
      await context.print(formatted(keyColumns, '#Message ID', '#QID', '#Offset', '#IndexKey'))
      for (const { record, messageId } of wanted) {
        const hour = Math.floor(record.storeTimestamp / hourMs) * hourMs
        const index = `${hour}@${name}@${kind}@${key}@${messageId}@${record.physicalOffset}`
        await context.print(formatted(keyColumns, messageId, record.queueId, record.queueOffset, index))
      }
    },
  },
  {
    name: 'queryMsgByUniqueKey',
    about: 'Shows a message by the id that its producer gave it.',
    options: [
      topic,
      required('i', 'msgId', 'the id'),
      optional('c', 'cluster', 'only in this cluster'),
      optional('s', 'startTime', 'stored then or later: milliseconds since 1970'),
      optional('e', 'endTime', 'stored then or before'),
    ],
    async run(context) {
      const [message] = await byUniqueId(context, context.need('topic'), context.need('msgId'))
      if (message === undefined) throw new CommandError(noSuchKey)
      await printDetail(context, message, { withPlace: false, between: '' })
    },
  },
  {
    name: 'queryMsgById',
    about: 'Shows messages by the ids of their places, or of their producers.',
    options: [topic, required('i', 'msgId', 'the ids, with commas between them')],
    async run(context) {
      for (const id of context.need('msgId').split(',')) {
        const message =
          (await byPlace(context, id.trim())) ?? (await byUniqueId(context, context.need('topic'), id.trim()))[0]
        if (message === undefined) throw new CommandError(noSuchKey)
        await printDetail(context, message, { withPlace: true, between: '\n' })
      }
    },
  },
  {
    name: 'queryMsgByOffset',
    about: 'Shows the message at an offset of a queue.',
    options: [
      topic,
      required('b', 'brokerName', 'name of the broker'),
      required('i', 'queueId', 'number of the queue'),
      required('o', 'offset', 'the offset'),
    ],
    async run(context) {
      const queue = {
        topic: context.need('topic'),
        broker: context.need('brokerName'),
        queueId: context.number('queueId', 0),
      }
      const broker = await brokerOf(context, queue)
      const request = { offset: context.number('offset', 0), tags: '*', most: 1 }
      if (request.offset < 0) throw new UsageError(`offset is ${request.offset}: give one from 0 on`)
      const { messages } = await pullOnce(context, broker, queue, request)
      if (messages[0] === undefined) return
      await printDetail(context, messages[0], { withPlace: true, between: '\n' })
    },
  },
  {
    name: 'printMsg',
    about: 'Shows the messages of a topic.',
    options: [
      topic,
      optional('c', 'charsetName', 'only UTF-8 is known'),
      optional('s', 'subExpression', 'tags: A || B'),
      ...range,
      optional('d', 'printBody', 'false: without bodies'),
    ],
    async run(context) {
      const name = context.need('topic')
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
            message: (message) => context.print(lineText(message, withBody)),
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
      optional('c', 'charsetName', 'only UTF-8 is known'),
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
            if (isShown) await context.print(lineText(message, withBody))
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
  {
    name: 'consumeMessage',
    about: 'Shows messages from an offset on; nothing is committed.',
    options: [
      topic,
      optional('b', 'brokerName', 'name of the broker'),
      optional('i', 'queueId', 'number of the queue'),
      optional('o', 'offset', 'the first offset'),
      optional('s', 'beginTimestamp', 'stored then or later'),
      optional('e', 'endTimestamp', 'stored then or before'),
      optional('c', 'MessageNumber', 'messages at the most, 128 without it'),
    ],
    async run(context) {
      const name = context.need('topic')
      const [broker, queueId] = [context.value('brokerName'), context.value('queueId')]
      const queues =
        broker !== undefined && queueId !== undefined
          ? [{ topic: name, broker, queueId: context.number('queueId', 0) }]
          : (await queuesOf(context, name)).filter((queue) => broker === undefined || queue.broker === broker)
      let left = context.number('MessageNumber', 128)
      const found = []
      for (const queue of queues) found.push({ queue, ...(await endsOf(context, queue)) })
      const there = found.reduce((sum, { min, max }) => sum + max - Math.max(min, context.number('offset', min)), 0)
      // The spelling is that of the official tools.
      if (queues.length === 1 && there > left) await context.line(`The oldler ${left} message will be provided`)
      await context.line('Consume ok')
      for (const { queue, min, max } of found) {
        const about = `MessageQueue [topic=${name}, brokerName=${queue.broker}, queueId=${queue.queueId}]`
        const master = await brokerOf(context, queue)
        let offset = Math.max(min, context.number('offset', min))
        while (offset < max && left > 0) {
          const most = Math.min(left, pullMax)
          const pulled = await pullOnce(context, master, queue, { offset, tags: '*', most })
          for (const message of pulled.messages.slice(0, left)) {
            await context.print(lineText(message, true))
            left--
            offset = message.record.queueOffset + 1
          }
          if (pulled.messages.length === 0) offset = pulled.nextOffset > offset ? pulled.nextOffset : max
        }
        if (offset >= max) await context.line(`${about} print msg finished. status=NO_NEW_MSG, offset=${offset}`)
      }
    },
  },
]

interface Queue {
  readonly topic: string
  readonly broker: string
  readonly queueId: number
}

async function queuesOf(context: ToolContext, name: string): Promise<Queue[]> {
  const { queueDatas } = await routeOf(context, name)
  return queueDatas.flatMap(({ brokerName: broker, readQueueNums, perm }) =>
    (perm & 4) === 0 ? [] : Array.from({ length: readQueueNums }, (_, queueId) => ({ topic: name, broker, queueId })),
  )
}

async function brokerOf(context: ToolContext, { topic: name, broker }: Queue): Promise<Master> {
  const { brokerDatas } = await routeOf(context, name)
  const found = mastersOf(brokerDatas).find((one) => one.name === broker)
  if (found === undefined) throw new CommandError(`the route of ${name} has no broker ${broker}`)
  return found
}

/** Ends of a queue, or where times lie in it. */
async function endsOf(context: ToolContext, queue: Queue): Promise<{ readonly min: number; readonly max: number }> {
  const broker = await brokerOf(context, queue)
  const place = { topic: queue.topic, queueId: queue.queueId }
  const now = context.session.host.now()
  const at = async (text: string | undefined, end: 'lower' | 'upper'): Promise<number> => {
    if (text !== undefined) {
      const header = { ...place, timestamp: resetTime(text, now), boundaryType: end }
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

/** @param broker the one that has the queue */
async function pullOnce(
  context: ToolContext,
  broker: Master,
  queue: Queue,
  { offset, tags, most }: { readonly offset: number; readonly tags: string; readonly most: number },
) {
  const subscription = newTagSubscription(queue.topic, tags, 0)
  const command = commands.pullMessage
  const header = {
    consumerGroup: toolGroup,
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
  const { nextBeginOffset, minOffset: min, maxOffset: max } = command.responseCodec.decode(answer.extFields)
  const records = code === 'SUCCESS' ? decodeMessages(answer.body ?? Buffer.alloc(0)) : []
  const messages = records
    .map((record) => shownMessage(record, queue.broker, { min, max }))
    .filter(
      ({ properties }) =>
        subscription.tagsSet.length === 0 || subscription.tagsSet.includes(properties.get(propertyName.tags) ?? ''),
    )
  return {
    messages,
    nextOffset: nextBeginOffset,
    status: code === 'PULL_RETRY_IMMEDIATELY' ? 'NO_MATCHED_MSG' : 'NO_NEW_MSG',
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

interface KeyQuery {
  readonly most: number
  readonly isUniqueId: boolean
}

export async function byKey(
  context: ToolContext,
  name: string,
  key: string,
  { most, isUniqueId }: KeyQuery,
): Promise<ShownMessage[]> {
  const { brokerDatas } = await routeOf(context, name)
  const now = context.session.host.now()
  const begin = context.value('beginTimestamp') ?? context.value('startTime')
  const end = context.value('endTimestamp') ?? context.value('endTime')
  const header = {
    topic: name,
    key,
    maxNum: most,
    beginTimestamp: begin === undefined ? 0 : resetTime(begin, now),
    endTimestamp: end === undefined ? Number.MAX_SAFE_INTEGER : resetTime(end, now),
    ...(isUniqueId
      ? { _UNIQUE_KEY_QUERY: true }
      : { indexType: context.value('keyType'), lastKey: context.value('lastKey') }),
  }
  const found: ShownMessage[] = []
  for (const broker of mastersOf(brokerDatas)) {
    const answer = await context.calls.askOr(broker, commands.queryMessage, header, context.deadline, [
      'QUERY_NOT_FOUND',
    ])
    if (answer !== undefined)
      found.push(...decodeMessages(answer.body).map((record) => shownMessage(record, broker.name)))
  }
  return found
}

async function byUniqueId(context: ToolContext, name: string, id: string): Promise<ShownMessage[]> {
  const found = await byKey(context, name, id, { most: 32, isUniqueId: true })
  return found.filter(({ messageId }) => messageId === id)
}

async function byPlace(context: ToolContext, id: string): Promise<ShownMessage | undefined> {
  let place: ReturnType<typeof parseOffsetMessageId>
  try {
    place = parseOffsetMessageId(id)
  } catch {
    return undefined
  }
  const address = `${place.host}:${place.port}`
  const { brokerAddrTable } = await context.clusterInfo()
  // The id that a producer gives looks the same: only an address of a broker is asked.
  const broker = [...brokerAddrTable.values()].find(({ brokerAddrs }) => [...brokerAddrs.values()].includes(address))
  if (broker === undefined) return undefined
  const header = { offset: place.physicalOffset }
  const answer = await context.calls.askOr(
    { name: broker.brokerName, address },
    commands.viewMessageById,
    header,
    context.deadline,
    ['SYSTEM_ERROR'],
  )
  const [record] = answer === undefined ? [] : decodeMessages(answer.body)
  return record === undefined ? undefined : shownMessage(record, broker.brokerName)
}

async function printDetail(
  context: ToolContext,
  message: ShownMessage,
  { withPlace, between }: { readonly withPlace: boolean; readonly between: string },
): Promise<void> {
  const path = `${bodyFolder}/${bodyFileName(message)}`
  await context.session.host.replacePrivateFile(path, message.body)
  await context.print(detailText(message, path, withPlace))
  const route = await routeOf(context, message.record.topic)
  const groups = await groupsOf(context, route, message.record.topic)
  await context.print('\n\n')
  for (const group of groups) await context.print(`${await trackOf(context, group, message)}${between}`)
}

/** The id is a property that any producer may have set: what could lead out of the folder names no file. */
function bodyFileName({ messageId, placeId }: Pick<ShownMessage, 'messageId' | 'placeId'>): string {
  return /^[\w-][\w.@#:-]{0,199}$/.test(messageId) ? messageId : placeId
}

/** What became of a message in a group. */
async function trackOf(context: ToolContext, group: string, message: ShownMessage): Promise<string> {
  const track = (type: string, why: string | null): string =>
    `MessageTrack [consumerGroup=${group}, trackType=${type}, exceptionDesc=${why}]`
  const { topic: name, queueId, queueOffset } = message.record
  const broker = await brokerOf(context, { topic: name, broker: message.broker, queueId })
  const retry = await routeOf(context, retryTopicOf(group)).catch(() => undefined)
  const [member = broker] = retry === undefined ? [] : mastersOf(retry.brokerDatas)
  const command = commands.getConsumerConnectionList
  const answer = await context.client.ask(member, { command, header: { consumerGroup: group } }, context.deadline)
  if (answer.code !== responseCodes.SUCCESS.code) {
    const type = responseCodeName(answer.code) === 'CONSUMER_NOT_ONLINE' ? 'NOT_ONLINE' : 'UNKNOWN'
    return track(type, `CODE:${answer.code} DESC:${answer.remark}`)
  }
  const connections: ConsumerConnection = consumerConnectionBody.decode(answer.body ?? Buffer.alloc(0))
  if (connections.consumeType === 'CONSUME_ACTIVELY') return track('PULL', null)
  if (connections.messageModel === 'BROADCASTING') return track('CONSUME_BROADCASTING', null)
  const header = { consumerGroup: group, topic: name, queueId, setZeroIfNotFound: false }
  const committed = await context.calls.askOr(broker, commands.queryConsumerOffset, header, context.deadline, [
    'QUERY_NOT_FOUND',
  ])
  if (committed === undefined || committed.header.offset <= queueOffset) return track('NOT_CONSUME_YET', null)
  const wanted = connections.subscriptionTable.get(name)?.tagsSet ?? []
  const tag = message.properties.get(propertyName.tags) ?? ''
  const isFiltered = wanted.length > 0 && !wanted.includes('*') && !wanted.includes(tag)
  return track(isFiltered ? 'CONSUMED_BUT_FILTERED' : 'CONSUMED', null)
}
