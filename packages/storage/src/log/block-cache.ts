import { LruMap } from '@rocketmq-ts/base'
import type { SegmentFolder } from '../segment-folder.ts'
import type { BlockMemory } from './block-memory.ts'
import type { Stretch } from './stretch.ts'

/** What blocks are read from. */
export type ReadableFiles = Pick<SegmentFolder, 'path' | 'segmentBytes' | 'firstPosition' | 'startOf' | 'readLater'>

/** A part of a file that a reader needs and that is not in memory. */
export interface MissingBlock {
  folder: ReadableFiles
  /** Position of the block's first byte. */
  start: number
  /** Bytes of it that may be read: those behind are not written yet. */
  byteCount: number
}

/** Blocks that are kept however large they are: twice as many as reads may be under way, so that each finds its own. */
const keptMin = 32

interface CachedBlock extends Stretch {
  /** The memory that its bytes are the first part of. */
  memory: Buffer
}

/**
 * The blocks of files that were read most recently. A block overlaps the next one, so that a record that begins in it
 * is mostly whole in it. A block at the end of what is written is short: it is read again when more of it is needed.
 */
export class BlockCache {
  readonly #memory: BlockMemory
  readonly #blockBytes: number
  readonly #blocks: LruMap<string, CachedBlock>
  /** The block used last: it mostly holds the next unit or record too. */
  #last: { folder: ReadableFiles; block: CachedBlock } | undefined
  readonly #loading = new Map<string, Promise<Buffer>>()

  /**
   * @param memory of blocks; each has `blockBytes` and the overlap with the next block
   * @param blockBytes from the start of a block to the start of the next
   * @param keptBytesMax memory that all blocks may take
   */
  constructor(memory: BlockMemory, blockBytes: number, keptBytesMax: number) {
    this.#memory = memory
    this.#blockBytes = blockBytes
    const onEvict = (block: CachedBlock): void => {
      if (this.#last?.block === block) this.#last = undefined
      memory.giveBack(block.memory)
    }
    this.#blocks = new LruMap(keptBytesMax, onEvict, { weightOf: ({ memory }) => memory.length, countMin: keptMin })
  }

  /** Blocks that are being read. */
  get loadingCount(): number {
    return this.#loading.size
  }

  /**
   * The block that holds the bytes at [position, position + byteCount), which lie within one segment. The block may be
   * used until the end of this turn.
   */
  find(folder: ReadableFiles, position: number, byteCount: number): Stretch | undefined {
    const last = this.#last
    if (last !== undefined && last.folder === folder && holds(last.block, position, byteCount)) return last.block
    const block = this.#blocks.get(this.#key(folder, this.#startOf(folder, position)))
    if (block === undefined || !holds(block, position, byteCount)) return undefined
    this.#last = { folder, block }
    return block
  }

  /**
   * The block to load before `find` can find those bytes.
   * @param writtenPosition where the written part of the folder ends
   */
  missing(folder: ReadableFiles, position: number, byteCount: number, writtenPosition: number): MissingBlock {
    const start = this.#startOf(folder, position)
    const segmentEnd = folder.startOf(position) + folder.segmentBytes
    const wantedEnd = Math.max(start + this.#memory.blockBytes, position + byteCount)
    const end = Math.min(wantedEnd, segmentEnd, Math.max(writtenPosition, position + byteCount))
    return { folder, start, byteCount: end - start }
  }

  /** Reads a block. Concurrent loads of the same block share one read. */
  load(missing: MissingBlock): Promise<Buffer> {
    const key = this.#key(missing.folder, missing.start)
    const loadingKey = `${key}+${missing.byteCount}`
    const known = this.#loading.get(loadingKey)
    if (known !== undefined) return known
    const loading: Promise<Buffer> = this.#read(missing)
      .then((block) => {
        // A block that was forgotten meanwhile is not kept.
        if (this.#loading.get(loadingKey) === loading) {
          // The memory of a shorter block in its place is given back.
          this.#blocks.delete(key)
          this.#blocks.set(key, block)
        }
        return block.bytes
      })
      .finally(() => {
        if (this.#loading.get(loadingKey) === loading) this.#loading.delete(loadingKey)
      })
    this.#loading.set(loadingKey, loading)
    return loading
  }

  /** Forgets the block of a position, so that it is read again. */
  forgetAt(folder: ReadableFiles, position: number): void {
    this.#last = undefined
    this.#blocks.delete(this.#key(folder, this.#startOf(folder, position)))
  }

  /** Forgets everything. */
  clear(): void {
    this.#last = undefined
    this.#blocks.clear()
    this.#loading.clear()
  }

  /** Forgets what was read of a folder whose files were cut or removed. */
  forget(folder: ReadableFiles): void {
    this.#last = undefined
    for (const map of [this.#blocks, this.#loading]) {
      for (const key of [...map.keys()]) if (key.startsWith(`${folder.path}:`)) map.delete(key)
    }
  }

  async #read({ folder, start, byteCount }: MissingBlock): Promise<CachedBlock> {
    const memory = byteCount <= this.#memory.blockBytes ? this.#memory.take() : Buffer.allocUnsafeSlow(byteCount)
    const bytes = memory.subarray(0, byteCount)
    const count = await folder.readLater(bytes, start)
    // Retention deletes files at the front. Anything else that is missing was taken away or cut off: it is read as
    // zeros, which are neither a record nor a unit, so that readers skip it.
    if (start < folder.firstPosition) return { start, bytes: bytes.subarray(0, count), memory }
    return { start, bytes: bytes.fill(0, count), memory }
  }

  #startOf(folder: ReadableFiles, position: number): number {
    const segmentStart = folder.startOf(position)
    const inSegment = position - segmentStart
    return segmentStart + inSegment - (inSegment % this.#blockBytes)
  }

  #key(folder: ReadableFiles, start: number): string {
    return `${folder.path}:${start}`
  }
}

function holds({ start, bytes }: Stretch, position: number, byteCount: number): boolean {
  return position >= start && position + byteCount <= start + bytes.length
}
