import { crc32 } from 'node:zlib'
import type { FileHandle, FileSystem } from '@rocketmq-ts/platform'
import { readInt64, writeInt64 } from '@rocketmq-ts/protocol'

/** What the official broker keeps in its checkpoint, as far as it guides a recovery. */
export interface SharedCheckpoint {
  /** Store time of the last message that is synced in the log. */
  logTimestamp: number
  /** Store time of the last message whose queue units are synced. */
  queuesTimestamp: number
  indexTimestamp: number
  /** Position in the log up to which queue units are synced. */
  queuesPosition: number
}

/** What only our broker keeps: positions, which are more exact than times. */
export interface OwnCheckpoint {
  /** Queue units and keys of messages before it are in the files: holds after the death of the process. */
  writtenPosition: number
  /** The same after a power failure. */
  syncedPosition: number
  /** The boot of the machine in which it was written; another one means that the system went down. */
  bootId: string
}

const fileBytes = 4096
const sharedBytes = 48
const ownStart = 1024
const ownMagic = 0x524d5453
const ownBytes = 128

/**
 * The checkpoint file (4096 bytes, big-endian):
 *
 *     @0 log timestamp 8 | @8 queues timestamp 8 | @16 index timestamp 8 | @24 master flushed offset 8
 *     | @32 confirmed position 8 | @40 queues position 8
 *
 * and, in what the official broker leaves alone, our own part. It carries a copy of the first 48 bytes: when they
 * differ, an official broker had the store since, and our part says nothing any more.
 *
 *     @1024 magic 4 | crc32 4 (of what follows) | copy 48 | written position 8 | synced position 8 | boot id 56
 */
export class CheckpointFile {
  readonly #file: FileHandle
  readonly #bytes = Buffer.alloc(fileBytes)

  constructor(fileSystem: FileSystem, path: string) {
    this.#file = fileSystem.open(path, 'create')
    this.#file.read(this.#bytes, 0)
    if (this.#file.sizeBytes() < fileBytes) this.#file.truncate(fileBytes)
  }

  get shared(): SharedCheckpoint {
    return {
      logTimestamp: readInt64(this.#bytes, 0),
      queuesTimestamp: readInt64(this.#bytes, 8),
      indexTimestamp: readInt64(this.#bytes, 16),
      queuesPosition: readInt64(this.#bytes, 40),
    }
  }

  /** Undefined when it was never written, is damaged, or an official broker used the store after it. */
  get own(): OwnCheckpoint | undefined {
    const own = this.#bytes.subarray(ownStart, ownStart + ownBytes)
    if (own.readUInt32BE(0) !== ownMagic || own.readUInt32BE(4) !== crc32(own.subarray(8))) return undefined
    if (!own.subarray(8, 8 + sharedBytes).equals(this.#bytes.subarray(0, sharedBytes))) return undefined
    return {
      writtenPosition: readInt64(own, 56),
      syncedPosition: readInt64(own, 64),
      bootId: own.toString('utf8', 72, 128).replace(/\0+$/, ''),
    }
  }

  write(shared: SharedCheckpoint, own: OwnCheckpoint): void {
    const bytes = this.#bytes
    writeInt64(bytes, shared.logTimestamp, 0)
    writeInt64(bytes, shared.queuesTimestamp, 8)
    writeInt64(bytes, shared.indexTimestamp, 16)
    writeInt64(bytes, shared.queuesPosition, 40)
    const part = bytes.subarray(ownStart, ownStart + ownBytes).fill(0)
    part.writeUInt32BE(ownMagic, 0)
    bytes.copy(part, 8, 0, sharedBytes)
    writeInt64(part, own.writtenPosition, 56)
    writeInt64(part, own.syncedPosition, 64)
    part.write(own.bootId.slice(0, 56), 72, 'utf8')
    part.writeUInt32BE(crc32(part.subarray(8)), 4)
    this.#file.write(bytes, 0)
  }

  async sync(): Promise<void> {
    await this.#file.syncData()
  }

  syncNow(): void {
    this.#file.syncDataNow()
  }

  close(): void {
    this.#file.close()
  }
}
