import { describe, expect, test } from 'vitest'
import { cleanExpiredConsumequeue, setCommitlogReadMode } from '../../src/administration/handlers/nothing-to-do.ts'
import { ask } from '../call-kit.ts'

describe('a command for which there is nothing to do', () => {
  test('succeeds', async () => {
    expect((await ask(cleanExpiredConsumequeue(), {})).code).toBe(0)
    for (const READ_AHEAD_MODE of [0, 1]) {
      expect((await ask(setCommitlogReadMode(), { READ_AHEAD_MODE })).code).toBe(0)
    }
  })

  test.each([-1, 2])('is refused when it asks for mode %d, which is none', async (READ_AHEAD_MODE) => {
    expect(await ask(setCommitlogReadMode(), { READ_AHEAD_MODE })).toMatchObject({
      code: 29,
      remark: `READ_AHEAD_MODE is ${READ_AHEAD_MODE}: it must be 0 (normal) or 1 (random)`,
    })
  })
})
