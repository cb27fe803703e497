import { crc32 } from 'node:zlib'
import type { FileHandle, FileSystem } from '@rocketmq-ts/platform'
import { type DataVersion, readInt64, writeInt64 } from '@rocketmq-ts/protocol'

/** How far the timer got. */
export interface TimerProgress {
  /** Milliseconds since 1970: everything in the slots before it was delivered. */
  readMs: number
  /** How many units of the slot at `readMs` were delivered. */
  deliveredInSlot: number
  /** Position of the next unit in the timer log. */
  logEnd: number
  /** Queue offset of the first message of the timer's topic that has no unit yet. */
  queueOffset: number
  /** Units of the timer log before it no longer count, whatever their slot. */
  logStart: number
  /** No slot behind it was ever used. */
  lastSlotMs: number
}

/** What our broker records of it. */
export interface OwnTimerCheckpoint {
  progress: TimerProgress
  precisionMs: number
  /** Whether the files were closed in order: the wheel agrees with the timer log, and all is synced. */
  isClosed: boolean
  /** Milliseconds that no unit waits for longer; known when they were closed in order. */
  windowMs?: number | undefined
}

const fileBytes = 4096
const sharedBytes = 56
const magic = 0x524d5454
const bootBytes = 56
const progressBytes = 64
const writtenPart = { start: 1024, bytes: 8 + progressBytes + bootBytes }
const syncedParts = [
  { start: 1536, bytes: 16 + progressBytes + sharedBytes },
  { start: 2048, bytes: 16 + progressBytes + sharedBytes },
] as const

/**
 * The file `config/timercheck` (4096 bytes, big-endian):
 *
 *     @0 read time 8 | @8 end of the timer log 8 | @16 queue offset 8 | @24 the master's queue offset 8
 *     | @32 data version: state 8 | timestamp 8 | counter 8
 *
 * and, in what the official broker leaves alone, our own parts, each in a sector of its own:
 *
 *     @1024 magic 4 | crc32 4 (of what follows) | progress 64 | boot id 56
 *     @1536 and @2048, by turns: magic 4 | crc32 4 | turn 8 | progress 64 | copy of the first 56 bytes
 *
 *     progress: read time 8 | delivered in slot 8 | end of the timer log 8 | queue offset 8 | start of the timer log 8
 *               | last slot 8 | precision 8 | closed 8 (the window, or 1 where it was not noted; 0 when they were not)
 *
 * The first of our parts is written with each step and never synced: it counts while the system stays up. The others
 * tell what survives a power failure, and are synced before the first 56 bytes are written. When the first 56 bytes are
 * neither a copy nor, byte by byte, a mixture of both, an official broker has written them, and our parts no longer
 * count.
 */
export class TimerCheckpoint {
  readonly #file: FileHandle
  readonly #bytes = Buffer.alloc(fileBytes)
  readonly #bootId: string
  #turn: number

  constructor(fileSystem: FileSystem, path: string) {
    this.#file = fileSystem.open(path, 'create')
    if (this.#file.sizeBytes() < fileBytes) this.#file.truncate(fileBytes)
    this.#file.read(this.#bytes, 0)
    this.#bootId = fileSystem.bootId().slice(0, bootBytes)
    this.#turn = this.#newest()?.turn ?? 0
  }

  /** What an official broker left; undefined when there was none. */
  get shared(): Pick<TimerProgress, 'readMs' | 'logEnd' | 'queueOffset'> | undefined {
    if (this.#bytes.subarray(0, sharedBytes).every((byte) => byte === 0)) return undefined
    return {
      readMs: readInt64(this.#bytes, 0),
      logEnd: readInt64(this.#bytes, 8),
      queueOffset: readInt64(this.#bytes, 16),
    }
  }

  /** Undefined when an official broker used the store since, or the store is new. */
  get own(): OwnTimerCheckpoint | undefined {
    if (!this.#isSharedOurs()) return undefined
    const written = this.#validPart(writtenPart)
    if (written !== undefined) {
      const bootId = written.toString('utf8', 8 + progressBytes).replace(/\0+$/, '')
      const own = readProgress(written, 8)
      // Files that were closed in order were synced before.
      if (own.isClosed || (bootId === this.#bootId && bootId !== '')) return own
    }
    const newest = this.#newest()
    return newest && { ...readProgress(newest.part, 16), isClosed: false }
  }

  /** The first 56 bytes, which request 60 asks for. */
  get sharedPart(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, sharedBytes))
  }

  get dataVersion(): DataVersion {
    return {
      stateVersion: readInt64(this.#bytes, 32),
      timestamp: readInt64(this.#bytes, 40),
      counter: readInt64(this.#bytes, 48),
    }
  }

  /** Notes how far the files are written. */
  write(own: OwnTimerCheckpoint): void {
    const part = Buffer.alloc(writtenPart.bytes)
    putProgress(part, 8, own)
    part.write(this.#bootId, 8 + progressBytes, 'utf8')
    this.#writePart(writtenPart.start, part)
  }

  /** Notes how far the files are synced, and the log with them. */
  async writeSynced(own: OwnTimerCheckpoint, dataVersion: DataVersion): Promise<void> {
    if (this.#catchUp()) await this.#file.syncData()
    this.#writeSyncedPart(own, dataVersion)
    await this.#file.syncData()
    this.#followNewest()
    await this.#file.syncData()
  }

  writeSyncedNow(own: OwnTimerCheckpoint, dataVersion: DataVersion): void {
    if (this.#catchUp()) this.#file.syncDataNow()
    this.#writeSyncedPart(own, dataVersion)
    this.#file.syncDataNow()
    this.#followNewest()
    this.#file.syncDataNow()
  }

  /** Has no more than this count of what was synced: units and messages behind it are gone. It lasts when this returns. */
  lowerSynced({ logEnd, queueOffset }: Pick<TimerProgress, 'logEnd' | 'queueOffset'>, dataVersion: DataVersion): void {
    const newest = this.#newest()
    if (newest === undefined) return
    const own = readProgress(newest.part, 16)
    const { progress } = own
    if (progress.logEnd <= logEnd && progress.queueOffset <= queueOffset) return
    progress.logEnd = Math.min(progress.logEnd, logEnd)
    progress.queueOffset = Math.min(progress.queueOffset, queueOffset)
    this.writeSyncedNow({ ...own, isClosed: false }, dataVersion)
  }

  syncNow(): void {
    this.#file.syncDataNow()
  }

  close(): void {
    this.#file.close()
  }

  #newest(): { turn: number; part: Buffer } | undefined {
    const parts = syncedParts.flatMap((place) => {
      const part = this.#validPart(place)
      return part === undefined ? [] : [{ turn: readInt64(part, 8), part }]
    })
    return parts.sort((one, other) => other.turn - one.turn)[0]
  }

  #isSharedOurs(): boolean {
    const copies = syncedParts.map((place) => {
      const part = this.#validPart(place)
      return part === undefined ? Buffer.alloc(sharedBytes) : part.subarray(16 + progressBytes)
    })
    return this.#bytes.subarray(0, sharedBytes).every((byte, index) => copies.some((copy) => copy[index] === byte))
  }

  #validPart(place: { start: number; bytes: number }): Buffer | undefined {
    const part = this.#bytes.subarray(place.start, place.start + place.bytes)
    const isValid = part.readUInt32BE(0) === magic && part.readUInt32BE(4) === crc32(part.subarray(8))
    return isValid ? part : undefined
  }

  /** Writes the newest copy to the first 56 bytes, before the older part is replaced that they may still equal. */
  #catchUp(): boolean {
    return this.#isSharedOurs() && this.#followNewest()
  }

  #writeSyncedPart(own: OwnTimerCheckpoint, dataVersion: DataVersion): void {
    this.#turn++
    const place = syncedParts[this.#turn % syncedParts.length]!
    const part = Buffer.alloc(place.bytes)
    writeInt64(part, this.#turn, 8)
    putProgress(part, 16, own)
    putShared(part.subarray(16 + progressBytes), own.progress, dataVersion)
    this.#writePart(place.start, part)
  }

  /** @returns whether there was something to write */
  #followNewest(): boolean {
    const newest = this.#newest()?.part.subarray(16 + progressBytes)
    const first = this.#bytes.subarray(0, sharedBytes)
    if (newest === undefined || first.equals(newest)) return false
    newest.copy(first)
    this.#file.write(first, 0)
    return true
  }

  #writePart(start: number, part: Buffer): void {
    part.writeUInt32BE(magic, 0)
    part.writeUInt32BE(crc32(part.subarray(8)), 4)
    part.copy(this.#bytes, start)
    this.#file.write(part, start)
  }
}

function putShared(target: Buffer, progress: TimerProgress, dataVersion: DataVersion): void {
  writeInt64(target, progress.readMs, 0)
  writeInt64(target, progress.logEnd, 8)
  writeInt64(target, progress.queueOffset, 16)
  writeInt64(target, progress.queueOffset, 24)
  writeInt64(target, dataVersion.stateVersion, 32)
  writeInt64(target, dataVersion.timestamp, 40)
  writeInt64(target, dataVersion.counter, 48)
}

const closedOnly = 1

function putProgress(
  target: Buffer,
  at: number,
  { progress, precisionMs, isClosed, windowMs = closedOnly }: OwnTimerCheckpoint,
): void {
  writeInt64(target, progress.readMs, at)
  writeInt64(target, progress.deliveredInSlot, at + 8)
  writeInt64(target, progress.logEnd, at + 16)
  writeInt64(target, progress.queueOffset, at + 24)
  writeInt64(target, progress.logStart, at + 32)
  writeInt64(target, progress.lastSlotMs, at + 40)
  writeInt64(target, precisionMs, at + 48)
  writeInt64(target, isClosed ? windowMs : 0, at + 56)
}

function readProgress(source: Buffer, at: number): OwnTimerCheckpoint {
  const closed = readInt64(source, at + 56)
  return {
    progress: {
      readMs: readInt64(source, at),
      deliveredInSlot: readInt64(source, at + 8),
      logEnd: readInt64(source, at + 16),
      queueOffset: readInt64(source, at + 24),
      logStart: readInt64(source, at + 32),
      lastSlotMs: readInt64(source, at + 40),
    },
    precisionMs: readInt64(source, at + 48),
    isClosed: closed > 0,
    windowMs: closed > closedOnly ? closed : undefined,
  }
}
