import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { DescriptorWatch } from '../../src/node/descriptor-watch.ts'
import { SteppedClock } from '../../src/test-kit/index.ts'

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** A watch over files of which `state.error` says why none can be opened. */
function watched() {
  const clock = new SteppedClock()
  const state: { error: Error | undefined; looks: number; said: Error[] } = { error: undefined, looks: 0, said: [] }
  const watch = new DescriptorWatch({
    tryOpen() {
      state.looks++
      if (state.error !== undefined) throw state.error
    },
    after: (delayMs, callback) => clock.after(delayMs, callback),
    onNoneLeft: (error) => void state.said.push(error),
  })
  return { clock, state, watch }
}

test('many connections are one look, and none is taken when no connection comes', () => {
  const { clock, state, watch } = watched()
  for (let count = 0; count < 1000; count++) watch.connectionCame()
  clock.advance(60_000)
  expect([state.looks, state.said]).toEqual([1, []])
  watch.connectionCame()
  clock.advance(1000)
  expect(state.looks).toBe(2)
})

test('it is said again every five seconds while no descriptor is left, and no more once there is one', () => {
  const { clock, state, watch } = watched()
  state.error = failure('EMFILE')
  watch.connectionCame()
  clock.advance(1000)
  expect(state.said).toEqual([state.error])
  clock.advance(14_999)
  watch.connectionCame()
  expect(state.said).toHaveLength(3)
  state.error = undefined
  clock.advance(60_000)
  expect([state.said.length, state.looks]).toEqual([3, 4])
})

test('another failure says nothing, and a closed watch does not look', () => {
  const { clock, state, watch } = watched()
  state.error = failure('ENOENT')
  watch.connectionCame()
  clock.advance(60_000)
  expect([state.said, state.looks]).toEqual([[], 1])
  state.error = failure('ENFILE')
  watch.connectionCame()
  watch.close()
  clock.advance(60_000)
  expect([state.said, state.looks]).toEqual([[], 1])
})

test('a listener whose process runs out of descriptors says so, and takes connections again later', async () => {
  const script = fileURLToPath(new URL('./listening-process.ts', import.meta.url))
  const child = spawn('bash', ['-c', `ulimit -n 100 && exec "$0" "$1"`, process.execPath, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // Also when the time is over while it is waited for.
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextLine = async (): Promise<string | undefined> => (await lines.next()).value
  const port = Number(await nextLine())
  const sockets = Array.from({ length: 120 }, () => net.connect(port, '127.0.0.1').on('error', () => {}))
  expect(await nextLine()).toBe('EMFILE')
  for (const socket of sockets) socket.destroy()
  await expect.poll(() => greeting(port), { timeout: 120_000 }).toBe('hello')
})

/** What the listener answers over a new connection; nothing when it closes it unserved. */
async function greeting(port: number): Promise<string> {
  const socket = net.connect(port, '127.0.0.1').on('error', () => {})
  let text = ''
  socket.write('hello?')
  socket.on('data', (chunk) => {
    text += chunk
  })
  await once(socket, 'close')
  return text
}
