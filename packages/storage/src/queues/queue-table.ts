import { dirname } from 'node:path'
import { assert } from '@rocketmq-ts/base'
import type { Log } from '@rocketmq-ts/platform'
import { isLightQueue, lightQueueId } from '@rocketmq-ts/protocol'
import type { SegmentFolder } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import { isDiskFull } from '../write-guard.ts'
import { BatchQueue, minOffsetOfNoBatches } from './batch-queue.ts'
import type { ConsumeQueue } from './consume-queue.ts'
import { FullMark, fullAt } from './full-mark.ts'
import { LightFiles } from './light-files.ts'
import { LightSlots } from './light-slots.ts'
import { OpenLightQueues } from './open-light-queues.ts'
import { cutToQueueEnd, type UnitTrust } from './queue-end.ts'
import { QueueFileError, QueueFolders, type QueueType, type QueueTypes } from './queue-folders.ts'
import type { QueueUnit } from './queue-unit.ts'
import { SimpleQueue } from './simple-queue.ts'
import {
  isFolderName,
  rememberEntry,
  rememberedEntry,
  type TopicEntry,
  type TopicHandle,
  topicEntry,
} from './topic-handle.ts'
import { isUnitInLog } from './unit-in-log.ts'

/** Where the queues of one kind are. */
export interface QueuePlace {
  /** Holds a folder for each topic, which holds one for each queue. */
  path: string
  segmentBytes: number
}

export interface QueueTableOptions {
  files: StoreFiles
  /** The log that the units point into. */
  log: SegmentFolder
  places: Record<QueueType, QueuePlace>
  types: QueueTypes
  /** Takes reports of damaged files. */
  eventLog: Log
  /** Whether new messages may stand in light queues beside that of their topic. Those that are there are kept in any case. */
  hasLightQueues: boolean
  /** Whether those with few messages are in one file. Those that are there are moved into files of their own otherwise. */
  hasLightSlots: boolean
  openLightQueuesMax?: number | undefined
}

/** Topics that are looked for one by one, before all in files are listed. */
const topicsLookedAtMax = 64

/**
 * The consume queues of a store by topic and id. A queue is opened when it is first used: 100,000 queues cost nothing
 * at the start.
 */
export class QueueTable {
  readonly #options: QueueTableOptions
  readonly #folders: Record<QueueType, QueueFolders>
  readonly #topics = new Map<string, TopicEntry>()
  readonly #light: OpenLightQueues
  /** Where light queues have their units. */
  readonly lightFiles: LightFiles
  /** Topics without light queues that had files when the store was opened. */
  readonly #ordinaryInFiles: Set<string>
  #onClose: (queue: ConsumeQueue) => void = () => {}
  #openCount = 0
  /** Units of queues that are opened from now on count when they point before this position of the log. */
  #trustedPosition = Number.POSITIVE_INFINITY
  /** Whether a power failure may have torn the files. */
  #mayBeTorn = false
  #isRecovering = true
  /** So many topics had queues at least, when that was looked at last, and were not removed since. */
  #leastTopicCount = 0
  /** A file that says that all queues were removed with their topics: their folders are not missing. */
  readonly #emptiedPath: string
  #isEmptied: boolean

  constructor(options: QueueTableOptions) {
    this.#options = options
    const { files, places, eventLog, openLightQueuesMax } = options
    this.#folders = {
      SimpleCQ: new QueueFolders('SimpleCQ', { files, eventLog, ...places.SimpleCQ }),
      BatchCQ: new QueueFolders('BatchCQ', { files, eventLog, ...places.BatchCQ }),
    }
    this.#emptiedPath = `${places.SimpleCQ.path}.emptied`
    this.#isEmptied = files.fileSystem.status(this.#emptiedPath) !== undefined
    const inFiles = this.#folders.SimpleCQ.topics()
    this.#leastTopicCount = inFiles.length
    const slots = new LightSlots(files, `${places.SimpleCQ.path}.light`)
    this.#light = new OpenLightQueues(inFiles.filter(isLightQueue), slots, openLightQueuesMax)
    this.lightFiles = new LightFiles(this.#light, this.#folders.SimpleCQ, options)
    const ordinary = inFiles.filter((topic) => !isLightQueue(topic))
    this.#ordinaryInFiles = new Set([...ordinary, ...this.#folders.BatchCQ.topics()])
  }

  get hasLightQueues(): boolean {
    return this.#options.hasLightQueues
  }

  /** Whether a name is that of a light queue: of a topic only where no message is to stand in light queues. */
  isLight(name: string): boolean {
    const { hasLightQueues, types } = this.#options
    return isLightQueue(name) && (hasLightQueues || types.of(name) === undefined)
  }

  /** Whether a light queue is there, open or in files. */
  hasLight(name: string): boolean {
    return this.#light.has(name)
  }

  get lightCount(): number {
    return this.#light.count
  }

  lightNames(): Iterable<string> {
    return this.#light.names()
  }

  /** Told a light queue that is closed, so that others can be opened; all of its units are written. */
  onClose(listener: (queue: ConsumeQueue) => void): void {
    this.#onClose = listener
  }

  /** Queues that were opened and are in use. */
  get openCount(): number {
    return this.#openCount
  }

  get isRecovering(): boolean {
    return this.#isRecovering
  }

  /** Of all units of all queues, the one that points farthest into the log, with the folder of its queue. */
  lastUnit(): (QueueUnit & { path: string }) | undefined {
    const { SimpleCQ, BatchCQ } = this.#folders
    const [simple, batch] = [SimpleCQ.lastUnit(), BatchCQ.lastUnit()]
    return (batch?.physicalOffset ?? -1) > (simple?.physicalOffset ?? -1) ? batch : simple
  }

  /** @throws SegmentSizeError when the files are not of the sizes that the settings say */
  checkSizes(): void {
    for (const folders of this.#allFolders()) folders.checkSize(this.#topicsIn(folders))
  }

  /**
   * Whether there are the folders of queues. Somebody who deletes them wants the queues to be made again.
   * @param isOurs whether a broker of this kind had the store last: it makes the folder of batches in any case
   */
  hasFolders(isOurs: boolean): boolean {
    const { SimpleCQ, BatchCQ } = this.#folders
    if (isOurs && !BatchCQ.exists && this.#options.types.hasBatches) return false
    if (SimpleCQ.topics().length > 0) {
      this.#noteUsed()
      return true
    }
    return SimpleCQ.exists && (BatchCQ.topics().length > 0 || (isOurs && this.#isEmptied))
  }

  /**
   * Sets which units count in the files of queues that are opened from now on.
   * @param position units that point at or behind this position of the log do not count
   * @param mayBeTorn whether the last unit of a queue is compared with the log
   */
  trustUpTo(position: number, mayBeTorn: boolean): void {
    this.#trustedPosition = position
    this.#mayBeTorn = mayBeTorn
  }

  /** Removes the marks of full queues, after a broker that does not maintain them had the store. */
  removeFullMarks(): void {
    for (const folders of this.#allFolders()) folders.removeFullMarks()
  }

  /**
   * Ends the recovery. From now on a file that is missing or short is an error.
   * @param isOurs whether the files were written by a broker of this kind, which marks full queues
   */
  endRecovery(logEndPosition: number, isOurs: boolean): void {
    if (this.#mayBeTorn || !isOurs) this.#prepareClosedQueues()
    else this.lightFiles.reportDamage()
    this.#light.endRecovery()
    this.lightFiles.trimEnd()
    this.lightFiles.moveUnwanted((name) => this.#topics.get(name)?.queues[lightQueueId])
    this.trustUpTo(logEndPosition, false)
    for (const folders of this.#allFolders()) folders.make()
    this.#isRecovering = false
  }

  /**
   * Calls `action` with every queue. A queue that is not open is opened for the call only. A queue that cannot be used
   * is left out: whoever uses it gets the error.
   */
  forEach(action: (queue: ConsumeQueue) => void): void {
    for (const topic of this.topics()) {
      for (const queueId of this.queueIds(topic)) {
        const isOpen = this.#topics.get(topic)?.queues[queueId] !== undefined
        try {
          action(this.queue(topic, queueId))
        } catch (error) {
          if (!(error instanceof QueueFileError)) throw error
        }
        const queue = this.#topics.get(topic)?.queues[queueId]
        if (!isOpen && queue !== undefined) this.#forget(queue)
      }
    }
  }

  /**
   * Cuts the queues that are not open to the units that count: the others must never be taken for units later.
   * Afterwards a folder without files, or a full last file without a mark, means that a file is missing.
   */
  #prepareClosedQueues(): void {
    this.lightFiles.cutSlots((name) => {
      if (this.#topics.has(name) || this.#light.isAsClosed(name)) return undefined
      return this.#trust(this.#folders.SimpleCQ, Buffer.from(name), lightQueueId)
    })
    for (const folders of this.#allFolders()) {
      for (const topic of this.#topicsIn(folders)) {
        const light = folders.type === 'SimpleCQ' && this.isLight(topic) ? this.#light : undefined
        if (light?.isAsClosed(topic) === true) continue
        // What can be known of a light queue is not asked of the disk: there may be a million.
        for (const queueId of light === undefined ? folders.queueIds(topic) : [lightQueueId]) {
          const end = this.#prepareClosed(folders, topic, queueId)
          // One whose removal was begun has its end when that is finished: at its first use.
          if (end !== undefined && light !== undefined && !folders.isRemoving(topic)) light.cutTo(topic, end)
        }
      }
    }
  }

  /** @returns the number behind the last unit of a queue that is not open and has files */
  #prepareClosed(folders: QueueFolders, topic: string, queueId: number): number | undefined {
    const entry = this.#topics.get(topic)
    if (entry?.queueType === folders.type && entry.queues[queueId] !== undefined) return undefined
    const { files } = this.#options
    const segments = folders.segmentsOf(topic, queueId)
    if (segments.starts.length === 0) {
      files.removeFolder(segments.path)
      return undefined
    }
    const end = cutToQueueEnd(segments, folders.form, this.#trust(folders, Buffer.from(topic), queueId))
    new FullMark(files, segments.path).set(fullAt(segments, end * folders.form.unitBytes))
    return end
  }

  #allFolders(): QueueFolders[] {
    return [this.#folders.SimpleCQ, this.#folders.BatchCQ]
  }

  /**
   * What is known of a topic, whether or not it has queues; undefined when it cannot name a folder.
   * @param handle remembers it for the next time
   */
  entry(topic: string, handle?: TopicHandle): TopicEntry | undefined {
    if (handle === undefined || handle.topic !== topic) return this.#entry(topic)
    const remembered = rememberedEntry(handle)
    if (remembered !== undefined) return remembered
    const entry = this.#entry(topic)
    if (entry !== undefined) rememberEntry(handle, entry)
    return entry
  }

  #entry(topic: string): TopicEntry | undefined {
    let known = this.#topics.get(topic)
    if (known === undefined) {
      if (!isFolderName(topic)) return undefined
      if (!this.isLight(topic) || this.#light.hasFiles(topic)) this.#finishRemoval(topic)
      known = topicEntry(topic, this.queueTypeOf(topic))
      this.#topics.set(topic, known)
    }
    return known
  }

  /** The queue, opened or made if necessary. */
  queue(topic: string, queueId: number): ConsumeQueue {
    const entry = this.#entry(topic)
    assert(entry !== undefined, `${JSON.stringify(topic)} cannot name the folder of a topic`)
    return this.queueOf(entry, queueId)
  }

  /** Like `queue`, for the entry of a topic that is not removed. */
  queueOf(entry: TopicEntry, queueId: number): ConsumeQueue {
    return entry.queues[queueId] ?? this.#open(entry, queueId)
  }

  #open(entry: TopicEntry, queueId: number): ConsumeQueue {
    assert(!entry.isRemoved, `a queue of ${entry.topic}, which was removed, is to be opened`)
    const { topic, topicBytes, queueType } = entry
    const light = this.isLight(topic) ? this.#light : undefined
    if (light !== undefined) this.#closeLightQueues(light)
    const folders = this.#folders[queueType]
    const trust = this.#trust(folders, topicBytes, queueId)
    const Queue = queueType === 'BatchCQ' ? BatchQueue : SimpleQueue
    const queue =
      (light && this.lightFiles.openSlot(topic, trust)) ??
      this.#openFiles(folders.segmentsOf(topic, queueId), folders, (segments, fullMark) => {
        return new Queue(topic, queueId, segments, fullMark, trust)
      })
    entry.queues[queueId] = queue
    this.#openCount++
    if (light === undefined) return queue
    if (light.isUnsynced(topic)) {
      // A further file must not be made before the names of these are synced.
      this.#options.files.noteNames(queue.segments.path)
      this.#options.files.noteNames(dirname(queue.segments.path))
    }
    light.opened(queue)
    return queue
  }

  #openFiles(
    segments: SegmentFolder,
    folders: QueueFolders,
    open: (segments: SegmentFolder, fullMark: FullMark) => ConsumeQueue,
  ): ConsumeQueue {
    this.#noteUsed()
    if (this.#isRecovering) folders.extendLast(segments)
    else folders.checkFiles(segments)
    const { endPosition } = segments
    const fullMark = new FullMark(this.#options.files, segments.path)
    const queue = open(segments, fullMark)
    const position = fullAt(segments, queue.endUnit * queue.unitBytes)
    if (position === undefined || fullMark.isAt(position)) return queue
    // An empty file behind the full one means the same: earlier versions made one.
    const isMissing = !this.#isRecovering && endPosition === position
    if (isMissing) throw new QueueFileError(segments.pathOf(position), 'is missing')
    fullMark.set(position)
    return queue
  }

  #closeLightQueues(light: OpenLightQueues): void {
    for (const queue of light.closable()) {
      try {
        if (queue.hasUnwritten) queue.write()
      } catch (error) {
        // Its units wait in memory for space, and the next round of maintenance makes the store refuse further messages.
        if (!isDiskFull(error)) throw error
        return
      }
      if (queue.hasUnsynced && !queue.segments.isShared) {
        const { segments, unsyncedPosition } = queue
        light.noteUnsynced(queue.topic, unsyncedPosition)
        this.#options.files.leaveNames(segments.path)
        this.#options.files.leaveNames(dirname(segments.path))
      }
      this.#onClose(queue)
      this.#forget(queue)
    }
  }

  /** Closes a queue, all of whose units are written: the next time it is opened from its files. */
  #forget(queue: ConsumeQueue): void {
    const entry = this.#topics.get(queue.topic)!
    entry.queues[queue.queueId] = undefined
    this.#openCount--
    if (!this.isLight(queue.topic)) return
    this.#topics.delete(queue.topic)
    this.#light.closed(queue)
  }

  /** The offset behind the last message of a queue; 0 for one that is not there. */
  maxOffset(topic: string, queueId: number): number {
    const open = this.#topics.get(topic)?.queues[queueId]
    return open?.maxOffset ?? this.#light.endOfClosed(topic) ?? this.existing(topic, queueId)?.maxOffset ?? 0
  }

  /** Of which kind the queues of a topic are. Of a topic that nobody knows any more, the files tell. */
  queueTypeOf(topic: string): QueueType {
    if (this.isLight(topic)) return 'SimpleCQ'
    const known = this.#topics.get(topic)?.queueType ?? this.#options.types.of(topic)
    if (known !== undefined) return known
    return isFolderName(topic) && this.#folders.BatchCQ.has(topic) ? 'BatchCQ' : 'SimpleCQ'
  }

  /** Whether nothing says of which kind the queues of a topic are: it was deleted, or never lasted. */
  isForgotten(topic: string): boolean {
    return this.#options.types.of(topic) === undefined && this.queueTypeOf(topic) === 'SimpleCQ'
  }

  /** The first offset of a queue that there is not. */
  minOffsetWithoutQueue(topic: string): number {
    return this.queueTypeOf(topic) === 'BatchCQ' ? minOffsetOfNoBatches : 0
  }

  /** The kinds of queues that a topic has, in files or in memory: two when it was of another kind before. */
  typesThere(topic: string): QueueType[] {
    if (!isFolderName(topic)) return []
    if (this.isLight(topic)) return this.#light.has(topic) ? ['SimpleCQ'] : []
    const open = this.openQueues(topic).length > 0 ? this.queueTypeOf(topic) : undefined
    return this.#allFolders().flatMap((folders) => (folders.type === open || folders.has(topic) ? [folders.type] : []))
  }

  /** The queue when it is open or has files. */
  existing(topic: string, queueId: number): ConsumeQueue | undefined {
    const open = this.#topics.get(topic)?.queues[queueId]
    if (open !== undefined) return open
    if (!isFolderName(topic)) return undefined
    if (this.isLight(topic)) {
      const isThere = queueId === lightQueueId && this.#light.has(topic)
      if (!isThere || !this.#light.hasFiles(topic)) return isThere ? this.queue(topic, queueId) : undefined
    }
    return this.#folders[this.queueTypeOf(topic)].hasQueue(topic, queueId) ? this.queue(topic, queueId) : undefined
  }

  /**
   * Names of all topics that may have queues, one by one, and without asking the disk for a million. One may come twice, and
   * those that are added meanwhile may come, too.
   */
  *topicNames(): IterableIterator<string> {
    yield* this.#ordinaryTopics()
    let left = this.#light.count
    for (const name of this.#light.names()) {
      if (left-- === 0) return
      yield name
    }
  }

  /** Names of topics that may have files there; few have queues of batches. */
  #topicsIn(folders: QueueFolders): Iterable<string> {
    return folders.type === 'SimpleCQ' ? this.#topicsInFolders() : folders.topics()
  }

  *#topicsInFolders(): IterableIterator<string> {
    yield* this.#ordinaryTopics()
    yield* this.#light.namesInFiles()
  }

  /** One may come twice. */
  *#ordinaryTopics(): IterableIterator<string> {
    yield* this.#ordinaryInFiles
    for (const topic of [...this.#topics.keys()]) if (!this.#light.has(topic)) yield topic
  }

  /** Topics that have a queue, open or in files, and are no light queues: of these there may be a million. */
  ordinaryTopics(): Set<string> {
    return new Set(this.#ordinaryTopics())
  }

  /** Topics that have a queue, open or in files, with light queues. */
  topics(): Set<string> {
    const inFolders = this.#allFolders().flatMap((folders) => folders.topics())
    return new Set([...inFolders, ...this.#light.slots.names(), ...this.#topics.keys()])
  }

  /** Ids of the queues of a topic that are open or have files, ascending. */
  queueIds(topic: string): number[] {
    if (!isFolderName(topic)) return []
    if (this.isLight(topic)) return this.#light.has(topic) ? [lightQueueId] : []
    const inFiles = this.#folders[this.queueTypeOf(topic)].queueIds(topic)
    const open = (this.#topics.get(topic)?.queues ?? []).flatMap((queue, queueId) =>
      queue === undefined ? [] : [queueId],
    )
    return [...new Set([...inFiles, ...open])].sort((a, b) => a - b)
  }

  /** Whether a queue is still in use: its topic may have been removed. */
  isInUse(queue: ConsumeQueue): boolean {
    return this.#topics.get(queue.topic)?.queues[queue.queueId] === queue
  }

  /** Queues of a topic that are in use. */
  openQueues(topic: string): ConsumeQueue[] {
    return this.#topics.get(topic)?.queues.filter((queue) => queue !== undefined) ?? []
  }

  /** Makes all files of all queues survive a power failure, whoever wrote them. */
  async syncAllFiles(): Promise<void> {
    for (const folders of this.#allFolders()) await folders.syncAll(this.#topicsIn(folders))
  }

  /**
   * Deletes the queues of a topic. A topic that is made again under the same name starts at offset 0. A power failure may
   * bring a light queue back, until the next sync or `LightFiles.syncRemovals`: very many may be removed at a time.
   */
  removeTopic(topic: string): void {
    if (!isFolderName(topic)) return
    const isLight = this.isLight(topic)
    const open = this.openQueues(topic)
    for (const queue of open) {
      this.#openCount--
      queue.segments.forgetFiles()
    }
    const isInFolders = !isLight || this.#light.hasFiles(topic)
    this.#light.removed(topic, open)
    this.#ordinaryInFiles.delete(topic)
    const known = this.#topics.get(topic)
    if (known !== undefined) known.isRemoved = true
    this.#topics.delete(topic)
    // A move into files that a full disk has stopped leaves some.
    if (!isInFolders && !this.#folders.SimpleCQ.has(topic)) return
    if (this.#allFolders().some((folders) => folders.has(topic))) this.#noteRemoval(topic)
    const ofTopic = isLight ? [this.#folders.SimpleCQ] : this.#allFolders()
    for (const folders of ofTopic) folders.remove(topic, isLight)
  }

  /** Before the last topic goes, that is noted: a start would take its queues for missing, and make them again. */
  #noteRemoval(topic: string): void {
    if (--this.#leastTopicCount > 0) return
    this.#leastTopicCount = 0
    if (this.#isOneThereBeside(topic)) return
    const { files } = this.#options
    const others = new Set(this.#allFolders().flatMap((folders) => folders.topics()))
    others.delete(topic)
    this.#leastTopicCount = others.size
    if (others.size > 0 || this.#isEmptied) return
    files.create(this.#emptiedPath, 0)
    files.syncNames(dirname(this.#emptiedPath))
    this.#isEmptied = true
  }

  /** Whether another topic is found in files without listing all: there may be a million. */
  #isOneThereBeside(topic: string): boolean {
    let lookedAt = 0
    for (const name of this.#topics.keys()) {
      if (lookedAt++ === topicsLookedAtMax) return false
      if (name !== topic && this.#allFolders().some((folders) => folders.has(name))) return true
    }
    return false
  }

  /** There are queues: when their folders are missing, somebody has taken them away. */
  #noteUsed(): void {
    if (!this.#isEmptied) return
    this.#options.files.remove(this.#emptiedPath)
    this.#isEmptied = false
  }

  /** Finishes the removal of a topic that a dead process began. */
  #finishRemoval(topic: string): void {
    if (this.#allFolders().some((folders) => folders.isRemoving(topic))) this.removeTopic(topic)
  }

  #trust({ form }: QueueFolders, topicBytes: Buffer, queueId: number): UnitTrust {
    // What this process has closed is as it was written.
    if (this.#light.count > 0 && this.#light.isAsClosed(topicBytes.toString()))
      return { logPosition: Number.POSITIVE_INFINITY }
    const logPosition = this.#trustedPosition
    if (!this.#mayBeTorn) return { logPosition }
    const { log } = this.#options
    const isLight = this.isLight(topicBytes.toString())
    const place = { topicBytes, queueId, isLight }
    return { logPosition, isInLog: (unit, unitNumber) => isUnitInLog(log, unit, form, place, unitNumber) }
  }
}
