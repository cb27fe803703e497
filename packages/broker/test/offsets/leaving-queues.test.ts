import { newDataVersion } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { LeavingQueues } from '../../src/offsets/leaving-queues.ts'
import { LightOffsets } from '../../src/offsets/light-offsets.ts'
import { LogEnds } from '../../src/offsets/log-ends.ts'
import { lightOffsetFilePieces, readOffsetFile } from '../../src/offsets/offset-file.ts'
import { OffsetMap } from '../../src/offsets/offset-map.ts'

/** Light queues that are to go; each write of their file ends when it is told to. */
function open() {
  const writes: PromiseWithResolvers<void>[] = []
  const write = (): Promise<void> => {
    const begun = Promise.withResolvers<void>()
    writes.push(begun)
    return begun.promise
  }
  return { leaving: new LeavingQueues({ later() {}, written: write, writtenSoon: write }), writes }
}

test('a queue may go once a write has ended that began behind its note', async () => {
  const { leaving, writes } = open()
  expect(leaving.add('a', 1)).toBe(false)
  const first = leaving.noted(false)
  expect(leaving.add('b', 2)).toBe(false)
  const second = leaving.noted(true)
  writes[0]!.resolve()
  await first
  expect([leaving.add('a', 9), leaving.add('b', 9)]).toEqual([true, false])
  leaving.delete('a')
  expect(leaving.add('a', 3)).toBe(false)
  writes[1]!.resolve()
  await second
  expect([leaving.add('a', 9), leaving.add('b', 9)]).toEqual([false, true])
  expect([...leaving.entries()]).toEqual([
    ['b', 2],
    ['a', 3],
  ])
})

test('a queue whose note could not be written may go with a later write', async () => {
  const { leaving, writes } = open()
  leaving.add('a', 1)
  const failed = leaving.noted(false)
  writes[0]!.reject(new Error('ENOSPC'))
  await expect(failed).rejects.toThrow('ENOSPC')
  expect(leaving.add('a', 1)).toBe(false)
  const later = leaving.noted(false)
  writes[1]!.resolve()
  await later
  expect(leaving.add('a', 1)).toBe(true)
})

test('very many queues that are to go stand in short pieces of the file', () => {
  const { leaving } = open()
  for (let index = 0; index < 3000; index++) leaving.add(`%LMQ%${index}`, index)
  const tables = {
    dataVersion: newDataVersion(0),
    removedGroups: new LogEnds(),
    resetQueues: new LogEnds(),
    offsets: new OffsetMap(),
    pullOffsets: new OffsetMap(),
    light: new LightOffsets(),
    leaving,
  }
  const pieces = [...lightOffsetFilePieces(tables)]
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(1000)
  expect(readOffsetFile(pieces.join('')).leavingQueueTable).toEqual(new Map(leaving.entries()))
})
