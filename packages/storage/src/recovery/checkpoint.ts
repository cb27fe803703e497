import { crc32 } from 'node:zlib'
import type { FileHandle, FileSystem } from '@rocketmq-ts/platform'
import { readInt64, writeInt64 } from '@rocketmq-ts/protocol'

/** The fields of the official broker's checkpoint that guide a recovery. */
export interface SharedCheckpoint {
  /** Store time of the last message that is synced in the log. */
  logTimestamp: number
  /** Store time of the last message whose queue units are synced. */
  queuesTimestamp: number
  indexTimestamp: number
  /** Position in the log up to which queue units are synced. */
  queuesPosition: number
}

/**
 * The time of queues that says: not all units of queues are in the files that an official broker reads. Since no message is
 * as old, it makes all queues from the whole log.
 */
export const nothingInFiles = 1

/** What only our broker records: positions, which are more exact than times. */
export interface WrittenCheckpoint {
  /** Everything derived from messages before it is in the files, as long as the system stays up. */
  position: number
  /** The log before it was synced: a power failure did not lose or tear any of it. */
  logSyncedPosition: number
  /** The boot of the system in which this was written; another boot id means that the system went down since. */
  bootId: string
  /** No message in front of `position` has a later store time. */
  newestTimestamp: number
}

/** A part is undefined when it was never written, or did not reach the disk. */
export interface OwnCheckpoint {
  written: Omit<WrittenCheckpoint, 'newestTimestamp'> | undefined
  /** Everything derived from messages before it survives a power failure; 0 when nothing was synced yet. */
  syncedPosition: number
  /** No message in front of either position has a later store time; 0 in files of brokers that did not note it. */
  newestTimestamp: number
}

const fileBytes = 4096
const sharedBytes = 48
const magic = 0x524d5453
const checkedStart = 8

const doubtPart = { start: 512, bytes: 16 }
const writtenPart = { start: 1024, bytes: 80 }
const syncedParts = [
  { start: 1536, bytes: 72 },
  { start: 2048, bytes: 72 },
] as const
const cutPart = { start: 2560, bytes: 16 }
const lostPart = { start: 3072, bytes: 16 }
const timePart = { start: 3584, bytes: 16 }

/** So many turns may pass in a millisecond of store time. */
const turnsPerMs = 256
/** Far from where numbers stop being exact; store times reach it in the year 2527. */
const turnMax = 2 ** 52

/**
 * The checkpoint file (4096 bytes, big-endian):
 *
 *     @0 log timestamp 8 | @8 queues timestamp 8 | @16 index timestamp 8 | @24 master flushed offset 8
 *     | @32 confirmed position 8 | @40 queues position 8
 *
 * and, in what the official broker leaves alone, our own parts, each in a sector of its own:
 *
 *     @512 while what was noted elsewhere may pass by lost messages, zeros at other times: magic 4 | crc32 4 | position 8
 *     @1024 magic 4 | crc32 4 (of what follows) | written position 8 | synced position of the log 8 | boot id 56
 *     @1536 and @2048, by turns: magic 4 | crc32 4 | turn 8 | synced position 8 | copy of the first 48 bytes.
 *       The turn rises with each. A 256th of it is no lower than the store times of messages in front of the position
 *     @2560 while the log is cut back, zeros at other times: magic 4 | crc32 4 | position 8
 *     @3072 while a part of the log is missing, zeros at other times: magic 4 | crc32 4 | position 8
 *     @3584 magic 4 | crc32 4 | store time 8, which no message in front of the written position passes
 *
 * The written position is written often and never synced, each time behind the store time. The two synced positions are
 * written by turns, so that one of them stays whole when the power fails. Each is synced before the first 48 bytes are
 * written. So these are always the same as one of the two copies, or, byte by byte, a mixture of both. Where they are
 * not, an official broker has written them, and our parts say nothing any more.
 */
export class CheckpointFile {
  readonly path: string
  readonly #file: FileHandle
  readonly #bytes = Buffer.alloc(fileBytes)
  #turn = 0

  constructor(fileSystem: FileSystem, path: string) {
    this.path = path
    this.#file = fileSystem.open(path, 'create')
    this.#file.read(this.#bytes, 0)
    if (this.#file.sizeBytes() < fileBytes) this.#file.truncate(fileBytes)
    this.#turn = this.#newestPart()?.turn ?? 0
  }

  get shared(): SharedCheckpoint {
    const newest = this.own === undefined ? undefined : this.#newestPart()
    const bytes = newest?.copy ?? this.#bytes
    return {
      logTimestamp: readInt64(bytes, 0),
      queuesTimestamp: readInt64(bytes, 8),
      indexTimestamp: readInt64(bytes, 16),
      queuesPosition: readInt64(bytes, 40),
    }
  }

  /** Undefined when an official broker used the store since, or the store is new. */
  get own(): OwnCheckpoint | undefined {
    const written = this.#written()
    const newest = this.#newestPart()
    if (written === undefined && newest === undefined) return undefined
    if (!this.#isSharedOurs()) return undefined
    const newestTimestamp = Math.max(this.#noteOf(timePart) ?? 0, Math.floor((newest?.turn ?? 0) / turnsPerMs))
    return { written, syncedPosition: newest?.syncedPosition ?? 0, newestTimestamp }
  }

  /** Notes how far the files are written. */
  write(written: WrittenCheckpoint): void {
    if (this.#noteOf(timePart) !== written.newestTimestamp) this.#writeNote(timePart, written.newestTimestamp)
    const part = Buffer.alloc(writtenPart.bytes)
    writeInt64(part, written.position, 8)
    writeInt64(part, written.logSyncedPosition, 16)
    part.write(written.bootId.slice(0, 56), 24, 'utf8')
    this.#writePart(writtenPart.start, part)
  }

  /**
   * Notes how far the files are synced.
   * @param newestTimestamp no message in front of the position has a later store time; 0 when the last note says so too
   */
  async writeSynced(shared: SharedCheckpoint, syncedPosition: number, newestTimestamp: number): Promise<void> {
    if (this.#catchUp()) await this.#file.syncData()
    this.#writeSyncedPart(shared, syncedPosition, newestTimestamp)
    await this.#file.syncData()
    this.#writeShared(shared)
    await this.#file.syncData()
  }

  /** Like `writeSynced`, before it returns. */
  writeSyncedNow(shared: SharedCheckpoint, syncedPosition: number, newestTimestamp: number): void {
    if (this.#catchUp()) this.#file.syncDataNow()
    this.#writeSyncedPart(shared, syncedPosition, newestTimestamp)
    this.#file.syncDataNow()
    this.#writeShared(shared)
    this.#file.syncDataNow()
  }

  /** The position of a cut that was begun and not ended, or undefined. */
  get cutPosition(): number | undefined {
    return this.#noted(cutPart)
  }

  /** Notes that the log is being cut back to a position. The note survives a power failure. */
  beginCut(position: number): void {
    this.#note(cutPart, position)
  }

  /** The position up to which an earlier start missed messages of the log, or undefined. */
  get lostPosition(): number | undefined {
    return this.#noted(lostPart)
  }

  /** Notes up to which position messages of the log are missing; undefined: none are. */
  noteLost(position: number | undefined): void {
    this.#note(lostPart, position)
  }

  /** Whether messages may be lost that are noted elsewhere, in offsets of groups, and nobody has compared that yet. */
  get hasDoubt(): boolean {
    return this.#noted(doubtPart) !== undefined
  }

  /** @param endPosition of the log behind which messages may be lost; undefined once what is noted was compared */
  noteDoubt(endPosition: number | undefined): void {
    this.#note(doubtPart, endPosition)
  }

  /** Ends a cut: lowers the written and synced positions to the new end, then removes the note of the cut. */
  endCut(position: number, written: WrittenCheckpoint): void {
    const { shared, own } = this
    this.write({
      ...written,
      position: Math.min(written.position, position),
      logSyncedPosition: Math.min(written.logSyncedPosition, position),
    })
    // An official broker goes by the times. Without them it reads the whole log again.
    const times = { ...shared, queuesTimestamp: 0, indexTimestamp: 0, queuesPosition: 0 }
    const synced = Math.min(own?.syncedPosition ?? 0, position, written.position)
    this.writeSyncedNow(times, synced, written.newestTimestamp)
    this.#note(cutPart, undefined)
  }

  /**
   * Removes notes that are older than the official broker's last use of the store: they would count again once our
   * other parts are rewritten.
   */
  forgetOldNotes(): void {
    if (this.own !== undefined) return
    for (const place of [cutPart, lostPart, doubtPart])
      if (this.#validPart(place) !== undefined) this.#note(place, undefined)
  }

  syncNow(): void {
    this.#file.syncDataNow()
  }

  close(): void {
    this.#file.close()
  }

  #noted(place: { start: number; bytes: number }): number | undefined {
    return this.own === undefined ? undefined : this.#noteOf(place)
  }

  /** The number in a part that holds one, whoever had the store last. */
  #noteOf(place: { start: number; bytes: number }): number | undefined {
    const part = this.#validPart(place)
    return part === undefined ? undefined : readInt64(part, 8)
  }

  /** Writes or removes a position, and syncs that. */
  #note(place: { start: number; bytes: number }, position: number | undefined): void {
    if (position === undefined) {
      const zeros = Buffer.alloc(place.bytes)
      zeros.copy(this.#bytes, place.start)
      this.#file.write(zeros, place.start)
    } else {
      this.#writeNote(place, position)
    }
    this.#file.syncDataNow()
  }

  #writeNote({ start, bytes }: { start: number; bytes: number }, value: number): void {
    const part = Buffer.alloc(bytes)
    writeInt64(part, value, 8)
    this.#writePart(start, part)
  }

  #written(): Omit<WrittenCheckpoint, 'newestTimestamp'> | undefined {
    const part = this.#validPart(writtenPart)
    if (part === undefined) return undefined
    return {
      position: readInt64(part, 8),
      logSyncedPosition: readInt64(part, 16),
      bootId: part.toString('utf8', 24, 80).replace(/\0+$/, ''),
    }
  }

  #newestPart(): { turn: number; syncedPosition: number; copy: Buffer } | undefined {
    const parts = syncedParts.flatMap((place) => {
      const part = this.#validPart(place)
      if (part === undefined) return []
      return [{ turn: readInt64(part, 8), syncedPosition: readInt64(part, 16), copy: part.subarray(24) }]
    })
    return parts.sort((one, other) => other.turn - one.turn)[0]
  }

  /** A part that was not written yet counts as a copy of zeros. */
  #isSharedOurs(): boolean {
    const copies = syncedParts.map((place) => this.#validPart(place)?.subarray(24) ?? Buffer.alloc(sharedBytes))
    return this.#bytes.subarray(0, sharedBytes).every((byte, index) => copies.some((copy) => copy[index] === byte))
  }

  #validPart(place: { start: number; bytes: number }): Buffer | undefined {
    const part = this.#bytes.subarray(place.start, place.start + place.bytes)
    const isValid = part.readUInt32BE(0) === magic && part.readUInt32BE(4) === crc32(part.subarray(checkedStart))
    return isValid ? part : undefined
  }

  /**
   * Writes the newest copy to the first 48 bytes, when a process died before it did that. Otherwise they could match no
   * copy any more: the next part takes the place of the older one, which they still equal.
   * @returns whether there was something to write
   */
  #catchUp(): boolean {
    const newest = this.own === undefined ? undefined : this.#newestPart()
    const first = this.#bytes.subarray(0, sharedBytes)
    if (newest === undefined || first.equals(newest.copy)) return false
    newest.copy.copy(first)
    this.#file.write(first, 0)
    return true
  }

  #writeSyncedPart(shared: SharedCheckpoint, syncedPosition: number, newestTimestamp: number): void {
    const next = this.#turn + 1
    const turn = Math.max(next, Math.min(newestTimestamp * turnsPerMs, turnMax))
    // It goes to the place of the older one.
    this.#turn = (turn - next) % syncedParts.length === 0 ? turn : turn + 1
    const place = syncedParts[this.#turn % syncedParts.length]!
    const part = Buffer.alloc(place.bytes)
    writeInt64(part, this.#turn, 8)
    writeInt64(part, syncedPosition, 16)
    this.#bytes.copy(part, 24, 0, sharedBytes)
    setShared(part.subarray(24), shared)
    this.#writePart(place.start, part)
  }

  #writeShared(shared: SharedCheckpoint): void {
    setShared(this.#bytes, shared)
    this.#file.write(this.#bytes.subarray(0, sharedBytes), 0)
  }

  #writePart(start: number, part: Buffer): void {
    part.writeUInt32BE(magic, 0)
    part.writeUInt32BE(crc32(part.subarray(checkedStart)), 4)
    part.copy(this.#bytes, start)
    this.#file.write(part, start)
  }
}

function setShared(bytes: Buffer, shared: SharedCheckpoint): void {
  writeInt64(bytes, shared.logTimestamp, 0)
  writeInt64(bytes, shared.queuesTimestamp, 8)
  writeInt64(bytes, shared.indexTimestamp, 16)
  writeInt64(bytes, shared.queuesPosition, 40)
}
