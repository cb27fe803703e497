import type { FileSystem, Log } from '@rocketmq-ts/platform'
import { ConfigFile } from '../config-file.ts'

/**
 * The file `compaction/position-checkpoint`: for each queue the last queue offset that a compaction has covered.
 *
 *     {"queueOffsetMap":{"<topic>_<queue>":<queue offset>}}
 */
export class CompactedPositions {
  readonly #file: ConfigFile
  readonly #offsets: Map<string, number>

  constructor(fileSystem: FileSystem, path: string, log: Log) {
    this.#file = new ConfigFile(fileSystem, path, log)
    this.#offsets = this.#load(log)
  }

  /** -1 before the first compaction. */
  get(topic: string, queueId: number): number {
    return this.#offsets.get(`${topic}_${queueId}`) ?? -1
  }

  set(topic: string, queueId: number, queueOffset: number): void {
    this.#offsets.set(`${topic}_${queueId}`, queueOffset)
  }

  delete(topic: string, queueId: number): void {
    this.#offsets.delete(`${topic}_${queueId}`)
  }

  /** @returns whether something was forgotten: the queues of which nothing is there */
  keepOnly(isKept: (name: string) => boolean): boolean {
    const count = this.#offsets.size
    for (const name of this.#offsets.keys()) if (!isKept(name)) this.#offsets.delete(name)
    return this.#offsets.size < count
  }

  save(): void {
    this.#file.save(this.#text())
  }

  async saveLater(): Promise<void> {
    await this.#file.saveLater(this.#text())
  }

  #text(): string {
    return JSON.stringify({ queueOffsetMap: Object.fromEntries(this.#offsets) })
  }

  /** Without it compactions begin anew, which costs time and no message. */
  #load(log: Log): Map<string, number> {
    try {
      return this.#file.load(parse) ?? new Map()
    } catch (error) {
      log.warn({ err: error }, 'how far compactions came is not known: they begin anew')
      return new Map()
    }
  }
}

function parse(text: string): Map<string, number> {
  const map = (JSON.parse(text) as { queueOffsetMap?: unknown } | null)?.queueOffsetMap
  if (typeof map !== 'object' || map === null) throw new Error('it has no queueOffsetMap')
  return new Map(
    Object.entries(map).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]) && entry[1] >= -1),
  )
}
