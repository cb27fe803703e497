import { readAnswer } from '@rocketmq-ts/client/raw'
import {
  type ConsumerConnection,
  commands,
  consumerConnectionBody,
  decodeMessages,
  parseOffsetMessageId,
  propertyName,
  responseCodeName,
  responseCodes,
  retryTopicOf,
} from '@rocketmq-ts/protocol'
import { CommandError, UsageError } from '../usage-error.ts'
import { formatted } from './java-text.ts'
import { brokerOf, pullOnce, range } from './message-tools.ts'
import { detailText, type ShownMessage, shownMessage } from './shown-message.ts'
import { optional, required, type Tool, type ToolContext, timeOf, topic } from './tool.ts'
import { brokersInCluster, groupsOf, mastersOf, routeOf } from './topic-tools.ts'

const keyColumns = '%-50s %4s %40s %-200s\n'
const hourMs = 3_600_000
const bodyFolder = '/tmp/rocketmq/msgbodys'
const noSuchKey = 'CODE: 208  DESC: query message by key finished, but no message.'

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
  const connections: ConsumerConnection = readAnswer(command.name, { broker: member.name }, () =>
    consumerConnectionBody.decode(answer.body ?? Buffer.alloc(0)),
  )
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
