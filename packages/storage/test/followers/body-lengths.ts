import { type FileSystem, silentLog } from '@rocketmq-ts/platform'
import { ConfigFile, type Follower, type RecordView } from '../../src/index.ts'

/** What a view said of a record, to be compared with what it says of it at another time. */
export interface Seen {
  physicalOffset: number
  totalSize: number
  end: number
  topic: string
  queueId: number
  queueOffset: number
  sysFlag: number
  storeTimestamp: number
  properties: string
  tag: string | undefined
  body: string
}

export function seenOf(record: RecordView): Seen {
  const { physicalOffset, totalSize, end, topic, queueId, queueOffset, sysFlag, storeTimestamp, properties } = record
  const { bytes, layout } = record.encoded
  return {
    physicalOffset,
    totalSize,
    end,
    topic,
    queueId,
    queueOffset,
    sysFlag,
    storeTimestamp,
    properties: properties.text,
    tag: properties.value('tags'),
    body: bytes.toString('utf8', layout.bodyStart, layout.bodyEnd),
  }
}

interface Kept {
  position: number
  /** Position of each record and the length of its body. */
  lengths: [number, number][]
}

/** A third follower, as someone would add one: it keeps the length of each body, in one file that is written as a whole. */
export class BodyLengths implements Follower {
  readonly name = 'body lengths'
  readonly #file: ConfigFile
  readonly #now: () => number
  #lengths = new Map<number, number>()
  #writtenPosition = 0
  #appliedPosition = 0
  #waitingSinceMs: number | undefined
  /** For the test: every record that came, in order. */
  readonly seen: Seen[] = []
  isClosed = false

  constructor(fileSystem: FileSystem, path: string, now: () => number) {
    this.#file = new ConfigFile(fileSystem, path, silentLog)
    this.#now = now
  }

  get lengths(): ReadonlyMap<number, number> {
    return this.#lengths
  }

  prepare(): number {
    const kept = this.#file.load((text) => JSON.parse(text) as Kept)
    if (kept === undefined) return 0
    this.#lengths = new Map(kept.lengths)
    this.#writtenPosition = kept.position
    return kept.position
  }

  endReplay(logEndPosition: number): void {
    this.#appliedPosition = logEndPosition
  }

  apply(record: RecordView): void {
    this.seen.push(seenOf(record))
    this.#appliedPosition = record.end
    const { layout } = record.encoded
    this.#lengths.set(record.physicalOffset, layout.bodyEnd - layout.bodyStart)
    this.#waitingSinceMs ??= this.#now()
  }

  get position(): number {
    return this.#waitingSinceMs === undefined ? this.#appliedPosition : this.#writtenPosition
  }

  get waitingSinceMs(): number | undefined {
    return this.#waitingSinceMs
  }

  writeSome(): void {
    this.write()
  }

  write(): void {
    const kept: Kept = { position: this.#appliedPosition, lengths: [...this.#lengths] }
    this.#file.save(JSON.stringify(kept))
    this.#writtenPosition = this.#appliedPosition
    this.#waitingSinceMs = undefined
  }

  /** What was written as a whole is on the disk. */
  async sync(): Promise<void> {}

  syncNow(): boolean {
    return true
  }

  truncate(position: number): void {
    for (const at of this.#lengths.keys()) if (at >= position) this.#lengths.delete(at)
    this.#appliedPosition = Math.min(this.#appliedPosition, position)
    this.write()
  }

  trim(logStartPosition: number): void {
    for (const at of this.#lengths.keys()) if (at < logStartPosition) this.#lengths.delete(at)
  }

  close(): void {
    this.isClosed = true
  }
}
