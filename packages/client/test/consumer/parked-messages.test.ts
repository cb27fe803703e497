import { SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import type { ClusterClient } from '../../src/connection/cluster-client.ts'
import { ParkedMessages } from '../../src/consumer/parked-messages.ts'
import type { RawMessage } from '../../src/messages/received-message.ts'
import type { Pulled } from '../../src/reading/pull.ts'

/** Parked messages of a queue, in which those of the lanes stand in turns; a pull brings four of them. */
function scene(last: number, lanes: readonly string[] = ['a', 'b']) {
  const runtime = { clock: new SteppedClock(), random: new SeededRandom(1) }
  const client = { runtime, attemptTimeoutMs: 1000 } as unknown as ClusterClient
  const queue = { topic: 'T', broker: 'b', queueId: 0 }
  const pulls = { underWay: 0, most: 0 }
  const pull = async (offset: number): Promise<Pulled> => {
    pulls.most = Math.max(pulls.most, ++pulls.underWay)
    await Promise.resolve()
    pulls.underWay--
    const nextOffset = Math.min(offset + 4, last)
    const offsets = Array.from({ length: nextOffset - offset }, (_, index) => offset + index)
    const messages = offsets.map((queueOffset) => ({ queueOffset })) as RawMessage[]
    return { kind: 'found', messages, nextOffset, minOffset: 0, maxOffset: last, suggestedBrokerId: 0 }
  }
  const laneOf = ({ queueOffset }: RawMessage): string => lanes[queueOffset % lanes.length]!
  const onAnew = (): void => expect.unreachable()
  const signal = new AbortController().signal
  return { parked: new ParkedMessages({ client, queue, signal, pull, laneOf, onAnew }), pulls }
}

test('what was parked of a lane is read again in its order, also when it waits once more', async () => {
  const { parked } = scene(12)
  parked.park('a', [0, 2, 4, 6])
  parked.park('b', [1, 3])
  const taken: number[] = []
  const take = ({ found }: { found: readonly RawMessage[] }) =>
    taken.push(...found.map(({ queueOffset }) => queueOffset))
  await parked.readAgain('a', take)
  expect(taken).toEqual([0, 2])
  parked.park('a', [2])
  parked.park('a', [8])
  for (let reads = 0; parked.has('a'); reads++) {
    expect(reads).toBeLessThan(4)
    await parked.readAgain('a', take)
  }
  expect(taken).toEqual([0, 2, 2, 4, 6, 8])
  expect(parked.count).toBe(2)
})

test('nothing of a lane can come between its last parked message and the end of its parking', async () => {
  const { parked } = scene(4)
  parked.park('a', [0, 2])
  let isTaken = false
  const reading = parked.readAgain('a', () => {
    isTaken = true
  })
  while (parked.has('a')) {
    expect(isTaken).toBe(false)
    await Promise.resolve()
  }
  expect(isTaken).toBe(true)
  await reading
})

test('of very many lanes that go on at once a few are read at a time', async () => {
  const lanes = Array.from({ length: 40 }, (_, number) => `lane ${number}`)
  const { parked, pulls } = scene(400, lanes)
  for (let offset = 0; offset < 400; offset++) parked.park(lanes[offset % 40]!, [offset])
  const found = new Map<string, number[]>(lanes.map((lane) => [lane, []]))
  const readAll = async (lane: string): Promise<void> => {
    while (parked.has(lane)) {
      await parked.readAgain(lane, (read) => {
        found.get(lane)!.push(...read.found.map(({ queueOffset }) => queueOffset))
      })
    }
  }
  await Promise.all(lanes.map(readAll))
  expect(parked.count).toBe(0)
  for (const [index, lane] of lanes.entries()) {
    expect(found.get(lane)).toEqual(Array.from({ length: 10 }, (_, round) => index + 40 * round))
  }
  expect(pulls.most).toBe(4)
})
