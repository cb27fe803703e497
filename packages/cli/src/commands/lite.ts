import type { Admin } from '@rocketmq-ts/client'
import {
  argument,
  type CommandGroup,
  command,
  one,
  option,
  optionalArgument,
  rows,
  textOption,
} from '../table/define.ts'
import { duration, list, maybe, record, text, texts, time, whole, yesNo } from '../table/record.ts'
import { CommandError } from '../usage-error.ts'
import { wholeNumber } from '../values.ts'
import { groupArgument } from './group.ts'
import { topicArgument } from './topic.ts'

const minuteMs = 60_000

const parentRow = record({
  topic: text('Topic'),
  liteTopics: whole('Lite topics'),
  expiration: maybe(duration('Expiration')),
  groups: texts('Groups'),
  brokers: texts('Brokers'),
})

const placeRow = record({
  broker: text('Broker'),
  isChosen: yesNo('Sent to'),
  minOffset: whole('First'),
  maxOffset: whole('Next'),
  lastStored: maybe(time('Last stored')),
})

const liteTopicDetails = record({
  topic: text('Topic'),
  liteTopic: text('Lite topic'),
  messages: whole('Messages'),
  brokers: list('Brokers', placeRow),
  subscribers: list('Subscribers', record({ clientId: text('Client'), group: text('Group') })),
})

const subscriptionRow = record({
  clientId: text('Client'),
  broker: text('Broker'),
  count: maybe(whole('Lite topics')),
  liteTopics: texts('Names'),
  lastAsked: maybe(time('Last asked')),
  lastTaken: maybe(time('Last taken')),
})

const lagRow = record({
  liteTopic: text('Lite topic'),
  broker: text('Broker'),
  lag: whole('Lag'),
  oldest: maybe(time('Oldest')),
})

const lagDetails = record({
  group: text('Group'),
  topic: text('Topic'),
  lag: whole('Lag'),
  oldest: maybe(time('Oldest')),
  liteTopics: list('Lite topics', lagRow),
})

const triggered = record({ group: text('Group'), brokers: texts('Brokers') })

const liteTopicArgument = argument('its name')

export const liteGroup: CommandGroup = {
  name: 'lite',
  about: 'Lite topics: very many small ones within a topic, each with its own subscribers.',
  commands: [
    command({
      name: 'list',
      about: 'Shows the topics that have lite topics.',
      details:
        'rocketmq topic create NAME --type lite makes one, rocketmq group create NAME --lite-of TOPIC its group.',
      example: 'rocketmq lite list',
      output: rows(parentRow, 'No topic has lite topics: rocketmq topic create NAME --type lite'),
      async run(session) {
        const admin = await session.admin()
        const { signal } = session
        const names = new Set<string>()
        for (const { topics } of await admin.liteBrokers({ signal })) for (const { topic } of topics) names.add(topic)
        const shown = []
        for (const topic of [...names].sort()) {
          const parents = await admin.describeLiteParent(topic, { signal })
          const { expirationMinutes } = parents[0]!
          shown.push({
            topic,
            liteTopics: parents.reduce((sum, { liteTopics }) => sum + liteTopics, 0),
            expiration: expirationMinutes < 0 ? undefined : expirationMinutes * minuteMs,
            groups: [...new Set(parents.flatMap(({ groups }) => groups))].sort(),
            brokers: parents.map(({ broker }) => broker),
          })
        }
        return shown
      },
    }),
    command({
      name: 'show',
      about: 'Shows a lite topic: where its messages are, and who subscribes to it.',
      example: 'rocketmq lite show chat session-4711',
      arguments: { topic: topicArgument, liteTopic: liteTopicArgument },
      output: one(liteTopicDetails),
      async run(session, { topic, liteTopic }) {
        const admin = await session.admin()
        const places = await admin.describeLiteTopic(topic, liteTopic, { signal: session.signal })
        const brokers = places.map(({ lastStoredTimestamp: lastStored, ...place }) => ({ ...place, lastStored }))
        const subscribers = new Map<string, { clientId: string; group: string }>()
        // Each broker knows the same ones.
        for (const { subscribers: known } of places) {
          for (const one of known) subscribers.set(JSON.stringify([one.group, one.clientId]), one)
        }
        return {
          topic,
          liteTopic,
          messages: places.reduce((sum, { minOffset, maxOffset }) => sum + maxOffset - minOffset, 0),
          brokers,
          subscribers: [...subscribers.values()],
        }
      },
    }),
    command({
      name: 'subscriptions',
      about: 'Shows what the members of a group subscribe to.',
      example: 'rocketmq lite subscriptions sessions\nrocketmq lite subscriptions sessions CLIENT --max 1000',
      arguments: { group: groupArgument, client: optionalArgument('only this member') },
      options: {
        max: option({
          placeholder: 'number',
          about: 'lite topics of each member that are named',
          parse: wholeNumber(0, 10_000),
          fallback: 10,
        }),
      },
      output: rows(subscriptionRow, 'The group has no members at the moment.'),
      async run(session, { group, client, max }) {
        const admin = await session.admin()
        const { signal } = session
        const topic = await parentOf(admin, group, signal)
        const clients =
          client === undefined
            ? (await admin.describeGroup(group, { signal })).members.map(({ clientId }) => clientId).toSorted()
            : [client]
        const shown = []
        for (const clientId of clients) {
          const described = await admin.describeLiteClient(topic, group, clientId, { max, signal })
          shown.push(
            ...described.map(({ lastAskedTimestamp: lastAsked, lastTakenTimestamp: lastTaken, ...rest }) => {
              return { ...rest, lastAsked, lastTaken }
            }),
          )
        }
        return shown
      },
    }),
    command({
      name: 'lag',
      about: 'Shows how far a group is behind, and in which lite topics most.',
      example: 'rocketmq lite lag sessions\nrocketmq lite lag sessions session-4711',
      arguments: { group: groupArgument, liteTopic: optionalArgument('only in this lite topic') },
      options: {
        top: option({
          placeholder: 'number',
          about: 'lite topics that are named, those that are most behind',
          parse: wholeNumber(0, 1000),
          fallback: 10,
        }),
      },
      output: one(lagDetails),
      async run(session, { group, liteTopic, top }) {
        const admin = await session.admin()
        const progress = await admin.liteProgress(group, { liteTopic, top, signal: session.signal })
        const lags = progress.flatMap(({ broker, liteTopics }) =>
          liteTopics.map(({ oldestTimestamp: oldest, ...lag }) => ({ ...lag, broker, oldest })),
        )
        const most = lags.toSorted((left, right) => right.lag - left.lag)
        return {
          group,
          topic: progress[0]!.topic,
          lag: progress.reduce((sum, { lag }) => sum + lag, 0),
          oldest: oldestOf(progress.map(({ oldestTimestamp }) => oldestTimestamp)),
          liteTopics: liteTopic === undefined ? most.slice(0, top) : most,
        }
      },
    }),
    command({
      name: 'trigger',
      about: 'Lets brokers tell the members of a group at once of all messages that wait for them.',
      details: 'They do it by themselves, some seconds later where there were too many at a time.',
      example: 'rocketmq lite trigger sessions',
      arguments: { group: groupArgument },
      options: { client: textOption('id', 'only this member') },
      output: one(triggered, ({ group, brokers }) => `${brokers.join(', ')} told the members of ${group}.`),
      async run(session, { group, client }) {
        const admin = await session.admin()
        const brokers = await admin.triggerLiteDispatch(group, { clientId: client, signal: session.signal })
        return { group, brokers }
      },
    }),
  ],
}

/** The topic whose lite topics a group consumes. @throws CommandError when it consumes none */
async function parentOf(admin: Admin, group: string, signal: AbortSignal): Promise<string> {
  const configurations = await admin.groupConfigurations(group, { signal })
  const topic = configurations.find(({ lite }) => lite !== undefined)?.lite?.topic
  if (topic !== undefined) return topic
  throw new CommandError(`${group} consumes no lite topics: rocketmq group change ${group} --lite-of TOPIC`)
}

function oldestOf(timestamps: readonly (number | undefined)[]): number | undefined {
  const known = timestamps.filter((timestamp) => timestamp !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
