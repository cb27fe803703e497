import net from 'node:net'
import os from 'node:os'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Connection } from '../../src/index.ts'
import { nodeNetwork } from '../../src/node/node-network.ts'

const hasIpv6 = Object.values(os.networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
const timeoutMs = 60_000

afterEach(() => vi.restoreAllMocks())

/** Listens, connects to a host, and tells who each side takes the other for. */
async function meet(host: string, connectHost: string): Promise<{ remote: string; listened: string }> {
  const { promise: accepted, resolve } = Promise.withResolvers<Connection>()
  const listener = await nodeNetwork.listen({ host, port: 0, onConnection: resolve })
  const { address } = listener
  const peer = await nodeNetwork.connect({ host: connectHost, port: address.port }, timeoutMs)
  const connection = await accepted
  connection.destroy()
  peer.destroy()
  await listener.close()
  return { remote: connection.remote.host, listened: address.host }
}

describe('a listener at 0.0.0.0', () => {
  test('takes IPv4 peers, and shows their addresses as such', async () => {
    expect(await meet('0.0.0.0', '127.0.0.1')).toEqual({ remote: '127.0.0.1', listened: '0.0.0.0' })
  })

  test.skipIf(!hasIpv6)('takes IPv6 peers, too', async () => {
    expect(await meet('0.0.0.0', '::1')).toEqual({ remote: '::1', listened: '0.0.0.0' })
  })

  test.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])('takes IPv4 peers alone where the system says %s', async (code) => {
    const { listen } = net.Server.prototype
    const hosts: unknown[] = []
    vi.spyOn(net.Server.prototype, 'listen').mockImplementation(function (this: net.Server, ...parameters: unknown[]) {
      const { host } = parameters[0] as { host: string }
      hosts.push(host)
      if (host !== '::') return Reflect.apply(listen, this, parameters)
      process.nextTick(() => this.emit('error', Object.assign(new Error(code), { code })))
      return this
    })
    expect(await meet('0.0.0.0', '127.0.0.1')).toMatchObject({ remote: '127.0.0.1' })
    expect(hosts).toEqual(['::', '0.0.0.0'])
  })

  test('is refused a port that another one has', async () => {
    const first = await nodeNetwork.listen({ host: '127.0.0.1', port: 0, onConnection: () => {} })
    const { port } = first.address
    await expect(nodeNetwork.listen({ host: '0.0.0.0', port, onConnection: () => {} })).rejects.toThrow(/EADDRINUSE/)
    await first.close()
  })
})

test('a listener at an address of one kind takes no peers of the other', async () => {
  const listener = await nodeNetwork.listen({ host: '127.0.0.1', port: 0, onConnection: () => {} })
  await expect(nodeNetwork.connect({ host: '::1', port: listener.address.port }, timeoutMs)).rejects.toThrow()
  await listener.close()
})
