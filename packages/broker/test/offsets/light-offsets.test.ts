import { HashPlaces } from '@rocketmq-ts/base'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
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
    const gone = [queues[5]!, queues[6]!, 'none']
    expect(gone.map((queue) => offsets.removeTopic(queue))).toEqual([true, true, false])
    expect(gone.map((queue) => offsets.removeTopic(queue))).toEqual([false, false, false])
    const rest = queues.filter((queue) => !gone.includes(queue))
    expect(left(offsets)).toEqual(groups.flatMap((group) => rest.map((queue) => `${queue} ${group}`)).sort())
    expect(offsets.size).toBe(2 * rest.length)
    expect(offsets.removeGroup(groups[1]!)).toBe(true)
    expect(offsets.removeGroup(groups[1]!)).toBe(false)
    for (const queue of queues.slice(0, 1990)) offsets.removeTopic(queue)
    const ends = queues.slice(1990)
    expect(left(offsets)).toEqual(ends.map((queue) => `${queue} ${groups[0]}`).sort())
    expect(offsets.size).toBe(ends.length)
  })

  test('groups of a queue are told, and queues of a group', () => {
    const offsets = filled(...groups)
    expect(offsets.groupsOf(queues[3]!).sort()).toEqual([...groups].sort())
    expect([...offsets.topicsOf(groups[1]!)]).toEqual(queues)
    expect([...offsets.topicsOf('other')]).toEqual([])
  })
})

test('groups with names of light queues have offsets of their own in the same queue, however they come and go', () => {
  const offsets = new LightOffsets()
  const groups = ['%LMQ%a', '%LMQ%b', '%LMQ%c']
  for (const [index, group] of groups.entries()) offsets.set(group, '%LMQ%q', index)
  expect(groups.map((group) => offsets.get(group, '%LMQ%q'))).toEqual([0, 1, 2])
  expect([offsets.set('%LMQ%b', '%LMQ%q', 7), offsets.set('%LMQ%b', '%LMQ%q', 7)]).toEqual([true, false])
  expect(offsets.removeGroup('%LMQ%a')).toBe(true)
  expect(left(offsets)).toEqual(['%LMQ%q %LMQ%b', '%LMQ%q %LMQ%c'])
  expect([offsets.get('%LMQ%b', '%LMQ%q'), offsets.size]).toEqual([7, 2])
  for (const group of groups) offsets.remove(group, '%LMQ%q')
  expect([left(offsets), offsets.size]).toEqual([[], 0])
  offsets.set('%LMQ%a', '%LMQ%q', 1)
  expect(left(offsets)).toEqual(['%LMQ%q %LMQ%a'])
})

test('a queue is not taken for another one whose name it begins', () => {
  const offsets = new LightOffsets()
  offsets.set('g', '%LMQ%a@b', 1)
  offsets.set('%LMQ%a@b', '%LMQ%a', 2)
  expect(offsets.groupsOf('%LMQ%a')).toEqual(['%LMQ%a@b'])
  expect([...offsets.topicsOf('g')]).toEqual(['%LMQ%a@b'])
})

test('entries for the file come in short pieces', () => {
  const offsets = filled('g', '%LMQ%c')
  const own = [...offsets.ownPieces()]
  const shared = [...offsets.sharedPieces()]
  expect([own.length, shared.length]).toEqual([4, 4])
  expect(own.join(',').match(/%LMQ%\d+@%LMQ%c/g)).toHaveLength(2000)
  expect(own.join(',')).toContain('"%LMQ%7@%LMQ%c":7')
  const text = shared.join(',')
  expect(text.match(/%LMQ%\d+@g"/g)).toHaveLength(2000)
  expect(text).toContain('"%LMQ%7@g":{\n\t\t\t0:7\n\t\t}')
  expect([...filled('g').ownPieces()]).toEqual([])
})

test('offsets are those that a map holds, whatever comes and goes', () => {
  const queue = fc.constantFrom('%LMQ%a', '%LMQ%b', '%LMQ%c')
  const group = fc.constantFrom('g', 'h', '%LMQ%a', '%LMQ%b', '%LMQ%x')
  const step = fc.record({
    kind: fc.constantFrom('set', 'set', 'set', 'remove', 'removeTopic', 'removeGroup'),
    queue,
    group,
    offset: fc.nat(3),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const offsets = new LightOffsets()
      const expected = new Map<string, number>()
      const removeWhere = (isGone: (name: string) => boolean): boolean => {
        const gone = [...expected.keys()].filter(isGone)
        for (const name of gone) expected.delete(name)
        return gone.length > 0
      }
      for (const { kind, queue, group, offset } of steps) {
        const name = `${queue} ${group}`
        if (kind === 'set') {
          expect(offsets.set(group, queue, offset)).toBe(expected.get(name) !== offset)
          expected.set(name, offset)
        } else if (kind === 'remove') expect(offsets.remove(group, queue)).toBe(expected.delete(name))
        else if (kind === 'removeTopic') {
          expect(offsets.removeTopic(queue)).toBe(removeWhere((one) => one.startsWith(`${queue} `)))
        } else expect(offsets.removeGroup(group)).toBe(removeWhere((one) => one.endsWith(` ${group}`)))
        expect(offsets.get(group, queue)).toBe(expected.get(name))
        expect(left(offsets)).toEqual([...expected.keys()].sort())
        expect(offsets.size).toBe(expected.size)
        const [groups, queues] = [offsets.groupsOf(queue), [...offsets.topicsOf(group)]]
        expect(groups.map((one) => `${queue} ${one}`).sort()).toEqual(
          left(offsets).filter((one) => one.startsWith(queue)),
        )
        expect(queues.map((one) => `${one} ${group}`).sort()).toEqual(
          left(offsets).filter((one) => one.endsWith(` ${group}`)),
        )
      }
    }),
  )
})

test('who goes through the queues of a group comes to an end when the group is removed, whoever has its place then', () => {
  const offsets = filled('g')
  const seen: string[] = []
  for (const queue of offsets.topicsOf('g')) {
    seen.push(queue)
    if (seen.length !== 3) continue
    offsets.removeGroup('g')
    for (const [index, other] of queues.entries()) offsets.set('h', other, index)
  }
  expect(seen).toEqual(queues.slice(0, 3))
})

test('an ordinary group goes at once, however many offsets it has: they are removed bit by bit with those that come', () => {
  using removals = vi.spyOn(HashPlaces.prototype, 'delete')
  const offsets = filled('g')
  offsets.set('h', 'other', 1)
  removals.mockClear()
  expect([offsets.removeGroup('g'), offsets.removeGroup('g')]).toEqual([true, false])
  expect(removals).not.toHaveBeenCalled()
  expect([left(offsets), offsets.size, offsets.groupsOf(queues[3]!)]).toEqual([['other h'], 1, []])
  expect([offsets.removeTopic(queues[3]!), offsets.get('g', queues[4]!)]).toEqual([false, undefined])
  for (const queue of queues) {
    removals.mockClear()
    offsets.set('g', queue, 5)
    expect(removals.mock.calls.length).toBeLessThan(20)
  }
  expect([offsets.size, offsets.get('g', queues[3]!)]).toEqual([2001, 5])
  expect([...offsets.topicsOf('g')].sort()).toEqual([...queues].sort())
})

test('a table that gets empty with a group gives its memory back, and is one like others then', () => {
  const offsets = filled('g')
  const seen: string[] = []
  for (const queue of offsets.topicsOf('g')) {
    seen.push(queue)
    offsets.removeGroup('g')
  }
  expect([seen, offsets.size, left(offsets)]).toEqual([[queues[0]], 0, []])
  for (const [index, queue] of queues.entries()) offsets.set('h', queue, index)
  expect([offsets.size, offsets.get('h', queues[7]!), offsets.get('g', queues[7]!)]).toEqual([2000, 7, undefined])
})
