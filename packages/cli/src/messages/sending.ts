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
  /** Told of each, in the order of the messages. */
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
  const underWay: Promise<{ receipt: SendReceipt } | { error: Error }>[] = []
  let stored = 0
  let failed = 0
  let failure: Error | undefined
  const settleFirst = async (): Promise<void> => {
    const outcome = await underWay.shift()!
    if ('error' in outcome) {
      failed++
      failure ??= outcome.error
    } else {
      const index = stored++
      await onStored(outcome.receipt, index)
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
      underWay.push(
        send(message).then(
          (receipt) => ({ receipt }),
          (error: Error) => ({ error }),
        ),
      )
      if (underWay.length >= concurrency) await settleFirst()
    }
  } catch (error) {
    failure ??= error as Error
  }
  while (underWay.length > 0) await settleFirst()
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
