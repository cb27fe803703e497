import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { replaceFile } from '@rocketmq-ts/platform'
import type { StoreFiles } from '../store-files.ts'

/** Lines that say nothing any more, which may be in the file among as many others. */
const staleLinesMax = 1000

/**
 * Topics that were removed, and where the log ended then. The log keeps their messages for days, and a start after a crash
 * reads a part of it again: what stands before that position is of no queue any more, whether or not a topic was made anew
 * under the name.
 *
 * Each is a line of a file that is synced before anything of the topic is removed. What is not as it was written, at the
 * end, was never synced.
 *
 *     <crc32 of the rest, hexadecimal> <position> <topic as JSON>
 */
export class RemovedTopics {
  readonly #files: StoreFiles
  readonly #path: string
  readonly #ends = new Map<string, number>()
  /** Where the next line goes, in bytes. */
  #sizeBytes = 0
  #lineCount = 0

  constructor(files: StoreFiles, path: string) {
    this.#files = files
    this.#path = path
    const lines = (files.fileSystem.readFile(path)?.toString('utf8') ?? '').split('\n')
    for (const line of lines.slice(0, -1)) {
      const known = parse(line)
      if (known === undefined) break
      this.#ends.set(known.topic, known.end)
      this.#sizeBytes += Buffer.byteLength(line) + 1
      this.#lineCount++
    }
  }

  /** Messages of a topic before this position of the log are of a topic that was removed; 0 when none are. */
  endOf(topic: string): number {
    return this.#ends.size === 0 ? 0 : (this.#ends.get(topic) ?? 0)
  }

  /**
   * A topic is about to be removed.
   * @param end of the log
   * @param logStart nothing is noted of topics whose messages stood before it
   * @throws the file system's errors: then nothing is to be removed
   */
  add(topic: string, end: number, logStart: number): void {
    this.#forgetBefore(logStart)
    if (this.#lineCount > 2 * this.#ends.size + staleLinesMax) this.#writeAll()
    const { fileSystem } = this.#files
    const isNew = fileSystem.status(this.#path) === undefined
    const file = fileSystem.open(this.#path, 'create')
    try {
      const line = Buffer.from(format(topic, end), 'utf8')
      file.write(line, this.#sizeBytes)
      // What an earlier process left unsynced must not count as a line behind this one.
      file.truncate(this.#sizeBytes + line.length)
      file.syncDataNow()
      this.#sizeBytes += line.length
      this.#lineCount++
    } finally {
      file.close()
    }
    if (isNew) fileSystem.syncFolder(dirname(this.#path))
    this.#ends.set(topic, end)
  }

  /**
   * The log ends at a position now: what comes next stands there, and is of topics that are there.
   * @param logStart see `add`
   * @throws the file system's errors
   */
  cutTo(logEnd: number, logStart: number): void {
    this.#forgetBefore(logStart)
    let isChanged = false
    for (const [topic, end] of this.#ends) {
      if (end <= logEnd) continue
      this.#ends.set(topic, logEnd)
      isChanged = true
    }
    if (isChanged) this.#writeAll()
  }

  #forgetBefore(logStart: number): void {
    for (const [topic, end] of this.#ends) if (end <= logStart) this.#ends.delete(topic)
  }

  #writeAll(): void {
    const content = Buffer.from([...this.#ends].map(([topic, end]) => format(topic, end)).join(''), 'utf8')
    replaceFile(this.#files.fileSystem, this.#path, content)
    this.#sizeBytes = content.length
    this.#lineCount = this.#ends.size
  }
}

function format(topic: string, end: number): string {
  const rest = `${end} ${JSON.stringify(topic)}`
  return `${sumOf(rest)} ${rest}\n`
}

function parse(line: string): { topic: string; end: number } | undefined {
  const sumEnd = line.indexOf(' ')
  const rest = line.slice(sumEnd + 1)
  if (sumEnd < 0 || line.slice(0, sumEnd) !== sumOf(rest)) return undefined
  const end = rest.indexOf(' ')
  return { topic: JSON.parse(rest.slice(end + 1)) as string, end: Number(rest.slice(0, end)) }
}

function sumOf(text: string): string {
  return crc32(text).toString(16)
}
