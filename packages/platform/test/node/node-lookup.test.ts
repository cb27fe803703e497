import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { nodeLookup } from '../../src/index.ts'

let close = () => {}
afterEach(() => close())

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/list`
}

test('the text behind a URL is read', async () => {
  const url = await serve((_, answer) => void answer.end('a:1;b:2\n'))
  expect(await nodeLookup.textAt(url, 5000)).toBe('a:1;b:2\n')
})

test.each<[string, RequestListener]>([
  ['is no success', (_, answer) => void answer.writeHead(500).end('a:1')],
  ['never comes', () => {}],
  ['never ends', (_, answer) => void answer.write('a')],
  ['has more bytes than a list has', (_, answer) => void answer.end('a'.repeat(65 * 1024))],
])('an answer that %s is refused', async (_, answer) => {
  const url = await serve(answer)
  await expect(nodeLookup.textAt(url, 300)).rejects.toThrow()
})

test('a host has addresses, or is an error', async () => {
  expect(await nodeLookup.addressesOf('127.0.0.1')).toEqual(['127.0.0.1'])
  await expect(nodeLookup.addressesOf('no-such-host.invalid')).rejects.toThrow()
})
