import { topicPrefixHash } from '../index/key-hash.ts'
import type { ConsumeQueue } from './consume-queue.ts'
import type { QueueType } from './queue-folders.ts'

const nameBytesMax = 255

/**
 * Whether a topic can name a folder. Names come from clients: a name that is a path would lead out of the store.
 */
export function isFolderName(topic: string): boolean {
  if (topic === '' || topic === '.' || topic === '..') return false
  if (topic.includes('/') || topic.includes('\\') || topic.includes('\0')) return false
  return Buffer.byteLength(topic, 'utf8') <= nameBytesMax
}

/** What a store knows of a topic in use. It is one object: with very many topics, each further one is a cache miss. */
export interface TopicEntry {
  readonly topic: string
  readonly topicBytes: Buffer
  /** The hash that the hashes of all keys of the topic continue. */
  readonly keyPrefixHash: number
  /** Whether the topic was deleted. A later topic of the same name has an entry of its own. */
  isRemoved: boolean
  readonly queueType: QueueType
  /** The open queues, by id. */
  readonly queues: (ConsumeQueue | undefined)[]
}

export function topicEntry(topic: string, queueType: QueueType): TopicEntry {
  return {
    topic,
    topicBytes: Buffer.from(topic, 'utf8'),
    keyPrefixHash: topicPrefixHash(topic),
    isRemoved: false,
    queueType,
    queues: [],
  }
}

/** What a handle remembers, or undefined when it remembers nothing or its topic was removed. */
export let rememberedEntry: (handle: TopicHandle) => TopicEntry | undefined
export let rememberEntry: (handle: TopicHandle, entry: TopicEntry) => void
/** Reads the first thing that a handle leads to; see `LookAhead`. */
export let entryAhead: (handle: TopicHandle) => TopicEntry | undefined

/**
 * Lets a store find what a message needs of its topic and queue without a lookup by name: with very many topics a
 * lookup is several cache misses. The sender makes one handle for each topic and gives it with its messages,
 * `StoreMessage.handle`. A class that extends it may hold data of the sender. What a handle remembers is the store's.
 */
export class TopicHandle {
  readonly topic: string
  #entry: TopicEntry | undefined

  constructor(topic: string) {
    this.topic = topic
    this.#entry = undefined
  }

  static {
    rememberedEntry = (handle) => {
      const entry = handle.#entry
      return entry === undefined || entry.isRemoved ? undefined : entry
    }
    rememberEntry = (handle, entry) => {
      handle.#entry = entry
    }
    entryAhead = (handle) => handle.#entry
  }
}
