import { type RocketMQError, reservedProperties } from '@rocketmq-ts/client/raw'
import { commands, decodeMessages, parseOffsetMessageId, propertyName } from '@rocketmq-ts/protocol'
import { noneUnlessAborted } from '../describe-failure.ts'
import { CommandError, UsageError } from '../usage-error.ts'
import { decoderOf } from './charset.ts'
import { consumeDirectly, isPush, runningInfoOf } from './direct-consumption.ts'
import { formatted } from './java-text.ts'
import { printDetail } from './message-detail.ts'
import { brokerOf, pullOnce, range } from './message-tools.ts'
import { type ShownMessage, sendResultText, shownMessage } from './shown-message.ts'
import { flag, optional, required, type Tool, type ToolContext, timeOf, topic } from './tool.ts'
import { brokersInCluster, mastersOf, routeOf } from './topic-tools.ts'

const keyColumns = '%-50s %4s %40s %-200s\n'
const hourMs = 3_600_000
/** What the official client says when a key is of no message. */
export const noSuchKey = 'CODE: 208  DESC: query message by key finished, but no message.'

const bodyFormat = optional('f', 'bodyFormat', 'shows the body too, which is in this charset')
const handingOver = [
  optional('g', 'consumerGroup', 'with -d: lets a member of this group handle it at once'),
  optional('d', 'clientId', 'id of that member'),
]

/** Messages by their keys, ids and places. */
export const queryTools: readonly Tool[] = [
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
        await context.print('index type error, just support K for keys or T for tags')
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
    differs: 'Of a message of a static topic it is known whether a group has consumed it.',
    about: 'Shows a message by the id that its producer gave it.',
    options: [
      topic,
      required('i', 'msgId', 'the id'),
      optional('c', 'cluster', 'only in this cluster'),
      optional('s', 'startTime', 'stored then or later: milliseconds since 1970'),
      optional('e', 'endTime', 'stored then or before'),
      flag('a', 'showAll', 'all of them, at most 32, where it was stored several times'),
      ...handingOver,
    ],
    async run(context) {
      const [id, group, clientId] = [context.need('msgId'), context.value('consumerGroup'), context.value('clientId')]
      if (group !== undefined && clientId !== undefined) {
        const info = await runningInfoOf(context, group, clientId).catch(async (error: RocketMQError) => {
          noneUnlessAborted(error)
          await context.line(`get consumer runtime info for ${clientId} client failed `)
          context.session.warn(error.message)
        })
        if (info === undefined || !isPush(info)) {
          const why = 'is not push consumer, not support direct push'
          await context.line(`get consumer info failed or this ${clientId} client ${why} `)
          return
        }
      }
      const found = await byUniqueId(context, context.need('topic'), id)
      if (found.length === 0) throw new CommandError(noSuchKey)
      if (group !== undefined && clientId !== undefined) {
        await context.print(await consumeDirectly(context, found[0]!, group, clientId))
        return
      }
      const shown = found.toSorted((one, other) => one.record.storeTimestamp - other.record.storeTimestamp)
      for (const message of context.has('showAll') ? shown : shown.slice(0, 1)) {
        await printDetail(context, message, { withPlace: false, between: '' })
      }
    },
  },
  {
    name: 'queryMsgById',
    differs:
      '`-s true` sends a new message with an id of its own, and the official one a second message with the same id.',
    about: 'Shows messages by the ids of their places, or of their producers.',
    options: [
      topic,
      required('i', 'msgId', 'the ids, with commas between them'),
      optional('c', 'cluster', 'only in this cluster; of a light queue: the topic whose route leads to it'),
      bodyFormat,
      ...handingOver,
      optional('s', 'sendMessage', 'true: sends the messages again; false: does nothing'),
      optional('u', 'unitName', 'for the sending, of no effect: clients of units have name servers of their own'),
    ],
    async run(context) {
      const [group, clientId, send] = ['consumerGroup', 'clientId', 'sendMessage'].map((long) => context.value(long))
      const ids = context.need('msgId').split(',')
      const decode = context.value('bodyFormat') === undefined ? undefined : decoderOf(context, 'bodyFormat')
      for (const id of ids.map((part) => part.trim()).filter((part) => part !== '')) {
        if (group !== undefined && clientId !== undefined) await handOver(context, id, group, clientId)
        else if (send?.toLowerCase() === 'true') await sendAgain(context, id)
        else if (send === undefined)
          await printDetail(context, await byAnyId(context, id), { withPlace: true, between: '\n', decode })
      }
    },
  },
  {
    name: 'queryMsgByOffset',
    differs: 'Static topics are shown too.',
    about: 'Shows the message at an offset of a queue.',
    options: [
      topic,
      required('b', 'brokerName', 'name of the broker'),
      required('i', 'queueId', 'number of the queue'),
      required('o', 'offset', 'the offset'),
      bodyFormat,
      optional('r', 'routeTopic', 'the topic whose route leads to the broker, instead of its own'),
    ],
    async run(context) {
      const queue = {
        topic: context.need('topic'),
        broker: context.need('brokerName'),
        queueId: context.number('queueId', 0),
      }
      const decode = context.value('bodyFormat') === undefined ? undefined : decoderOf(context, 'bodyFormat')
      const broker = await brokerOf(context, { ...queue, topic: context.value('routeTopic') ?? queue.topic })
      const request = { offset: context.number('offset', 0), tags: '*', most: 1 }
      if (request.offset < 0) throw new UsageError(`offset is ${request.offset}: give one from 0 on`)
      const { messages } = await pullOnce(context, broker, queue, request)
      if (messages[0] === undefined) return
      await printDetail(context, messages[0], { withPlace: true, between: '\n', decode })
    },
  },
]

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
  const brokers = brokersInCluster(context, await routeOf(context, name), name)
  const now = context.session.host.now()
  const begin = context.value('beginTimestamp') ?? context.value('startTime')
  const end = context.value('endTimestamp') ?? context.value('endTime')
  const header = {
    topic: name,
    key,
    maxNum: most,
    beginTimestamp: begin === undefined ? 0 : timeOf(begin, now),
    endTimestamp: end === undefined ? Number.MAX_SAFE_INTEGER : timeOf(end, now),
    ...(isUniqueId
      ? { _UNIQUE_KEY_QUERY: true }
      : { indexType: context.value('keyType'), lastKey: context.value('lastKey') }),
  }
  const found: ShownMessage[] = []
  for (const broker of mastersOf(brokers)) {
    const answer = await context.calls.askOr(broker, commands.queryMessage, header, context.deadline, [
      'QUERY_NOT_FOUND',
    ])
    if (answer !== undefined)
      found.push(...answer.read(decodeMessages).map((record) => shownMessage(record, broker.name)))
  }
  return found
}

async function byUniqueId(context: ToolContext, name: string, id: string): Promise<ShownMessage[]> {
  const found = await byKey(context, name, id, { most: 32, isUniqueId: true })
  return found.filter(({ messageId }) => messageId === id)
}

/** By the id of its place, or of its producer. @throws CommandError when there is none */
async function byAnyId(context: ToolContext, id: string): Promise<ShownMessage> {
  const found = (await byPlace(context, id)) ?? (await byUniqueId(context, context.need('topic'), id))[0]
  if (found === undefined) throw new CommandError(noSuchKey)
  return found
}

async function handOver(context: ToolContext, id: string, group: string, clientId: string): Promise<void> {
  if (isPush(await runningInfoOf(context, group, clientId))) {
    await context.print(await consumeDirectly(context, await byAnyId(context, id), group, clientId))
  } else await context.line(`this ${clientId} client is not push consumer ,not support direct push `)
}

/** As a new message, with a new id. */
async function sendAgain(context: ToolContext, id: string): Promise<void> {
  const { record, properties, body, placeId } = await byAnyId(context, id)
  const producer = await context.session.producer({ group: 'ReSendMsgById' })
  const keys = properties
    .get(propertyName.keys)
    ?.split(' ')
    .filter((key) => key !== '')
  const message = {
    topic: record.topic,
    body,
    tag: properties.get(propertyName.tags),
    keys: keys?.length ? keys : undefined,
    shardingKey: properties.get(propertyName.shardingKey),
    liteTopic: properties.get(propertyName.liteTopic),
    properties: Object.fromEntries([...properties].filter(([name]) => !reservedProperties.has(name))),
  }
  await context.print(`prepare resend msg. originalMsgId=${placeId}`)
  await context.print(sendResultText(await producer.send(message, { signal: context.session.signal })))
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
  const [record] = answer === undefined ? [] : answer.read(decodeMessages)
  return record === undefined ? undefined : shownMessage(record, broker.brokerName)
}
