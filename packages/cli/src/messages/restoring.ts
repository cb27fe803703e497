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

/** Messages, and characters of their lines, that are sent together before the next ones are read. */
const roundMax = 500
const roundCharactersMax = 8 * 1024 * 1024

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
  const countMax = Math.min(roundMax, rate ?? roundMax)
  let stored = 0
  let round: { place: number; message: Message }[] = []
  let characters = 0
  const send = async (): Promise<void> => {
    const sending = round
    round = []
    characters = 0
    const byPlace = Map.groupBy(sending, ({ place }) => place)
    // A producer keeps the order of many in one queue, but does not say how far it got.
    const sends = [...byPlace.values()].map(async (of) => {
      for (const { message } of of) await producer.send(message, { signal })
    })
    const outcomes = await Promise.allSettled(sends)
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    stored += sending.length
    if (rate !== undefined) await host.pause(startMs + (stored * 1000) / rate - host.monotonic(), signal)
  }
  const enter = async ({ json, number, fractionRead }: BackupLine): Promise<void> => {
    if (signal.aborted) throw new CommandError('ended early')
    if (number <= skip) return
    const name = placeOf(json)
    const place = places.get(name) ?? places.size
    places.set(name, place)
    const queue = (queues: readonly QueueRef[]) => queues[place % queues.length]!
    round.push({ place, message: { ...messageOfJson(json, topic, `message ${number}`), queue } })
    characters += json.length
    if (round.length < countMax && characters < roundCharactersMax) return
    await send()
    session.progress(`${stored} messages are sent, ${Math.floor(fractionRead * 100)} % of the file`)
  }
  try {
    for await (const line of lines) await enter(line)
    await send()
    return stored
  } catch (error) {
    const reasons = [(error as Error).message]
    // What was read before the end of a cut file is whole. Of a round that could not be sent nothing is left here.
    if (!signal.aborted) await send().catch((later: Error) => reasons.push(later.message))
    const at = skip + stored
    throw new CommandError(
      `${reasons.join('; ')}; the first ${at} messages are sent, so go on with --skip ${at} (a few behind them may come twice)`,
    )
  } finally {
    session.endProgress()
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
