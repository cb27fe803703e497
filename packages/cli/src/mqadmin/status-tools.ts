import {
  type ConsumeQueueData,
  type ConsumerRunningInfo,
  commands,
  consumeQueueQueryBody,
  type MessageQueue,
} from '@rocketmq-ts/protocol'
import { noneUnlessAborted } from '../describe-failure.ts'
import { CommandError } from '../usage-error.ts'
import { connectionsOf } from './client-tools.ts'
import { isPush, runningInfoOf } from './direct-consumption.ts'
import { formatted, localSeconds, prettyJson, versionName } from './java-text.ts'
import { flag, optional, required, type Tool, type ToolContext, topic } from './tool.ts'
import { mastersOf, routeOf } from './topic-tools.ts'

const memberColumns = '%-10s %-40s %-20s %s\n'
const queueColumns = '%-64s  %-32s  %-4s  %-20s\n'
const offsetRow = '%-32s  %-32s  %-4s  %-20s\n'
const queueRow = '%-64s  %-32s  %-4s  %s\n'
const popRow = '%-32s  %-32s  %-4s  %s\n'
const rateColumns = '%-64s  %14s %14s %14s %14s %18s %25s\n'
const rateRow = '%-32s  %14s %14s %14s %14s %18s %25s\n'
const ruler = '======================================\n'

/** A member whose messages waited so long, while none was handled, may be blocked. */
const blockedMs = 60_000
/** Subscriptions of members that began less long ago may still be on their way. */
const settledMs = 120_000

export const statusTools: readonly Tool[] = [
  {
    name: 'consumerStatus',
    about: 'Shows what members of a group tell of themselves.',
    options: [
      required('g', 'consumerGroup', 'name of the group'),
      optional('i', 'clientId', 'only this member, in full'),
      optional('b', 'brokerAddr', 'as this broker knows the group'),
      flag('s', 'jstack', 'with what its threads do'),
    ],
    async run(context) {
      const group = context.need('consumerGroup')
      const { connectionSet } = await connectionsOf(context, group)
      const clientId = context.value('clientId')
      if (clientId !== undefined) await context.print(statusText(await runningInfoOf(context, group, clientId)))
      else await printMembers(context, group, connectionSet)
    },
  },
  {
    name: 'queryCq',
    about: 'Shows units of a consume queue.',
    options: [
      topic,
      required('q', 'queue', 'number of the queue'),
      required('i', 'index', 'offset of the first unit'),
      optional('c', 'count', 'units, 10 without it'),
      optional('b', 'broker', 'address of the broker'),
      optional('g', 'consumer', 'with what this group would get of them'),
    ],
    async run(context) {
      const name = context.need('topic')
      const index = context.number('index', 0)
      const address = context.value('broker') ?? mastersOf((await routeOf(context, name)).brokerDatas)[0]?.address
      if (address === undefined) throw new CommandError('No topic route data!')
      const { read } = await context.ask({ name: address, address }, commands.queryConsumeQueue, {
        ...{ topic: name, queueId: context.number('queue', 0), index, count: context.number('count', 10) },
        consumerGroup: context.value('consumer'),
      })
      const { subscriptionData, filterData, maxQueueIndex, minQueueIndex, queueData } = read(
        consumeQueueQueryBody.decode,
      )
      if (subscriptionData !== undefined) {
        await context.print(`Subscription data: \n${subscriptionJson(subscriptionData)}\n${ruler}`)
      }
      if (filterData !== undefined) await context.print(`Filter data: \n${filterData}\n${ruler}`)
      await context.print(`Queue data: \nmax: ${maxQueueIndex}, min: ${minQueueIndex}\n${ruler}`)
      for (const [at, unit] of (queueData ?? []).entries()) {
        await context.print(`idx: ${index + at}\n${unitText(unit)}\n${ruler}`)
      }
    },
  },
]

/** The official tools print an empty set on three lines. */
function subscriptionJson(subscription: object): string {
  return prettyJson(subscription as never).replaceAll(/^(\t+)("(?:code|tags)Set":)\[\]/gm, '$1$2[\n$1\t\n$1]')
}

/** What each member tells goes to a file of its own, as with the official tools. */
async function printMembers(
  context: ToolContext,
  group: string,
  connections: readonly { readonly clientId?: string | undefined; readonly version: number }[],
): Promise<void> {
  const now = context.session.host.now()
  const told = new Map<string, ConsumerRunningInfo>()
  await context.print(formatted(memberColumns, '#Index', '#ClientId', '#Version', '#ConsumerRunningInfoFile'))
  for (const { clientId = '', version } of connections) {
    const info = await runningInfoOf(context, group, clientId).catch((error: Error) => {
      noneUnlessAborted(error)
      context.session.warn(`${clientId} tells nothing of itself: ${error.message}`)
    })
    if (info === undefined) continue
    told.set(clientId, info)
    const path = `${now}/${fileNameOf(clientId, told.size)}`
    await context.session.host.replacePrivateFile(path, statusText(info))
    await context.print(formatted(memberColumns, told.size, clientId, versionName(version), path))
  }
  if (told.size === 0) return
  const sorted = [...told].sort(([one], [other]) => (one < other ? -1 : 1))
  if (
    !isSameSubscription(
      sorted.map(([, info]) => info),
      now,
    )
  ) {
    await context.print('\n\nWARN: Different subscription in the same group of consumer!!!')
    return
  }
  await context.print('\n\nSame subscription in the same group of consumer\n\nRebalance OK\n')
  for (const [clientId, info] of sorted) await context.print(complaints(clientId, info, now))
}

/** Any client gives itself an id: what could lead out of the folder names no file. */
function fileNameOf(clientId: string, number: number): string {
  return /^[\w-][\w.@#:-]{0,199}$/.test(clientId) ? clientId : `member-${number}`
}

function isSameSubscription(infos: readonly ConsumerRunningInfo[], nowMs: number): boolean {
  const [first] = infos
  const startedMs = Number(first!.properties.get('PROP_CONSUMER_START_TIMESTAMP') ?? nowMs)
  if (!isPush(first!) || nowMs - startedMs <= settledMs) return true
  return new Set(infos.map(subscriptionsText)).size === 1
}

function subscriptionsText({ subscriptionSet }: ConsumerRunningInfo): string {
  return JSON.stringify(
    subscriptionSet
      .map(({ topic: name, subString, expressionType }) => `${name} ${subString} ${expressionType}`)
      .sort(),
  )
}

/** Queues in which nothing goes on. */
function complaints(clientId: string, info: ConsumerRunningInfo, nowMs: number): string {
  if (!isPush(info)) return ''
  const isOrdered = info.properties.get('PROP_CONSUMEORDERLY') === 'true'
  return sortedQueues(info.mqTable)
    .map(([queue, state]) => {
      const about = `${clientId} MessageQueue [topic=${queue.topic}, brokerName=${queue.brokerName}, queueId=${queue.queueId}]`
      if (isOrdered) {
        if (state.locked !== true)
          return `${about} can't lock for a while, ${nowMs - numberIn(state, 'lastLockTimestamp')}ms\n`
        const tries = numberIn(state, 'tryUnlockTimes')
        return state.droped === true && tries > 0 ? `${about} unlock ${tries} times, still failed\n` : ''
      }
      const idleMs = nowMs - numberIn(state, 'lastConsumeTimestamp')
      const isBlocked = idleMs > blockedMs && numberIn(state, 'cachedMsgCount') > 0
      return isBlocked ? `${about} can't consume for a while, maybe blocked, ${idleMs}ms\n` : ''
    })
    .join('')
}

type State = Readonly<Record<string, unknown>>

function sortedQueues(table: readonly (readonly [MessageQueue, unknown])[]): [MessageQueue, State][] {
  const keyOf = ({ topic: name, brokerName, queueId }: MessageQueue): string =>
    JSON.stringify([name, brokerName, String(queueId + 1).padStart(10, '0')])
  return table
    .map(([queue, state]): [MessageQueue, State] => [queue, stateOf(state)])
    .sort(([one], [other]) => (keyOf(one) < keyOf(other) ? -1 : 1))
}

/** Objects of JSON that nobody reads further come as maps or as objects. */
function stateOf(value: unknown): State {
  if (value instanceof Map) return Object.fromEntries(value)
  return typeof value === 'object' && value !== null ? (value as State) : {}
}

function numberIn(state: State, name: string): number {
  return Number(state[name] ?? 0)
}

function statusText(info: ConsumerRunningInfo): string {
  const { properties, subscriptionSet, mqTable, mqPopTable, statusTable, userConsumerInfo, jstack } = info
  const pairs = (entries: Iterable<readonly [string, unknown]>): string =>
    [...entries].map(([name, value]) => formatted('%-40s: %s\n', name, value)).join('')
  const named = ({ topic: name, brokerName, queueId }: MessageQueue) => [name, brokerName, queueId]
  const titles = (last: string) => ['#Topic', '#Broker Name', '#QID', last]
  const queues = sortedQueues(mqTable)
  const rates = [
    '#Pull RT',
    '#Pull TPS',
    '#Consume RT',
    '#ConsumeOK TPS',
    '#ConsumeFailed TPS',
    '#ConsumeFailedMsgsInHour',
  ]
  return [
    '#Consumer Properties#\n',
    pairs(properties),
    '\n\n#Consumer Subscription#\n',
    ...subscriptionSet
      .toSorted((one, other) => (`${one.topic}@${one.subString}` < `${other.topic}@${other.subString}` ? -1 : 1))
      .map(({ topic: name, classFilterMode, subString }, index) => {
        const fields = [index + 1, name, classFilterMode, subString]
        return formatted('%03d Topic: %-40s ClassFilter: %-8s SubExpression: %s\n', ...fields)
      }),
    '\n\n#Consumer Offset#\n',
    formatted(queueColumns, ...titles('#Consumer Offset')),
    ...queues.map(([queue, state]) => formatted(offsetRow, ...named(queue), numberIn(state, 'commitOffset'))),
    '\n\n#Consumer MQ Detail#\n',
    formatted(queueColumns, ...titles('#ProcessQueueInfo')),
    ...queues.map(([queue, state]) => formatted(queueRow, ...named(queue), pulledText(state))),
    '\n\n#Consumer Pop Detail#\n',
    formatted('%-32s  %-32s  %-4s  %-20s\n', ...titles('#ProcessQueueInfo')),
    ...sortedQueues(mqPopTable).map(([queue, state]) => formatted(popRow, ...named(queue), poppedText(state))),
    '\n\n#Consumer RT&TPS#\n',
    formatted(rateColumns, '#Topic', ...rates),
    ...[...statusTable]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, { pullRT, pullTPS, consumeRT, consumeOKTPS, consumeFailedTPS, consumeFailedMsgs }]) => {
        const numbers = [pullRT, pullTPS, consumeRT, consumeOKTPS, consumeFailedTPS].map((rate) => rate.toFixed(2))
        return formatted(rateRow, name, ...numbers, consumeFailedMsgs)
      }),
    '\n\n#User Consume Info#\n',
    pairs([...userConsumerInfo].sort(([one], [other]) => (one < other ? -1 : 1))),
    ...(jstack === undefined ? [] : ['\n\n#Consumer jstack#\n', jstack]),
  ].join('')
}

/** Fields of a queue that is pulled, in the order and the words of the official tools. */
function pulledText(state: State): string {
  const fields = [
    ...['commitOffset', 'cachedMsgMinOffset', 'cachedMsgMaxOffset', 'cachedMsgCount', 'cachedMsgSizeInMiB'],
    ...['transactionMsgMinOffset', 'transactionMsgMaxOffset', 'transactionMsgCount', 'locked', 'tryUnlockTimes'],
    ...['lastLockTimestamp', 'droped', 'lastPullTimestamp', 'lastConsumeTimestamp'],
  ].map((name) => {
    const value = state[name] ?? (name === 'locked' || name === 'droped' ? false : 0)
    return `${name}=${name.endsWith('Timestamp') ? digitsOfTime(Number(value)) : value}`
  })
  return `ProcessQueueInfo [${fields.join(', ')}]`
}

function poppedText(state: State): string {
  const [count, time] = ['waitAckCount', 'lastPopTimestamp'].map((name) => numberIn(state, name))
  return `PopProcessQueueInfo [waitAckCount:${count}, droped:${state.droped ?? false}, lastPopTimestamp:${time}]`
}

/** `20261127153000123` */
function digitsOfTime(ms: number): string {
  return `${localSeconds(ms).replaceAll(/\D/g, '')}${String(new Date(ms).getMilliseconds()).padStart(3, '0')}`
}

function unitText(unit: ConsumeQueueData): string {
  const { physicOffset, physicSize, tagsCode, extendDataJson, bitMap, eval: isWanted, msg } = unit
  const quoted = (text: string | undefined): string => `'${text ?? null}'`
  return `ConsumeQueueData{physicOffset=${physicOffset}, physicSize=${physicSize}, tagsCode=${tagsCode}, extendDataJson=${quoted(extendDataJson)}, bitMap=${quoted(bitMap)}, eval=${isWanted}, msg=${quoted(msg)}}`
}
