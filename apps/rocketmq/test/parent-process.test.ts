import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { type ProcessTable, parentsToEndWith, systemProcesses, watchParents } from '../src/parent-process.ts'

/** Process 9, which npm (5) has started by a shell (7), or a launcher (8) by that shell. */
function table(parentPid: number) {
  const parents = new Map([
    [8, 7],
    [7, 5],
    [5, 3],
  ])
  const names = new Map([
    [8, 'node'],
    [7, 'sh'],
    [5, 'npm start'],
    [3, 'bash'],
  ])
  const processes: ProcessTable & { parentPid: number } = {
    parentPid,
    parentOf: (pid) => parents.get(pid),
    nameOf: (pid) => names.get(pid),
  }
  return { processes, parents }
}

const launcher = { ROCKETMQ_LAUNCHER_PID: '8' }

describe('a process ends with', () => {
  test.each([
    ['nobody', {}, false, 7, []],
    ['its parent when it is told so', {}, true, 7, [7]],
    ['npm and its shell', { npm_command: 'start' }, true, 7, [7, 5]],
    ['npm alone when that has started it without a shell', { npm_command: 'start' }, true, 5, [5]],
    ['npx and its shell', { npm_command: 'exec' }, false, 7, [7, 5]],
    ['no other command of npm', { npm_command: 'run-script' }, false, 7, []],
    ['its launcher', launcher, false, 8, [8]],
    ['its launcher, npm and its shell', { ...launcher, npm_command: 'start' }, true, 8, [8, 7, 5]],
    ['its launcher that is gone already', { ROCKETMQ_LAUNCHER_PID: '77' }, true, 1, [77]],
    ['nobody for a variable that says nothing', { ROCKETMQ_LAUNCHER_PID: '' }, false, 7, []],
    ['nobody for a variable that is no id', { ROCKETMQ_LAUNCHER_PID: 'x' }, false, 7, []],
  ])('%s', (_, variables, stopWithParent, parentPid, parents) => {
    expect(parentsToEndWith(variables, stopWithParent, table(parentPid).processes)).toEqual(parents)
  })
})

describe('the end of the processes that started this one', () => {
  test.each(['nearest', 'one between', 'farthest'])('is seen: of the %s', async (which) => {
    const clock = new SteppedClock()
    const { processes, parents } = table(8)
    let isGone = false
    const { gone, cancel } = watchParents(clock, [8, 7, 5], processes)
    void gone.then(() => {
      isGone = true
    })
    clock.advance(10_000)
    await Promise.resolve()
    expect(isGone).toBe(false)
    if (which === 'nearest') processes.parentPid = 1
    else parents.set(which === 'farthest' ? 7 : 8, 1)
    clock.advance(500)
    await gone
    expect(isGone).toBe(true)
    cancel()
  })
})

test.skipIf(process.platform !== 'linux')('the system tells parents and names of processes', () => {
  expect(systemProcesses.parentPid).toBe(process.ppid)
  expect(systemProcesses.parentOf(process.pid)).toBe(process.ppid)
  expect(systemProcesses.nameOf(process.pid)).not.toBe('')
  expect(systemProcesses.parentOf(999_999_999)).toBeUndefined()
})
