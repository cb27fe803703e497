import type { Message, Producer, SendReceipt } from '@rocketmq-ts/client'
import type { Session } from '../session.ts'

export interface Sent {
  readonly stored: number
  readonly failed: number
  /** Why the first one failed. */
  readonly failure: Error | undefined
}

export interface SendingOptions {
  /** Messages that may be under way. */
  readonly concurrency: number
  /** Messages a second at the most. */
  readonly rate: number | undefined
  /** Told of each as soon as it and those before it are stored, in the order of the messages. */
  onStored(receipt: SendReceipt, index: number): Promise<void>
}

/**
 * Sends messages as they come, many at a time, and ends with the first that fails: those behind it that are under way are
 * waited for. Ends early by the session's signal.
 */
export async function sendAll(
  session: Session,
  messages: AsyncIterable<Message>,
  send: (message: Message) => Promise<SendReceipt>,
  { concurrency, rate, onStored }: SendingOptions,
): Promise<Sent> {
  const { host, signal } = session
  const underWay: Promise<void>[] = []
  let stored = 0
  let failed = 0
  let failure: Error | undefined
  const settle = async (sending: Promise<SendReceipt>, before: Promise<void> | undefined): Promise<void> => {
    const [outcome] = await Promise.allSettled([sending])
    await before
    if (outcome.status === 'fulfilled') await onStored(outcome.value, stored++)
    else {
      failed++
      failure ??= outcome.reason as Error
    }
  }
  const startMs = host.monotonic()
  let count = 0
  try {
    for await (const message of messages) {
      if (rate !== undefined) {
        const dueMs = startMs + (count * 1000) / rate
        while (!signal.aborted && host.monotonic() < dueMs) await host.pause(dueMs - host.monotonic(), signal)
      }
      if (signal.aborted || failure !== undefined) break
      count++
      underWay.push(settle(send(message), underWay.at(-1)))
      if (underWay.length >= concurrency) await underWay.shift()
    }
  } catch (error) {
    failure ??= error as Error
  }
  await underWay.at(-1)
  return { stored, failed, failure }
}

/** Stores a message whose transaction is ended as it is asked for. */
export async function sendInTransaction(
  producer: Producer,
  message: Message,
  end: 'commit' | 'rollback',
  signal: AbortSignal,
): Promise<SendReceipt> {
  await using transaction = await producer.beginTransaction(message, { signal })
  await transaction[end]({ signal })
  return transaction.receipt
}
