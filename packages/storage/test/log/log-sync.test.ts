import { silentLog } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { LogSync } from '../../src/log/log-sync.ts'
import { WriteGuard } from '../../src/write-guard.ts'
import { settle } from '../settle.ts'

/** A log of files of 100 bytes whose syncs end when a test says so. */
class SlowLog {
  writtenPosition = 0
  readonly started: number[] = []
  readonly syncedNow: number[] = []
  readonly #pending: PromiseWithResolvers<void>[] = []
  readonly segments = {
    segmentBytes: 100,
    firstPosition: 0,
    startOf: (position: number) => position - (position % this.segments.segmentBytes),
    sync: (position: number): Promise<void> => {
      this.started.push(position)
      const pending = Promise.withResolvers<void>()
      this.#pending.push(pending)
      return pending.promise
    },
    syncNow: (position: number): void => {
      this.syncedNow.push(position)
    },
  }

  async end(error?: Error): Promise<void> {
    const pending = this.#pending.shift()!
    if (error === undefined) pending.resolve()
    else pending.reject(error)
    await settle()
  }
}

interface SetUp {
  log: SlowLog
  clock: SteppedClock
  guard: WriteGuard
  logSync: LogSync
  /** `name` for each that was told it is synced, `not name` for each that was told it is not. */
  told: string[]
  /** Something of 10 bytes is written, and waited for. */
  writeAndWait(name: string): void
}

function setUp(): SetUp {
  const log = new SlowLog()
  const clock = new SteppedClock()
  const guard = new WriteGuard(silentLog)
  const logSync = new LogSync(log, guard, clock, () => 5000, 0)
  const told: string[] = []
  const writeAndWait = (name: string): void => {
    log.writtenPosition += 10
    logSync.whenSynced(log.writtenPosition, (isSynced) => void told.push(isSynced ? name : `not ${name}`))
  }
  return { log, clock, guard, logSync, told, writeAndWait }
}

describe('the sync of the log', () => {
  test('serves all that was written when it started, and those that came meanwhile by one more', async () => {
    const { log, logSync, told, writeAndWait } = setUp()
    writeAndWait('a')
    writeAndWait('b')
    writeAndWait('c')
    expect(log.started).toEqual([0])
    await log.end()
    expect(told).toEqual(['a'])
    expect(logSync.syncedPosition).toBe(10)
    await log.end()
    expect(told).toEqual(['a', 'b', 'c'])
    expect(log.started).toHaveLength(2)
    writeAndWait('d')
    await log.end()
    expect(told).toEqual(['a', 'b', 'c', 'd'])
  })

  test('ends when what was wanted is synced, although more is written all the time', async () => {
    const { log, logSync } = setUp()
    log.writtenPosition = 40
    let ended = false
    void logSync.sync().then(() => {
      ended = true
    })
    log.writtenPosition = 50
    await log.end()
    expect(ended).toBe(true)
    expect(logSync.syncedPosition).toBe(40)
    expect(log.started).toHaveLength(1)
  })

  test('is not started for what is synced already', async () => {
    const { log, logSync } = setUp()
    log.writtenPosition = 40
    const first = logSync.sync()
    await log.end()
    await first
    await logSync.sync()
    expect(log.started).toHaveLength(1)
  })

  test('follows one that is under way when more was written since', async () => {
    const { log, logSync } = setUp()
    log.writtenPosition = 40
    void logSync.sync()
    log.writtenPosition = 60
    let ended = false
    void logSync.sync().then(() => {
      ended = true
    })
    await log.end()
    expect(ended).toBe(false)
    await log.end()
    expect(ended).toBe(true)
    expect(logSync.syncedPosition).toBe(60)
  })

  test('starts early when much is written, and is not asked for again while it is under way', async () => {
    const { log, logSync } = setUp()
    const megabyte = 1024 * 1024
    log.segments.segmentBytes = 1024 * megabyte
    log.writtenPosition = 4 * megabyte
    logSync.limitUnsynced()
    expect(log.started).toHaveLength(0)
    log.writtenPosition += 1
    logSync.limitUnsynced()
    log.writtenPosition += 9 * megabyte
    logSync.limitUnsynced()
    expect(log.started).toHaveLength(1)
    await log.end()
    expect(logSync.syncedPosition).toBe(4 * megabyte + 1)
    expect(log.started).toHaveLength(1)
    logSync.limitUnsynced()
    await log.end()
    expect(logSync.syncedPosition).toBe(13 * megabyte + 1)
    logSync.limitUnsynced()
    expect(log.started).toHaveLength(2)
  })

  test('goes over all files from the one that is not synced as a whole', async () => {
    const { log, logSync } = setUp()
    log.writtenPosition = 150
    void logSync.sync()
    await log.end()
    await log.end()
    log.writtenPosition = 310
    void logSync.sync()
    for (let file = 0; file < 3; file++) await log.end()
    expect(log.started).toEqual([0, 100, 100, 200, 300])
    expect(logSync.syncedPosition).toBe(310)
  })

  test('tells each who waits too long, when his time is over', async () => {
    const { log, clock, told, writeAndWait } = setUp()
    writeAndWait('a')
    clock.advance(2000)
    writeAndWait('b')
    clock.advance(2999)
    expect(told).toEqual([])
    clock.advance(1)
    expect(told).toEqual(['not a'])
    clock.advance(1999)
    writeAndWait('c')
    clock.advance(1)
    expect(told).toEqual(['not a', 'not b'])
    await log.end()
    await log.end()
    expect(told).toEqual(['not a', 'not b', 'c'])
    clock.advance(60_000)
    expect(told).toHaveLength(3)
  })

  test('fences the store when it fails, and tells all who wait, then and later', async () => {
    const { log, logSync, told, writeAndWait } = setUp()
    writeAndWait('a')
    writeAndWait('b')
    const synced = logSync.sync()
    await log.end(new Error('EIO'))
    await synced
    writeAndWait('c')
    await settle()
    expect(told).toEqual(['not a', 'not b', 'not c'])
    expect(logSync.syncedPosition).toBe(0)
    expect(log.started).toHaveLength(1)
  })

  test('goes over what was written before the store was fenced, when somebody needs that, unless a sync failed', async () => {
    const { log, guard, logSync } = setUp()
    log.writtenPosition = 150
    guard.fence('writing messages', new Error('EIO'))
    expect(await logSync.syncWritten()).toBe(true)
    expect(log.syncedNow).toEqual([0, 100])
    expect(logSync.syncedPosition).toBe(150)

    const other = setUp()
    other.writeAndWait('a')
    await other.log.end(new Error('EIO'))
    expect(await other.logSync.syncWritten()).toBe(false)
    expect(other.logSync.syncWrittenNow()).toBe(false)
    expect(other.log.syncedNow).toEqual([])
  })

  test('confirms nothing before what came with it elsewhere is secured, and says when that fails', async () => {
    const { log, logSync, told, writeAndWait } = setUp()
    let securing = Promise.withResolvers<void>()
    const table = {
      isSecured: true,
      asked: 0,
      secured(): Promise<void> {
        this.asked++
        return securing.promise
      },
    }
    logSync.add(table)
    writeAndWait('a')
    await log.end()
    expect([told, table.asked]).toEqual([['a'], 0])
    table.isSecured = false
    writeAndWait('b')
    await log.end()
    expect(told).toEqual(['a'])
    securing.resolve()
    await settle()
    expect(told).toEqual(['a', 'b'])
    securing = Promise.withResolvers()
    writeAndWait('c')
    await log.end()
    securing.reject(new Error('the disk is full'))
    await settle()
    expect(told).toEqual(['a', 'b', 'not c'])
    // The log itself is synced, and the next is tried again.
    expect(logSync.syncedPosition).toBe(30)
    securing = Promise.withResolvers()
    securing.resolve()
    writeAndWait('d')
    await log.end()
    expect(told).toEqual(['a', 'b', 'not c', 'd'])
  })

  test('at once is not undone by one that began before it', async () => {
    const { log, logSync } = setUp()
    log.writtenPosition = 40
    void logSync.sync()
    log.writtenPosition = 60
    expect(logSync.syncWrittenNow()).toBe(true)
    await log.end()
    expect(logSync.syncedPosition).toBe(60)
  })
})
