import type { CallOptions } from '../calls/deadline.ts'
import { invalidArgument } from '../rocketmq-error.ts'

export interface SendStreamOptions extends CallOptions {
  /** Messages without a receipt at a time: so far ahead is the source read. Default 1000. */
  readonly concurrency?: number | undefined
}

/**
 * Sends what a source gives, without waiting for one before the next, and gives the results in the order of the source.
 * The source is read no faster than that.
 * @throws what sending throws; what was read before may be sent all the same
 */
export async function* sendStream<Message, Result>(
  source: AsyncIterable<Message> | Iterable<Message>,
  send: (message: Message) => Promise<Result>,
  concurrency = 1000,
): AsyncGenerator<Result, void, void> {
  if (!(concurrency >= 1)) throw invalidArgument(`concurrency is ${concurrency}: give at least 1`)
  const underWay: Promise<Result>[] = []
  for await (const message of source) {
    const sending = send(message)
    // One that fails while an earlier one is awaited is told when it is its turn.
    sending.catch(() => {})
    underWay.push(sending)
    if (underWay.length >= concurrency) yield await underWay.shift()!
  }
  for (const sending of underWay) yield await sending
}
