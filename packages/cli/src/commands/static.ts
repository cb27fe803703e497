import type { StaticTopicChange, StaticTopicDescription, StaticTopicSettings } from '@rocketmq-ts/client'
import { argument, type CommandGroup, command, many, one, option, rows } from '../table/define.ts'
import { list, maybe, type RowOf, record, text, texts, whole, yesNo } from '../table/record.ts'
import { CommandError, UsageError } from '../usage-error.ts'
import { counted, nonEmpty, wholeNumber } from '../values.ts'
import { dryRun, yes } from './change-flags.ts'
import { exists, topicArgument } from './topic.ts'

const topicRow = record({
  topic: text('Topic'),
  queues: whole('Queues'),
  leaders: texts('Leaders'),
  isUnfinished: yesNo('Unfinished'),
})

const queueRow = record({
  queueId: whole('Queue'),
  leader: maybe(text('Leader')),
  rivals: texts('Also led by'),
  parts: whole('Parts'),
})

const partRow = record({
  queueId: whole('Queue'),
  generation: whole('Generation'),
  broker: text('Broker'),
  brokerQueueId: whole('Queue there'),
  startOffset: maybe(whole('From')),
  brokerStartOffset: whole('From there'),
})

const staticDetails = record({
  topic: text('Topic'),
  epoch: whole('Epoch'),
  isUnfinished: yesNo('Unfinished'),
  brokers: texts('Brokers'),
  queues: list('Queues', queueRow),
  parts: list('Parts', partRow),
})

const changeRow = record({ queueId: whole('Queue'), before: maybe(text('Before')), after: maybe(text('After')) })

const changedTopic = record({ topic: text('Topic'), isDryRun: yesNo('Dry run'), queues: list('Queues', changeRow) })

const queuesMax = 65_536

const queues = option({
  placeholder: 'number',
  about: 'queues of the topic, on all brokers together',
  parse: wholeNumber(1, queuesMax),
})

function brokers(about: string) {
  return many({ placeholder: 'name', about, completes: 'broker', parse: nonEmpty })
}

export const staticGroup: CommandGroup = {
  name: 'static',
  about: 'Static topics: a fixed number of queues, which brokers lead and hand on to others.',
  commands: [
    command({
      name: 'list',
      about: 'Shows the static topics, and which brokers lead queues of each.',
      example: 'rocketmq static list',
      output: rows(topicRow, 'There is no static topic: rocketmq static create NAME --queues 8'),
      async run(session) {
        const { signal } = session
        const admin = await session.admin()
        const shownTopics = []
        for (const topic of await admin.staticTopics({ signal })) {
          const described = await admin.describeStaticTopic(topic, { signal })
          const leaders = described.queues.flatMap(({ leader }) => (leader === undefined ? [] : [leader]))
          const { isUnfinished, queues: all } = described
          shownTopics.push({ topic, queues: all.length, leaders: [...new Set(leaders)].sort(), isUnfinished })
        }
        return shownTopics
      },
    }),
    command({
      name: 'show',
      about: 'Shows which broker leads each queue of a static topic, and where its messages are.',
      example: 'rocketmq static show orders',
      arguments: { topic: topicArgument },
      output: one(staticDetails),
      async run(session, { topic }) {
        const admin = await session.admin()
        return shown(await admin.describeStaticTopic(topic, { signal: session.signal }))
      },
    }),
    command({
      name: 'create',
      about: 'Makes a static topic.',
      details:
        'Its number of queues is that of the whole topic, whatever brokers there are. It can grow, and never shrink.',
      example:
        'rocketmq static create orders --queues 8\nrocketmq static create orders --queues 8 --broker broker-a --dry-run',
      arguments: { topic: argument('its name') },
      options: {
        queues,
        broker: brokers('leads queues; several times for several, all brokers without it'),
        dryRun,
      },
      output: one(changedTopic, sayChange),
      async run(session, { topic, queues: count, broker, dryRun: isDryRun }) {
        const { signal } = session
        const admin = await session.admin()
        if (await exists(admin, topic, signal)) {
          throw new CommandError(`${topic} is there already: rocketmq static grow gives a static topic more queues`)
        }
        const settings = settingsOf(count, broker)
        return changeOf(await admin.createStaticTopic(topic, settings, { dryRun: isDryRun, signal }), isDryRun)
      },
    }),
    command({
      name: 'grow',
      about: 'Gives a static topic more queues.',
      details: 'Keys of messages go to other queues then. Queues that there are stay where they are.',
      example: 'rocketmq static grow orders --queues 16 --dry-run',
      arguments: { topic: topicArgument },
      options: {
        queues,
        broker: brokers(
          'leads new queues besides those that lead some; several times for several, all brokers without it',
        ),
        dryRun,
      },
      output: one(changedTopic, sayChange),
      async run(session, { topic, queues: count, broker, dryRun: isDryRun }) {
        const { signal } = session
        const settings = settingsOf(count, broker)
        const admin = await session.admin()
        // A misspelled name would make a topic.
        await admin.describeStaticTopic(topic, { signal })
        return changeOf(await admin.createStaticTopic(topic, settings, { dryRun: isDryRun, signal }), isDryRun)
      },
    }),
    command({
      name: 'move',
      about: 'Lets other brokers lead the queues of a static topic, while clients send and consume.',
      details:
        'The brokers that are named lead as many queues as each other, and all of them. Queues stay where they are when they can.\nMessages stay in any case: a broker that leads no queue any more is needed until they are deleted.',
      example:
        'rocketmq static move orders --broker broker-b --broker broker-c --dry-run\nrocketmq static move orders --broker broker-b --yes',
      arguments: { topic: topicArgument },
      options: {
        broker: brokers('is to lead queues; several times for several'),
        dryRun,
        yes,
      },
      output: one(changedTopic, sayChange),
      async run(session, { topic, broker, dryRun: isDryRun, yes: isAgreed }) {
        if (broker.length === 0) throw new UsageError('--broker is missing: those that are to lead the queues')
        const { signal } = session
        const admin = await session.admin()
        const planned = changeOf(
          await admin.moveStaticTopic(topic, { brokers: broker }, { dryRun: true, signal }),
          true,
        )
        if (isDryRun) return planned
        await session.confirm(`${changeText(planned)}\nMove queues of ${topic}`, isAgreed)
        return changeOf(await admin.moveStaticTopic(topic, { brokers: broker }, { signal }), false)
      },
    }),
    command({
      name: 'complete',
      about: 'Does what is left of a change that was interrupted.',
      details:
        '"rocketmq static show" says whether a topic is unfinished. Do not run it while another change is under way.',
      example: 'rocketmq static complete orders --dry-run',
      arguments: { topic: topicArgument },
      options: { dryRun },
      output: one(changedTopic, sayChange),
      async run(session, { topic, dryRun: isDryRun }) {
        const admin = await session.admin()
        const change = await admin.completeStaticTopic(topic, { dryRun: isDryRun, signal: session.signal })
        return changeOf(change, isDryRun)
      },
    }),
  ],
}

/** @throws UsageError */
function settingsOf(count: number | undefined, brokers: readonly string[]): StaticTopicSettings {
  if (count === undefined) throw new UsageError('--queues is missing: how many the topic is to have')
  return { queues: count, brokers: brokers.length === 0 ? undefined : brokers }
}

function shown({ topic, epoch, isUnfinished, brokers, queues: all }: StaticTopicDescription) {
  return {
    ...{ topic, epoch, isUnfinished, brokers },
    queues: all.map(({ queueId, leader, rivals, parts }) => ({ queueId, leader, rivals, parts: parts.length })),
    parts: all.flatMap(({ queueId, parts }) => parts.map((part) => ({ queueId, ...part }))),
  }
}

function changeOf({ before, after }: StaticTopicChange, isDryRun: boolean): ShownChange {
  const leaders = new Map(before?.queues.map(({ queueId, leader }) => [queueId, leader]))
  const changes = after.queues.map(({ queueId, leader }) => ({ queueId, before: leaders.get(queueId), after: leader }))
  return { topic: after.topic, isDryRun, queues: changes }
}

type ShownChange = RowOf<typeof changedTopic>

function changeText({ queues: changes }: ShownChange): string {
  return changes
    .map(({ queueId, before, after = '-' }) => {
      if (before === after) return `  queue ${queueId}: ${after}`
      return `  queue ${queueId}: ${before ?? 'new'} -> ${after}`
    })
    .join('\n')
}

function sayChange(change: ShownChange): string {
  const { topic, isDryRun, queues: changes } = change
  const isNew = changes.filter(({ before }) => before === undefined).length
  const areMoved = changes.filter(({ before, after }) => before !== undefined && before !== after).length
  const queueCount = `${counted(changes.length, 'queue')}: ${isNew} new, ${areMoved} moved`
  const what = isDryRun ? `Nothing was changed; ${topic} would have` : `${topic} has`
  return `${changeText(change)}\n${what} ${queueCount}.`
}
