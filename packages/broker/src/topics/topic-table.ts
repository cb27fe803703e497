import { NameTable } from '@rocketmq-ts/base'
import type { Log } from '@rocketmq-ts/platform'
import {
  type DataVersion,
  deadLetterTopicPrefix,
  defaultTopic,
  isLightQueue,
  newDataVersion,
  newTopicConfig,
  nextDataVersion,
  ProtocolError,
  permission,
  retryTopicPrefix,
  type TopicConfig,
  type TopicConfigTable,
} from '@rocketmq-ts/protocol'
import type { FlushMode, QueueType } from '@rocketmq-ts/storage'
import { internalTopicNameProblem, refuseProblem, topicNameProblem } from '../configuration/index.ts'
import { type KeptFolder, KeptState } from '../kept/index.ts'
import type { MappingTable } from '../static-topics/mapping-table.ts'
import { queueTypeAttribute } from './queue-types.ts'
import { sameTopicConfig } from './same-topic-config.ts'
import { SendableTopic } from './sendable-topic.ts'
import {
  defaultTopicConfig,
  initialTopics,
  isSendable,
  isSystemTopic,
  type SystemTopicSettings,
  systemTopicNames,
} from './system-topics.ts'
import type { TopicChange } from './topic-changes.ts'
import { topicFilePieces, topicFiles } from './topic-file.ts'
import { isOfLite, type TopicUpdate, updatedTopic } from './topic-update.ts'

export interface TopicTableOptions {
  /** Where topics.json is, and what changed since it was written. */
  config: KeptFolder
  clusterName: string
  brokerName: string
  /** The static topics among them; there is none when left out. */
  mappings?: Pick<MappingTable, 'get'>
  /** The kinds of queues that a topic has files of. */
  queueTypesInFiles?(topic: string): readonly QueueType[]
  /** Removes the messages of a topic that is deleted. */
  removeQueues?(topic: string): void
  /** Read at the start and whenever they matter. */
  settings(): SystemTopicSettings & { flushDiskType: FlushMode; enableLmq: boolean }
}

/** Told the topics that came, changed or went, after the change. */
export type TopicListener = (topics: readonly string[]) => void

const saveIntervalMs = 200
/** Topics that one warning names. */
const warnedTopicsMax = 20

/** The topics of a broker, kept in config/topics.json. */
export class TopicTable {
  readonly #options: TopicTableOptions
  readonly #log: Log
  readonly #topics = new Map<string, TopicConfig>()
  /** Those that were sent to and did not change since. */
  readonly #sendable = new NameTable<SendableTopic>(({ topic }) => topic)
  readonly #listeners: TopicListener[] = []
  readonly #deleteListeners: ((topic: string) => void)[] = []
  readonly #kept: KeptState<TopicConfigTable, TopicChange>
  /** Names that belong to the system, whether or not there is such a topic. */
  readonly systemTopics: ReadonlySet<string>
  readonly #hasLightQueues: boolean
  #dataVersion: DataVersion

  /** @throws Error when the file is there and cannot be used */
  constructor(options: TopicTableOptions) {
    this.#options = options
    const { config, clusterName, brokerName } = options
    this.#log = config.log
    this.#hasLightQueues = options.settings().enableLmq
    this.systemTopics = systemTopicNames(clusterName, brokerName)
    const initial = initialTopics(options.settings(), clusterName, brokerName)
    for (const topic of initial) this.#topics.set(topic.topicName, topic)
    this.#kept = new KeptState(config, {
      file: topicFiles.file,
      parse: topicFiles.parse,
      pieces: () => topicFilePieces({ dataVersion: this.#dataVersion, topicConfigTable: this.#topics }),
      intervalMs: saveIntervalMs,
      isProgress: false,
      journal: { ...topicFiles.journal, version: () => this.#dataVersion },
    })
    const { content, changes } = this.#kept
    for (const [name, topic] of content?.topicConfigTable ?? []) {
      // The settings decide about the default topic: nothing else changes it.
      if (name !== defaultTopic) this.#topics.set(name, topic)
    }
    this.#dataVersion = content?.dataVersion ?? newDataVersion(config.clock.now())
    for (const change of changes) this.#applyAgain(change)
    for (const topic of initial) {
      const { topicName, perm } = topic
      // Nothing but the settings clusterTopicEnable and brokerTopicEnable decides what these allow.
      if (topicName !== clusterName && topicName !== brokerName) continue
      this.#topics.set(topicName, { ...(this.#topics.get(topicName) ?? topic), perm })
    }
    this.#warnOfLite()
  }

  get dataVersion(): DataVersion {
    return this.#dataVersion
  }

  get size(): number {
    return this.#topics.size
  }

  /** The topic, or, where there are light queues, what stands for one of such a name: whether it is there is not asked. */
  get(topic: string): TopicConfig | undefined {
    return this.#topics.get(topic) ?? (this.#isLight(topic) ? lightQueueConfig(topic) : undefined)
  }

  #isLight(topic: string): boolean {
    return this.#hasLightQueues && isLightQueue(topic)
  }

  /** All topics in the order in which they came. */
  list(): ReadonlyMap<string, TopicConfig> {
    return this.#topics
  }

  isSystem(topic: string): boolean {
    return isSystemTopic(topic, this.systemTopics)
  }

  onChange(listener: TopicListener): void {
    this.#listeners.push(listener)
  }

  /** Told a topic that is deleted, so that what is kept of it elsewhere goes too. */
  onDelete(listener: (topic: string) => void): void {
    this.#deleteListeners.push(listener)
  }

  /**
   * @returns the topic when there is one, the same object until it changes
   * @throws ProtocolError for names that are malformed or that only the broker writes to
   */
  checkSendable(topic: string): SendableTopic | undefined {
    const known = this.#sendable.get(topic)
    if (known !== undefined) return known
    this.#refuseLight(topic)
    const config = this.#topics.get(topic)
    // What exists was checked when it was created.
    if (config === undefined)
      refuseProblem(isInternal(topic) ? internalTopicNameProblem(topic) : topicNameProblem(topic))
    if (!isSendable(topic)) {
      throw new ProtocolError('NO_PERMISSION', `Sending message to topic[${topic}] is forbidden.`)
    }
    if (config === undefined) return undefined
    const sendable = new SendableTopic(config, this.#options.mappings?.get(topic))
    this.#sendable.set(sendable)
    return sendable
  }

  /** Topics that were sent to and did not change since. */
  get sendableCount(): number {
    return this.#sendable.size
  }

  /** What `checkSendable` will most likely find, perhaps another topic: for reading ahead. */
  likelySendable(topic: string): SendableTopic | undefined {
    return this.#sendable.likely(topic)
  }

  /** @throws ProtocolError for names that are malformed or belong to the system */
  checkAdministrable(topic: string): void {
    refuseProblem(topicNameProblem(topic))
    this.#refuseSystemTopic(topic)
    this.#refuseLight(topic)
  }

  #refuseLight(topic: string): void {
    if (!this.#isLight(topic)) return
    const remark = `${topic} is the name of a light queue: send to a topic, and name it in INNER_MULTI_DISPATCH`
    throw new ProtocolError('INVALID_PARAMETER', remark)
  }

  /**
   * Makes a topic that a message was sent to, like a default topic.
   * @param queueNums asked for; the default topic's are the most there can be
   * @param peer who sent it, for the log
   * @returns the topic, or undefined when the default topic is missing or not to be inherited from
   */
  autoCreate(
    topic: string,
    fromTopic: string,
    queueNums: number,
    topicSysFlag = 0,
    peer?: string,
  ): TopicConfig | undefined {
    const existing = this.#topics.get(topic)
    if (existing !== undefined) return existing
    const model = this.#topics.get(fromTopic)
    if (model === undefined || (model.perm & permission.inherit) === 0) return undefined
    if (fromTopic === defaultTopic && !this.#options.settings().autoCreateTopicEnable) return undefined
    const count = Math.max(1, Math.min(queueNums, model.writeQueueNums))
    this.#log.info(
      { topic, queueNums: count, like: fromTopic, peer },
      'a topic was made for a message that was sent to it',
    )
    return this.#created(
      newTopicConfig(topic, {
        readQueueNums: count,
        writeQueueNums: count,
        perm: model.perm & ~permission.inherit,
        topicSysFlag,
        topicFilterType: model.topicFilterType,
      }),
    )
  }

  /**
   * Makes a retry or dead letter topic when it is missing.
   * @param queueNums at least 1
   * @throws ProtocolError when its name is malformed
   */
  ensureInternal(topic: string, queueNums: number, topicSysFlag = 0): TopicConfig {
    const existing = this.#topics.get(topic)
    if (existing !== undefined) return existing
    refuseProblem(internalTopicNameProblem(topic))
    const count = Math.max(1, queueNums)
    this.#log.info({ topic, queueNums: count }, 'a topic of a group was made')
    return this.#created(
      newTopicConfig(topic, {
        readQueueNums: count,
        writeQueueNums: count,
        perm: permission.read | permission.write,
        topicSysFlag,
      }),
    )
  }

  /** @throws ProtocolError when a retry or dead letter topic cannot have that name */
  checkInternal(topic: string): void {
    if (!this.#topics.has(topic)) refuseProblem(internalTopicNameProblem(topic))
  }

  /**
   * Gives a topic of the broker's own more queues when it has fewer.
   * @returns the topic as it is then
   */
  widenInternal(topic: string, queueNums: number): TopicConfig {
    const existing = this.ensureInternal(topic, queueNums)
    if (existing.writeQueueNums >= queueNums) return existing
    const readQueueNums = Math.max(existing.readQueueNums, queueNums)
    const wider = { ...existing, readQueueNums, writeQueueNums: queueNums }
    this.#topics.set(topic, wider)
    this.#log.info({ topic, queueNums }, 'a topic of the broker got more queues')
    this.#changed([topic])
    this.#kept.later()
    return wider
  }

  /**
   * Creates or changes topics as an administrator wants them: all or, when one is refused, none.
   * @param peer who wants it, for the log
   * @throws ProtocolError with what is wrong; the file system's errors
   */
  update(updates: readonly TopicUpdate[], peer?: string): void {
    for (const { topicName } of updates) this.checkAdministrable(topicName)
    const changed = new Map<string, TopicConfig>()
    for (const update of updates) {
      const before = changed.get(update.topicName) ?? this.#topics.get(update.topicName)
      const after = updatedTopic(update, before, {
        takesMixedTypes: this.#options.settings().enableMixedMessageType,
        hasLightQueues: this.#hasLightQueues,
        leftQueueTypes: before === undefined ? this.#queueTypesInFiles(update.topicName) : [],
        neededQueues: this.#options.mappings?.get(update.topicName)?.highestQueues(),
      })
      if (before === undefined || !sameTopicConfig(before, after)) changed.set(after.topicName, after)
    }
    if (changed.size === 0) return
    for (const [name, topic] of changed) {
      const isNew = !this.#topics.has(name)
      this.#topics.set(name, topic)
      const { readQueueNums, writeQueueNums, perm, order, attributes } = topic
      const fields = {
        topic: name,
        readQueueNums,
        writeQueueNums,
        perm,
        order,
        attributes: Object.fromEntries(attributes),
      }
      this.#log.info({ ...fields, peer }, isNew ? 'a topic was made' : 'a topic was changed')
    }
    this.#changed([...changed.keys()])
    this.#kept.later()
  }

  /** The queue that takes, now, what was sent to a queue some time ago: that of a static topic may have moved. */
  queueOfLate(topic: string, queueId: number): number {
    return this.#options.mappings?.get(topic)?.queueOfLate(queueId) ?? queueId
  }

  /** The mapping of a static topic changed: name servers take it only with another version. */
  mappingChanged(topic: string): void {
    this.#changed([topic])
    this.#kept.later()
  }

  /**
   * Deletes a topic, and has what else there is of it deleted, even when there is no such topic.
   * @param peer who wants it, for the log
   * @returns whether there was one
   * @throws ProtocolError for the system's topics; the file system's errors
   */
  delete(topic: string, peer?: string): boolean {
    if (topic.trim() === '') refuseProblem(topicNameProblem(topic))
    this.#refuseSystemTopic(topic)
    // First: a deletion that a crash interrupts finds the topic again, when it is repeated.
    this.#options.removeQueues?.(topic)
    const existed = this.#topics.delete(topic)
    if (existed) {
      this.#log.info({ topic, peer }, 'a topic was deleted')
      this.#changed([topic])
      this.#kept.later()
    }
    for (const listener of this.#deleteListeners) listener(topic)
    return existed
  }

  /**
   * Marks topics as ordered that the name server's ORDER_TOPIC_CONFIG has. Others stay as they are: a topic may be made
   * ordered without an entry there.
   */
  setOrdered(orderedTopics: ReadonlySet<string>): void {
    const changed: string[] = []
    for (const name of orderedTopics) {
      const topic = this.#topics.get(name)
      if (topic === undefined || topic.order) continue
      this.#topics.set(name, { ...topic, order: true })
      changed.push(name)
    }
    if (changed.length === 0) return
    this.#changed(changed)
    this.#kept.later()
  }

  /** Makes the topics as the settings want them now, of which these changed. */
  settingsChanged(changedKeys: readonly string[]): void {
    this.#makeDefaultTopic()
    if (!changedKeys.includes('brokerPermission')) return
    // What a topic allows is registered with what the broker allows: name servers take it only with another version.
    this.#changed([])
    this.#kept.later()
  }

  #makeDefaultTopic(): void {
    const { autoCreateTopicEnable, defaultTopicQueueNums } = this.#options.settings()
    const before = this.#topics.get(defaultTopic)
    if (autoCreateTopicEnable) {
      const after = defaultTopicConfig(defaultTopicQueueNums)
      if (before !== undefined && sameTopicConfig(before, after)) return
      this.#topics.set(defaultTopic, after)
    } else if (!this.#topics.delete(defaultTopic)) {
      return
    }
    this.#changed([defaultTopic])
    this.#kept.later()
  }

  /** Whether all changes survive a failure of the power. */
  get isSecured(): boolean {
    return this.#kept.isSecured
  }

  /**
   * Resolves when all changes until now survive a failure of the power.
   * @throws the file system's errors: what changed counts, and is written later when that is possible
   */
  secured(): Promise<void> {
    return this.#kept.secured()
  }

  /**
   * Resolves when all changes until now are as safe as the flush mode says: with SYNC_FLUSH they survive a failure of the
   * power. With ASYNC_FLUSH those do that come alone; of several within 200 ms the others survive the death of the process.
   * @throws the file system's errors: what changed counts, and is written later when that is possible
   */
  confirmed(): Promise<void> {
    return this.#kept.confirmed(this.#options.settings().flushDiskType)
  }

  /** Writes what is not written yet. */
  close(): void {
    this.#kept.close()
  }

  #created(made: TopicConfig): TopicConfig {
    const { topicName } = made
    // The queues of an earlier topic of this name go on as what they are: nobody reads them otherwise.
    const isOfBatches = this.#queueTypesInFiles(topicName).includes('BatchCQ')
    const topic = isOfBatches ? { ...made, attributes: new Map([[queueTypeAttribute, 'BatchCQ']]) } : made
    this.#topics.set(topicName, topic)
    this.#changed([topicName])
    this.#kept.later()
    return topic
  }

  #queueTypesInFiles(topic: string): readonly QueueType[] {
    return this.#options.queueTypesInFiles?.(topic) ?? []
  }

  #applyAgain({ dataVersion, set, removed }: TopicChange): void {
    for (const topic of set) this.#topics.set(topic.topicName, topic)
    for (const name of removed) this.#topics.delete(name)
    this.#dataVersion = dataVersion
  }

  #changed(names: readonly string[]): void {
    this.#dataVersion = nextDataVersion(this.#dataVersion, this.#options.config.clock.now())
    const set = names.flatMap((name) => this.#topics.get(name) ?? [])
    const removed = names.filter((name) => !this.#topics.has(name))
    this.#kept.note({ dataVersion: this.#dataVersion, set, removed })
    for (const name of names) this.#sendable.delete(name)
    for (const listener of this.#listeners) listener(names)
  }

  /** Of topics that were made while there were light queues, or by an official broker. */
  #warnOfLite(): void {
    if (this.#hasLightQueues) return
    const found: string[] = []
    for (const topic of this.#topics.values()) if (isOfLite(topic)) found.push(topic.topicName)
    if (found.length === 0) return
    const topics = found.slice(0, warnedTopicsMax)
    const count = found.length
    const message = 'topics of the type LITE have no lite topics while the broker has no light queues: set enableLmq'
    this.#options.config.log.warn({ topics, count }, message)
  }

  #refuseSystemTopic(topic: string): void {
    if (this.isSystem(topic)) {
      throw new ProtocolError('INVALID_PARAMETER', `The topic[${topic}] is conflict with system topic.`)
    }
  }
}

function lightQueueConfig(name: string): TopicConfig {
  return newTopicConfig(name, {
    readQueueNums: 1,
    writeQueueNums: 1,
    perm: permission.read | permission.write,
  })
}

function isInternal(topic: string): boolean {
  return topic.startsWith(retryTopicPrefix) || topic.startsWith(deadLetterTopicPrefix)
}
