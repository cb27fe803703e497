import type { Clock } from '@rocketmq-ts/platform'
import { type commands, type DecodedMessage, ProtocolError, type RequestOf, sysFlag } from '@rocketmq-ts/protocol'
import type { Handler, Reply } from '@rocketmq-ts/remoting'
import type { PutOutcome, PutPlace, StoreMessage } from '@rocketmq-ts/storage'
import type { MessageSink } from '../../intake/intake.ts'
import { storedPut } from '../../sending/put-reply.ts'
import { decodedRecord, realPlace } from '../../stored-message.ts'
import { endRefusal } from '../end-decision.ts'
import { committedCopy } from '../half-message.ts'
import type { OpWriter } from '../op-writer.ts'
import { noHalf, type TransactionLog } from '../transaction-log.ts'

type EndCommand = typeof commands.endTransaction

export interface EndTransactionParts {
  clock: Clock
  settings(): { transactionTimeOut: number }
  store: { recordAt(physicalOffset: number): Promise<Buffer | undefined> }
  sink: MessageSink
  /** What a committed message goes through, which may delay it. */
  intake: { take(message: StoreMessage): StoreMessage }
  transactions: TransactionLog
  ops: OpWriter
  storeHost: Buffer
  /** Resolves when it is known which transactions have not ended. */
  loaded(): Promise<void>
  onEnd(kind: 'commit' | 'rollback', half: DecodedMessage, fromCheck: boolean): void
  /** A message of a transaction is stored where it belongs. */
  onCommitted(message: StoreMessage, place: PutPlace, half: DecodedMessage): void
}

/**
 * END_TRANSACTION: a producer tells how its transaction ended. A commit puts the message where it belongs; a rollback
 * writes that there will be none. Both happen once, however often they are asked for, and whichever half of a
 * transaction, that was renewed for a check, the request names.
 */
export function endTransaction(parts: EndTransactionParts): Handler<EndCommand> {
  return async (header) => {
    const kind = kindOf(header)
    // The producer does not know yet: it will be asked.
    if (kind === undefined) return {}
    await parts.loaded()
    const { store, transactions, clock, settings } = parts
    const found = decodedRecord(await store.recordAt(header.commitLogOffset))
    const quoted = found !== undefined && isForged(found, transactions) ? undefined : found
    const refusal = endRefusal(header, quoted, clock.now(), settings().transactionTimeOut)
    if (refusal !== undefined) return refusal
    const queueOffset = await settledOffset(quoted!, transactions)
    const state = transactions.slots.state(queueOffset)
    if (state !== 'open') return ofEnded(kind, state)
    // From here to the put nothing else may come between.
    const half = queueOffset === quoted!.queueOffset ? quoted! : undefined
    if (half !== undefined) return await end(kind, half, header.fromTransactionCheck, parts)
    transactions.beginEnd(queueOffset)
    const renewed = decodedRecord(await store.recordAt(transactions.slots.position(queueOffset)!))
    if (renewed !== undefined) return await end(kind, renewed, header.fromTransactionCheck, parts)
    transactions.settle({ ...quoted!, queueOffset }, 'open')
    return { code: 'SYSTEM_ERROR', remark: 'Find prepared transaction message failed' }
  }
}

function kindOf({ commitOrRollback }: RequestOf<EndCommand>): 'commit' | 'rollback' | undefined {
  if (commitOrRollback === sysFlag.transactionCommit) return 'commit'
  return commitOrRollback === sysFlag.transactionRollback ? 'rollback' : undefined
}

/** The body of a message may hold what looks like a half message: the true one stands elsewhere. */
function isForged({ queueOffset, physicalOffset }: DecodedMessage, { slots }: TransactionLog): boolean {
  return (slots.position(queueOffset) ?? physicalOffset) !== physicalOffset
}

/** The half that stands for the transaction, once nothing is being stored that ends it. */
async function settledOffset(half: DecodedMessage, transactions: TransactionLog): Promise<number> {
  for (;;) {
    const queueOffset = transactions.currentOffset(half)
    if (transactions.slots.state(queueOffset) !== 'ending') return queueOffset
    await transactions.whenSettled(queueOffset)
  }
}

function ofEnded(kind: 'commit' | 'rollback', state: string | undefined): Reply<EndCommand> {
  if (kind === 'commit' && state === 'committed') return {}
  return { code: 'SYSTEM_ERROR', remark: 'the transaction has ended already: nothing was changed' }
}

async function end(
  kind: 'commit' | 'rollback',
  half: DecodedMessage,
  fromCheck: boolean,
  parts: EndTransactionParts,
): Promise<Reply<EndCommand>> {
  const { transactions, onEnd } = parts
  if (transactions.slots.state(half.queueOffset) === 'open') transactions.beginEnd(half.queueOffset)
  try {
    const reply = await (kind === 'commit' ? commit(half, parts) : rollback(half, parts))
    onEnd(kind, half, fromCheck)
    return reply
  } catch (error) {
    transactions.settle(half, 'open')
    throw error
  }
}

async function commit(half: DecodedMessage, parts: EndTransactionParts): Promise<Reply<EndCommand>> {
  const { sink, intake, transactions, ops, storeHost } = parts
  const place = realPlace(half)
  if (place === undefined) {
    throw new ProtocolError('SYSTEM_ERROR', 'the half message names no topic and queue that it belongs to')
  }
  const message = intake.take(committedCopy(half, place, storeHost))
  const { promise, resolve } = Promise.withResolvers<PutOutcome>()
  const ended = half.physicalOffset === noHalf ? ops.messagesFor([half.queueOffset]) : []
  sink.put([message, ...ended], (outcome) => {
    if (outcome.kind === 'refused') return resolve(outcome)
    transactions.settle(half, 'committed')
    if (ended.length === 0) ops.ended(half.queueOffset)
    parts.onCommitted(message, outcome.places[0]!, half)
    resolve(outcome)
  })
  return replyOf(await promise)
}

async function rollback(half: DecodedMessage, { transactions, ops }: EndTransactionParts): Promise<Reply<EndCommand>> {
  const { promise, resolve } = Promise.withResolvers<PutOutcome>()
  ops.end(half.queueOffset, (outcome) => {
    if (outcome.kind !== 'refused') transactions.settle(half, 'ended')
    resolve(outcome)
  })
  return replyOf(await promise)
}

/**
 * With SYNC_FLUSH, an end that the disk did not confirm in time may be lost with the power, and its producer is asked
 * again: the answer says so. The official broker answers success.
 * @throws ProtocolError when nothing was stored
 */
function replyOf(outcome: PutOutcome): Reply<EndCommand> {
  const { code, remark } = storedPut(outcome)
  return remark === undefined ? { code } : { code, remark }
}
