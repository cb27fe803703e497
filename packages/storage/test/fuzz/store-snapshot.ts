import { silentLog } from '@rocketmq-ts/platform'
import { CrashableFileSystem, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import type { MessageStore, PutOutcome } from '../../src/index.ts'
import { logBytes, numbered, root } from '../faults/fault-kit.ts'
import { batchTopics, type KitOptions, message, openStore, wholeBatch } from '../store-kit.ts'
import { limitedFileSystem } from './limited-file-system.ts'

/** Files by path. */
export type Snapshot = ReadonlyMap<string, Buffer>

const callsMax = 20_000
const unitsInFile = 32

export function open(disk: CrashableFileSystem, clock: SteppedClock, changes: Partial<KitOptions> = {}): MessageStore {
  return openStore(root, {
    platform: { fileSystem: limitedFileSystem(disk, callsMax), clock },
    log: silentLog,
    commitLogSegmentBytes: logBytes,
    consumeQueueSegmentBytes: 20 * unitsInFile,
    batchQueueSegmentBytes: 46 * unitsInFile,
    queueTypes: batchTopics,
    keyIndex: { slotCount: 97, entryCountMax: 100 },
    openFilesMax: 4,
    hasLightQueues: true,
    ...changes,
  })
}

/** Stores one message and tells what came of it. */
export function put(store: MessageStore, clock: SteppedClock, ...messages: ReturnType<typeof numbered>): PutOutcome {
  let outcome: PutOutcome | undefined
  store.put(messages, (what) => {
    outcome = what
  })
  clock.finishTurn()
  if (outcome === undefined) throw new Error('nobody said what became of a message')
  return outcome
}

/** The files of a store with a few messages of several topics, closed in order or as a killed process leaves them. */
export function storeFiles(end: 'closed' | 'killed'): Snapshot {
  const clock = new SteppedClock()
  const disk = new CrashableFileSystem(() => clock.now())
  const store = open(disk, clock)
  for (const one of numbered(36)) put(store, clock, one)
  put(store, clock, message({ topic: '订单', queueId: 7, body: Buffer.alloc(0), properties: 'TAGS\u0001a\u0002' }))
  for (const names of ['%LMQ%a', '%LMQ%a,%LMQ%b']) {
    put(store, clock, message({ topic: 'L', properties: `INNER_MULTI_DISPATCH\u0001${names}\u0002` }))
  }
  for (let first = 0; first < 40; first += 4) {
    store.putWhole(wholeBatch(first, 4), 4, () => {})
    clock.finishTurn()
  }
  if (end === 'closed') store.close()
  else disk.kill()
  return new Map(filesBelow(disk, root))
}

export function* filesBelow(disk: CrashableFileSystem, path: string): Generator<[path: string, content: Buffer]> {
  for (const name of disk.list(path)) {
    const inner = `${path}/${name}`
    if (disk.status(inner)!.kind === 'folder') yield* filesBelow(disk, inner)
    else yield [inner, disk.readFile(inner)!]
  }
}

export function diskWith(
  files: Iterable<readonly [path: string, content: Buffer]>,
  clock: SteppedClock,
): CrashableFileSystem {
  const disk = new CrashableFileSystem(() => clock.now())
  for (const [path, content] of files) {
    disk.makeFolder(path.slice(0, path.lastIndexOf('/')))
    const file = disk.open(path, 'create')
    file.truncate(0)
    file.write(content, 0)
    file.close()
  }
  return disk
}

/** Asks a store everything that can be asked at once; what it answers has to make sense. */
export function question(store: MessageStore): void {
  for (const [topic, queueId] of [
    ['T', 0],
    ['T', 1],
    ['订单', 7],
    ['Batch', 0],
    ['%LMQ%a', 0],
    ['none', 0],
  ] as const) {
    const [min, max] = [store.minOffset(topic, queueId), store.maxOffset(topic, queueId)]
    const lowest = topic === 'Batch' && max === 0 ? -1 : 0
    if (!(min >= lowest && min <= max && Number.isSafeInteger(max)))
      throw new Error(`${topic} has offsets from ${min} to ${max}`)
    for (const boundary of ['lower', 'upper'] as const) {
      const offset = store.offsetByTime(topic, queueId, 1_700_000_000_000, boundary)
      if (!(offset >= 0 && offset <= max)) throw new Error(`${topic} has ${offset} at a time`)
    }
    store.storeTimestamp(topic, queueId, min)
    store.isInMemory(topic, queueId, min)
  }
  for (const id of [0, 7, 35]) {
    const found = store.findByKey('T', `k${id}`, 'key', 9, 0, Number.MAX_SAFE_INTEGER)
    if (found.length > 9) throw new Error('more is found than was asked for')
  }
  store.earliestTimestamp()
}
