import {
  commands,
  decodeMessages,
  parseOffsetMessageId,
  propertyName,
  type RequestOf,
  sysFlag,
} from '@rocketmq-ts/protocol'
import { type CallOptions, Deadline } from '../calls/deadline.ts'
import { defaultBackoff, retrying } from '../calls/retrying.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { MessageTraces } from '../message-traces.ts'
import type { SendReceipt } from '../messages/message.ts'
import { plainMessage, type ReceivedMessage, receivedMessages } from '../messages/received-message.ts'
import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'

/** What became of a transaction. `unknown`: the broker is to ask again later. */
export type TransactionState = 'commit' | 'rollback' | 'unknown'

const states = {
  commit: sysFlag.transactionCommit,
  rollback: sysFlag.transactionRollback,
  unknown: 0,
} as const satisfies Record<TransactionState, number>

/** A message that is stored and not delivered until its transaction is committed. */
export interface Transaction extends AsyncDisposable {
  readonly receipt: SendReceipt
  /**
   * The message is delivered.
   * @throws RocketMQError; when its outcome is unknown, the broker asks the producer's `checkTransaction`
   */
  commit(options?: CallOptions): Promise<void>
  /** The message is never delivered. @throws as `commit` */
  rollback(options?: CallOptions): Promise<void>
}

/** Bits and properties of a half message. */
export function halfMessage(group: string) {
  return {
    sysFlag: sysFlag.transactionPrepared,
    properties: { [propertyName.transactionPrepared]: 'true', [propertyName.producerGroup]: group },
  }
}

/** Where a broker has a half message. */
interface Half {
  readonly topic: string
  readonly broker: string
  /** `host:port` of the broker where it is known; else its route says. */
  readonly address?: string | undefined
  readonly messageId: string
  /** Of the half message in the broker's own topic. */
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly transactionId: string | undefined
}

/** @throws RocketMQError when the broker did not say where the half message is: it asks what became of it */
function physicalOffsetOf({ offsetMessageId, queue }: SendReceipt): number {
  try {
    return parseOffsetMessageId(offsetMessageId).physicalOffset
  } catch (cause) {
    const message = `${queue.broker} did not say where the message of the transaction is: "${offsetMessageId}"`
    throw new RocketMQError('INVALID_ANSWER', message, { ...queue, cause, outcome: 'unknown' })
  }
}

export interface TransactionParts {
  readonly client: ClusterClient
  /** As the servers know it. */
  readonly group: string
  readonly traces: MessageTraces | undefined
}

/** @throws RocketMQError INVALID_ANSWER */
export function openTransaction(parts: TransactionParts, topic: string, receipt: SendReceipt): Transaction {
  const half: Half = {
    topic,
    broker: receipt.queue.broker,
    messageId: receipt.messageId,
    queueOffset: receipt.queueOffset,
    physicalOffset: physicalOffsetOf(receipt),
    transactionId: receipt.messageId,
  }
  let ended: TransactionState | undefined
  const end = async (state: 'commit' | 'rollback', options: CallOptions = {}): Promise<void> => {
    if (ended !== undefined) throw invalidArgument(`the transaction has ended already: ${ended}`)
    ended = state
    try {
      await endTransaction(parts, half, state, parts.client.deadline(options), false)
    } catch (error) {
      // Nothing was carried out: it can be ended again.
      if ((error as RocketMQError).outcome === 'refused') ended = undefined
      throw error
    }
  }
  return {
    receipt,
    commit: (options) => end('commit', options),
    rollback: (options) => end('rollback', options),
    async [Symbol.asyncDispose]() {
      if (ended === undefined) await end('rollback')
    },
  }
}

/**
 * A request that may have been carried out is not repeated: a broker that gets a second commit may deliver the message
 * twice. It finds out by asking.
 */
async function endTransaction(
  { client, group, traces }: TransactionParts,
  half: Half,
  state: TransactionState,
  deadline: Deadline,
  isAnswerToCheck: boolean,
): Promise<void> {
  const command = commands.endTransaction
  const header: RequestOf<typeof command> = {
    topic: half.topic,
    producerGroup: group,
    tranStateTableOffset: half.queueOffset,
    commitLogOffset: half.physicalOffset,
    commitOrRollback: states[state],
    fromTransactionCheck: isAnswerToCheck,
    msgId: half.messageId,
    transactionId: half.transactionId,
    bname: half.broker,
  }
  await retrying({
    deadline,
    random: client.runtime.random,
    backoff: defaultBackoff,
    attempt: async () => {
      const address = half.address ?? client.routes.knownMasterAddress(half)
      try {
        await client.askForSuccess({ name: half.broker, address }, { command, header }, deadline)
        const { topic, messageId } = half
        const shown = client.namespace.unwrap(topic)
        traces?.transactionEnded({ topic: shown, messageId, storeHost: address, state, fromCheck: isAnswerToCheck })
      } catch (error) {
        const failure = error as RocketMQError
        client.learnFrom(failure, half.topic)
        if (failure.outcome === 'refused') throw failure
        const { code, message, cause } = failure
        const { topic, broker } = half
        throw new RocketMQError(code, message, { topic, broker, cause, outcome: 'unknown', retryable: false })
      }
    },
  })
}

/** Says what became of a transaction whose end the broker does not know. */
export type TransactionChecker = (message: ReceivedMessage) => TransactionState | Promise<TransactionState>

/** Milliseconds for telling the broker. */
const answerTimeoutMs = 10_000

/** A broker asks what became of a transaction: the producer that began it may be gone. Never throws. */
export async function answerCheck(
  parts: TransactionParts,
  header: RequestOf<typeof commands.checkTransactionState>,
  body: Buffer,
  address: string,
  check: TransactionChecker,
): Promise<void> {
  const { client } = parts
  const { log } = client
  try {
    const [record] = decodeMessages(body)
    const broker = header.bname ?? address
    const message = plainMessage(receivedMessages(record!, broker, client.namespace)[0]!)
    let state: TransactionState = 'unknown'
    try {
      state = await check(message)
    } catch (error) {
      log.warn({ messageId: message.messageId, err: error as Error }, 'checkTransaction failed: the broker asks again')
    }
    if (!(state in states)) {
      log.error({ state }, 'checkTransaction returned none of commit, rollback and unknown: the broker asks again')
      state = 'unknown'
    }
    const half: Half = {
      topic: record!.topic,
      broker,
      address,
      messageId: message.messageId,
      queueOffset: header.tranStateTableOffset,
      physicalOffset: header.commitLogOffset,
      transactionId: header.transactionId,
    }
    await endTransaction(parts, half, state, new Deadline(client.runtime.clock, {}, answerTimeoutMs), true)
  } catch (error) {
    log.warn({ err: error as Error }, 'a broker was not told what became of a transaction: it asks again')
  }
}
