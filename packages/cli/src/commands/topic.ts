import type { Admin, LiteTopicSettings, RocketMQError, TopicSettings } from '@rocketmq-ts/client'
import {
  argument,
  type CommandGroup,
  choice,
  command,
  flag,
  many,
  manyArguments,
  one,
  option,
  optionalChoice,
  rows,
  textOption,
} from '../table/define.ts'
import { list, map, maybe, record, text, texts, time, whole, yesNo } from '../table/record.ts'
import { CommandError, UsageError } from '../usage-error.ts'
import { nonEmpty, parseAssignment, parseDuration, wholeNumber } from '../values.ts'
import { yes } from './change-flags.ts'
import { brokerNames } from './names.ts'
import { serverNames, topicKind } from './system-names.ts'

const topicRow = record({ topic: text('Topic'), kind: text('Kind') })

const configurationRow = record({
  broker: text('Broker'),
  readQueues: whole('Read queues'),
  writeQueues: whole('Write queues'),
  access: text('Access'),
  order: yesNo('Order'),
  attributes: map('Attributes'),
})

const queueRow = record({
  broker: text('Broker'),
  queueId: whole('Queue'),
  minOffset: whole('First'),
  maxOffset: whole('Next'),
  messages: whole('Messages'),
  lastStored: maybe(time('Last stored')),
})

const topicDetails = record({
  topic: text('Topic'),
  messages: whole('Messages'),
  brokers: list('Brokers', configurationRow),
  queues: list('Queues', queueRow),
  groups: texts('Groups'),
})

const topicOutcome = record({ topic: text('Topic'), isNew: yesNo('New'), brokers: list('Brokers', configurationRow) })
const deletedTopics = record({ topics: texts('Topics') })

const accesses = ['readWrite', 'read', 'write', 'none'] as const

/** The values of the attribute message.type. */
const types = ['normal', 'fifo', 'delay', 'transaction', 'mixed', 'priority', 'lite'] as const

const settings = {
  type: optionalChoice(types, 'what its messages are; lite gives it lite topics'),
  liteExpiration: option({
    placeholder: 'duration',
    about: 'when unused lite topics go with their messages, such as 90m or 7d; never keeps them',
    parse: parseExpiration,
  }),
  readQueues: option({
    placeholder: 'number',
    about: 'queues on each broker that give messages, where that is another number',
    parse: wholeNumber(1, 65_536),
  }),
  attribute: many({
    placeholder: 'name=value',
    about: 'an attribute of RocketMQ, such as message.type=FIFO; several times for several',
    parse: parseAssignment,
  }),
  broker: many({ placeholder: 'name', about: 'only on this broker', completes: 'broker', parse: nonEmpty }),
}

export const topicArgument = argument('its name', 'topic')

export const topicGroup: CommandGroup = {
  name: 'topic',
  about: 'Topics: their queues, settings and messages.',
  commands: [
    command({
      name: 'list',
      about: 'Shows the names of topics.',
      example: 'rocketmq topic list\nrocketmq topic list --all --json',
      options: {
        all: flag('also topics of retries, of dead letters, and of RocketMQ itself', 'a'),
        filter: textOption('text', 'only those whose name has this in it'),
      },
      output: rows(topicRow, 'There is no topic yet: rocketmq topic create NAME'),
      async run(session, { all, filter = '' }) {
        const admin = await session.admin()
        const servers = serverNames(await admin.brokers({ signal: session.signal }))
        return (await admin.topics({ signal: session.signal }))
          .map((topic) => ({ topic, kind: topicKind(topic, servers) }))
          .filter(({ topic, kind }) => (all || kind === 'normal') && topic.includes(filter))
      },
    }),
    command({
      name: 'show',
      about: 'Shows a topic: its queues, settings, and the groups that consume it.',
      example: 'rocketmq topic show orders',
      arguments: { topic: topicArgument },
      output: one(topicDetails),
      async run(session, { topic }) {
        const admin = await session.admin()
        const { signal } = session
        const [{ queues, groups }, brokers] = [
          await admin.describeTopic(topic, { signal }),
          await admin.topicConfigurations(topic, { signal }),
        ]
        const shown = queues.map(({ queue, minOffset, maxOffset, lastStoredTimestamp }) => ({
          broker: queue.broker,
          queueId: queue.queueId,
          minOffset,
          maxOffset,
          messages: maxOffset - minOffset,
          lastStored: lastStoredTimestamp,
        }))
        const messages = shown.reduce((sum, queue) => sum + queue.messages, 0)
        return { topic, messages, brokers, queues: shown, groups }
      },
    }),
    command({
      name: 'create',
      about: 'Makes a topic on all brokers.',
      details: 'A topic that is there already is an error, unless --if-missing is given; then it stays as it is.',
      example:
        'rocketmq topic create orders --queues 8\nrocketmq topic create payments --type fifo\nrocketmq topic create chat --type lite --lite-expiration 7d',
      arguments: { topic: argument('its name') },
      options: {
        queues: option({
          placeholder: 'number',
          about: 'queues on each broker',
          parse: wholeNumber(1, 65_536),
          fallback: 4,
        }),
        access: choice(accesses, 'what clients may do', 'readWrite'),
        order: flag('its queues stay in the route when their broker is down'),
        ...settings,
        ifMissing: flag('does nothing when the topic is there'),
      },
      output: one(topicOutcome, ({ topic, isNew, brokers }) =>
        isNew ? `${topic} is made on ${brokerNames(brokers)}.` : `${topic} is there already.`,
      ),
      async run(session, { topic, queues, access, order, readQueues, attribute, broker, ifMissing, ...kind }) {
        const lite = liteSettings(kind)
        const admin = await session.admin()
        if (await exists(admin, topic, session.signal)) {
          if (!ifMissing) {
            throw new CommandError(
              `${topic} is there already: rocketmq topic change changes it, --if-missing accepts it`,
            )
          }
          return { topic, isNew: false, brokers: await admin.topicConfigurations(topic, { signal: session.signal }) }
        }
        const made: TopicSettings = {
          queues,
          readQueues,
          access,
          order,
          attributes: { ...typeAttribute(kind), ...Object.fromEntries(attribute) },
          lite,
          brokers: namesGiven(broker),
        }
        await admin.createTopic(topic, made, { signal: session.signal })
        return { topic, isNew: true, brokers: await admin.topicConfigurations(topic, { signal: session.signal }) }
      },
    }),
    command({
      name: 'change',
      about: 'Changes settings of a topic. What is not given stays as it is.',
      example: 'rocketmq topic change orders --queues 16\nrocketmq topic change orders --access read',
      arguments: { topic: topicArgument },
      options: {
        queues: option({ placeholder: 'number', about: 'queues on each broker', parse: wholeNumber(1, 65_536) }),
        access: optionalChoice(accesses, 'what clients may do'),
        order: optionalChoice(['true', 'false'], 'whether its queues stay in the route when their broker is down'),
        ...settings,
        removeAttribute: many({ placeholder: 'name', about: 'takes an attribute away', parse: nonEmpty }),
      },
      output: one(topicOutcome, ({ topic, brokers }) => `${topic} is changed on ${brokerNames(brokers)}.`),
      async run(session, { topic, queues, access, order, readQueues, attribute, removeAttribute, broker, ...kind }) {
        const attributes = Object.fromEntries<string | null>([
          ...Object.entries(typeAttribute(kind)),
          ...attribute,
          ...removeAttribute.map((name) => [name, null] as const),
        ])
        const changes = {
          queues,
          readQueues,
          access,
          order: order === undefined ? undefined : order === 'true',
          attributes: { ...attributes, ...expirationAttribute(kind) },
          brokers: namesGiven(broker),
        }
        const isNothing =
          [queues, readQueues, access, order].every((value) => value === undefined) &&
          Object.keys(changes.attributes).length === 0
        if (isNothing) throw new UsageError('nothing is given to change: add --queues, --access or another setting')
        const admin = await session.admin()
        return { topic, isNew: false, brokers: await admin.changeTopic(topic, changes, { signal: session.signal }) }
      },
    }),
    command({
      name: 'delete',
      about: 'Deletes topics with all of their messages.',
      example: 'rocketmq topic delete orders --yes',
      arguments: { topics: manyArguments('their names', nonEmpty, { completes: 'topic' }) },
      options: { yes, ifExists: flag('a topic that is not there is no error') },
      output: one(deletedTopics, ({ topics }) =>
        topics.length === 0 ? 'Nothing was there to delete.' : `Deleted: ${topics.join(', ')}.`,
      ),
      async run(session, { topics, yes, ifExists }) {
        const admin = await session.admin()
        const there: string[] = []
        for (const topic of topics) {
          if (await exists(admin, topic, session.signal)) there.push(topic)
          else if (!ifExists) throw new CommandError(`there is no topic ${topic}: nothing was deleted`)
        }
        if (there.length === 0) return { topics: [] }
        await session.confirm(`Delete ${there.join(', ')} with all messages`, yes)
        for (const topic of there) await admin.deleteTopic(topic, { signal: session.signal })
        return { topics: there }
      },
    }),
  ],
}

interface GivenKind {
  readonly type: (typeof types)[number] | undefined
  readonly liteExpiration: number | undefined
}

const minuteMs = 60_000

/** @returns minutes; -1 for never @throws UsageError */
function parseExpiration(text: string): number {
  if (text === 'never') return -1
  const minutes = parseDuration(text) / minuteMs
  if (Number.isInteger(minutes) && minutes > 0) return minutes
  throw new UsageError(`"${text}" is no time for lite topics: write whole minutes, such as 90m or 7d, or never`)
}

/** @throws UsageError */
function liteSettings({ type, liteExpiration }: GivenKind): LiteTopicSettings | undefined {
  if (type === 'lite') return { expirationMinutes: liteExpiration }
  if (liteExpiration !== undefined) throw new UsageError('--lite-expiration goes with --type lite')
  return undefined
}

function typeAttribute({ type }: GivenKind): Record<string, string> {
  return type === undefined ? {} : { 'message.type': type.toUpperCase() }
}

function expirationAttribute({ liteExpiration }: GivenKind): Record<string, string> {
  return liteExpiration === undefined ? {} : { 'lite.topic.expiration': String(liteExpiration) }
}

export async function exists(admin: Admin, topic: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await admin.topicConfigurations(topic, { signal })).length > 0
  } catch (error) {
    if ((error as RocketMQError).code === 'TOPIC_NOT_EXIST') return false
    throw error
  }
}

function namesGiven(names: readonly string[]): readonly string[] | undefined {
  return names.length === 0 ? undefined : names
}
