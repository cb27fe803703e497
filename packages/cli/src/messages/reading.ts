import type { Filter, QueueRef, Reader, ReceivedMessage, RocketMQError } from '@rocketmq-ts/client'
import type { Session } from '../session.ts'
import { UsageError } from '../usage-error.ts'
import type { Place } from '../values.ts'

export type QueueChoice = Pick<QueueRef, 'broker' | 'queueId'>

export interface ReadingOptions {
  readonly topic: string
  readonly from: Place
  /** Without it, reading goes on with what comes. */
  readonly to: Place | undefined
  readonly filter: Filter | undefined
  /** All of them when it is empty. */
  readonly queues: readonly QueueChoice[]
}

/** `broker-a:2` @throws UsageError */
export function parseQueue(text: string): QueueChoice {
  const match = /^(.+):(\d{1,5})$/.exec(text)
  if (match === null) throw new UsageError(`"${text}" is no queue: write broker:number, such as broker-a:2`)
  return { broker: match[1]!, queueId: Number(match[2]) }
}

/** Messages of a topic, of each queue in their order. Nothing is committed. Ends early by the session's signal. */
export async function* readMessages(
  session: Session,
  options: ReadingOptions,
): AsyncGenerator<ReceivedMessage, void, void> {
  try {
    yield* read(session, options)
  } catch (error) {
    // An interruption ends reading as its end does.
    if (!session.signal.aborted) throw error
  }
}

async function* read(
  session: Session,
  { topic, from, to, filter, queues }: ReadingOptions,
): AsyncGenerator<ReceivedMessage, void, void> {
  const now = session.host.now()
  if (to?.kind === 'earliest' || to?.kind === 'last' || to?.kind === 'offset') {
    throw new UsageError('--to: use latest, or a time')
  }
  const end = to === undefined ? undefined : to.kind === 'latest' ? ('latest' as const) : to.time(now)
  const chosen = queues.length === 0 ? undefined : queues
  const common = { topic, filter, queues: chosen }
  if (from.kind === 'last') {
    yield* lastMessages(session, from.count, common, end)
    return
  }
  const begin = from.kind === 'time' ? from.time(now) : from.kind === 'offset' ? 'earliest' : from.kind
  const reader = await session.reader({ ...common, from: begin, to: end })
  await needTopic(session, reader)
  if (from.kind === 'offset') await reader.seek({ offset: from.offset }, undefined, { signal: session.signal })
  yield* reader.messages({ signal: session.signal })
}

/** Name servers know a topic that its first message has made within this time. */
const newTopicMs = 1000

/**
 * A reader waits for its topic as long as a call may take. Somebody who has misspelled it should not have to.
 * @throws RocketMQError TOPIC_NOT_EXIST; name servers that do not answer are left to what comes next
 */
export async function needTopic(session: Session, reader: Reader): Promise<void> {
  try {
    await reader.queues({ signal: session.signal, timeoutMs: session.atMost(newTopicMs) })
  } catch (error) {
    if ((error as RocketMQError).code === 'TOPIC_NOT_EXIST') throw error
  }
}

/** The last ones of the topic by the time they were stored, then what comes. */
async function* lastMessages(
  session: Session,
  count: number,
  common: {
    readonly topic: string
    readonly filter: Filter | undefined
    readonly queues: readonly QueueChoice[] | undefined
  },
  end: 'latest' | number | undefined,
): AsyncGenerator<ReceivedMessage, void, void> {
  const { signal } = session
  const reader = await session.reader({ ...common, from: 'latest', to: end ?? 'latest' })
  await needTopic(session, reader)
  const ends = await reader.lag({ signal })
  for (const { queue, nextOffset } of ends) {
    await reader.seek({ offset: Math.max(0, nextOffset - count) }, queue, { signal })
  }
  const found: ReceivedMessage[] = []
  for await (const message of reader.messages({ signal })) found.push(message)
  found.sort((one, other) => one.storeTimestamp - other.storeTimestamp)
  yield* found.slice(Math.max(0, found.length - count))
  if (end !== undefined) return
  const following = await session.reader({ ...common, from: 'latest' })
  for (const { queue, endOffset } of await reader.lag({ signal })) {
    const known = ends.find((one) => one.queue.broker === queue.broker && one.queue.queueId === queue.queueId)
    await following.seek({ offset: known?.nextOffset ?? endOffset }, queue, { signal })
  }
  yield* following.messages({ signal })
}
