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

/** What only our broker records: positions, which are more exact than times. */
export interface WrittenCheckpoint {
  /** Everything derived from messages before it is in the files, as long as the system stays up. */
  position: number
  /** The log before it was synced: a power failure did not lose or tear any of it. */
  logSyncedPosition: number
  /** The boot of the system in which this was written; another boot id means that the system went down since. */
  bootId: string
}

/** A part is undefined when it was never written, or did not reach the disk. */
export interface OwnCheckpoint {
  written: WrittenCheckpoint | undefined
  /** Everything derived from messages before it survives a power failure; 0 when nothing was synced yet. */
  syncedPosition: number
}

const fileBytes = 4096
const sharedBytes = 48
const magic = 0x524d5453
const checkedStart = 8

const writtenPart = { start: 1024, bytes: 80 }
const syncedParts = [
  { start: 1536, bytes: 72 },
  { start: 2048, bytes: 72 },
] as const
const cutPart = { start: 2560, bytes: 16 }
const lostPart = { start: 3072, bytes: 16 }

/**
 * The checkpoint file (4096 bytes, big-endian):
 *
 *     @0 log timestamp 8 | @8 queues timestamp 8 | @16 index timestamp 8 | @24 master flushed offset 8
 *     | @32 confirmed position 8 | @40 queues position 8
 *
 * and, in what the official broker leaves alone, our own parts, each in a sector of its own:
 *
 *     @1024 magic 4 | crc32 4 (of what follows) | written position 8 | synced position of the log 8 | boot id 56
 *     @1536 and @2048, by turns: magic 4 | crc32 4 | turn 8 | synced position 8 | copy of the first 48 bytes
 *     @2560 while the log is cut back, zeros at other times: magic 4 | crc32 4 | position 8
 *     @3072 while a part of the log is missing, zeros at other times: magic 4 | crc32 4 | position 8
 *
 * The first of our parts is written often and never synced. The next two are written by turns, so that one of them stays
 * whole when the power fails. Each is synced before the first 48 bytes are written. So these are always the same as one
 * of the two copies, or, byte by byte, a mixture of both. Where they are not, an official broker has written them, and
 * our parts say nothing any more.
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
    return { written, syncedPosition: newest?.syncedPosition ?? 0 }
  }

  /** Notes how far the files are written. */
  write(written: WrittenCheckpoint): void {
    const part = Buffer.alloc(writtenPart.bytes)
    writeInt64(part, written.position, 8)
    writeInt64(part, written.logSyncedPosition, 16)
    part.write(written.bootId.slice(0, 56), 24, 'utf8')
    this.#writePart(writtenPart.start, part)
  }

  /** Notes how far the files are synced. */
  async writeSynced(shared: SharedCheckpoint, syncedPosition: number): Promise<void> {
    if (this.#catchUp()) await this.#file.syncData()
    this.#writeSyncedPart(shared, syncedPosition)
    await this.#file.syncData()
    this.#writeShared(shared)
    await this.#file.syncData()
  }

  writeSyncedNow(shared: SharedCheckpoint, syncedPosition: number): void {
    if (this.#catchUp()) this.#file.syncDataNow()
    this.#writeSyncedPart(shared, syncedPosition)
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
    this.writeSyncedNow(times, Math.min(own?.syncedPosition ?? 0, position))
    this.#note(cutPart, undefined)
  }

  /**
   * Removes notes that are older than the official broker's last use of the store: they would count again once our
   * other parts are rewritten.
   */
  forgetOldNotes(): void {
    if (this.own !== undefined) return
    for (const place of [cutPart, lostPart]) if (this.#validPart(place) !== undefined) this.#note(place, undefined)
  }

  syncNow(): void {
    this.#file.syncDataNow()
  }

  close(): void {
    this.#file.close()
  }

  #noted(place: { start: number; bytes: number }): number | undefined {
    const part = this.own === undefined ? undefined : this.#validPart(place)
    return part === undefined ? undefined : readInt64(part, 8)
  }

  /** Writes or removes a position, and syncs that. */
  #note({ start, bytes }: { start: number; bytes: number }, position: number | undefined): void {
    const part = Buffer.alloc(bytes)
    if (position === undefined) {
      part.copy(this.#bytes, start)
      this.#file.write(part, start)
    } else {
      writeInt64(part, position, 8)
      this.#writePart(start, part)
    }
    this.#file.syncDataNow()
  }

  #written(): WrittenCheckpoint | undefined {
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

  #writeSyncedPart(shared: SharedCheckpoint, syncedPosition: number): void {
    this.#turn++
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
