import type { QueueProgress } from '@rocketmq-ts/client'
import { recordLine, recordsJson, recordTable } from '../output/print.ts'
import type { Session } from '../session.ts'
import { command, flag, option, optionalArgument, own, textOption } from '../table/define.ts'
import { maybe, record, text, time, whole } from '../table/record.ts'
import { parseDuration } from '../values.ts'
import { needGroup, needTopicOf } from './names.ts'
import { progressRow, shownProgress } from './offset.ts'
import { isSystemGroup } from './system-names.ts'

export const lagRow = record({
  group: text('Group'),
  topic: text('Topic'),
  queues: whole('Queues'),
  lag: whole('Lag'),
  lastDone: maybe(time('Last done')),
})

const watchedRow = record({ time: time('Time'), ...lagRow.fields })

export const lagCommand = command({
  name: 'lag',
  about: 'Shows how many messages groups have not done yet.',
  details: 'With --watch and --json, each look is a line for each group and topic.',
  example: 'rocketmq lag\nrocketmq lag mailer --watch',
  arguments: { group: optionalArgument('only this group, queue by queue', 'group') },
  options: {
    topic: textOption('name', 'only in this topic', { short: 't', completes: 'topic' }),
    all: flag('also groups of RocketMQ itself', 'a'),
    watch: flag('looks again and again, until Ctrl-C', 'w'),
    interval: option({ placeholder: 'duration', about: 'between two looks', parse: parseDuration, fallback: 2000 }),
  },
  output: own,
  async run(session, { group, topic, all, watch, interval }) {
    if (!watch) {
      await show(session, await look(session, group, topic, all), group)
      return 0
    }
    while (!session.signal.aborted) {
      const progress = await look(session, group, topic, all)
      if (session.isJson) {
        const now = session.host.now()
        for (const row of summed(progress)) await session.host.write(recordLine(watchedRow, { time: now, ...row }))
      } else {
        if (session.host.isTerminal.output) await session.host.write('\u001b[H\u001b[2J')
        await show(session, progress, group)
      }
      await session.host.pause(interval, session.signal)
    }
    return 0
  },
})

export interface GroupQueue {
  readonly group: string
  readonly progress: QueueProgress
}

async function look(
  session: Session,
  group: string | undefined,
  topic: string | undefined,
  all: boolean,
): Promise<GroupQueue[]> {
  const admin = await session.admin()
  const { signal } = session
  const found =
    group === undefined
      ? (await admin.progressOfAll({ signal })).filter((one) => all || !isSystemGroup(one.group))
      : [{ group, queues: await admin.progress(group, topic, { signal }) }]
  if (group !== undefined && found[0]!.queues.length === 0) await needGroup(admin, group, signal)
  const queues = found
    .flatMap((one) => one.queues.map((progress) => ({ group: one.group, progress })))
    .filter(({ progress }) => topic === undefined || progress.queue.topic === topic)
  if (queues.length === 0) await needTopicOf(admin, topic, signal)
  return queues
}

async function show(session: Session, found: readonly GroupQueue[], group: string | undefined): Promise<void> {
  const [type, rows] =
    group === undefined ? [lagRow, summed(found)] : [progressRow, found.map(({ progress }) => shownProgress(progress))]
  if (session.isJson) await session.host.write(recordsJson(type, rows))
  else if (rows.length > 0) await session.host.write(recordTable(type, rows))
  else session.note(group === undefined ? 'No group has an offset yet.' : `${group} has no offset yet.`)
}

export function summed(found: readonly GroupQueue[]) {
  const byTopic = Map.groupBy(found, ({ group, progress }) => `${group} ${progress.queue.topic}`)
  return [...byTopic.values()].map((queues) => {
    const shown = queues.map(({ progress }) => shownProgress(progress))
    const done = shown.flatMap(({ lastDone }) => (lastDone === undefined ? [] : [lastDone]))
    return {
      group: queues[0]!.group,
      topic: queues[0]!.progress.queue.topic,
      queues: queues.length,
      lag: shown.reduce((sum, { lag }) => sum + lag, 0),
      lastDone: done.length === 0 ? undefined : Math.max(...done),
    }
  })
}
