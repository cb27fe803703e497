import type { Log } from '@rocketmq-ts/platform'
import {
  type DecodedMessage,
  findMessageProperty,
  halfTopic,
  opHalfTopic,
  propertyName,
  sysFlag,
} from '@rocketmq-ts/protocol'
import type { KeyKind } from '@rocketmq-ts/storage'
import type { InternalStore } from '../internal-consumer/internal-consumer.ts'
import { decodedRecord, realPlace } from '../stored-message.ts'
import { originOf } from './half-message.ts'
import { offsetsOfOp } from './op-records.ts'
import type { TransactionLog } from './transaction-log.ts'

/** What is read of a store. */
export interface TransactionStore extends Omit<InternalStore, 'recordsAt'> {
  recordAt(physicalOffset: number, totalSize?: number): Promise<Buffer | undefined>
  findByKey(topic: string, key: string, kind: KeyKind, countMax: number, beginMs: number, endMs: number): number[]
}

export interface LoadParts {
  log: Log
  store: TransactionStore
  transactions: TransactionLog
  /** The queues are about to be read up to where they end now. */
  begins?(): void
  /** Where the first half message stands that may be open, and the first op message that may be needed. */
  progress: { half(): number; op(): number }
}

/** What the queues tell of transactions. */
export interface LoadedTransactions {
  /** Offsets of halves whose message was committed and that no op message names. */
  withoutOp: number[]
  /** Transactions that have not ended, by topic. */
  open: ReadonlyMap<string, number>
}

const unitsAtOnce = 512
const keysMax = 32

/**
 * Reads the queues of half and op messages from where the group of transactions is, as brokers do that know nothing
 * else. Only halves without an op message are read themselves.
 */
export async function loadTransactions(parts: LoadParts): Promise<LoadedTransactions> {
  for (;;) {
    const topics = await readQueues(parts)
    if (topics !== undefined) return { withoutOp: parts.transactions.loaded(), open: topics.open(parts.transactions) }
  }
}

/** @returns undefined when the log was cut back meanwhile: the queues are read anew */
async function readQueues(parts: LoadParts): Promise<HalfTopics | undefined> {
  const { store, transactions, progress } = parts
  const { cutCount } = transactions
  const from = Math.max(progress.half(), store.minOffset(halfTopic, 0))
  const to = store.maxOffset(halfTopic, 0)
  transactions.beginLoad()
  parts.begins?.()
  const topics = new HalfTopics(from, to)
  const ended = new Uint8Array(Math.max(0, to - from))
  for await (const message of messagesOf(opHalfTopic, progress.op(), store.maxOffset(opHalfTopic, 0), parts)) {
    if (transactions.cutCount !== cutCount) return undefined
    transactions.op(message)
    for (const offset of offsetsOfOp(message.body)) if (offset >= from && offset < to) ended[offset - from] = 1
  }
  const isOpen = (queueOffset: number): boolean => ended[queueOffset - from] === 0
  const others = transactions.isOfOthers ? new RenewedByOthers() : undefined
  for await (const half of messagesOf(halfTopic, from, to, parts, isOpen)) {
    const isCommitted = others !== undefined && (await hasCommittedCopy(half, parts))
    if (transactions.cutCount !== cutCount) return undefined
    topics.note(half)
    if (isCommitted) transactions.foundCommitted(half)
    else transactions.half(half, others?.firstOf(half))
  }
  return transactions.cutCount === cutCount ? topics : undefined
}

/** The topics that halves belong to, while they are loaded. */
class HalfTopics {
  readonly #from: number
  readonly #numbers = new Map<string, number>()
  /** Of each half the number of its topic, from 1 on; 0 for one that was not read. */
  readonly #topics: Uint32Array

  constructor(from: number, to: number) {
    this.#from = from
    this.#topics = new Uint32Array(Math.max(0, to - from))
  }

  note(half: DecodedMessage): void {
    const topic = realPlace(half)?.topic
    if (topic === undefined) return
    let number = this.#numbers.get(topic)
    if (number === undefined) {
      number = this.#numbers.size + 1
      this.#numbers.set(topic, number)
    }
    this.#topics[half.queueOffset - this.#from] = number
  }

  /** How many of the halves have not ended, by topic. */
  open({ slots }: TransactionLog): Map<string, number> {
    const counts = new Array<number>(this.#numbers.size + 1).fill(0)
    for (const [index, number] of this.#topics.entries()) {
      if (number !== 0 && slots.state(this.#from + index) === 'open') counts[number]!++
    }
    return new Map([...this.#numbers].map(([topic, number]) => [topic, counts[number]!]))
  }
}

/**
 * Halves that official brokers renewed. Those do not name the first half of their transaction, but have its unique key;
 * after a crash both may be there.
 */
class RenewedByOthers {
  readonly #first = new Map<string, number>()

  /** The offset of the first half with the same unique key. */
  firstOf(half: DecodedMessage): number {
    const key = findMessageProperty(half.properties, propertyName.uniqueKey)
    const own = originOf(half)
    if (key === undefined) return own
    const name = `${realPlace(half)?.topic} ${key}`
    const first = this.#first.get(name)
    if (first === undefined) this.#first.set(name, own)
    return first ?? own
  }
}

/** Messages of queue 0 of a topic. One that is missing or damaged is passed by and said. */
async function* messagesOf(
  topic: string,
  fromOffset: number,
  toOffset: number,
  { store, log }: LoadParts,
  isWanted: (queueOffset: number) => boolean = () => true,
): AsyncGenerator<DecodedMessage> {
  let offset = Math.max(fromOffset, store.minOffset(topic, 0))
  while (offset < toOffset) {
    const units = await store.units(topic, 0, offset, Math.min(unitsAtOnce, toOffset - offset))
    if (units.length === 0) return
    for (const { physicalOffset, totalSize } of units) {
      const queueOffset = offset++
      if (!isWanted(queueOffset)) continue
      const message = decodedRecord(await store.recordAt(physicalOffset, totalSize))
      if (message !== undefined) yield message
      else {
        const fields = { topic, queueOffset, physicalOffset }
        log.warn(fields, 'a record of transactions is missing or damaged: it is passed by')
      }
    }
  }
}

/**
 * Whether a transaction was committed, by its unique key: an official broker writes op messages seconds after commits,
 * and a crash takes those that are not written.
 */
async function hasCommittedCopy(half: DecodedMessage, { store }: LoadParts): Promise<boolean> {
  const topic = realPlace(half)?.topic
  const key = findMessageProperty(half.properties, propertyName.uniqueKey)
  if (topic === undefined || key === undefined) return false
  // A half may have been renewed after an older one was committed: the committed message may be the older of the two.
  const positions = store.findByKey(topic, key, 'key', keysMax, 0, Number.MAX_SAFE_INTEGER)
  for (const position of positions) {
    const message = decodedRecord(await store.recordAt(position))
    if (message === undefined || message.topic !== topic) continue
    if ((message.sysFlag & sysFlag.transactionMask) !== sysFlag.transactionCommit) continue
    if (findMessageProperty(message.properties, propertyName.uniqueKey) === key) return true
  }
  return false
}
