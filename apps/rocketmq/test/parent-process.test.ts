import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { launcherPid, watchParent } from '../src/parent-process.ts'

test('the end of the process that started this one is seen once another one has its place', async () => {
  const clock = new SteppedClock()
  let parentPid = 4711
  let isGone = false
  const { gone, cancel } = watchParent(clock, 4711, () => parentPid)
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

test('a launcher that was gone before the first look is seen', async () => {
  const clock = new SteppedClock()
  const { gone, cancel } = watchParent(clock, 4711, () => 1)
  clock.advance(500)
  await gone
  cancel()
})

test.each([
  [{}, undefined],
  [{ ROCKETMQ_LAUNCHER_PID: '4711' }, 4711],
  [{ ROCKETMQ_LAUNCHER_PID: '' }, undefined],
  [{ ROCKETMQ_LAUNCHER_PID: 'x' }, undefined],
])('the launcher is named by its variable: %o', (variables, pid) => {
  expect(launcherPid(variables)).toBe(pid)
})
