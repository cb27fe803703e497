import type { Log } from '@rocketmq-ts/platform'
import {
  type DataVersion,
  isLightQueue,
  newDataVersion,
  newSubscriptionGroupConfig,
  nextDataVersion,
  ProtocolError,
  type SubscriptionGroupConfig,
  type SubscriptionGroupTable,
} from '@rocketmq-ts/protocol'
import type { FlushMode } from '@rocketmq-ts/storage'
import { alteredAttributes, groupAttributeKinds, groupNameProblem, refuseProblem } from '../configuration/index.ts'
import { type KeptFolder, KeptState } from '../kept/index.ts'
import { formatGroupChange, type GroupChange, parseGroupChange } from './group-changes.ts'
import { groupFilePieces, readGroupFile } from './group-file.ts'
import { isSystemGroup, predefinedGroups } from './predefined-groups.ts'

export interface GroupTableOptions {
  /** Where subscriptionGroup.json is, and what changed since it was written. */
  config: KeptFolder
  settings(): {
    autoCreateSubscriptionGroup: boolean
    maxAutoCreatedGroupNum: number
    flushDiskType: FlushMode
    enableLmq: boolean
  }
}

/** What an administrator wants a group to be; its attributes as changes (`+name`, `-name`) of those it has. */
export type GroupUpdate = SubscriptionGroupConfig

/** The bit of the forbidden table that keeps a group from reading a topic: one shifted by the place of the read bit. */
const readForbiddenBit = 1 << 2
const saveIntervalMs = 200

/** The consumer groups of a broker, kept in config/subscriptionGroup.json. */
export class GroupTable {
  readonly #options: GroupTableOptions
  readonly #log: Log
  readonly #groups = new Map<string, SubscriptionGroupConfig>()
  /** Group to topic to bits. */
  readonly #forbidden = new Map<string, Map<string, number>>()
  readonly #deleteListeners: ((group: string, withOffsets: boolean) => void)[] = []
  readonly #kept: KeptState<SubscriptionGroupTable, GroupChange>
  readonly #hasLightQueues: boolean
  #dataVersion: DataVersion

  /** @throws Error when the file is there and cannot be used */
  constructor(options: GroupTableOptions) {
    this.#options = options
    const { config } = options
    this.#log = config.log
    this.#hasLightQueues = options.settings().enableLmq
    for (const group of predefinedGroups) this.#groups.set(group, newSubscriptionGroupConfig(group))
    this.#kept = new KeptState(config, {
      file: 'subscriptionGroup.json',
      parse: readGroupFile,
      pieces: () => groupFilePieces(this.snapshot()),
      intervalMs: saveIntervalMs,
      isProgress: false,
      journal: {
        file: 'subscriptionGroup.journal',
        version: () => this.#dataVersion,
        versionOf: ({ dataVersion }) => dataVersion,
        format: formatGroupChange,
        parse: parseGroupChange,
      },
    })
    const { content, changes } = this.#kept
    for (const [name, group] of content?.subscriptionGroupTable ?? []) this.#groups.set(name, group)
    for (const [group, topics] of content?.forbiddenTable ?? []) this.#forbidden.set(group, new Map(topics))
    this.#dataVersion = content?.dataVersion ?? newDataVersion(config.clock.now())
    for (const change of changes) this.#applyAgain(change)
  }

  get dataVersion(): DataVersion {
    return this.#dataVersion
  }

  /**
   * The group, made when it is missing, its name is well formed and the settings allow it.
   * @throws ProtocolError SYSTEM_BUSY when it would be made, and there are as many as clients may have made
   */
  find(group: string): SubscriptionGroupConfig | undefined {
    const existing = this.#groups.get(group)
    if (existing !== undefined) return existing
    if (this.#isLight(group)) return newSubscriptionGroupConfig(group)
    if (!this.#options.settings().autoCreateSubscriptionGroup && !isSystemGroup(group)) return undefined
    if (groupNameProblem(group) !== undefined) return undefined
    this.#checkRoom(group)
    const created = newSubscriptionGroupConfig(group)
    this.#log.info({ group }, 'a consumer group was made for a client that uses it')
    this.#groups.set(group, created)
    this.#changed([group])
    this.#kept.later()
    return created
  }

  #checkRoom(group: string): void {
    const { maxAutoCreatedGroupNum } = this.#options.settings()
    if (this.#groups.size < maxAutoCreatedGroupNum) return
    const remark =
      `there are ${this.#groups.size} consumer groups, and clients may not make more: ` +
      `create ${group} first, or raise maxAutoCreatedGroupNum of the broker`
    throw new ProtocolError('SYSTEM_BUSY', remark)
  }

  /** The group if there is one. */
  get(group: string): SubscriptionGroupConfig | undefined {
    return this.#groups.get(group) ?? (this.#isLight(group) ? newSubscriptionGroupConfig(group) : undefined)
  }

  /** Whether it is a group that reads a light queue of its own: nothing is kept of such a group but its offset. */
  #isLight(group: string): boolean {
    return this.#hasLightQueues && isLightQueue(group)
  }

  /** All groups in the order in which they came. */
  list(): ReadonlyMap<string, SubscriptionGroupConfig> {
    return this.#groups
  }

  /** All groups, with what they are forbidden, as GET_ALL_SUBSCRIPTIONGROUP_CONFIG shows them. */
  snapshot(): SubscriptionGroupTable {
    return {
      dataVersion: this.#dataVersion,
      forbiddenTable: this.#forbidden,
      subscriptionGroupTable: this.#groups,
    }
  }

  /**
   * Creates or changes groups as an administrator wants them: all or, when one is refused, none.
   * @param peer who wants it, for the log
   * @throws ProtocolError with what is wrong; the file system's errors
   */
  update(updates: readonly GroupUpdate[], peer?: string): void {
    for (const { groupName } of updates) {
      refuseProblem(groupNameProblem(groupName))
      if (this.#isLight(groupName)) refuseProblem(`${groupName} is a group of a light queue, which has no settings`)
    }
    if (updates.length === 0) return
    const changed = new Map<string, SubscriptionGroupConfig>()
    for (const update of updates) {
      const before = changed.get(update.groupName) ?? this.#groups.get(update.groupName)
      const attributes = alteredAttributes(groupAttributeKinds, before?.attributes, update.attributes)
      changed.set(update.groupName, { ...update, attributes })
    }
    for (const [name, group] of changed) {
      const isNew = !this.#groups.has(name)
      this.#groups.set(name, group)
      const { consumeEnable, consumeBroadcastEnable, retryMaxTimes, retryQueueNums } = group
      const fields = { group: name, consumeEnable, consumeBroadcastEnable, retryMaxTimes, retryQueueNums, peer }
      this.#log.info(fields, isNew ? 'a consumer group was made' : 'a consumer group was changed')
    }
    this.#changed([...changed.keys()])
    this.#kept.later()
  }

  /** Told a group that is deleted, so that what is kept of it elsewhere goes too. */
  onDelete(listener: (group: string, withOffsets: boolean) => void): void {
    this.#deleteListeners.push(listener)
  }

  /**
   * Deletes a group and what it is forbidden, and has what else there is of it deleted, even when there is no such group.
   * @param withOffsets whether its offsets go too
   * @param peer who wants it, for the log
   * @returns whether there was one
   * @throws the file system's errors
   */
  delete(group: string, withOffsets = false, peer?: string): boolean {
    const hadForbidden = this.#forbidden.delete(group)
    const existed = this.#groups.delete(group)
    if (existed || hadForbidden) {
      this.#log.info({ group, withOffsets, peer }, 'a consumer group was deleted')
      this.#changed([group])
      this.#kept.later()
    }
    for (const listener of this.#deleteListeners) listener(group, withOffsets)
    return existed
  }

  isReadForbidden(group: string, topic: string): boolean {
    return ((this.#forbidden.get(group)?.get(topic) ?? 0) & readForbiddenBit) !== 0
  }

  /**
   * @param peer who wants it, for the log
   * @throws the file system's errors
   */
  setReadForbidden(group: string, topic: string, isForbidden: boolean, peer?: string): void {
    if (this.isReadForbidden(group, topic) === isForbidden) return
    this.#log.info(
      { group, topic, peer },
      isForbidden ? 'a group may not read a topic any more' : 'a group may read a topic again',
    )
    const topics = this.#forbidden.get(group) ?? new Map<string, number>()
    const bits = (topics.get(topic) ?? 0) ^ readForbiddenBit
    if (bits === 0) topics.delete(topic)
    else topics.set(topic, bits)
    if (topics.size === 0) this.#forbidden.delete(group)
    else this.#forbidden.set(group, topics)
    this.#changed([group])
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

  #applyAgain({ dataVersion, set, removed, forbidden }: GroupChange): void {
    for (const group of set) this.#groups.set(group.groupName, group)
    for (const name of removed) this.#groups.delete(name)
    for (const [name, topics] of forbidden) {
      if (topics.size === 0) this.#forbidden.delete(name)
      else this.#forbidden.set(name, topics)
    }
    this.#dataVersion = dataVersion
  }

  #changed(names: readonly string[]): void {
    this.#dataVersion = nextDataVersion(this.#dataVersion, this.#options.config.clock.now())
    const change = {
      dataVersion: this.#dataVersion,
      set: names.flatMap((name) => this.#groups.get(name) ?? []),
      removed: names.filter((name) => !this.#groups.has(name)),
      forbidden: new Map(names.map((name) => [name, this.#forbidden.get(name) ?? new Map<string, number>()])),
    }
    this.#kept.note(change)
  }
}
