import { expect, test } from 'vitest'
import { PacedReads } from '../../src/reading/paced-reads.ts'
import { FakeLink } from '../clients/fake-link.ts'

/** Reads that end when the test says so. */
function planned(count: number) {
  const begun: number[] = []
  const ends = Array.from({ length: count }, () => Promise.withResolvers<string>())
  const read = (index: number) => () => {
    begun.push(index)
    return ends[index]!.promise
  }
  return { begun, ends, read }
}

function newPacedReads(perConnectionMax: number, crowdedFrom = 1000): PacedReads {
  return new PacedReads({ perConnectionMax, crowdedFrom, perConnectionMaxWhenCrowded: 1 })
}

const bytesOf = () => 1
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a connection may wait for so many reads of files at a time, whatever others do and however reads end', async () => {
  const reads = newPacedReads(2)
  const [one, other] = [new FakeLink(), new FakeLink()]
  const { ends, read } = planned(3)
  const first = reads.run(one, read(0), bytesOf)
  const second = reads.run(one, read(1), bytesOf)
  expect(() => reads.check(one)).toThrow(/TOO_MANY_READS.*2 requests .* more connections/)
  reads.check(other)
  ends[0]!.resolve('read')
  expect(await first).toBe('read')
  reads.check(one)
  void reads.run(one, read(2), bytesOf)
  expect(() => reads.check(one)).toThrow('TOO_MANY_READS')
  ends[1]!.reject(new Error('EIO'))
  await expect(second).rejects.toThrow('EIO')
  reads.check(one)
  expect(reads.underWay).toBe(1)
})

test('when all connections wait for many reads, each may wait for fewer', () => {
  const reads = newPacedReads(10, 3)
  const [one, other] = [new FakeLink(), new FakeLink()]
  const { read } = planned(3)
  for (let index = 0; index < 3; index++) {
    reads.check(one)
    void reads.run(one, read(index), bytesOf)
  }
  expect(() => reads.check(one)).toThrow('TOO_MANY_READS')
  reads.check(other)
})

test('four reads of a connection are made at a time, the others in their order, and those of others meanwhile', async () => {
  const reads = newPacedReads(100)
  const [one, other] = [new FakeLink(), new FakeLink()]
  const { begun, ends, read } = planned(7)
  for (let index = 0; index < 6; index++) void reads.run(one, read(index), bytesOf)
  void reads.run(other, read(6), bytesOf)
  await turn()
  expect(begun).toEqual([0, 1, 2, 3, 6])
  ends[2]!.resolve('')
  await turn()
  expect(begun.slice(5)).toEqual([4])
  ends[0]!.resolve('')
  await turn()
  expect(begun.slice(6)).toEqual([5])
})

test('reads of a broker do not wait for those of another one, nor for those of files', async () => {
  const reads = newPacedReads(100)
  const link = new FakeLink()
  const { begun, read } = planned(7)
  for (let index = 0; index < 5; index++) void reads.run(link, read(index), bytesOf, 'broker-a')
  void reads.run(link, read(5), bytesOf, 'broker-b')
  void reads.run(link, read(6), bytesOf)
  await turn()
  expect(begun).toEqual([0, 1, 2, 3, 5, 6])
})

test('what is counted among the reads of a connection takes no turn, and goes on when the connection ends', async () => {
  const reads = newPacedReads(2)
  const link = new FakeLink()
  const { begun, ends, read } = planned(2)
  link.pauseAnswers()
  const [first] = [reads.count(link, read(0)), reads.count(link, read(1))]
  expect(begun).toEqual([0, 1])
  expect(() => reads.check(link)).toThrow('TOO_MANY_READS')
  link.destroy()
  ends[0]!.resolve('done')
  expect(await first).toBe('done')
  expect(reads.underWay).toBe(1)
})

test('what was read while a connection took no answers is read once more when it does', async () => {
  const reads = newPacedReads(100)
  const link = new FakeLink()
  let count = 0
  link.pauseAnswers()
  const result = reads.run(
    link,
    async () => {
      // The connection stops taking answers while the first read is made.
      if (++count === 1) link.pauseAnswers()
      return count
    },
    bytesOf,
  )
  await turn()
  expect(count).toBe(0)
  link.takeAnswers()
  await turn()
  expect(count).toBe(1)
  link.takeAnswers()
  expect(await result).toBe(2)
  expect(reads.underWay).toBe(0)
})

test.each([
  ['the connection ends', (_reads: PacedReads, link: FakeLink) => link.destroy()],
  ['the broker stops', (reads: PacedReads) => reads.close()],
])('a read of a connection that takes no answers is given up when %s', async (_, end) => {
  const reads = newPacedReads(100)
  const link = new FakeLink()
  link.pauseAnswers()
  const results = Array.from({ length: 6 }, () => reads.run(link, () => 'read', bytesOf))
  await turn()
  end(reads, link)
  for (const result of results) await expect(result).rejects.toMatchObject({ responseCode: 'SERVICE_NOT_AVAILABLE' })
  expect(reads.underWay).toBe(0)
  await expect(reads.run(link, () => 'read', bytesOf)).rejects.toMatchObject({ responseCode: 'SERVICE_NOT_AVAILABLE' })
})
