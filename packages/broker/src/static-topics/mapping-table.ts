import type { Log } from '@rocketmq-ts/platform'
import {
  type DataVersion,
  dataVersionBody,
  newDataVersion,
  nextDataVersion,
  ProtocolError,
  replacedMapping,
  type TopicQueueMappingDetail,
  type TopicQueueMappingTable,
  topicQueueMappingDetailBody,
  topicQueueMappingTableBody,
  type Writable,
} from '@rocketmq-ts/protocol'
import { type KeptFolder, KeptState, tableFilePieces } from '../kept/index.ts'
import { StaticTopic } from './static-topic.ts'

const saveIntervalMs = 200

/** The static topics of a broker, kept in config/topicQueueMapping.json. */
export class MappingTable {
  readonly #log: Log
  readonly #config: KeptFolder
  readonly #brokerName: string
  readonly #topics = new Map<string, StaticTopic>()
  readonly #kept: KeptState<TopicQueueMappingTable>
  #dataVersion: DataVersion

  /** @throws Error when the file is there and cannot be used */
  constructor(config: KeptFolder, brokerName: string) {
    this.#config = config
    this.#log = config.log
    this.#brokerName = brokerName
    this.#kept = new KeptState(config, {
      file: 'topicQueueMapping.json',
      parse: (text) => topicQueueMappingTableBody.parse(text),
      pieces: () => mappingFilePieces(this.#dataVersion, this.details()),
      intervalMs: saveIntervalMs,
      isProgress: false,
    })
    const { content } = this.#kept
    for (const [topic, detail] of content?.topicQueueMappingInfoMap ?? []) {
      this.#topics.set(topic, new StaticTopic(detail, brokerName))
    }
    this.#dataVersion = content?.dataVersion ?? newDataVersion(config.clock.now())
  }

  get dataVersion(): DataVersion {
    return this.#dataVersion
  }

  get isEmpty(): boolean {
    return this.#topics.size === 0
  }

  get size(): number {
    return this.#topics.size
  }

  get(topic: string): StaticTopic | undefined {
    return this.#topics.get(topic)
  }

  /** The mappings of all static topics, or of those among some topics, by topic. */
  details(topics: Iterable<string> = this.#topics.keys()): Map<string, TopicQueueMappingDetail> {
    const details = new Map<string, TopicQueueMappingDetail>()
    if (this.isEmpty) return details
    for (const topic of topics) {
      const known = this.#topics.get(topic)
      if (known !== undefined) details.set(topic, known.detail)
    }
    return details
  }

  /**
   * The mapping that a topic would have after an administrator gave another one.
   * @param force whether it may contradict the one that there is
   * @throws ProtocolError with what is wrong
   */
  accepted(topic: string, next: TopicQueueMappingDetail, force: boolean): TopicQueueMappingDetail {
    if (next.topic !== topic) refuse(topic, `it is for the topic ${next.topic}`)
    if (next.bname !== this.#brokerName) refuse(topic, `it is for the broker ${next.bname}, not ${this.#brokerName}`)
    const replaced = replacedMapping(next, this.#topics.get(topic)?.detail, force)
    return typeof replaced === 'string' ? refuse(topic, replaced) : replaced
  }

  /** Takes an accepted mapping. */
  set(topic: string, detail: TopicQueueMappingDetail): void {
    this.#topics.set(topic, new StaticTopic(detail, this.#brokerName))
    this.#changed()
  }

  /** The topic is deleted. */
  delete(topic: string): void {
    if (this.#topics.delete(topic)) this.#changed()
  }

  /** Drops mappings of topics that do not exist: the process died while they were deleted. */
  dropUnknown(exists: (topic: string) => boolean): void {
    for (const topic of [...this.#topics.keys()]) {
      if (exists(topic)) continue
      this.#log.warn({ topic }, 'the mapping of a static topic is dropped: there is no such topic')
      this.delete(topic)
    }
  }

  /**
   * Resolves when all changes until now survive a failure of the power.
   * @throws the file system's errors: what changed counts, and is written later when that is possible
   */
  secured(): Promise<void> {
    return this.#kept.secured()
  }

  /** Writes what is not written yet. */
  close(): void {
    this.#kept.close()
  }

  #changed(): void {
    this.#dataVersion = nextDataVersion(this.#dataVersion, this.#config.clock.now())
    this.#kept.later()
  }
}

function refuse(topic: string, reason: string): never {
  throw new ProtocolError('SYSTEM_ERROR', `the mapping of ${topic} cannot be taken: ${reason}`)
}

/** The content of config/topicQueueMapping.json, in pieces. */
function mappingFilePieces(
  dataVersion: DataVersion,
  details: ReadonlyMap<string, TopicQueueMappingDetail>,
): Iterable<string> {
  const entries = [...details].map(([topic, detail]): [string, Writable] => [
    topic,
    topicQueueMappingDetailBody.toWritable(detail),
  ])
  return tableFilePieces([
    { name: 'dataVersion', value: dataVersionBody.toWritable(dataVersion) },
    { name: 'topicQueueMappingInfoMap', entries },
  ])
}
