import type { OffsetChange, OffsetTarget } from '@rocketmq-ts/client'
import { argument, type CommandGroup, command, one, option, rows, textOption } from '../table/define.ts'
import { list, maybe, record, text, time, whole, yesNo } from '../table/record.ts'
import { UsageError } from '../usage-error.ts'
import { parseTime, type TimeText } from '../values.ts'
import { dryRun, yes } from './change-flags.ts'
import { groupArgument } from './group.ts'
import { needGroup, needTopicOf } from './names.ts'
import { topicArgument } from './topic.ts'

export const progressRow = record({
  topic: text('Topic'),
  broker: text('Broker'),
  queueId: whole('Queue'),
  groupOffset: whole('Group'),
  endOffset: whole('End'),
  lag: whole('Lag'),
  inFlight: maybe(whole('In flight')),
  lastDone: maybe(time('Last done')),
})

const changeRow = record({
  topic: text('Topic'),
  broker: text('Broker'),
  queueId: whole('Queue'),
  before: maybe(whole('Before')),
  after: whole('After'),
})

const changedOffsets = record({
  group: text('Group'),
  isDryRun: yesNo('Dry run'),
  changes: list('Offsets', changeRow),
})

/** Where a group is to go on. */
type Target = { readonly target: OffsetTarget } | { readonly time: TimeText }

export const offsetGroup: CommandGroup = {
  name: 'offset',
  about: 'How far groups are in their topics.',
  commands: [
    command({
      name: 'show',
      about: 'Shows how far a group is in each queue.',
      example: 'rocketmq offset show mailer',
      arguments: { group: groupArgument },
      options: { topic: textOption('name', 'only in this topic', { short: 't', completes: 'topic' }) },
      output: rows(progressRow, 'The group has no offset yet.'),
      async run(session, { group, topic }) {
        const admin = await session.admin()
        const { signal } = session
        const progress = await admin.progress(group, topic, { signal })
        if (progress.length === 0) {
          await needGroup(admin, group, signal)
          await needTopicOf(admin, topic, signal)
        }
        return progress.map(shownProgress)
      },
    }),
    command({
      name: 'change',
      about: 'Lets a group go on elsewhere in a topic. Members that are connected learn of it.',
      details: 'An offset beyond the ends of a queue becomes its end.',
      example:
        'rocketmq offset change mailer orders --to earliest --dry-run\nrocketmq offset change mailer orders --to -1h\nrocketmq offset change mailer orders --to offset:1200',
      arguments: { group: groupArgument, topic: topicArgument },
      options: {
        to: option({
          placeholder: 'place',
          about: 'earliest, latest, a time such as -1h or 2026-11-27T14:00, offset:N, or shift:-N from where it is',
          parse: parseTarget,
        }),
        dryRun,
        yes,
      },
      output: one(changedOffsets, sayChanges),
      async run(session, { group, topic, to, dryRun: isDryRun, yes }) {
        if (to === undefined) throw new UsageError('--to is missing: where the group is to go on')
        const target = 'time' in to ? to.time(session.host.now()) : to.target
        const admin = await session.admin()
        const { signal } = session
        await needGroup(admin, group, signal)
        const planned = await admin.resetOffsets(group, topic, target, { dryRun: true, signal })
        if (isDryRun) return { group, isDryRun, changes: planned.map(shownChange) }
        await session.confirm(`${changeText(planned)}\nChange where ${group} goes on in ${topic}`, yes)
        const changes = await admin.resetOffsets(group, topic, target, { signal })
        return { group, isDryRun, changes: changes.map(shownChange) }
      },
    }),
    command({
      name: 'copy',
      about: 'Lets a group go on in a topic where another group is.',
      example: 'rocketmq offset copy mailer mailer-v2 orders --dry-run',
      arguments: {
        from: argument('the group whose offsets are taken', 'group'),
        to: argument('the group that gets them', 'group'),
        topic: topicArgument,
      },
      options: { dryRun, yes },
      output: one(changedOffsets, sayChanges),
      async run(session, { from, to, topic, dryRun: isDryRun, yes }) {
        const admin = await session.admin()
        const { signal } = session
        const planned = await admin.copyOffsets(from, to, topic, { dryRun: true, signal })
        if (isDryRun) return { group: to, isDryRun, changes: planned.map(shownChange) }
        await session.confirm(`${changeText(planned)}\nChange where ${to} goes on in ${topic}`, yes)
        const changes = await admin.copyOffsets(from, to, topic, { signal })
        return { group: to, isDryRun, changes: changes.map(shownChange) }
      },
    }),
  ],
}

/** @throws UsageError */
function parseTarget(text: string): Target {
  if (text === 'earliest' || text === 'latest') return { target: text }
  const number = /^(offset|shift):([+-]?\d{1,15})$/.exec(text)
  if (number?.[1] === 'shift') return { target: { shift: Number(number[2]) } }
  if (number !== null && !number[2]!.startsWith('-')) return { target: { offset: Number(number[2]) } }
  try {
    return { time: parseTime(text) }
  } catch {
    const forms = 'earliest, latest, -1h, 2026-11-27T14:00, offset:1200 or shift:-10'
    throw new UsageError(`"${text}" is no place to go on: write ${forms}`)
  }
}

export function shownProgress(progress: {
  readonly queue: { readonly topic: string; readonly broker: string; readonly queueId: number }
  readonly groupOffset: number
  readonly endOffset: number
  readonly lag: number
  readonly deliveredOffset: number | undefined
  readonly lastDoneTimestamp: number | undefined
}) {
  const { queue, groupOffset, endOffset, lag, deliveredOffset, lastDoneTimestamp } = progress
  const inFlight = deliveredOffset === undefined ? undefined : deliveredOffset - groupOffset
  return { ...queue, groupOffset, endOffset, lag, inFlight, lastDone: lastDoneTimestamp }
}

function shownChange({ queue, before, after }: OffsetChange) {
  return { ...queue, before, after }
}

function changeText(changes: readonly OffsetChange[]): string {
  return changes
    .map(({ queue, before = '-', after }) => `  ${queue.topic} ${queue.broker} ${queue.queueId}: ${before} -> ${after}`)
    .join('\n')
}

function sayChanges({
  group,
  isDryRun,
  changes,
}: {
  readonly group: string
  readonly isDryRun: boolean
  readonly changes: readonly ReturnType<typeof shownChange>[]
}): string {
  const text = changeText(changes.map(({ before, after, ...queue }) => ({ queue, before, after })))
  return `${text}\n${isDryRun ? `Nothing was changed; ${group} would go on there.` : `${group} goes on there.`}`
}
