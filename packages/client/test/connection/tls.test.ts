import { readFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import { createNameServer, readNameServerSettings } from '@rocketmq-ts/name-server'
import { createNodePlatform, silentLog } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Admin } from '../../src/index.ts'

const certificate = (name: string): Buffer => readFileSync(new URL(`./certificate/${name}`, import.meta.url))
const ca = certificate('localhost.pem')

/** A name server behind a door that takes encrypted connections alone. */
describe('a client with TLS', () => {
  const opened = new AsyncDisposableStack()
  let address = ''
  beforeAll(async () => {
    const folder = opened.use(temporaryFolder())
    const environment = {
      hostName: 'localhost',
      localAddress: '127.0.0.1',
      homeFolder: folder.path,
      variables: {},
      processors: 1,
    }
    const properties = { listenPort: '0', bindAddress: '127.0.0.1' }
    const { values } = readNameServerSettings(properties, { source: 'test', environment })
    const nameServer = await createNameServer({ settings: values, platform: createNodePlatform(), log: silentLog })
    opened.defer(() => nameServer.close())
    const door = tls.createServer({ cert: ca, key: certificate('localhost.key.pem') }, (socket) => {
      const inside = net.connect(nameServer.address.port, '127.0.0.1')
      socket.pipe(inside).pipe(socket)
      socket.on('error', () => inside.destroy())
      inside.on('error', () => socket.destroy())
    })
    door.on('tlsClientError', () => {})
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
    opened.defer(() => new Promise<void>((resolve) => void door.close(() => resolve())))
    address = `localhost:${(door.address() as net.AddressInfo).port}`
  })
  afterAll(() => opened.disposeAsync())

  test('speaks to a server whose certificate it trusts', async () => {
    const admin = new Admin({ nameServers: address, tls: { ca } })
    expect(await admin.topics()).toEqual([])
    await admin.close()
    const byAddress = new Admin({ nameServers: address.replace('localhost', '127.0.0.1'), tls: { ca } })
    expect(await byAddress.topics()).toEqual([])
    await byAddress.close()
  })

  test('refuses one that it does not trust, or that has another name, and says why', async () => {
    for (const [options, reason] of [
      [true, /self.signed/],
      [{ ca, serverName: 'example.org' }, /example\.org/],
    ] as const) {
      const admin = new Admin({ nameServers: address, tls: options })
      const error = await admin.topics({ timeoutMs: 2500 }).catch((one) => one)
      expect(error).toMatchObject({ code: 'CONNECT_FAILED', outcome: 'refused' })
      expect(error.message).toMatch(reason)
      await admin.close()
    }
  })

  test('takes any certificate only when it is told to', async () => {
    const admin = new Admin({ nameServers: address, tls: { verifyServer: false } })
    expect(await admin.topics()).toEqual([])
    await admin.close()
  })
})
