import { topicPrefixHash } from '../index/key-hash.ts'
import type { ConsumeQueue } from './consume-queue.ts'

const nameBytesMax = 255

/**
 * Whether a topic can name a folder. Names come from clients: one that is a path would lead out of the store.
 */
export function isFolderName(topic: string): boolean {
  if (topic === '' || topic === '.' || topic === '..') return false
  if (topic.includes('/') || topic.includes('\\') || topic.includes('\0')) return false
  return Buffer.byteLength(topic, 'utf8') <= nameBytesMax
}

/** What a store knows of a topic that is in use, in one object: with very many topics each further one is a wait. */
export interface TopicEntry {
  readonly topic: string
  readonly topicBytes: Buffer
  /** The hash that those of all keys of the topic start from. */
  readonly keyPrefixHash: number
  /** The topic was deleted. One of the same name that comes later has an entry of its own. */
  isRemoved: boolean
  /** Those that are open, by id. */
  readonly queues: (ConsumeQueue | undefined)[]
}

export function topicEntry(topic: string): TopicEntry {
  return {
    topic,
    topicBytes: Buffer.from(topic, 'utf8'),
    keyPrefixHash: topicPrefixHash(topic),
    isRemoved: false,
    queues: [],
  }
}

/** Gives what a handle remembers, or undefined when it remembers nothing that is still true. */
export let rememberedEntry: (handle: TopicHandle) => TopicEntry | undefined
export let rememberEntry: (handle: TopicHandle, entry: TopicEntry) => void
/** Reads the first thing that a handle leads to; see `LookAhead`. */
export let entryAhead: (handle: TopicHandle) => TopicEntry | undefined

/**
 * By what a store finds all that a message needs of its topic and queue without looking it up by name: with very many
 * topics a lookup is several waits for memory. Whoever sends makes one for each topic and gives it with its messages,
 * `StoreMessage.handle`; he may keep what is his in a class that extends it. What it remembers is the store's alone.
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
