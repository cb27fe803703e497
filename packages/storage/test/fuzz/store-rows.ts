import { type FuzzRow, fuzzRow, looseText, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import {
  LostMessagesError,
  type MessageStore,
  QueueFileError,
  SegmentSizeError,
  StoreLayoutError,
} from '../../src/index.ts'
import { numbered, root } from '../faults/fault-kit.ts'
import { diskWith, open, put, question, type Snapshot, storeFiles } from './store-snapshot.ts'

/** How the store was left, and the files that it had. */
const ends = ['closed', 'killed'] as const
const snapshots: Record<(typeof ends)[number], Snapshot> = {
  closed: storeFiles('closed'),
  killed: storeFiles('killed'),
}
const paths = [...new Set([...snapshots.closed.keys(), ...snapshots.killed.keys()])].sort()

/** Kinds of files, as a store names them. */
export const fileKinds = new Map([
  ['commitlog', /^\/store\/commitlog\/\d{20}$/],
  ['consumequeue', /^\/store\/consumequeue\/[^/]+\/\d+\/\d{20}$/],
  ['batchconsumequeue', /^\/store\/batchconsumequeue\/[^/]+\/\d+\/\d{20}$/],
  ['consumequeue.light', /^\/store\/consumequeue\.light$/],
  ['index', /^\/store\/index\/\d{17}$/],
  ['checkpoint', /^\/store\/checkpoint$/],
  ['abort', /^\/store\/abort$/],
])
export const storedPaths: readonly string[] = paths

/** Opens the store, uses it, and opens it again as it left it. */
function useTwice(files: Iterable<readonly [string, Buffer]>): void {
  const clock = new SteppedClock()
  const disk = diskWith(files, clock)
  const first = open(disk, clock)
  question(first)
  const [maxBefore, outcome] = [first.maxOffset('T', 0), put(first, clock, ...numbered(1, 100))]
  if (outcome.kind !== 'stored') throw new Error(`nothing can be stored: ${JSON.stringify(outcome)}`)
  const [place] = outcome.places
  if (place!.queueOffset !== maxBefore) throw new Error(`offset ${place!.queueOffset} follows ${maxBefore}`)
  const maxAfter = [first.maxOffset('T', 0), first.maxOffset('T', 1)]
  first.close()
  const second: MessageStore = open(disk, clock)
  question(second)
  const maxAgain = [second.maxOffset('T', 0), second.maxOffset('T', 1)]
  if (`${maxAgain}` !== `${maxAfter}`) throw new Error(`the queues end at ${maxAgain}, they ended at ${maxAfter}`)
  second.close()
}

const refusals = [LostMessagesError, QueueFileError, SegmentSizeError, StoreLayoutError]

/** A path that stays in the store, of a depth that people make. */
function pathInStore(line: string): string {
  const parts = line.split('/').filter((part) => part !== '' && part !== '.' && part !== '..')
  return parts.slice(0, 6).join('/')
}

export const storeRows: readonly FuzzRow[] = [
  ...ends.map((end) =>
    fuzzRow({
      name: `store with a damaged file, after it was ${end}`,
      refusals,
      cost: 50,
      // The first byte names the file.
      seeds: () =>
        paths.flatMap((path, index) => {
          const content = snapshots[end].get(path)
          return content === undefined ? [] : [Buffer.concat([Buffer.from([index]), content])]
        }),
      decode(input) {
        const path = paths[(input[0] ?? 0) % paths.length]!
        useTwice(new Map([...snapshots[end], [path, input.subarray(1)]]))
      },
      allocatedBytesMax: 1024 * 1024 * 1024,
    }),
  ),
  fuzzRow({
    name: 'store with other names in its folder',
    // A file stands where a folder is meant, or the other way round: the file system says so.
    refusals: [...refusals, Error],
    cost: 50,
    words: [
      '/',
      '\n',
      'commitlog/',
      'consumequeue/',
      'consumequeue.light',
      '%LMQ%a/0/',
      'index/',
      'T/',
      '0/',
      '00000000000000016384',
      '99999999999999999999',
      '-1',
      'checkpoint',
      'abort',
      '20260101000000000',
      'batchconsumequeue/a',
    ],
    seeds: () =>
      ['commitlog/00000000000000049152', 'consumequeue/U/0/00000000000000000000\nindex/a', 'other/file'].map((text) =>
        Buffer.from(text),
      ),
    decode(input) {
      const lines = looseText(input).split('\n').slice(0, 50)
      const names = lines.map(pathInStore).filter((name) => name !== '')
      const added = names.map((name) => [`${root}/${name}`, Buffer.alloc(0)] as const)
      useTwice([...snapshots.closed, ...added])
    },
    allocatedBytesMax: 1024 * 1024 * 1024,
  }),
]
