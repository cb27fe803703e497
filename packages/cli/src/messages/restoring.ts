import type { Message, Producer, QueueRef } from '@rocketmq-ts/client'
import type { Session } from '../session.ts'
import { CommandError } from '../usage-error.ts'
import type { BackupLine } from './backup-file.ts'
import { messageOfJson } from './message-row.ts'

interface RestoreOptions {
  readonly topic: string
  /** Messages to pass over. */
  readonly skip: number
  /** Messages a second at the most. */
  readonly rate: number | undefined
}

/** Messages that are sent together, before the next ones are read. */
const roundMax = 500

/**
 * Sends round after round. Those that were in one queue go to one queue again, in their order: of one queue only one request
 * is under way.
 * @returns the number of messages that are stored
 * @throws CommandError, which says how to go on
 */
export async function restoreMessages(
  session: Session,
  producer: Producer,
  lines: AsyncIterable<BackupLine>,
  { topic, skip, rate }: RestoreOptions,
): Promise<number> {
  const { host, signal } = session
  const startMs = host.monotonic()
  const places = new Map<string, number>()
  let stored = 0
  let round: { place: number; message: Message }[] = []
  const send = async (): Promise<void> => {
    const byPlace = Map.groupBy(round, ({ place }) => place)
    // A producer keeps the order of many for each sharding key alone.
    const sends = [...byPlace.values()].map(async (of) => {
      for (const { message } of of) await producer.send(message, { signal })
    })
    const outcomes = await Promise.allSettled(sends)
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    stored += round.length
    round = []
    if (rate !== undefined) await host.pause(startMs + (stored * 1000) / rate - host.monotonic(), signal)
  }
  try {
    for await (const { json, number, fractionRead } of lines) {
      if (signal.aborted) throw new CommandError('ended early')
      if (number <= skip) continue
      const name = placeOf(json)
      const place = places.get(name) ?? places.size
      places.set(name, place)
      const queue = (queues: readonly QueueRef[]) => queues[place % queues.length]!
      round.push({ place, message: { ...messageOfJson(json, topic, `message ${number}`), queue } })
      if (round.length < Math.min(roundMax, rate ?? roundMax)) continue
      await send()
      session.progress(`${stored} messages are sent, ${Math.floor(fractionRead * 100)} % of the file`)
    }
    if (round.length > 0) await send()
    session.endProgress()
    return stored
  } catch (error) {
    session.endProgress()
    const at = skip + stored
    throw new CommandError(
      `${(error as Error).message}; the first ${at} messages are sent, so go on with --skip ${at} (a few behind them may come twice)`,
    )
  }
}

/** The queue that a message was in. */
function placeOf(json: string): string {
  try {
    const { broker, queueId } = JSON.parse(json)
    return `${broker} ${queueId}`
  } catch {
    return ''
  }
}
