import type { GroupConfiguration, GroupSettings, LiteGroupSettings } from '@rocketmq-ts/client'
import {
  argument,
  type CommandGroup,
  command,
  flag,
  many,
  manyArguments,
  one,
  option,
  optionalArgument,
  optionalChoice,
  rows,
  textOption,
} from '../table/define.ts'
import { inJson, list, maybe, type RowOf, record, text, texts, whole, yesNo } from '../table/record.ts'
import { CommandError, UsageError } from '../usage-error.ts'
import { nonEmpty, wholeNumber } from '../values.ts'
import { yes } from './change-flags.ts'
import { brokerNames } from './names.ts'
import { isSystemGroup } from './system-names.ts'

const groupRow = record({ group: text('Group') })

const configurationRow = record({
  broker: text('Broker'),
  retriesMax: whole('Retries'),
  consumeEnabled: yesNo('May consume'),
  broadcastEnabled: yesNo('May broadcast'),
  order: yesNo('Order'),
  retryQueues: whole('Retry queues'),
  liteOf: maybe(text('Lite topics of')),
  isLiteExclusive: inJson(maybe(yesNo('Exclusive'))),
  isLiteWildcard: inJson(maybe(yesNo('All lite topics'))),
  liteSubscriptionsMax: inJson(maybe(whole('Subscriptions at the most'))),
})

const memberRow = record({
  clientId: text('Client'),
  address: text('Address'),
  language: text('Language'),
  version: whole('Version'),
})

const groupDetails = record({
  group: text('Group'),
  isBroadcast: yesNo('Broadcast'),
  lag: whole('Lag'),
  topics: texts('Topics'),
  brokers: list('Brokers', configurationRow),
  members: list('Members', memberRow),
  subscriptions: list('Subscriptions', record({ topic: text('Topic'), filter: text('Filter') })),
})

const groupOutcome = record({ group: text('Group'), isNew: yesNo('New'), brokers: list('Brokers', configurationRow) })
const modeRow = record({
  group: text('Group'),
  topic: text('Topic'),
  broker: text('Broker'),
  mode: text('Mode'),
  sharedQueues: whole('Shared queues'),
})

const deletedGroups = record({ groups: texts('Groups') })

export const groupArgument = argument('its name', 'group')

const settings = {
  retries: option({
    placeholder: 'number',
    about: 'deliveries after the first one, before a message becomes a dead letter',
    parse: wholeNumber(0, 1_000_000),
  }),
  consume: optionalChoice(['true', 'false'], 'whether members may consume'),
  broadcast: optionalChoice(['true', 'false'], 'whether members may broadcast'),
  order: optionalChoice(['true', 'false'], 'whether members handle messages in order'),
  retryQueues: option({ placeholder: 'number', about: 'queues of its retry topic', parse: wholeNumber(0, 1000) }),
  liteOf: textOption('topic', 'consumes lite topics of this topic', { completes: 'topic' }),
  liteExclusive: optionalChoice(['true', 'false'], 'whether a lite topic has one member at a time'),
  liteWildcard: optionalChoice(['true', 'false'], 'whether members take all lite topics, and subscribe to none'),
  liteSubscriptions: option({
    placeholder: 'number',
    about: 'lite topics that a member may subscribe to',
    parse: wholeNumber(0),
  }),
  broker: many({ placeholder: 'name', about: 'only on this broker', completes: 'broker', parse: nonEmpty }),
}

interface GivenSettings {
  readonly retries: number | undefined
  readonly consume: 'true' | 'false' | undefined
  readonly broadcast: 'true' | 'false' | undefined
  readonly order: 'true' | 'false' | undefined
  readonly retryQueues: number | undefined
  readonly liteOf: string | undefined
  readonly liteExclusive: 'true' | 'false' | undefined
  readonly liteWildcard: 'true' | 'false' | undefined
  readonly liteSubscriptions: number | undefined
  readonly broker: readonly string[]
}

export const groupGroup: CommandGroup = {
  name: 'group',
  about: 'Groups of consumers: their settings and members.',
  commands: [
    command({
      name: 'list',
      about: 'Shows the names of groups.',
      example: 'rocketmq group list',
      options: {
        all: flag('also groups of RocketMQ itself', 'a'),
        filter: textOption('text', 'only those whose name has this in it'),
      },
      output: rows(groupRow, 'There is no group yet: rocketmq group create NAME, or a consumer that connects'),
      async run(session, { all, filter = '' }) {
        const admin = await session.admin()
        return (await admin.groups({ signal: session.signal }))
          .filter((group) => (all || !isSystemGroup(group)) && group.includes(filter))
          .map((group) => ({ group }))
      },
    }),
    command({
      name: 'show',
      about: 'Shows a group: its settings, members, and what they subscribe to.',
      example: 'rocketmq group show mailer',
      arguments: { group: groupArgument },
      output: one(groupDetails),
      async run(session, { group }) {
        const admin = await session.admin()
        const { signal } = session
        const brokers = shownConfigurations(await admin.groupConfigurations(group, { signal }))
        const { members, subscriptions, isBroadcast } = await admin.describeGroup(group, { signal })
        const progress = await admin.progress(group, undefined, { signal })
        return {
          group,
          isBroadcast,
          lag: progress.reduce((sum, { lag }) => sum + lag, 0),
          topics: [...new Set(progress.map(({ queue }) => queue.topic))].sort(),
          brokers,
          members,
          subscriptions: Object.entries(subscriptions).map(([topic, filter]) => ({ topic, filter })),
        }
      },
    }),
    command({
      name: 'create',
      about: 'Makes a group on all brokers.',
      example: 'rocketmq group create mailer --retries 5\nrocketmq group create sessions --lite-of chat',
      arguments: { group: argument('its name') },
      options: { ...settings, ifMissing: flag('does nothing when the group is there') },
      output: one(groupOutcome, ({ group, isNew, brokers }) =>
        isNew ? `${group} is made on ${brokerNames(brokers)}.` : `${group} is there already.`,
      ),
      async run(session, { group, ifMissing, ...given }) {
        const admin = await session.admin()
        const { signal } = session
        if ((await admin.groups({ signal })).includes(group)) {
          if (!ifMissing) {
            throw new CommandError(
              `${group} is there already: rocketmq group change changes it, --if-missing accepts it`,
            )
          }
          const brokers = shownConfigurations(await admin.groupConfigurations(group, { signal }))
          return { group, isNew: false, brokers }
        }
        await admin.createGroup(group, groupSettings(given), { signal })
        const brokers = shownConfigurations(await admin.groupConfigurations(group, { signal }))
        return { group, isNew: true, brokers }
      },
    }),
    command({
      name: 'change',
      about: 'Changes settings of a group. What is not given stays as it is.',
      example: 'rocketmq group change mailer --consume false',
      arguments: { group: groupArgument },
      options: settings,
      output: one(groupOutcome, ({ group, brokers }) => `${group} is changed on ${brokerNames(brokers)}.`),
      async run(session, { group, ...given }) {
        const changes = groupSettings(given)
        const { brokers: _, ...values } = changes
        if (Object.values(values).every((value) => value === undefined)) {
          throw new UsageError('nothing is given to change: add --retries, --consume or another setting')
        }
        const admin = await session.admin()
        const changed = await admin.changeGroup(group, changes, { signal: session.signal })
        return { group, isNew: false, brokers: shownConfigurations(changed) }
      },
    }),
    command({
      name: 'mode',
      about: 'Shows whether groups pull or pop their topics, or sets it for a topic.',
      details:
        'By POP the broker gives each message to whoever of the group asks next, so that a group may have more members than queues.\nPush consumers that run change over within 20 s. Without a mode set, what the broker has as defaultMessageRequestMode counts.',
      example: 'rocketmq group mode\nrocketmq group mode mailer orders --set POP',
      arguments: {
        group: optionalArgument('only of this group', 'group'),
        topic: optionalArgument('only of this topic', 'topic'),
      },
      options: {
        set: optionalChoice(['PULL', 'POP'], 'what members are to do from now on'),
        sharedQueues: option({
          placeholder: 'number',
          about: 'by POP: queues of others that each member asks too; 0, for all queues, without it',
          parse: wholeNumber(0, 0x7fffffff),
        }),
        broker: settings.broker,
      },
      output: rows(modeRow, 'No mode is set: the brokers have defaultMessageRequestMode for all groups.'),
      async run(session, { group, topic, set, sharedQueues, broker }) {
        const admin = await session.admin()
        const { signal } = session
        const brokers = broker.length === 0 ? undefined : broker
        if (set !== undefined) {
          if (group === undefined || topic === undefined) throw new UsageError('--set needs a group and a topic')
          return admin.setRequestMode(group, topic, { mode: set, sharedQueues, brokers }, { signal })
        }
        if (sharedQueues !== undefined) throw new UsageError('--shared-queues goes with --set POP')
        return (await admin.requestModes({ signal })).filter(
          (one) =>
            (group === undefined || one.group === group) &&
            (topic === undefined || one.topic === topic) &&
            (brokers === undefined || brokers.includes(one.broker)),
        )
      },
    }),
    command({
      name: 'delete',
      about: 'Deletes groups, and how far they were.',
      example: 'rocketmq group delete mailer --yes',
      arguments: { groups: manyArguments('their names', nonEmpty, { completes: 'group' }) },
      options: { yes, ifExists: flag('a group that is not there is no error') },
      output: one(deletedGroups, ({ groups }) =>
        groups.length === 0 ? 'Nothing was there to delete.' : `Deleted: ${groups.join(', ')}.`,
      ),
      async run(session, { groups, yes, ifExists }) {
        const admin = await session.admin()
        const { signal } = session
        const known = new Set(await admin.groups({ signal }))
        const missing = groups.filter((group) => !known.has(group))
        if (missing.length > 0 && !ifExists) {
          throw new CommandError(`there is no group ${missing.join(', ')}: nothing was deleted`)
        }
        const there = groups.filter((group) => known.has(group))
        if (there.length === 0) return { groups: [] }
        await session.confirm(`Delete ${there.join(', ')} with all offsets`, yes)
        for (const group of there) await admin.deleteGroup(group, { signal })
        return { groups: there }
      },
    }),
  ],
}

function groupSettings(given: GivenSettings): GroupSettings {
  const { retries, consume, broadcast, order, retryQueues, broker } = given
  return {
    lite: liteSettings(given),
    retriesMax: retries,
    consumeEnabled: truth(consume),
    broadcastEnabled: truth(broadcast),
    order: truth(order),
    retryQueues,
    brokers: broker.length === 0 ? undefined : broker,
  }
}

function liteSettings({
  liteOf: topic,
  liteExclusive,
  liteWildcard,
  liteSubscriptions: subscriptionsMax,
}: GivenSettings): LiteGroupSettings | undefined {
  const lite = { topic, exclusive: truth(liteExclusive), wildcard: truth(liteWildcard), subscriptionsMax }
  return Object.values(lite).every((value) => value === undefined) ? undefined : lite
}

function shownConfigurations(configurations: readonly GroupConfiguration[]): RowOf<typeof configurationRow>[] {
  return configurations.map(({ lite, ...rest }) => ({
    ...rest,
    liteOf: lite?.topic,
    isLiteExclusive: lite?.exclusive,
    isLiteWildcard: lite?.wildcard,
    liteSubscriptionsMax: lite?.subscriptionsMax,
  }))
}

function truth(text: 'true' | 'false' | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'true'
}
