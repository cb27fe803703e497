import type { Admin, ReceivedMessage } from '@rocketmq-ts/client'
import { messageRow, messageRowOf } from '../messages/message-row.ts'
import { readMessages } from '../messages/reading.ts'
import type { Session } from '../session.ts'
import { type CommandGroup, command, flag, one, option, rows } from '../table/define.ts'
import { maybe, record, text, time, whole, yesNo } from '../table/record.ts'
import { CommandError } from '../usage-error.ts'
import { type Place, parsePlace, wholeNumber } from '../values.ts'
import { groupArgument } from './group.ts'
import { exists } from './topic.ts'

const deadLetterRow = record({
  group: text('Group'),
  letters: whole('Dead letters'),
  replayed: whole('Given back'),
  remaining: whole('Remaining'),
  lastStored: maybe(time('Last stored')),
})

const replayed = record({
  group: text('Group'),
  replayed: whole('Given back'),
  remaining: whole('Remaining'),
  isDryRun: yesNo('Dry run'),
})

const prefix = '%DLQ%'
const earliest: Place = { kind: 'earliest' }

/** Its offsets in topics of dead letters say how far these were given back. */
const replayGroup = 'TOOLS_DLQ_REPLAY'

export const deadLetterGroup: CommandGroup = {
  name: 'dlq',
  about: 'Dead letters: messages that a group has given up.',
  commands: [
    command({
      name: 'list',
      about: 'Shows which groups have dead letters, and how many.',
      example: 'rocketmq dlq list',
      output: rows(deadLetterRow, 'No group has dead letters.'),
      async run(session) {
        const admin = await session.admin()
        const topics = (await admin.topics({ signal: session.signal })).filter((topic) => topic.startsWith(prefix))
        return Promise.all(topics.map((topic) => stateOf(session, admin, topic.slice(prefix.length))))
      },
    }),
    command({
      name: 'show',
      about: 'Shows dead letters of a group.',
      example: 'rocketmq dlq show mailer --limit 10',
      arguments: { group: groupArgument },
      options: {
        from: option({
          placeholder: 'place',
          about: 'where to begin: earliest, -100 (the last 100), offset:7, or a time; earliest without it',
          parse: parsePlace,
        }),
        limit: option({
          placeholder: 'number',
          about: 'messages at the most',
          short: 'l',
          parse: wholeNumber(1, 100_000),
          fallback: 32,
        }),
      },
      output: rows(messageRow, 'The group has no dead letters.'),
      async run(session, { group, from = earliest, limit }) {
        const admin = await session.admin()
        if (!(await exists(admin, prefix + group, session.signal))) return []
        const found: ReceivedMessage[] = []
        const options = { topic: prefix + group, from, to: { kind: 'latest' }, filter: undefined, queues: [] } as const
        for await (const message of readMessages(session, options)) {
          found.push(message)
          if (found.length >= limit) break
        }
        return found.map(messageRowOf)
      },
    }),
    command({
      name: 'replay',
      about: 'Gives dead letters back to their group, which handles them once more. No other group gets them.',
      details:
        'How far they were given back is remembered: the next replay goes on behind that. Dead letters stay where they are until\ntheir files are deleted by age.',
      example: 'rocketmq dlq replay mailer --limit 10\nrocketmq dlq replay mailer --dry-run',
      arguments: { group: groupArgument },
      options: {
        limit: option({ placeholder: 'number', about: 'messages at the most', short: 'l', parse: wholeNumber(1) }),
        again: flag('also those that were given back already'),
        dryRun: flag('only tells how many there are'),
      },
      output: one(replayed, ({ group, replayed: count, remaining, isDryRun }) =>
        isDryRun
          ? `${count} dead letters of ${group} would be given back, and ${remaining} remain.`
          : `${count} dead letters are given back to ${group}, and ${remaining} remain.`,
      ),
      async run(session, { group, limit = Number.POSITIVE_INFINITY, again, dryRun }) {
        const admin = await session.admin()
        const topic = prefix + group
        if (!(await exists(admin, topic, session.signal))) {
          throw new CommandError(`the group ${group} has no dead letters (rocketmq dlq list shows those that have)`)
        }
        const { letters, remaining } = await stateOf(session, admin, group)
        const there = again ? letters : remaining
        const planned = Math.min(limit, there)
        if (dryRun || planned === 0) return { group, replayed: planned, remaining: there - planned, isDryRun: dryRun }
        const done = await replay(session, admin, group, planned, again)
        return { group, replayed: done, remaining: there - done, isDryRun: false }
      },
    }),
  ],
}

async function stateOf(session: Session, admin: Admin, group: string) {
  const { signal } = session
  const { queues } = await admin.describeTopic(prefix + group, { signal })
  let letters = 0
  let remaining = 0
  for (const { queue, minOffset, maxOffset } of queues) {
    const offset = (await admin.committedOffset(replayGroup, queue, { signal })) ?? minOffset
    letters += maxOffset - minOffset
    remaining += Math.max(0, maxOffset - Math.max(minOffset, offset))
  }
  const times = queues.flatMap(({ lastStoredTimestamp }) =>
    lastStoredTimestamp === undefined ? [] : [lastStoredTimestamp],
  )
  const lastStored = times.length === 0 ? undefined : Math.max(...times)
  return { group, letters, replayed: letters - remaining, remaining, lastStored }
}

/**
 * One after the other, each noted when its broker has it: an interruption gives no letter back twice but the last one.
 * Letters that are given back once more change nothing of what is noted.
 */
async function replay(session: Session, admin: Admin, group: string, count: number, again: boolean): Promise<number> {
  const { signal } = session
  const topic = prefix + group
  if (!(await admin.groups({ signal })).includes(replayGroup)) await admin.createGroup(replayGroup, {}, { signal })
  const reader = await session.reader({ topic, to: 'latest' })
  const noted = new Map<string, number>()
  for (const { queue } of await reader.lag({ signal })) {
    const offset = await admin.committedOffset(replayGroup, queue, { signal })
    if (offset === undefined) continue
    noted.set(queueName(queue), offset)
    if (!again) await reader.seek({ offset }, queue, { signal })
  }
  let done = 0
  for await (const message of reader.messages({ signal })) {
    await admin.redeliver(group, message, { signal })
    const next = message.queueOffset + 1
    if (next > (noted.get(queueName(message.queue)) ?? 0)) {
      await admin.commitOffset(replayGroup, message.queue, next, { signal })
    }
    done++
    session.progress(`${done} of ${count} are given back`)
    if (done >= count) break
  }
  session.endProgress()
  return done
}

function queueName({ broker, queueId }: ReceivedMessage['queue']): string {
  return `${broker} ${queueId}`
}
