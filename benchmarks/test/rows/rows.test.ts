import { describe, expect, test } from 'vitest'
import { allRows, groupBySetup, mainRowIds, pickRows } from '../../src/rows/all-rows.ts'

describe('rows', () => {
  test('have names of their own', () => {
    const ids = allRows.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('name existing rows in goals that compare rows, and in the check', () => {
    const others = allRows.flatMap(({ goals }) => goals.flatMap(({ ofRow }) => ofRow ?? []))
    expect(pickRows(allRows, [...others, ...mainRowIds], false).length).toBeGreaterThanOrEqual(mainRowIds.length)
  })

  test('find the topics of their loads in their set-ups, with as many queues', () => {
    for (const { id, load, setup } of allRows) {
      if (!('flags' in load) || load.kind === 'fresh' || ('command' in load && load.command === 'create')) continue
      const { topic, topics = 1, queues = 4 } = load.flags
      const found = setup.topics.find(({ name }) => name === topic)
      expect(found, `${id}: ${topic}`).toMatchObject({ count: topics, queues })
    }
  })

  test('that share a set-up share servers, but not with rows of ours alone', () => {
    const groups = groupBySetup(allRows)
    expect(groups.flat().length).toBe(allRows.length)
    for (const group of groups) {
      expect(new Set(group.map(({ setup }) => JSON.stringify(setup))).size).toBe(1)
      expect(new Set(group.map(({ oursOnly }) => oursOnly !== undefined)).size).toBe(1)
    }
  })
})

describe('picking rows', () => {
  test('takes all, the quick ones, or the named ones in their own order', () => {
    expect(pickRows(allRows, undefined, false)).toHaveLength(allRows.length)
    expect(pickRows(allRows, undefined, true).every(({ quick }) => quick !== undefined)).toBe(true)
    expect(pickRows(allRows, ['pull', 'send'], true).map(({ id }) => id)).toEqual(['send', 'pull'])
  })

  test('names what is not a row, and the rows there are', () => {
    expect(() => pickRows(allRows, ['sned'], false)).toThrow(/no row is named sned; there are: send, /)
  })
})
