import { type FileSystem, silentLog } from '@rocketmq-ts/platform'
import type { TopicConfig } from '@rocketmq-ts/protocol'
import type { QueueType, QueueTypes } from '@rocketmq-ts/storage'
import { configFiles, contentOfKept } from '../kept/index.ts'
import { topicFiles } from './topic-file.ts'

/** The attribute that says of which kind the queues of a topic are. */
export const queueTypeAttribute = 'queue.type'

export function queueTypeIn({ attributes }: TopicConfig): QueueType {
  return attributes.get(queueTypeAttribute) === 'BatchCQ' ? 'BatchCQ' : 'SimpleCQ'
}

/** Topics by name. */
interface Topics {
  get(topic: string): TopicConfig | undefined
  list(): ReadonlyMap<string, TopicConfig>
}

/**
 * Of which kind the queues of topics are. The store asks while it is opened, before there is a topic table: until then
 * the files of the table tell, which are read at the first question.
 */
export class TopicQueueTypes implements QueueTypes {
  readonly #read: () => Topics
  #topics: Topics | undefined

  /** @param rootPath of the store */
  constructor(fileSystem: FileSystem, rootPath: string) {
    this.#read = () => topicsInFiles(fileSystem, rootPath)
  }

  /** From now on the table tells. */
  follow(topics: Topics): void {
    this.#topics = topics
  }

  of(topic: string): QueueType | undefined {
    const config = this.#known.get(topic)
    return config && queueTypeIn(config)
  }

  get hasBatches(): boolean {
    return [...this.#known.list().values()].some((topic) => queueTypeIn(topic) === 'BatchCQ')
  }

  get #known(): Topics {
    this.#topics ??= this.#read()
    return this.#topics
  }
}

/** @throws Error when they are there and cannot be used */
function topicsInFiles(fileSystem: FileSystem, rootPath: string): Topics {
  // Whoever makes the table of them says what is wrong with the files.
  const { content, changes } = contentOfKept(configFiles(fileSystem, rootPath, silentLog), topicFiles)
  const topics = new Map(content?.topicConfigTable)
  for (const { set, removed } of changes) {
    for (const topic of set) topics.set(topic.topicName, topic)
    for (const name of removed) topics.delete(name)
  }
  return { get: (topic) => topics.get(topic), list: () => topics }
}
