import { assert } from '@rocketmq-ts/base'
import { EncodedProperties, type RecordLayout, readRecord, sysFlag } from '@rocketmq-ts/protocol'
import type { TopicEntry } from '../queues/topic-handle.ts'

/** Finds the bytes of a record. */
export interface RecordSource {
  /** The bytes of the record that stands at a position, from memory or a file. */
  bytesAt(position: number, byteCount: number): Buffer
}

/** A record as the log holds it: its bytes, and where its parts are in them. */
export interface EncodedRecord {
  readonly bytes: Buffer
  readonly layout: RecordLayout
}

/**
 * A record of the log as its followers see it, the same whether it was just put or is replayed. Fields that cost
 * something are read from the encoded record when they are first asked for; a message that was just put has its topic
 * and properties at hand. A follower may keep a view: after `release` the view reads the record from the log.
 */
export class RecordView {
  /** Where the record starts in the log. */
  readonly physicalOffset: number
  readonly totalSize: number
  readonly queueOffset: number
  /** Milliseconds since 1970. */
  readonly storeTimestamp: number
  readonly queueId: number
  readonly sysFlag: number
  /** The store's entry of the topic; undefined when the topic must be looked up by name. */
  readonly topicEntry: TopicEntry | undefined
  #properties: EncodedProperties | undefined
  #topic: string | undefined
  #encoded: EncodedRecord | undefined
  readonly #source: RecordSource

  /** Use `ofPut` or `ofLayout`. */
  private constructor(
    source: RecordSource,
    physicalOffset: number,
    totalSize: number,
    queueOffset: number,
    storeTimestamp: number,
    queueId: number,
    flags: number,
    topicEntry: TopicEntry | undefined,
    properties: EncodedProperties | undefined,
    encoded: EncodedRecord | undefined,
  ) {
    this.physicalOffset = physicalOffset
    this.totalSize = totalSize
    this.queueOffset = queueOffset
    this.storeTimestamp = storeTimestamp
    this.queueId = queueId
    this.sysFlag = flags
    this.topicEntry = topicEntry
    this.#properties = properties
    this.#topic = topicEntry?.topic
    this.#encoded = encoded
    this.#source = source
  }

  /**
   * A message that was put just now.
   * @param flags its sysFlag as the record holds it
   */
  static ofPut(
    source: RecordSource,
    physicalOffset: number,
    totalSize: number,
    queueOffset: number,
    storeTimestamp: number,
    queueId: number,
    flags: number,
    topicEntry: TopicEntry,
    properties: EncodedProperties,
  ): RecordView {
    return new RecordView(
      source,
      physicalOffset,
      totalSize,
      queueOffset,
      storeTimestamp,
      queueId,
      flags,
      topicEntry,
      properties,
      undefined,
    )
  }

  /**
   * A record that was read, or came from another broker.
   * @param bytes hold the record as `layout` says, until `release`; without them it is read from the log
   */
  static ofLayout(source: RecordSource, layout: RecordLayout, bytes?: Buffer): RecordView {
    const { physicalOffset, totalSize, queueOffset, storeTimestamp, queueId } = layout
    return new RecordView(
      source,
      physicalOffset,
      totalSize,
      queueOffset,
      storeTimestamp,
      queueId,
      layout.sysFlag,
      undefined,
      undefined,
      bytes && { layout, bytes },
    )
  }

  /** Where the next record can start. */
  get end(): number {
    return this.physicalOffset + this.totalSize
  }

  get topic(): string {
    if (this.#topic === undefined) {
      const { bytes, layout } = this.encoded
      this.#topic = bytes.toString('utf8', layout.topicStart, layout.topicEnd)
    }
    return this.#topic
  }

  get properties(): EncodedProperties {
    if (this.#properties === undefined) {
      const { bytes, layout } = this.encoded
      this.#properties = new EncodedProperties(bytes.subarray(layout.propertiesStart, layout.propertiesEnd))
    }
    return this.#properties
  }

  /** The whole record. Its bytes do not change until the end of the turn. */
  get encoded(): EncodedRecord {
    if (this.#encoded !== undefined) return this.#encoded
    const bytes = this.#source.bytesAt(this.physicalOffset, this.totalSize)
    const reading = readRecord(bytes, 0)
    assert(reading.kind === 'record', `there is no record at ${this.physicalOffset} of the log`)
    return { bytes, layout: reading.record }
  }

  /** Gives up the bytes that the view was made of, since they are used again: from now on the log is read. */
  release(): void {
    if (this.#encoded === undefined) return
    this.#encoded = undefined
    this.#properties = undefined
  }
}

/** Whether a message of this kind stands in its queue: half messages and rollbacks of transactions do not. */
export function standsInQueue(flags: number): boolean {
  const transaction = flags & sysFlag.transactionMask
  return transaction === 0 || transaction === sysFlag.transactionCommit
}
