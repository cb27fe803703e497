import {
  type MessageRequestModeSetting,
  type MessageRequestModeTable,
  messageRequestModeTableBody,
  ProtocolError,
  retryTopicPrefix,
  stringifyStandard,
} from '@rocketmq-ts/protocol'
import { type KeptFolder, KeptState } from '../kept/index.ts'

export interface RequestModeSettings {
  defaultMessageRequestMode: 'PULL' | 'POP'
  defaultPopShareQueueNum: number
  /** Modes that may be set. */
  maxMessageRequestModeNum: number
}

/** How a group gets the messages of a topic. */
export type RequestMode = Pick<MessageRequestModeSetting, 'mode' | 'popShareQueueNum'>

const saveIntervalMs = 1000

/** How groups get the messages of topics, by pull or by POP. Kept in config/messageRequestMode.json. */
export class RequestModes {
  readonly #settings: () => RequestModeSettings
  /** Topic to group. */
  readonly #topics: Map<string, Map<string, MessageRequestModeSetting>>
  readonly #kept: KeptState<MessageRequestModeTable>

  /** @throws Error when the file is there and cannot be used */
  constructor(config: KeptFolder, settings: () => RequestModeSettings) {
    this.#settings = settings
    this.#kept = new KeptState(config, {
      file: 'messageRequestMode.json',
      parse: (text) => messageRequestModeTableBody.parse(text),
      pieces: () => [stringifyStandard(messageRequestModeTableBody.toWritable(this.table()))],
      intervalMs: saveIntervalMs,
      isProgress: false,
    })
    this.#topics = new Map(this.#kept.content?.messageRequestModeMap)
  }

  /** A retry topic is always pulled. */
  of(topic: string, group: string): RequestMode {
    const set = this.#topics.get(topic)?.get(group)
    if (set !== undefined) return set
    const { defaultMessageRequestMode, defaultPopShareQueueNum } = this.#settings()
    if (topic.startsWith(retryTopicPrefix) || defaultMessageRequestMode === 'PULL') {
      return { mode: 'PULL', popShareQueueNum: 0 }
    }
    return { mode: 'POP', popShareQueueNum: defaultPopShareQueueNum }
  }

  /**
   * Resolves when the mode survives a failure of the power.
   * @throws ProtocolError SYSTEM_BUSY when there are as many as there may be; the file system's errors: then the mode counts,
   *   and is written later when that is possible
   */
  async set(topic: string, group: string, { mode, popShareQueueNum }: RequestMode): Promise<void> {
    const groups = this.#topics.get(topic) ?? new Map<string, MessageRequestModeSetting>()
    if (!groups.has(group)) this.#checkRoom()
    groups.set(group, { topic, consumerGroup: group, mode, popShareQueueNum })
    this.#topics.set(topic, groups)
    this.#kept.later()
    await this.#kept.secured()
  }

  #checkRoom(): void {
    const { maxMessageRequestModeNum } = this.#settings()
    let count = 0
    for (const groups of this.#topics.values()) count += groups.size
    if (count < maxMessageRequestModeNum) return
    const remark = `${count} request modes are set: delete groups that are not used any more, or raise maxMessageRequestModeNum`
    throw new ProtocolError('SYSTEM_BUSY', remark)
  }

  /** All that were set. */
  table(): MessageRequestModeTable {
    return { messageRequestModeMap: this.#topics }
  }

  removeTopic(topic: string): void {
    if (this.#topics.delete(topic)) this.#kept.later()
  }

  removeGroup(group: string): void {
    for (const [topic, groups] of this.#topics) {
      if (!groups.delete(group)) continue
      if (groups.size === 0) this.#topics.delete(topic)
      this.#kept.later()
    }
  }

  /** Drops those of topics and groups that are gone: a process that died at once has left them. */
  keepOnly(isThere: (topic: string, group: string) => boolean): void {
    for (const [topic, groups] of this.#topics) {
      for (const group of groups.keys()) if (!isThere(topic, group) && groups.delete(group)) this.#kept.later()
      if (groups.size === 0) this.#topics.delete(topic)
    }
  }

  /**
   * Resolves when those that were removed are not there at the next start either.
   * @throws the file system's errors; it is then tried again later
   */
  removed(): Promise<void> {
    return this.#kept.writtenSoon()
  }

  /** Writes what is not written yet. */
  close(): void {
    this.#kept.close()
  }
}
