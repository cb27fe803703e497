import { assert, firstIndexWhere } from '@rocketmq-ts/base'
import type { FileHandle } from '@rocketmq-ts/platform'
import type { StoreFiles } from './store-files.ts'

const nameDigits = 20

function segmentName(start: number): string {
  return String(start).padStart(nameDigits, '0')
}

/** The files of a folder are of another size than the settings say. */
export class SegmentSizeError extends Error {
  override readonly name = 'SegmentSizeError'

  /** @param settings that say the size */
  constructor(
    path: string,
    segmentBytes: number,
    settings = 'mappedFileSizeCommitLog, mappedFileSizeConsumeQueue, mapperFileSizeBatchConsumeQueue or mappedFileSizeTimerLog',
  ) {
    super(
      `${path} does not belong to files of ${segmentBytes} bytes: set ${settings} to the size with which the store was made`,
    )
  }
}

/**
 * A sequence of bytes kept in files of one size, each named by the position of its first byte (%020d). The files have
 * their full size from the start, as the official broker maps them; what was not written reads as zeros. Files that
 * someone took away leave a gap, which reads as nothing.
 */
export class SegmentFolder {
  readonly path: string
  readonly segmentBytes: number
  /** Its files are nobody else's: see `UnitFiles`. */
  readonly isShared = false
  readonly #files: StoreFiles
  /** Start positions, ascending. */
  #starts: number[]

  /** @throws SegmentSizeError when the names of the files do not fit `segmentBytes`, or the first one is larger */
  constructor(files: StoreFiles, path: string, segmentBytes: number) {
    this.path = path
    this.segmentBytes = segmentBytes
    this.#files = files
    this.#starts = files.fileSystem
      .list(path)
      .filter((name) => /^\d{20}$/.test(name))
      .map(Number)
    for (const start of this.#starts) {
      const isOurs = Number.isSafeInteger(start + segmentBytes) && start % segmentBytes === 0
      if (!isOurs) throw new SegmentSizeError(this.pathOf(start), segmentBytes)
    }
    const first = this.#starts[0]
    // Everything behind the size would be left out, and written over.
    if (first === undefined || (files.fileSystem.status(this.pathOf(first))?.sizeBytes ?? 0) <= segmentBytes) return
    throw new SegmentSizeError(this.pathOf(first), segmentBytes)
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

  /** Whether there is a file for the position. */
  has(position: number): boolean {
    const start = this.startOf(position)
    if (start === this.#starts.at(-1)) return true
    const index = firstIndexWhere(0, this.#starts.length, (at) => this.#starts[at]! >= start)
    return this.#starts[index] === start
  }

  /** Where the first file at or behind a position starts, or undefined when there is none. */
  nextStart(position: number): number | undefined {
    return this.#starts[firstIndexWhere(0, this.#starts.length, (at) => this.#starts[at]! >= position)]
  }

  /** Writes bytes that lie within one segment, which is created when it is the next one. */
  write(data: Uint8Array, position: number): void {
    this.#fileFor(data, position).write(data, position - this.startOf(position))
  }

  /** Like `write`, without holding up the loop. */
  async writeLater(data: Uint8Array, position: number): Promise<void> {
    await this.#fileFor(data, position).writeLater(data, position - this.startOf(position))
  }

  /** Reads bytes that lie within one segment; fewer when the segment is missing or ends before. */
  read(target: Uint8Array, position: number): number {
    const start = this.startOf(position)
    return this.has(start) ? this.#open(start).read(target, position - start) : 0
  }

  /** Like `read`, without holding up the loop. */
  async readLater(target: Uint8Array, position: number): Promise<number> {
    const start = this.startOf(position)
    return this.has(start) ? this.#open(start).readLater(target, position - start) : 0
  }

  /** Makes what was written to the segment of `position`, and its name, survive a power failure. */
  async sync(position: number): Promise<void> {
    const start = this.startOf(position)
    if (this.has(start)) await this.#open(start).syncData()
    await this.#files.syncNamesLater(this.path)
  }

  syncNow(position: number): void {
    const start = this.startOf(position)
    if (this.has(start)) this.#open(start).syncDataNow()
    this.#files.syncNames(this.path)
  }

  /** Makes everything from `position` to the end of its segment zeros. */
  clearFrom(position: number): void {
    const start = this.startOf(position)
    if (!this.has(start)) return
    const file = this.#open(start)
    file.truncate(position - start)
    file.truncate(this.segmentBytes)
  }

  /** Size that the file of a start position has. */
  sizeOf(start: number): number {
    return this.#open(start).sizeBytes()
  }

  /** Gives the file of a start position its full size; what it lacked reads as zeros. */
  extend(start: number): void {
    this.#open(start).truncate(this.segmentBytes)
  }

  /** Deletes the first file. It is gone for good before the next can be, so that a power failure leaves no gap. */
  removeFirst(): void {
    const start = this.#starts.shift()
    if (start === undefined) return
    this.#files.remove(this.pathOf(start))
    this.#files.syncNames(this.path)
  }

  /** Deletes the files that start at or after `position`. */
  removeFrom(position: number): void {
    while ((this.#starts.at(-1) ?? -1) >= position) this.#files.remove(this.pathOf(this.#starts.pop()!))
  }

  /** Notes that the folder was removed with all its files: nobody who still holds this object looks for them. */
  forgetFiles(): void {
    this.#starts = []
  }

  /** The file that data goes to. */
  #fileFor(data: Uint8Array, position: number): FileHandle {
    const start = this.startOf(position)
    assert(position + data.length <= start + this.segmentBytes, `a write to ${this.path} crosses the end of a file`)
    if (!this.has(start)) this.#create(start)
    return this.#open(start)
  }

  #create(start: number): void {
    assert(
      this.#starts.length === 0 || start === this.endPosition,
      `${this.pathOf(start)} would leave a gap behind ${this.endPosition}`,
    )
    if (this.#starts.length === 0) this.#files.makeFolder(this.path)
    // Were its name to survive a power failure, and not those before it, it would look like the first file.
    else this.#files.syncNames(this.path)
    this.#files.create(this.pathOf(start), this.segmentBytes)
    this.#starts.push(start)
  }

  #open(start: number): FileHandle {
    return this.#files.open(this.pathOf(start))
  }
}
