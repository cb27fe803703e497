import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { watchParent } from '../src/parent-process.ts'

test('the end of the process that started this one is seen once another one has its place', async () => {
  const clock = new SteppedClock()
  let parentPid = 4711
  let isGone = false
  const { gone, cancel } = watchParent(clock, () => parentPid)
  void gone.then(() => {
    isGone = true
  })
  clock.advance(10_000)
  await Promise.resolve()
  expect(isGone).toBe(false)
  parentPid = 1
  clock.advance(500)
  await gone
  expect(isGone).toBe(true)
  cancel()
})
