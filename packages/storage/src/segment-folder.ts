import { assert, type LruMap } from '@rocketmq-ts/base'
import type { FileHandle, FileSystem } from '@rocketmq-ts/platform'

/** Open files of all folders of a store, bounded in number. */
export type OpenFiles = LruMap<string, FileHandle>

const nameDigits = 20

export function segmentName(start: number): string {
  return String(start).padStart(nameDigits, '0')
}

/**
 * A sequence of bytes kept in files of one size, each named by the position of its first byte (%020d). The files have
 * their full size from the start, as the official broker maps them; what was not written reads as zeros.
 */
export class SegmentFolder {
  readonly path: string
  readonly segmentBytes: number
  readonly #fileSystem: FileSystem
  readonly #openFiles: OpenFiles
  /** Start positions, ascending and without gaps. */
  #starts: number[]

  constructor(fileSystem: FileSystem, path: string, segmentBytes: number, openFiles: OpenFiles) {
    this.path = path
    this.segmentBytes = segmentBytes
    this.#fileSystem = fileSystem
    this.#openFiles = openFiles
    this.#starts = fileSystem
      .list(path)
      .filter((name) => /^\d{20}$/.test(name))
      .map(Number)
  }

  get starts(): readonly number[] {
    return this.#starts
  }

  /** Where the first file starts; 0 without files. */
  get firstPosition(): number {
    return this.#starts[0] ?? 0
  }

  /** Where the last file ends; 0 without files. */
  get endPosition(): number {
    const last = this.#starts.at(-1)
    return last === undefined ? 0 : last + this.segmentBytes
  }

  startOf(position: number): number {
    return position - (position % this.segmentBytes)
  }

  pathOf(start: number): string {
    return `${this.path}/${segmentName(start)}`
  }

  /**
   * Writes bytes that lie within one segment, which is created when it is the next one.
   * @returns whether a file was created for it
   */
  write(data: Uint8Array, position: number): boolean {
    const start = this.startOf(position)
    assert(position + data.length <= start + this.segmentBytes, `a write to ${this.path} crosses the end of a file`)
    const created = this.#ensure(start)
    this.#open(start).write(data, position - start)
    return created
  }

  /** Reads bytes that lie within one segment; fewer when the segment is missing or ends before. */
  read(target: Uint8Array, position: number): number {
    const start = this.startOf(position)
    if (!this.#has(start)) return 0
    return this.#open(start).read(target, position - start)
  }

  /** Like `read`, without holding up the loop. */
  async readLater(target: Uint8Array, position: number): Promise<number> {
    const start = this.startOf(position)
    if (!this.#has(start)) return 0
    return this.#open(start).readLater(target, position - start)
  }

  /** Makes what was written to the segment of `position` survive a power failure. */
  async sync(position: number): Promise<void> {
    const start = this.startOf(position)
    if (this.#has(start)) await this.#open(start).syncData()
  }

  syncNow(position: number): void {
    const start = this.startOf(position)
    if (this.#has(start)) this.#open(start).syncDataNow()
  }

  /** Makes everything from `position` to the end of its segment zeros. */
  clearFrom(position: number): void {
    const start = this.startOf(position)
    if (!this.#has(start)) return
    const file = this.#open(start)
    file.truncate(position - start)
    file.truncate(this.segmentBytes)
  }

  /** Deletes the first file. */
  removeFirst(): void {
    const start = this.#starts.shift()
    if (start !== undefined) this.#remove(start)
  }

  /** Deletes the files that start at or after `position`. */
  removeFrom(position: number): void {
    while ((this.#starts.at(-1) ?? -1) >= position) this.#remove(this.#starts.pop()!)
  }

  /** Deletes the files and the folder. */
  removeAll(): void {
    for (const start of this.#starts) this.#openFiles.delete(this.pathOf(start))
    this.#starts = []
    this.#fileSystem.removeFolder(this.path)
  }

  #has(start: number): boolean {
    const first = this.#starts[0]
    return first !== undefined && start >= first && start <= this.#starts.at(-1)!
  }

  #ensure(start: number): boolean {
    if (this.#has(start)) return false
    assert(
      this.#starts.length === 0 || start === this.endPosition,
      `${this.pathOf(start)} would leave a gap behind ${this.endPosition}`,
    )
    if (this.#starts.length === 0) this.#fileSystem.makeFolder(this.path)
    const path = this.pathOf(start)
    const file = this.#fileSystem.open(path, 'create')
    file.truncate(this.segmentBytes)
    this.#openFiles.set(path, file)
    this.#starts.push(start)
    return true
  }

  #open(start: number): FileHandle {
    const path = this.pathOf(start)
    const known = this.#openFiles.get(path)
    if (known !== undefined) return known
    const file = this.#fileSystem.open(path, 'update')
    this.#openFiles.set(path, file)
    return file
  }

  #remove(start: number): void {
    const path = this.pathOf(start)
    this.#openFiles.delete(path)
    this.#fileSystem.remove(path)
  }
}
