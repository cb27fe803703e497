import { LruMap } from '@rocketmq-ts/base'
import type { SegmentFolder } from '../segment-folder.ts'

/** A part of a file that a reader needs and that is not in memory. */
export interface MissingBlock {
  folder: SegmentFolder
  /** Position of the block's first byte. */
  start: number
  /** Bytes of it that may be read: what lies behind is not written yet. */
  byteCount: number
}

/**
 * Blocks read from files, kept while they are in use. A block at the end of what is written is short; it is read again
 * when more of it is needed.
 */
export class BlockCache {
  readonly #blockBytes: number
  readonly #blocks: LruMap<string, Buffer>
  /** The block used last: the next unit or record is mostly in it too. */
  #last: { folder: SegmentFolder; start: number; block: Buffer } | undefined
  readonly #loading = new Map<string, Promise<Buffer>>()

  constructor(blockBytes: number, keptBytesMax: number) {
    this.#blockBytes = blockBytes
    this.#blocks = new LruMap(Math.max(4, Math.floor(keptBytesMax / blockBytes)))
  }

  /**
   * The bytes at [position, position + byteCount), which lie within one segment, or what has to be loaded first.
   * @param writtenPosition where the written part of the folder ends
   */
  slice(
    folder: SegmentFolder,
    position: number,
    byteCount: number,
    writtenPosition: number,
  ): Buffer | { missing: MissingBlock } {
    const first = this.#startOf(folder, position)
    const at = position - first
    const last = this.#last
    if (last !== undefined && last.folder === folder && last.start === first && at + byteCount <= last.block.length) {
      return last.block.subarray(at, at + byteCount)
    }
    const block = this.#blocks.get(this.#key(folder, first))
    if (block !== undefined && at + byteCount <= block.length) {
      this.#last = { folder, start: first, block }
      return block.subarray(at, at + byteCount)
    }
    const segmentEnd = folder.startOf(position) + folder.segmentBytes
    const wantedEnd = Math.max(first + this.#blockBytes, position + byteCount)
    const end = Math.min(wantedEnd, segmentEnd, Math.max(writtenPosition, position + byteCount))
    return { missing: { folder, start: first, byteCount: end - first } }
  }

  /** Reads a block; those who wait for the same one share the read. */
  load(missing: MissingBlock): Promise<Buffer> {
    const key = this.#key(missing.folder, missing.start)
    const loadingKey = `${key}+${missing.byteCount}`
    const known = this.#loading.get(loadingKey)
    if (known !== undefined) return known
    const loading: Promise<Buffer> = this.#read(missing)
      .then((block) => {
        // What was forgotten meanwhile is of no use to others.
        if (this.#loading.get(loadingKey) === loading) {
          this.#last = undefined
          this.#blocks.set(key, block)
        }
        return block
      })
      .finally(() => {
        if (this.#loading.get(loadingKey) === loading) this.#loading.delete(loadingKey)
      })
    this.#loading.set(loadingKey, loading)
    return loading
  }

  /** Forgets the block of a position, so that it is read again. */
  forgetAt(folder: SegmentFolder, position: number): void {
    this.#last = undefined
    this.#blocks.delete(this.#key(folder, this.#startOf(folder, position)))
  }

  /** Forgets what was read of a folder whose files were cut or removed. */
  forget(folder: SegmentFolder): void {
    this.#last = undefined
    for (const map of [this.#blocks, this.#loading]) {
      for (const key of [...map.keys()]) if (key.startsWith(`${folder.path}:`)) map.delete(key)
    }
  }

  async #read(missing: MissingBlock): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(missing.byteCount)
    const count = await missing.folder.readLater(bytes, missing.start)
    // Files of the front are deleted as time goes by. What else is missing was taken away, or cut off: it is read as
    // zeros, which are no record and no unit, so that readers can pass it by.
    if (missing.start < missing.folder.firstPosition) return bytes.subarray(0, count)
    return bytes.fill(0, count)
  }

  #startOf(folder: SegmentFolder, position: number): number {
    const segmentStart = folder.startOf(position)
    const inSegment = position - segmentStart
    return segmentStart + inSegment - (inSegment % this.#blockBytes)
  }

  #key(folder: SegmentFolder, start: number): string {
    return `${folder.path}:${start}`
  }
}
