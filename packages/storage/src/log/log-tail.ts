import { assert, firstIndexWhere } from '@rocketmq-ts/base'
import type { BlockMemory } from './block-memory.ts'
import type { Stretch } from './stretch.ts'

interface Block extends Stretch {
  usedBytes: number
}

/** Bytes of the log and where they stand. */
export interface LogPart {
  position: number
  bytes: Buffer
}

/**
 * The newest part of the log, in memory. Records are encoded into it, written to the file from it, and read from it by
 * consumers at the tail. A stretch found in it does not change until the end of the turn.
 */
export class LogTail {
  readonly #memory: BlockMemory
  readonly #keptBlocksMax: number
  /** Ascending by start; a record never spans two blocks. */
  #blocks: Block[] = []
  /** Where in `#blocks` something was found last. */
  #foundIndex = 0

  /** @param keptBytesMax how much is kept in memory */
  constructor(memory: BlockMemory, keptBytesMax: number) {
    this.#memory = memory
    this.#keptBlocksMax = Math.max(2, Math.floor(keptBytesMax / memory.blockBytes))
  }

  /** The first position that is in memory. */
  get firstPosition(): number {
    return this.#blocks[0]?.start ?? Number.POSITIVE_INFINITY
  }

  /** Makes room for `byteCount` bytes at `position` of the log, and returns where to put them. */
  reserve(position: number, byteCount: number): { bytes: Buffer; at: number } {
    let block = this.#blocks.at(-1)
    const continues = block !== undefined && block.start + block.usedBytes === position
    if (!continues || block!.usedBytes + byteCount > block!.bytes.length) {
      const isLarge = byteCount > this.#memory.blockBytes
      const bytes = isLarge ? Buffer.allocUnsafeSlow(byteCount) : this.#memory.take()
      block = { start: position, bytes, usedBytes: 0 }
      this.#blocks.push(block)
    }
    const at = block!.usedBytes
    block!.usedBytes += byteCount
    return { bytes: block!.bytes, at }
  }

  /** What holds the bytes at [position, position + byteCount), or undefined when they are not in memory as a whole. */
  find(position: number, byteCount: number): Stretch | undefined {
    const block = this.#blockOf(position)
    if (block === undefined || position - block.start + byteCount > block.usedBytes) return undefined
    return block
  }

  /** Everything from `position` to the end, in parts to write. */
  partsFrom(position: number): LogPart[] {
    let first = this.#blocks.length
    while (first > 0 && this.#blocks[first - 1]!.start + this.#blocks[first - 1]!.usedBytes > position) first--
    return this.#blocks.slice(first).map((block) => {
      const at = Math.max(0, position - block.start)
      assert(at < block.usedBytes, 'an empty part of the log tail is to be written')
      return { position: block.start + at, bytes: block.bytes.subarray(at, block.usedBytes) }
    })
  }

  /**
   * Takes back what was reserved from `position` on. A stretch found there does not change: new records go into other
   * memory.
   */
  cutTo(position: number): void {
    while ((this.#blocks.at(-1)?.start ?? -1) >= position) this.#blocks.pop()
    const last = this.#blocks.at(-1)
    const keptBytes = position - (last?.start ?? 0)
    if (last === undefined || last.usedBytes <= keptBytes) return
    this.#blocks[this.#blocks.length - 1] = {
      start: last.start,
      bytes: last.bytes.subarray(0, keptBytes),
      usedBytes: keptBytes,
    }
  }

  /** Gives up the oldest blocks beyond the number to keep; everything before `writtenPosition` is in the files. */
  release(writtenPosition: number): void {
    while (this.#blocks.length > this.#keptBlocksMax) {
      const { start, usedBytes } = this.#blocks[0]!
      if (start + usedBytes > writtenPosition) return
      this.#memory.giveBack(this.#blocks.shift()!.bytes)
    }
  }

  /** The last block that starts at or before a position; mostly the one of the message before. */
  #blockOf(position: number): Block | undefined {
    // The fast way out for every message of a consumer that is behind.
    if (position < this.firstPosition) return undefined
    const blocks = this.#blocks
    const found = blocks[this.#foundIndex]
    const next = blocks[this.#foundIndex + 1]
    if (found !== undefined && position >= found.start && (next === undefined || position < next.start)) return found
    this.#foundIndex = this.#indexOf(position)
    return blocks[this.#foundIndex]
  }

  #indexOf(position: number): number {
    const blocks = this.#blocks
    return firstIndexWhere(0, blocks.length, (index) => blocks[index]!.start > position) - 1
  }
}
