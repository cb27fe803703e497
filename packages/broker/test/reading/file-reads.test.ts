import { expect, test } from 'vitest'
import { FileReads } from '../../src/reading/file-reads.ts'

test('a connection may wait for so many reads of files at a time, whatever others do and however reads end', async () => {
  const reads = new FileReads(2)
  const first = Promise.withResolvers<string>()
  const second = Promise.withResolvers<string>()
  const counted = [reads.count(1, first.promise), reads.count(1, second.promise)]
  expect([reads.mayStart(1), reads.mayStart(2)]).toEqual([false, true])
  first.resolve('read')
  expect(await counted[0]).toBe('read')
  expect(reads.mayStart(1)).toBe(true)
  void reads.count(1, new Promise(() => {}))
  expect(reads.mayStart(1)).toBe(false)
  second.reject(new Error('EIO'))
  await expect(counted[1]).rejects.toThrow('EIO')
  expect(reads.mayStart(1)).toBe(true)
})
