import type { Clock, Log } from '@rocketmq-ts/platform'
import { marksOf, sysFlag } from '@rocketmq-ts/protocol'
import type { Follower } from '../followers/follower.ts'
import type { RecordView } from '../followers/record-view.ts'
import type { RecoveryPlan } from '../recovery/recover.ts'
import type { SegmentFolder } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import { isDiskFull } from '../write-guard.ts'
import { keyHash, keyHashesInto, tagHash, tagHashOf, topicPrefixHash, uniqueKeyHash } from './key-hash.ts'
import { KeyIndexFile, type KeyIndexFileSize } from './key-index-file.ts'
import { missingKeysFrom } from './missing-keys.ts'

export interface KeyIndexOptions extends KeyIndexFileSize {
  files: StoreFiles
  clock: Clock
  log: Log
  /** The log whose messages are indexed. */
  segments: SegmentFolder
  path: string
  /** Whether new messages are indexed; asked for each. */
  isEnabled(): boolean
}

/** What a key stands for: a business key or unique id, or a tag (`topic#T#tag`). */
export type KeyKind = 'key' | 'tag'

const none = -1
const indexedMarks = marksOf('uniqueKey', 'keys', 'tags')

/** Finds messages by key: a run of index files, each for the messages of a span of the log. A follower of the log. */
export class KeyIndex implements Follower {
  readonly name = 'key index'
  readonly #options: KeyIndexOptions
  /** Ascending by name, which is the time of creation. */
  readonly #files: KeyIndexFile[]
  /** Files written to since the last sync, and at first all files of earlier processes. */
  readonly #unsynced: Set<KeyIndexFile>
  /** Full files whose last entries wait in memory, since the disk had no space. */
  readonly #unfinished = new Set<KeyIndexFile>()
  /** Position of the last message that is in the index, or -1. */
  #endPhysicalOffset: number
  /** The end of the last record that was applied. */
  #appliedPosition = 0
  /** Position of the first message whose entries are in memory alone, or -1. */
  #firstUnwrittenPosition = none
  #waitingSinceMs: number | undefined
  /** Hashes of the message that is being applied. */
  readonly #hashes: number[] = []

  constructor(options: KeyIndexOptions) {
    this.#options = options
    const { fileSystem } = options.files
    this.#files = fileSystem
      .list(options.path)
      .filter((name) => /^\d{17}$/.test(name))
      .map((name) => new KeyIndexFile(fileSystem, `${options.path}/${name}`, options))
    this.#unsynced = new Set(this.#files)
    this.#endPhysicalOffset = this.#lastIndexed()
  }

  prepare({ from, mayBeTorn, isOurs }: RecoveryPlan): number | undefined {
    if (mayBeTorn) this.#cutTo(from)
    else this.#leaveOutBroken()
    this.#endPhysicalOffset = this.#lastIndexed()
    this.#appliedPosition = from
    if (!isOurs || !this.#options.isEnabled()) return undefined
    const missingFrom = missingKeysFrom(this.#options.segments, this.#endPhysicalOffset, from)
    if (missingFrom === undefined) return undefined
    this.#options.log.warn(
      { from: missingFrom },
      'files of the key index are missing: they are made again from the log',
    )
    return missingFrom
  }

  endReplay(logEndPosition: number): void {
    this.#appliedPosition = logEndPosition
  }

  /** Store time and position of the newest indexed message; 0 without any. */
  get lastUpdate(): { storeTimestamp: number; physicalOffset: number } {
    const last = this.#files.at(-1)
    return { storeTimestamp: last?.endTimestamp ?? 0, physicalOffset: last?.endPhysicalOffset ?? 0 }
  }

  /** Adds the keys of a message, unless the index has this message or a later one already. */
  apply(record: RecordView): void {
    this.#appliedPosition = record.end
    if (!this.#options.isEnabled() || record.physicalOffset <= this.#endPhysicalOffset) return
    if ((record.sysFlag & sysFlag.transactionMask) === sysFlag.transactionRollback) return
    const { properties } = record
    if (!properties.hasAny(indexedMarks)) return
    const prefixHash = record.topicEntry?.keyPrefixHash ?? topicPrefixHash(record.topic)
    if (properties.has('keys')) this.#addKeys(record, prefixHash)
    else this.#addIdAndTag(record, prefixHash)
  }

  /** For most messages, which have no keys of their own: saves the list of hashes and the search for repeated ones. */
  #addIdAndTag(record: RecordView, prefixHash: number): void {
    const { properties } = record
    const id = properties.has('uniqueKey') ? uniqueKeyHash(prefixHash, properties) : none
    const tag = properties.has('tags') ? tagHashOf(prefixHash, properties) : none
    const hasTagToo = tag !== none && tag !== id
    const file = this.#fileFor((id === none ? 0 : 1) + (hasTagToo ? 1 : 0))
    if (id !== none) this.#add(file, id, record)
    if (hasTagToo) this.#add(file, tag, record)
  }

  #addKeys(record: RecordView, prefixHash: number): void {
    const hashes = this.#hashes
    keyHashesInto(hashes, prefixHash, record.properties)
    if (hashes.length === 0) return
    const file = this.#fileFor(hashes.length)
    for (const hash of hashes) this.#add(file, hash, record)
  }

  #add(file: KeyIndexFile, hash: number, { physicalOffset, storeTimestamp }: RecordView): void {
    if (this.#firstUnwrittenPosition === none) {
      this.#firstUnwrittenPosition = physicalOffset
      this.#waitingSinceMs = this.#options.clock.monotonic()
    }
    file.add(hash, physicalOffset, storeTimestamp)
    this.#endPhysicalOffset = physicalOffset
  }

  /**
   * Positions of messages that may have the key (hashes can collide), newest first, each once: in files of other
   * brokers a message that names a key twice has two entries.
   * @param beginMs,endMs bounds of the store time, both included
   */
  find(topic: string, key: string, kind: KeyKind, countMax: number, beginMs: number, endMs: number): number[] {
    const hash = (kind === 'tag' ? tagHash : keyHash)(topicPrefixHash(topic), key)
    const positions: number[] = []
    for (let index = this.#files.length - 1; index >= 0 && positions.length < countMax; index--) {
      const file = this.#files[index]!
      if (file.isEmpty || file.beginTimestamp > endMs) continue
      if (file.endTimestamp < beginMs) break
      for (const { physicalOffset, storeTimestamp } of file.find(hash)) {
        // Entries have their time to the second only.
        if (storeTimestamp + 999 < beginMs) break
        if (storeTimestamp <= endMs && positions.at(-1) !== physicalOffset) positions.push(physicalOffset)
        if (positions.length >= countMax) break
      }
    }
    return positions
  }

  /** Deletes the files that have only messages before a position. */
  trim(logStartPosition: number): void {
    while (this.#files.length > 1 && this.#files[0]!.endPhysicalOffset < logStartPosition) {
      const file = this.#files.shift()!
      this.#remove(file)
    }
  }

  get position(): number {
    return this.#firstUnwrittenPosition === none ? this.#appliedPosition : this.#firstUnwrittenPosition
  }

  get waitingSinceMs(): number | undefined {
    return this.#waitingSinceMs
  }

  /** Writes everything in one go: it is a few hundred kilobytes at most. */
  writeSome(): void {
    this.write()
  }

  write(): void {
    for (const file of this.#unfinished) {
      file.finish()
      this.#unfinished.delete(file)
    }
    this.#files.at(-1)?.write()
    this.#firstUnwrittenPosition = none
    this.#waitingSinceMs = undefined
  }

  async sync(): Promise<void> {
    const files = [...this.#unsynced]
    const last = this.#files.at(-1)
    for (const file of files) {
      if (!this.#unsynced.has(file)) continue // Deleted meanwhile.
      const isWritten = file !== last && !this.#unfinished.has(file)
      await file.sync()
      if (isWritten) this.#unsynced.delete(file)
    }
    await this.#options.files.syncNamesLater(this.#options.path)
  }

  syncNow(): boolean {
    for (const file of this.#unsynced) file.syncNow()
    this.#options.files.syncNames(this.#options.path)
    return true
  }

  truncate(position: number): void {
    this.write()
    if (this.#endPhysicalOffset >= position) {
      this.#cutTo(position)
      const last = this.#files.at(-1)
      if (last !== undefined) this.#unsynced.add(last)
      this.#endPhysicalOffset = this.#lastIndexed()
    }
    this.#appliedPosition = Math.min(this.#appliedPosition, position)
  }

  close(): void {
    for (const file of this.#files) file.close()
  }

  #fileFor(entryCount: number): KeyIndexFile {
    const last = this.#files.at(-1)
    if (last?.hasRoomFor(entryCount)) return last
    const slots = last === undefined ? undefined : this.#finish(last)
    const { files, path } = this.#options
    files.makeFolder(path)
    const file = new KeyIndexFile(files.fileSystem, `${path}/${this.#unusedName()}`, this.#options, slots)
    files.noteNames(path)
    this.#files.push(file)
    this.#unsynced.add(file)
    return file
  }

  #finish(file: KeyIndexFile): Int32Array | undefined {
    try {
      return file.finish()
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.#unfinished.add(file)
      return undefined
    }
  }

  /** Position of the last message in the index, or -1. */
  #lastIndexed(): number {
    return this.#files.findLast((file) => !file.isEmpty)?.endPhysicalOffset ?? -1
  }

  /** Leaves out files of another size: they were cut off, or made with other settings, so their slots are useless. */
  #leaveOutBroken(): void {
    for (const file of this.#files.filter(({ isWhole }) => !isWhole)) {
      this.#files.splice(this.#files.indexOf(file), 1)
      if (file.isEmpty) {
        this.#remove(file)
        continue
      }
      this.#options.log.error(
        { path: file.path },
        `${file.path} does not have the size that maxHashSlotNum and maxIndexNum tell, and is left out: messages of ` +
          'its time are not found by key. To make the index again, stop the broker and delete the folders index and ' +
          'consumequeue',
      )
      file.close()
      this.#unsynced.delete(file)
    }
  }

  /** Cuts the newest files, back to the first that keeps entries: the files before it are whole. */
  #cutTo(tornFrom: number): void {
    for (let index = this.#files.length - 1; index >= 0; index--) {
      const file = this.#files[index]!
      file.cutTo(tornFrom)
      if (!file.isEmpty) break
      this.#files.splice(index, 1)
      this.#remove(file)
    }
    // Otherwise a removed file could come back after a power failure, among newer ones.
    this.#options.files.syncNames(this.#options.path)
    this.#leaveOutBroken()
  }

  #remove(file: KeyIndexFile): void {
    file.close()
    this.#unsynced.delete(file)
    this.#unfinished.delete(file)
    this.#options.files.fileSystem.remove(file.path)
    this.#options.files.noteNames(this.#options.path)
  }

  /** Local time as yyyyMMddHHmmssSSS, later than the name of the last file. */
  #unusedName(): string {
    let timeMs = this.#options.clock.now()
    const last = this.#files.at(-1)
    while (last !== undefined && `${this.#options.path}/${nameOf(timeMs)}` <= last.path) timeMs++
    return nameOf(timeMs)
  }
}

function nameOf(timeMs: number): string {
  const date = new Date(timeMs)
  const digits = (value: number, count: number): string => String(value).padStart(count, '0')
  return (
    digits(date.getFullYear(), 4) +
    digits(date.getMonth() + 1, 2) +
    digits(date.getDate(), 2) +
    digits(date.getHours(), 2) +
    digits(date.getMinutes(), 2) +
    digits(date.getSeconds(), 2) +
    digits(date.getMilliseconds(), 3)
  )
}
