import type { LiteSimpleConsumer, ReceivedMessage, SimpleConsumer } from '@rocketmq-ts/client'
import { defaultFormat, formatHelp, parseFormat } from '../messages/message-format.ts'
import { messageRow, messageRowOf } from '../messages/message-row.ts'
import { needTopic, parseQueue, readMessages } from '../messages/reading.ts'
import { recordLine } from '../output/print.ts'
import type { Session } from '../session.ts'
import { command, flag, many, option, ownLines, textOption } from '../table/define.ts'
import { CommandError, UsageError } from '../usage-error.ts'
import { nonEmpty, type Place, parsePlace, wholeNumber } from '../values.ts'
import { topicArgument } from './topic.ts'

const latest: Place = { kind: 'latest' }

export const consumeCommand = command({
  name: 'consume',
  about: 'Shows messages of a topic: what comes, or what is there.',
  details:
    'Without --group nothing is committed, and no group notices. With it, this becomes a member of the group: a message\ncounts as done when it is written.',
  example:
    "rocketmq consume orders\nrocketmq consume orders --from -1h --to latest --json\nrocketmq consume orders --from -10 --format '%k %v\\n'\nrocketmq consume orders --group mailer --count 1\nrocketmq consume orders --group mailer --pop\nrocketmq consume chat --group sessions --lite-topic session-4711",
  arguments: { topic: topicArgument },
  options: {
    from: option({
      placeholder: 'place',
      about:
        'where to begin: earliest, latest, -100 (the last 100), offset:7, or a time such as -1h; latest without it',
      parse: parsePlace,
    }),
    to: option({ placeholder: 'place', about: 'where to end: latest, or a time', parse: parsePlace }),
    exit: flag('ends with what is there, as --to latest', 'e'),
    count: option({ placeholder: 'number', about: 'ends after so many messages', short: 'c', parse: wholeNumber(1) }),
    filter: textOption('tags', 'only messages with these tags: "new || paid"'),
    sql: textOption('expression', 'only messages whose properties fit: "size > 5"'),
    key: textOption('key', 'only messages with this key'),
    queue: many({ placeholder: 'broker:number', about: 'only of this queue', parse: parseQueue }),
    liteTopic: many({
      placeholder: 'name',
      about: 'only of this lite topic; with --group it subscribes to it',
      parse: nonEmpty,
    }),
    group: textOption('name', 'consumes as a member of this group', { short: 'g', completes: 'group' }),
    pop: flag('with --group: takes messages by POP, beside any number of others that do'),
    format: textOption('format', `how each is written: ${formatHelp}`, { short: 'f' }),
  },
  output: ownLines(messageRow),
  async run(session, given) {
    const { topic, from, to, exit, count, filter, sql, key, queue, liteTopic: liteTopics, group, pop, format } = given
    if (filter !== undefined && sql !== undefined) throw new UsageError('give --filter or --sql')
    if (exit && to !== undefined) throw new UsageError('give --to or --exit')
    const end = exit ? latest : to
    const wanted = sql === undefined ? filter : { sql }
    const written = writer(session, format ?? defaultFormat)
    const isWanted = ({ keys, liteTopic = '' }: ReceivedMessage) =>
      (key === undefined || keys.includes(key)) && (liteTopics.length === 0 || liteTopics.includes(liteTopic))
    if (group !== undefined) {
      if (end !== undefined || queue.length > 0) throw new UsageError('--to, --exit and --queue do not go with --group')
      const reading = { topic, group, from, filter: wanted, count, isWanted, written }
      await needTopic(session, await session.reader({ topic }))
      if (liteTopics.length > 0) return consumeLite(session, reading, liteTopics)
      return pop ? consumeByPop(session, reading) : consumeInGroup(session, reading)
    }
    if (pop) throw new UsageError('--pop goes with --group: messages are given to a group')
    let left = count ?? Number.POSITIVE_INFINITY
    const options = {
      topic,
      from: from ?? (end === undefined ? latest : { kind: 'earliest' }),
      to: end,
      filter: wanted,
      queues: queue,
    } as const
    for await (const message of readMessages(session, options)) {
      if (!isWanted(message)) continue
      await written(message)
      if (--left <= 0 || session.signal.aborted) break
    }
    return 0
  },
})

function writer(session: Session, format: string): (message: ReceivedMessage) => Promise<void> {
  const { host, isJson } = session
  if (isJson) return (message) => host.write(recordLine(messageRow, messageRowOf(message)))
  const formatted = parseFormat(format, host.isTerminal.output)
  return (message) => host.write(formatted(message))
}

interface GroupReading {
  readonly topic: string
  readonly group: string
  readonly from: Place | undefined
  readonly filter: string | { readonly sql: string } | undefined
  readonly count: number | undefined
  isWanted(message: ReceivedMessage): boolean
  written(message: ReceivedMessage): Promise<void>
}

/** Handlers that must not end are waited for so long. */
const closeTimeoutMs = 200

async function consumeInGroup(session: Session, reading: GroupReading): Promise<number> {
  const { topic, group, filter = '*', count, isWanted, written } = reading
  const from = groupStart(session, reading.from)
  const { signal } = session
  const ended = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => ended.resolve(), { once: true })
  let left = count ?? Number.POSITIVE_INFINITY
  const consumer = await session.consumer({
    group,
    topics: { [topic]: filter },
    from,
    concurrency: 1,
    closeTimeoutMs,
    async handler(message) {
      // What comes behind the last one stays undone: its handler ends with the process.
      if (left <= 0 || signal.aborted) await new Promise<void>(() => {})
      if (!isWanted(message)) return
      await written(message)
      if (session.host.outputClosed.aborted) await new Promise<void>(() => {})
      if (--left <= 0) ended.resolve()
    },
  })
  await consumer.start({ signal })
  sayMember(session, group)
  await ended.promise
  return 0
}

/** A filter would leave messages in a lite topic that nobody takes. */
async function consumeLite(session: Session, reading: GroupReading, liteTopics: readonly string[]): Promise<number> {
  const { topic, group, from, filter } = reading
  if (filter !== undefined) throw new UsageError('--filter and --sql do not go with --lite-topic in a group')
  if (from !== undefined) throw new UsageError('--from does not go with --lite-topic in a group')
  const { signal } = session
  const consumer = await session.liteSimpleConsumer({ group, topic, liteTopics })
  await consumer.start({ signal })
  sayMember(session, group)
  return consumeReceived(session, reading, consumer)
}

/** Messages of one request: what is not written at the end comes again soon. */
const receivedMax = 32
const givenBackMs = 1000

async function consumeByPop(session: Session, reading: GroupReading): Promise<number> {
  const { topic, group, filter = '*' } = reading
  const { signal } = session
  const from = groupStart(session, reading.from)
  await refusePullers(session, group, topic)
  const consumer = await session.simpleConsumer({ group, topics: { [topic]: filter }, from })
  await consumer.start({ signal })
  sayMember(session, group)
  return consumeReceived(session, reading, consumer)
}

async function consumeReceived(
  session: Session,
  { count, isWanted, written }: GroupReading,
  consumer: SimpleConsumer | LiteSimpleConsumer,
): Promise<number> {
  const { signal } = session
  let left = count ?? Number.POSITIVE_INFINITY
  const isOver = (): boolean => left <= 0 || signal.aborted || session.host.outputClosed.aborted
  while (!isOver()) {
    const messages = await consumer.receive({ max: Math.min(receivedMax, left), signal }).catch((error: Error) => {
      // An interruption is an end like any other.
      if (signal.aborted) return []
      throw error
    })
    for (const message of messages) {
      if (isOver()) {
        await consumer.changeInvisible(message, givenBackMs)
        continue
      }
      if (isWanted(message)) {
        await written(message)
        left--
      }
      await consumer.ack(message)
    }
  }
  return 0
}

/** What members pull they would get although it was given out by POP. @throws CommandError */
async function refusePullers(session: Session, group: string, topic: string): Promise<void> {
  const admin = await session.admin()
  const { signal } = session
  const { members, subscriptions } = await admin.describeGroup(group, { signal })
  if (members.length === 0 || subscriptions[`%RETRY%${group}`] === undefined) return
  const modes = await admin.requestModes({ signal })
  if (modes.some((one) => one.group === group && one.topic === topic && one.mode === 'POP')) return
  throw new CommandError(
    `members of ${group} pull ${topic}, and would get the same messages: rocketmq group mode ${group} ${topic} --set POP lets them pop`,
  )
}

/** @throws UsageError */
function groupStart(session: Session, from: Place = latest): 'earliest' | 'latest' | number {
  if (from.kind === 'last' || from.kind === 'offset') {
    throw new UsageError('--from: with --group use earliest, latest or a time; it counts for a group that is new')
  }
  return from.kind === 'time' ? from.time(session.host.now()) : from.kind
}

function sayMember(session: Session, group: string): void {
  session.note(`A member of the group ${group}: what is written counts as done. Ctrl-C ends it.`)
}
