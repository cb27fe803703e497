import type { FileSystem } from '@rocketmq-ts/platform'
import { CrashableFileSystem, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { decodeMessages, findMessageProperty } from '@rocketmq-ts/protocol'
import type { MessageStore, ReadRequest, ReadResult } from '../../src/index.ts'
import { settle } from '../settle.ts'
import { type KitOptions, message, openStore, properties, put } from '../store-kit.ts'

export const root = '/data/store'
export const topic = 'C0'

export interface Found {
  queueOffset: number
  key: string
  body: string
  note: string | undefined
  tag: string | undefined
}

/** A store with a compaction topic on a disk in memory, with small files. */
export class CompactionKit {
  readonly disk: CrashableFileSystem
  clock: SteppedClock
  store: MessageStore
  readonly #changes: Partial<KitOptions>

  constructor(changes: Partial<KitOptions> = {}) {
    this.#changes = changes
    this.clock = new SteppedClock()
    this.disk = new CrashableFileSystem(() => this.clock.now())
    this.store = this.open()
  }

  open(fileSystem: FileSystem = this.disk): MessageStore {
    this.store = openStore(root, {
      platform: { fileSystem, clock: this.clock },
      commitLogSegmentBytes: 16 * 1024,
      compaction: { recordFileBytes: 4600, unitFileBytes: 46 * 20, keyBytesMax: 1024 * 1024, intervalMs: 60_000 },
      ...this.#changes,
    })
    this.store.compact(topic)
    return this.store
  }

  reopen(): void {
    this.store.close()
    this.disk.kill()
    this.open()
  }

  /** @param body empty: the key is deleted */
  async put(key: string, body: string, more: { queueId?: number; tag?: string } = {}): Promise<number> {
    const { queueId = 0, tag } = more
    const encoded = properties({ KEYS: key, ...(tag === undefined ? {} : { TAGS: tag }) })
    const putting = put(this.store, message({ topic, queueId, body: Buffer.from(body), properties: encoded }))
    this.clock.finishTurn()
    await settle()
    const outcome = await putting
    if (outcome.kind !== 'stored') throw new Error(`not stored: ${JSON.stringify(outcome)}`)
    return outcome.places[0]!.queueOffset
  }

  /** Lets time pass, and what it starts come to its end. */
  async pass(durationMs: number): Promise<void> {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= 250) {
      this.clock.advance(Math.min(leftMs, 250))
      await settle()
    }
  }

  /** Copies what is in the log, and compacts it. */
  async compact(): Promise<void> {
    await this.pass(2500)
    await this.finish(this.store.compactNow())
  }

  /** Lets time pass until a promise is kept. */
  async finish<Value>(promise: Promise<Value>): Promise<Value> {
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    promise.then(over, over)
    for (let steps = 0; !isOver && steps < 10_000; steps++) {
      await settle()
      this.clock.advance(2)
    }
    return promise
  }

  read(queueOffset: number, changes: Partial<ReadRequest> = {}): Promise<ReadResult> {
    return readFrom(this.store, queueOffset, changes)
  }

  all(queueId = 0, changes: Partial<ReadRequest> = {}): Promise<Found[]> {
    return allOf(this.store, queueId, changes)
  }
}

async function readFrom(store: MessageStore, queueOffset: number, changes: Partial<ReadRequest>): Promise<ReadResult> {
  return store.read({
    topic,
    queueId: 0,
    queueOffset,
    countMax: 5,
    scannedUnitsMax: 800,
    bytesMax: 2000,
    matches: () => true,
    ...changes,
  })
}

export function foundIn({ parts }: ReadResult): Found[] {
  return parts
    .flatMap((part) => [...decodeMessages(part)])
    .map((one) => ({
      queueOffset: one.queueOffset,
      key: findMessageProperty(one.properties, 'KEYS') ?? '',
      body: one.body.toString(),
      note: findMessageProperty(one.properties, 'note'),
      tag: findMessageProperty(one.properties, 'TAGS'),
    }))
}

/** What a consumer finds that begins at offset 0, or where a changed request says. */
export async function allOf(store: MessageStore, queueId = 0, changes: Partial<ReadRequest> = {}): Promise<Found[]> {
  const found: Found[] = []
  let queueOffset = changes.queueOffset ?? 0
  for (let reads = 0; queueOffset < store.maxOffset(topic, queueId); reads++) {
    const result = await readFrom(store, queueOffset, { ...changes, queueId, queueOffset })
    if (result.nextQueueOffset <= queueOffset || reads > 10_000)
      throw new Error(`stands at ${queueOffset}: ${result.status}`)
    found.push(...foundIn(result))
    queueOffset = result.nextQueueOffset
  }
  return found
}
