import { expect, test } from 'vitest'
import { costliestFunctions } from '../../src/profile/cpu-profile.ts'

const node = (id: number, functionName: string, url = '', lineNumber = -1) => ({
  id,
  callFrame: { functionName, url, lineNumber },
})

test('functions are ordered by their own time, with all their places in the tree taken together, and idle time left out', () => {
  const profile = {
    nodes: [
      node(1, '(root)'),
      node(2, 'encode', 'file:///clone/a.ts', 9),
      node(3, '', 'file:///clone/b.ts', 0),
      node(4, 'encode', 'file:///clone/a.ts', 9),
      node(5, '(idle)'),
    ],
    samples: [2, 3, 4, 5, 2],
    timeDeltas: [1000, 1000, 500, 90_000, 500],
  }
  expect(costliestFunctions([profile, profile], 5, 'file:///clone/')).toEqual([
    { name: 'encode', place: 'a.ts:10', selfMs: 4, share: 4 / 6 },
    { name: '(anonymous)', place: 'b.ts:1', selfMs: 2, share: 2 / 6 },
  ])
  expect(costliestFunctions([profile], 1, '')).toHaveLength(1)
})
