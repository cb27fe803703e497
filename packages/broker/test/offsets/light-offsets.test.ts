import { describe, expect, test } from 'vitest'
import { LightOffsets } from '../../src/offsets/light-offsets.ts'

const queues = Array.from({ length: 2000 }, (_, index) => `%LMQ%${index}`)

function filled(...groups: string[]): LightOffsets {
  const offsets = new LightOffsets()
  for (const group of groups) for (const [index, queue] of queues.entries()) offsets.set(group, queue, index)
  return offsets
}

const left = (offsets: LightOffsets) => [...offsets.entries()].map(({ topic, group }) => `${topic} ${group}`).sort()

describe.each([
  ['ordinary groups', ['g', 'h']],
  ['groups with names of light queues, too', ['g', '%LMQ%c@1']],
])('with %s', (_what, groups) => {
  test('queues that are gone take the offsets of all groups along, whatever came and went before', () => {
    const offsets = filled(...groups)
    offsets.remove(groups[0]!, queues[5]!)
    offsets.load(`${queues[5]}@${groups[0]}`, 7)
    offsets.load(`${queues[5]}@${groups[0]}`, 8)
    const gone = new Set([queues[5]!, queues[6]!, 'none'])
    expect(offsets.removeTopics(gone)).toBe(true)
    expect(offsets.removeTopics(gone)).toBe(false)
    const rest = queues.filter((queue) => !gone.has(queue))
    expect(left(offsets)).toEqual(groups.flatMap((group) => rest.map((queue) => `${queue} ${group}`)).sort())
    expect(offsets.removeGroup(groups[1]!)).toBe(true)
    expect(offsets.removeTopics(new Set(queues.slice(0, 1990)))).toBe(true)
    expect(left(offsets)).toEqual(
      queues
        .slice(1990)
        .map((queue) => `${queue} ${groups[0]}`)
        .sort(),
    )
  })

  test('groups of a queue are told, and queues of a group', () => {
    const offsets = filled(...groups)
    expect(offsets.groupsOf(queues[3]!).sort()).toEqual([...groups].sort())
    expect(offsets.topicsOf(groups[1]!)).toEqual(queues)
    expect(offsets.topicsOf('other')).toEqual([])
  })
})

test('a queue is not taken for another one whose name it begins', () => {
  const offsets = new LightOffsets()
  offsets.set('g', '%LMQ%a@b', 1)
  offsets.set('%LMQ%a@b', '%LMQ%a', 2)
  expect(offsets.groupsOf('%LMQ%a')).toEqual(['%LMQ%a@b'])
  expect(offsets.topicsOf('g')).toEqual(['%LMQ%a@b'])
})

test('entries for the file come in short pieces, also those of a table that has none', () => {
  const offsets = filled('g')
  expect([...offsets.ownPieces()]).toEqual(['', '', '', ''])
  const shared = [...offsets.sharedPieces()]
  expect(shared).toHaveLength(4)
  const text = shared.join(',')
  expect(text.match(/%LMQ%\d+@g/g)).toHaveLength(2000)
  expect(text).toContain('"%LMQ%7@g":{\n\t\t\t0:7\n\t\t}')
})
