import type { PutOutcome, PutPlace, StoreMessage } from '@rocketmq-ts/storage'
import type { MessageSink } from './intake.ts'

export interface StoreDueParts {
  sink: MessageSink
  onStored(message: StoreMessage, place: PutPlace): void
  /** Told of one that can never be stored: it would hold up for ever all that stand behind it. */
  onRefused(message: StoreMessage): void
}

/**
 * Stores messages whose time has come, together and in their order.
 * @throws Error when they could not be stored now
 */
export async function storeDue(messages: readonly StoreMessage[], parts: StoreDueParts): Promise<void> {
  if (messages.length === 0 || (await isStored(messages, parts))) return
  // One that can never be stored keeps all that are put with it from being stored.
  for (const message of messages) if (!(await isStored([message], parts))) parts.onRefused(message)
}

/** @returns false when one of the messages can never be stored: then none is */
async function isStored(messages: readonly StoreMessage[], { sink, onStored }: StoreDueParts): Promise<boolean> {
  const outcome = await new Promise<PutOutcome>((resolve) => sink.put(messages, resolve))
  if (outcome.kind !== 'refused') {
    for (const [index, message] of messages.entries()) onStored(message, outcome.places[index]!)
    return true
  }
  if (outcome.cause === 'illegal') return false
  throw new Error(outcome.reason)
}
