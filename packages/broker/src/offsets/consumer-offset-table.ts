import type { Clock, Log } from '@rocketmq-ts/platform'
import {
  type ConsumerOffsets,
  compareDataVersions,
  type DataVersion,
  isLightQueue,
  lightQueueId,
  newDataVersion,
  nextDataVersion,
  ProtocolError,
} from '@rocketmq-ts/protocol'
import { type KeptFolder, KeptState } from '../kept/index.ts'
import { LeavingQueues } from './leaving-queues.ts'
import { LightOffsets } from './light-offsets.ts'
import { type LightReset, lightResetJournal } from './light-reset-journal.ts'
import { LogEnds } from './log-ends.ts'
import { lightOffsetFilePieces, type OffsetFile, offsetFilePieces, readOffsetFile } from './offset-file.ts'
import { OffsetMap } from './offset-map.ts'

export interface ConsumerOffsetTableOptions {
  /** Where consumerOffset.json is. */
  config: KeptFolder
  /** Milliseconds between two writes of the file. */
  flushIntervalMs: number
  /** Whether there are light queues, and the file is lmqConsumerOffset.json. */
  hasLightQueues: boolean
  /** Offsets of groups in light queues that there may be (maxLmqOffsetNum). */
  lightOffsetsMax(): number
  /** Where the log begins and ends. */
  positions(): { min: number; max: number }
}

/** Commits after which the data version counts one up: it tells slaves that something changed. */
const commitsPerVersion = 500
const ordinaryFile = 'consumerOffset.json'
const lightFile = 'lmqConsumerOffset.json'
/** That of a light queue is a folder's name; a group's is no longer. */
const nameBytesMax = 255

/**
 * How far each group is in each queue, kept in config/consumerOffset.json, or in config/lmqConsumerOffset.json where there
 * are light queues: official brokers read the one or the other.
 */
export class ConsumerOffsetTable {
  readonly #clock: Clock
  readonly #offsets = new OffsetMap()
  /** Of light queues; undefined when there are none. */
  readonly #light: LightOffsets | undefined
  readonly #lightOffsetsMax: () => number
  readonly #positions: () => { min: number; max: number }
  readonly #pullOffsets = new OffsetMap()
  /** Offsets that an administrator set, until a pull takes them up. In memory alone, as nothing waits over a restart. */
  readonly #resets = new OffsetMap()
  readonly #kept: KeptState<DataVersion | undefined, LightReset>
  #dataVersion: DataVersion
  #commitCount = 0
  /** Topics and groups whose offsets were removed, and how many of them the file tells that they are gone. */
  #removalCount = 0
  #keptRemovalCount = 0
  #lightResetCount = 0
  readonly #leaving: LeavingQueues
  /** When groups were deleted with their offsets. */
  readonly #removedGroups = new LogEnds()
  /** When an administrator had groups go on elsewhere, by `topic@group@queueId`. */
  readonly #resetQueues = new LogEnds()

  /** @throws Error when the file is there and cannot be used */
  constructor(options: ConsumerOffsetTableOptions) {
    const { config, flushIntervalMs, hasLightQueues } = options
    this.#clock = config.clock
    const light = hasLightQueues ? new LightOffsets() : undefined
    this.#light = light
    this.#lightOffsetsMax = options.lightOffsetsMax
    this.#positions = options.positions
    let content: OffsetFile | undefined
    this.#kept = new KeptState(config, {
      file: light === undefined ? ordinaryFile : lightFile,
      parse(text) {
        content = readOffsetFile(text)
        return content.dataVersion
      },
      pieces: () => {
        const tables = {
          dataVersion: this.#dataVersion,
          removedGroups: this.#removedGroups,
          resetQueues: this.#resetQueues,
          offsets: this.#offsets,
          pullOffsets: this.#pullOffsets,
        }
        return light === undefined
          ? offsetFilePieces(tables)
          : lightOffsetFilePieces({ ...tables, light, leaving: this.#leaving })
      },
      intervalMs: flushIntervalMs,
      gatherMs: flushIntervalMs,
      isProgress: true,
      ...(light === undefined ? {} : { journal: { ...lightResetJournal, version: () => this.#dataVersion } }),
    })
    this.#leaving = new LeavingQueues(this.#kept)
    // Where light queues were switched on or off, the other file may be the newer one.
    const other = config.file(light === undefined ? lightFile : ordinaryFile).load(readOffsetFile)
    const isOtherNewer = other !== undefined && (content === undefined || isNewer(other, content))
    const newest = isOtherNewer ? other : content
    this.#load(newest, config.log)
    this.#removedGroups.load(newest?.removedGroupTable)
    this.#resetQueues.load(newest?.resetQueueTable)
    this.logWasCut()
    if (content !== undefined) this.#loadLight(content)
    // Of a million offsets nothing is kept twice.
    content = undefined
    const nowMs = config.clock.now()
    this.#dataVersion = newest?.dataVersion ?? newDataVersion(nowMs)
    for (const { group, queue, offset } of this.#kept.changes) this.commit(group, queue, lightQueueId, offset)
    // The file that has them is another version than the one that had not.
    if (this.#kept.changes.length > 0) this.#dataVersion = nextDataVersion(this.#dataVersion, nowMs)
    if (!isOtherNewer) return
    // The file that is written from now on must be known as the newer one.
    this.#dataVersion = nextDataVersion(this.#dataVersion, nowMs)
    this.#kept.later()
  }

  get dataVersion(): DataVersion {
    return this.#dataVersion
  }

  /** Groups that have offsets. */
  groups(): string[] {
    return [...this.#offsets.groups()]
  }

  /** Topics that any group has an offset in, without light queues. */
  ordinaryTopics(): Set<string> {
    return new Set([...this.#offsets.groups()].flatMap((group) => this.#offsets.topicsOf(group)))
  }

  /** Groups that have offsets, the topics of each, and their queues. */
  counts(): { groups: number; topics: number; queues: number } {
    const { groups, topics, queues } = this.#offsets.counts()
    const light = this.#light?.size ?? 0
    return { groups, topics: topics + light, queues: queues + light }
  }

  /** How far ordinary groups are in light queues, and those that have the name of one. */
  lightEntries(): Iterable<{ topic: string; group: string; offset: number }> {
    return this.#light?.entries() ?? []
  }

  /** Light queues that a group has an offset in: what is added or removed meanwhile may be among them. */
  lightQueuesOf(group: string): Iterable<string> {
    return this.#light?.topicsOf(group) ?? []
  }

  /** Where the group goes on reading; what an administrator set counts before what it committed. */
  offset(group: string, topic: string, queueId: number): number | undefined {
    const reset = this.#resets.get(group, topic, queueId)
    if (reset !== undefined) return reset
    const light = this.#lightOf(topic)
    return light === undefined ? this.#offsets.get(group, topic, queueId) : light.get(group, topic)
  }

  /** Whether the offset of a group in a queue can be noted: in light queues there may be so many. */
  hasRoom(group: string, topic: string): boolean {
    const light = this.#lightOf(topic)
    if (light === undefined || light.size < this.#lightOffsetsMax()) return true
    return light.get(group, topic) !== undefined
  }

  /**
   * Comes before a request that makes a group go on somewhere for the first time.
   * @throws ProtocolError LMQ_QUOTA_EXCEEDED when there are too many offsets in light queues, INVALID_PARAMETER when no
   *   light queue and no group has such a name
   */
  checkRoom(group: string, topic: string): void {
    if (this.#lightOf(topic) === undefined) return
    if (Math.max(Buffer.byteLength(group), Buffer.byteLength(topic)) > nameBytesMax) {
      const remark = `the name of a light queue, or of a group that reads it, takes at most ${nameBytesMax} bytes`
      throw new ProtocolError('INVALID_PARAMETER', remark)
    }
    if (this.hasRoom(group, topic)) return
    const remark =
      `groups have ${this.#light!.size} offsets in light queues, and ${this.#lightOffsetsMax()} may be there: ` +
      'delete groups that are not used any more, or raise maxLmqOffsetNum'
    throw new ProtocolError('LMQ_QUOTA_EXCEEDED', remark)
  }

  /** The group has consumed what is before `offset`. It may be lower than before. */
  commit(group: string, topic: string, queueId: number, offset: number): void {
    if (++this.#commitCount % commitsPerVersion === 0) {
      this.#dataVersion = nextDataVersion(this.#dataVersion, this.#clock.now())
    }
    const light = this.#lightOf(topic)
    const isChanged =
      light === undefined ? this.#offsets.set(group, topic, queueId, offset) : light.set(group, topic, offset)
    if (isChanged) this.#kept.later()
  }

  pullOffset(group: string, topic: string, queueId: number): number | undefined {
    return this.#pullOffsets.get(group, topic, queueId)
  }

  /** The group was given the messages before `offset`. */
  pulled(group: string, topic: string, queueId: number, offset: number): void {
    if (this.#lightOf(topic) === undefined && this.#pullOffsets.set(group, topic, queueId, offset)) this.#kept.later()
  }

  /** Sets where a group goes on; its next pull is told so, and what it commits before that does not count. */
  reset(group: string, topic: string, queueId: number, offset: number): void {
    this.#resets.set(group, topic, queueId, offset)
    this.#goElsewhere(group, topic, queueId, offset)
    if (this.#lightOf(topic) === undefined) return
    this.#lightResetCount++
    this.#dataVersion = nextDataVersion(this.#dataVersion, this.#clock.now())
    this.#kept.note({ group, queue: topic, offset, isLeaving: this.#leaving.has(topic) })
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
    const light = this.#lightOf(topic)
    if (light === undefined) return this.#offsets.queuesOf(group, topic)
    const offset = light.get(group, topic)
    return offset === undefined ? new Map() : new Map([[lightQueueId, offset]])
  }

  /** Topics that a group has offsets in, without light queues. */
  ordinaryTopicsOf(group: string): readonly string[] {
    return this.#offsets.topicsOf(group)
  }

  /** Topics that a group has offsets in, maybe very many: what is added or removed meanwhile may be among them. */
  *topicsOf(group: string): IterableIterator<string> {
    yield* this.#offsets.topicsOf(group)
    yield* this.lightQueuesOf(group)
  }

  /** Groups that have offsets in a topic. */
  groupsOf(topic: string): string[] {
    return this.#lightOf(topic)?.groupsOf(topic) ?? this.#offsets.groupsOf(topic)
  }

  /**
   * Gives a group the offsets that another one has in a topic.
   * @throws ProtocolError when there are too many offsets in light queues
   */
  copy(fromGroup: string, toGroup: string, topic: string): void {
    this.checkRoom(toGroup, topic)
    for (const [queueId, offset] of this.queuesOf(fromGroup, topic)) {
      this.#goElsewhere(toGroup, topic, queueId, offset)
    }
  }

  /** A group is deleted with its offsets. */
  removeGroup(group: string): void {
    const removed = this.#maps.map((map) => map.removeGroup(group))
    if (this.#light?.removeGroup(group) !== true && !removed.includes(true)) return
    const { min, max } = this.#positions()
    this.#removedGroups.note(group, max, min)
    this.#removing()
  }

  /** The log may have lost its end, where other messages come now. */
  logWasCut(): void {
    const { max } = this.#positions()
    this.#removedGroups.cutTo(max)
    this.#resetQueues.cutTo(max)
  }

  /** What was given to a group before this position of the log was not given to the one that there is now; 0 for nothing. */
  beginOf(group: string): number {
    return this.#removedGroups.of(group)
  }

  /** What a group was given of a queue before this position of the log does not tell how far it is; 0 for nothing. */
  wentElsewhereAt(group: string, topic: string, queueId: number): number {
    return Math.max(this.#removedGroups.of(group), this.#resetQueues.of(nameOfReset(group, topic, queueId)))
  }

  removeTopic(topic: string): void {
    for (const map of this.#maps) if (map.removeTopic(topic)) this.#removing()
    if (this.#lightOf(topic)?.removeTopic(topic)) this.#removing()
  }

  /**
   * Resolves when the offsets that were removed until now are not there at the next start either: a topic that is made
   * again under the name of a deleted one begins at 0, and they would pass by its messages.
   * @throws the file system's errors, and Error when the log cannot be synced; it is then tried again later
   */
  async removed(): Promise<void> {
    const count = this.#removalCount
    if (count === this.#keptRemovalCount) return
    await this.#kept.writtenSoon()
    this.#keptRemovalCount = Math.max(this.#keptRemovalCount, count)
  }

  /** Light queues that were about to be removed when the last process died, and where the log ended when that was said. */
  leavingQueues(): Iterable<[name: string, logEnd: number]> {
    return this.#leaving.entries()
  }

  /**
   * A light queue is to be removed: its next message gets offset 0.
   * @param groups those that may have an offset in it; any when left out
   * @returns whether it may be removed now, which `removeLightQueues` or `lightQueueStays` has to follow. Otherwise it has to
   *   be asked again when `leavingNoted` has resolved
   */
  mayLeave(name: string, groups?: readonly string[]): boolean {
    const light = this.#light
    if (light === undefined || light.size === 0) return true
    if (groups?.every((group) => light.get(group, name) === undefined) === true) return true
    return this.#leaving.add(name, this.#positions().max)
  }

  /** See `LeavingQueues.noted`. */
  leavingNoted(isUrgent: boolean): Promise<void> {
    return this.#leaving.noted(isUrgent)
  }

  /** A light queue that was to be removed is in use again. */
  lightQueueStays(name: string): void {
    this.#leaving.delete(name)
  }

  /** Light queues that are gone: the next message of one gets offset 0. */
  removeLightQueues(names: readonly string[]): void {
    for (const name of names) {
      this.#lightQueueGone(name)
      if (this.#light?.removeTopic(name)) this.#kept.later()
    }
  }

  /**
   * At a start: light queues went, and were made anew, before the last process died. What it said since of where groups go
   * on in them is left.
   */
  beginLightQueuesAnew(names: ReadonlySet<string>): void {
    this.removeLightQueues([...names])
    for (const { group, queue, offset, isLeaving } of this.#kept.changes) {
      if (!isLeaving && names.has(queue)) this.commit(group, queue, lightQueueId, offset)
    }
  }

  /** Like `removeLightQueues`, of one whose groups are known. */
  removeLightQueue(name: string, groups: Iterable<string>): void {
    this.#lightQueueGone(name)
    for (const group of groups) if (this.#light?.remove(group, name)) this.#removing()
  }

  #lightQueueGone(name: string): void {
    this.#resets.removeTopic(name)
    this.#leaving.delete(name)
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
   * Resolves when what changed until now is there at the next start too.
   * @throws the file system's errors, and Error when the log cannot be synced; it is then tried again later
   */
  written(): Promise<void> {
    return this.#kept.writtenSoon()
  }

  /** How often a group was to go on elsewhere in a light queue since the start. */
  get lightResetCount(): number {
    return this.#lightResetCount
  }

  /**
   * Resolves when groups that went on elsewhere in light queues until now do so after the death of the process too, and, as the
   * flush mode says, after a failure of the power.
   * @throws as `written` does
   */
  lightResetsConfirmed(flushMode: 'SYNC_FLUSH' | 'ASYNC_FLUSH'): Promise<void> {
    return this.#kept.confirmed(flushMode)
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

  #goElsewhere(group: string, topic: string, queueId: number, offset: number): void {
    const { min, max } = this.#positions()
    if (this.#lightOf(topic) === undefined) this.#resetQueues.note(nameOfReset(group, topic, queueId), max, min)
    this.commit(group, topic, queueId, offset)
    this.#kept.later()
  }

  #removing(): void {
    this.#removalCount++
    this.#kept.later()
  }

  #lightOf(topic: string): LightOffsets | undefined {
    return this.#light !== undefined && isLightQueue(topic) ? this.#light : undefined
  }

  get #maps(): OffsetMap[] {
    return [this.#offsets, this.#pullOffsets, this.#resets]
  }

  #load(loaded: OffsetFile | undefined, log: Log): void {
    const tables: [OffsetMap, Map<string, Map<number, number>> | undefined][] = [
      [this.#offsets, loaded?.offsetTable],
      [this.#pullOffsets, loaded?.pullOffsetTable],
    ]
    for (const [map, table] of tables) {
      for (const [key, queues] of table ?? []) {
        if (this.#lightOf(key) !== undefined) continue
        if (!map.load(key, queues)) log.warn({ key }, 'a consumer offset is dropped: its key is not topic@group')
      }
    }
  }

  #loadLight({ lightOffsets, offsetTable, leavingQueueTable }: OffsetFile): void {
    if (this.#light === undefined) return
    for (const [name, logEnd] of leavingQueueTable ?? []) this.#leaving.add(name, logEnd)
    for (const [key, offset] of lightOffsets) this.#light.load(key, offset)
    for (const [key, queues] of offsetTable) {
      const offset = queues.get(lightQueueId)
      if (isLightQueue(key) && offset !== undefined) this.#light.load(key, offset)
    }
  }
}

function nameOfReset(group: string, topic: string, queueId: number): string {
  return [topic, group, queueId].join('@')
}

function isNewer(left: ConsumerOffsets, right: ConsumerOffsets): boolean {
  const [leftVersion, rightVersion] = [left.dataVersion ?? newDataVersion(0), right.dataVersion ?? newDataVersion(0)]
  return compareDataVersions(leftVersion, rightVersion) > 0
}
