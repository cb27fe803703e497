import { type DataVersion, newDataVersion, nextDataVersion, type TopicCount } from '@rocketmq-ts/protocol'
import { type KeptFolder, KeptState } from './kept-state.ts'

/** What the file of counts holds. */
export interface TopicCountTable {
  dataVersion?: DataVersion | undefined
  counts: ReadonlyMap<string, TopicCount>
}

export interface TopicCountsFormat {
  file: string
  /** @throws when the text is not what the file should hold */
  parse(text: string): TopicCountTable
  encode(table: TopicCountTable): string
}

const intervalMs = 10_000

/**
 * How many messages of each topic wait for something, kept in a file of the configuration folder. The file is written at
 * an interval: after the death of the process, whoever knows better sets the counts anew.
 */
export class TopicCounts {
  readonly #config: KeptFolder
  readonly #kept: KeptState<TopicCountTable>
  readonly #counts: Map<string, TopicCount>
  #dataVersion: DataVersion

  /** @throws Error when the file is there and cannot be used */
  constructor(config: KeptFolder, { file, parse, encode }: TopicCountsFormat) {
    this.#config = config
    this.#kept = new KeptState(config, {
      file,
      parse,
      pieces: () => {
        this.#dataVersion = nextDataVersion(this.#dataVersion, config.clock.now())
        return [encode(this.table)]
      },
      intervalMs,
      gatherMs: intervalMs,
      isProgress: false,
    })
    this.#counts = new Map(this.#kept.content?.counts)
    this.#dataVersion = this.#kept.content?.dataVersion ?? newDataVersion(config.clock.now())
  }

  get table(): TopicCountTable {
    return { dataVersion: this.#dataVersion, counts: this.#counts }
  }

  add(topic: string, change: number): void {
    const count = Math.max((this.#counts.get(topic)?.count ?? 0) + change, 0)
    this.#counts.set(topic, { count, timeStamp: this.#config.clock.now() })
    this.#kept.later()
  }

  /** Sets what was counted anew. Topics that are known stay, with 0 when there is nothing of them. */
  setAll(counted: ReadonlyMap<string, number>): void {
    const timeStamp = this.#config.clock.now()
    let isChanged = false
    for (const topic of new Set([...this.#counts.keys(), ...counted.keys()])) {
      const count = Math.max(counted.get(topic) ?? 0, 0)
      const known = this.#counts.get(topic)
      if (known?.count === count || (known === undefined && count === 0)) continue
      this.#counts.set(topic, { count, timeStamp })
      isChanged = true
    }
    if (isChanged) this.#kept.later()
  }

  /** A topic is deleted. */
  remove(topic: string): void {
    if (this.#counts.delete(topic)) this.#kept.later()
  }

  /** Messages of all topics. */
  total(): number {
    let sum = 0
    for (const { count } of this.#counts.values()) sum += count
    return sum
  }

  /** Writes what is not written yet; nothing is written after it. */
  close(): void {
    this.#kept.close()
  }
}
