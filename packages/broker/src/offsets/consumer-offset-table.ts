import type { Clock, Log } from '@rocketmq-ts/platform'
import { type ConsumerOffsets, type DataVersion, newDataVersion, nextDataVersion } from '@rocketmq-ts/protocol'
import { type KeptFolder, KeptState } from '../kept/index.ts'
import { formatOffsetFile, readOffsetFile } from './offset-file.ts'
import { OffsetMap } from './offset-map.ts'

export interface ConsumerOffsetTableOptions {
  /** Where consumerOffset.json is. */
  config: KeptFolder
  /** Milliseconds between two writes of the file. */
  flushIntervalMs: number
}

/** Commits after which the data version counts one up: it tells slaves that something changed. */
const commitsPerVersion = 500

/** How far each group is in each queue, kept in config/consumerOffset.json. */
export class ConsumerOffsetTable {
  readonly #clock: Clock
  readonly #offsets = new OffsetMap()
  readonly #pullOffsets = new OffsetMap()
  /** Offsets that an administrator set, until a pull takes them up. In memory alone, as nothing waits over a restart. */
  readonly #resets = new OffsetMap()
  readonly #kept: KeptState<ConsumerOffsets>
  #dataVersion: DataVersion
  #commitCount = 0

  /** @throws Error when the file is there and cannot be used */
  constructor(options: ConsumerOffsetTableOptions) {
    const { config, flushIntervalMs } = options
    this.#clock = config.clock
    this.#kept = new KeptState(config, {
      file: 'consumerOffset.json',
      parse: readOffsetFile,
      pieces: () => [formatOffsetFile(this.#dataVersion, this.#offsets, this.#pullOffsets)],
      intervalMs: flushIntervalMs,
      gatherMs: flushIntervalMs,
      isProgress: true,
    })
    const { content } = this.#kept
    this.#load(content, config.log)
    this.#dataVersion = content?.dataVersion ?? newDataVersion(config.clock.now())
  }

  get dataVersion(): DataVersion {
    return this.#dataVersion
  }

  /** Groups that have offsets. */
  groups(): string[] {
    return [...this.#offsets.groups()]
  }

  /** Groups that have offsets, the topics of each, and their queues. */
  counts(): { groups: number; topics: number; queues: number } {
    return this.#offsets.counts()
  }

  /** Where the group goes on reading; what an administrator set counts before what it committed. */
  offset(group: string, topic: string, queueId: number): number | undefined {
    return this.#resets.get(group, topic, queueId) ?? this.#offsets.get(group, topic, queueId)
  }

  /** The group has consumed what is before `offset`. It may be lower than before. */
  commit(group: string, topic: string, queueId: number, offset: number): void {
    if (++this.#commitCount % commitsPerVersion === 0) {
      this.#dataVersion = nextDataVersion(this.#dataVersion, this.#clock.now())
    }
    if (this.#offsets.set(group, topic, queueId, offset)) this.#kept.later()
  }

  pullOffset(group: string, topic: string, queueId: number): number | undefined {
    return this.#pullOffsets.get(group, topic, queueId)
  }

  /** The group was given the messages before `offset`. */
  pulled(group: string, topic: string, queueId: number, offset: number): void {
    if (this.#pullOffsets.set(group, topic, queueId, offset)) this.#kept.later()
  }

  /** Sets where a group goes on; its next pull is told so, and what it commits before that does not count. */
  reset(group: string, topic: string, queueId: number, offset: number): void {
    this.#resets.set(group, topic, queueId, offset)
    this.commit(group, topic, queueId, offset)
  }

  isResetPending(group: string, topic: string, queueId: number): boolean {
    return this.#resets.get(group, topic, queueId) !== undefined
  }

  /** The offset that an administrator set and the group has not taken up yet; it is handed out once. */
  takeReset(group: string, topic: string, queueId: number): number | undefined {
    return this.#resets.remove(group, topic, queueId)
  }

  /** Queue ids with the group's committed offsets. */
  queuesOf(group: string, topic: string): ReadonlyMap<number, number> {
    return this.#offsets.queuesOf(group, topic)
  }

  /** Topics that a group has offsets in. */
  topicsOf(group: string): string[] {
    return this.#offsets.topicsOf(group)
  }

  /** Groups that have offsets in a topic. */
  groupsOf(topic: string): string[] {
    return this.#offsets.groupsOf(topic)
  }

  /** Gives a group the offsets that another one has in a topic. */
  copy(fromGroup: string, toGroup: string, topic: string): void {
    for (const [queueId, offset] of this.#offsets.queuesOf(fromGroup, topic)) {
      this.commit(toGroup, topic, queueId, offset)
    }
  }

  removeGroup(group: string): void {
    for (const map of this.#maps) if (map.removeGroup(group)) this.#kept.later()
  }

  removeTopic(topic: string): void {
    for (const map of this.#maps) if (map.removeTopic(topic)) this.#kept.later()
  }

  /** Everything, as GET_ALL_CONSUMER_OFFSET gives it to a slave. */
  snapshot(): ConsumerOffsets {
    return {
      dataVersion: this.#dataVersion,
      groupTopicMap: this.#offsets.toTopicsByGroup(),
      offsetTable: this.#offsets.toTable(),
      pullOffsetTable: this.#pullOffsets.toTable(),
    }
  }

  /**
   * Writes what changed, whatever the interval.
   * @throws the file system's errors, and Error when the log cannot be synced; it is then tried again later
   */
  flush(): void {
    this.#kept.flush()
  }

  /** Writes what is not written yet; nothing is written after it. */
  close(): void {
    this.#kept.close()
  }

  get #maps(): OffsetMap[] {
    return [this.#offsets, this.#pullOffsets, this.#resets]
  }

  #load(loaded: ConsumerOffsets | undefined, log: Log): void {
    const tables: [OffsetMap, Map<string, Map<number, number>> | undefined][] = [
      [this.#offsets, loaded?.offsetTable],
      [this.#pullOffsets, loaded?.pullOffsetTable],
    ]
    for (const [map, table] of tables) {
      for (const [key, queues] of table ?? []) {
        if (!map.load(key, queues)) log.warn({ key }, 'a consumer offset is dropped: its key is not topic@group')
      }
    }
  }
}
