import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const path = new URL('../src/memory-limits.ts', import.meta.url).href
const script = `
  const { limitMemory } = await import(${JSON.stringify(path)})
  limitMemory()
  console.log(JSON.stringify({ processId: process.pid, options: process.execArgv.filter((each) => each.startsWith('--max')), arenas: process.env.MALLOC_ARENA_MAX }))
`

/** What a process says that limits itself, and the id that it was started with. */
async function run(
  ...options: string[]
): Promise<{ pid: number; processId: number; options: string[]; arenas?: string }> {
  const running = promisify(execFile)(process.execPath, [...options, '--input-type=module', '-e', script])
  const { pid } = running.child
  const { stdout } = await running
  return { pid: pid!, ...JSON.parse(stdout) }
}

test.skipIf(process.platform === 'win32')('a process limits its memory once, and keeps its id', async () => {
  const { pid, processId, options, arenas } = await run()
  expect(arenas).toBe('2')
  expect(options).toEqual(['--max-semi-space-size=16'])
  expect(processId).toBe(pid)
})

test('a limit that is given stays', async () => {
  expect((await run('--max-semi-space-size=4')).options).toEqual(['--max-semi-space-size=4'])
})
