import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Connection, Listener, Network } from '../../../src/index.ts'
import {
  SeededRandom,
  type SimulatedHost,
  SimulatedNetwork,
  SimulatedProcess,
  Simulation,
} from '../../../src/test-kit/index.ts'

interface End {
  host: SimulatedHost
  process: SimulatedProcess
  network: Network
}

interface Closing {
  error: string | undefined
}

/** What one end of a connection was told. */
class Heard {
  readonly chunks: Buffer[] = []
  closing: Closing | undefined
  drains = 0

  constructor(connection: Connection) {
    connection.onData((chunk) => this.chunks.push(chunk))
    connection.onClose((error) => {
      expect(this.closing, 'a connection is closed once').toBeUndefined()
      this.closing = { error: (error as NodeJS.ErrnoException | undefined)?.code }
    })
    connection.onDrain(() => this.drains++)
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }
}

class Pair {
  readonly simulation: Simulation
  readonly network: SimulatedNetwork
  readonly client: End
  readonly server: End
  listener!: Listener
  accepted: { connection: Connection; heard: Heard }[] = []

  constructor(seed = 1) {
    this.simulation = new Simulation(seed)
    this.network = new SimulatedNetwork({ clock: this.simulation, random: this.simulation.fork() })
    this.client = this.#end('client')
    this.server = this.#end('server')
  }

  #end(name: string): End {
    const host = this.network.addHost(name)
    const process = new SimulatedProcess(this.simulation, name, () => 0)
    return { host, process, network: host.open(process) }
  }

  async listen(host = '0.0.0.0', port = 80): Promise<void> {
    const listening = this.server.network.listen({
      host,
      port,
      onConnection: (connection) => this.accepted.push({ connection, heard: new Heard(connection) }),
    })
    this.listener = await this.simulation.settle(listening)
  }

  connect(host = 'server', port = 80, timeoutMs = 3000): Promise<Connection> {
    return this.simulation.settle(this.client.network.connect({ host, port }, timeoutMs))
  }

  /** A connection that both ends know of. */
  async open() {
    await this.listen()
    const connection = await this.connect()
    const heard = new Heard(connection)
    await this.simulation.until('acceptance', () => this.accepted.length > 0)
    return { client: { connection, heard }, server: this.accepted[0]! }
  }
}

function refusal(connecting: Promise<unknown>): Promise<string> {
  return connecting.then(
    () => 'connected',
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  )
}

describe('a connection', () => {
  test('brings every byte once and in order, whatever the writes and pieces are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 8 }),
        async (seed, sizes) => {
          const pair = new Pair(seed)
          const { client, server } = await pair.open()
          const random = new SeededRandom(seed)
          const written: Buffer[] = []
          for (const size of sizes) {
            const bytes = Buffer.from(Uint8Array.from({ length: size }, () => random.below(256)))
            written.push(bytes)
            client.connection.write(bytes)
            server.connection.write(bytes)
            if (random.oneIn(2)) await pair.simulation.sleep(random.below(3))
          }
          client.connection.end()
          await pair.simulation.until(
            'the end',
            () => server.heard.closing !== undefined && client.heard.closing !== undefined,
          )
          const expected = Buffer.concat(written)
          expect(server.heard.bytes.equals(expected)).toBe(true)
          expect(client.heard.bytes.equals(expected)).toBe(true)
          expect(client.heard.closing).toEqual({ error: undefined })
        },
      ),
      { numRuns: 30 },
    )
  })

  test('is cut anywhere: a write comes in several pieces, and several writes in one', async () => {
    const counts = new Set<string>()
    for (let seed = 0; seed < 20; seed++) {
      const pair = new Pair(seed)
      const { client, server } = await pair.open()
      server.connection.pause()
      client.connection.write(Buffer.alloc(1000))
      await pair.simulation.sleep(50)
      counts.add(String(server.heard.chunks.length))
      for (let writes = 0; writes < 4; writes++) client.connection.write(Buffer.alloc(100))
      server.connection.resume()
      await pair.simulation.sleep(50)
      expect(server.heard.bytes.length).toBe(1400)
      counts.add(server.heard.chunks.length < 5 ? 'merged' : 'cut')
    }
    expect([...counts]).toEqual(expect.arrayContaining(['0', 'merged', 'cut']))
  })

  test('makes a writer wait for a reader that has paused, and tells it when everything is sent', async () => {
    const pair = new Pair()
    const { client, server } = await pair.open()
    server.connection.pause()
    client.connection.write(Buffer.alloc(1_000_000))
    await pair.simulation.sleep(100)
    expect(client.connection.unsentBytes).toBeGreaterThan(700_000)
    expect(server.heard.bytes.length).toBe(0)
    expect(client.heard.drains).toBe(0)
    server.connection.resume()
    await pair.simulation.until('draining', () => client.heard.drains > 0)
    expect(client.connection.unsentBytes).toBe(0)
    await pair.simulation.until('the rest', () => server.heard.bytes.length === 1_000_000)
  })

  test('to a slow reader takes its time', async () => {
    const pair = new Pair()
    const { client, server } = await pair.open()
    pair.server.host.slowness = { windowBytes: 1000, delayMs: 100 }
    client.connection.write(Buffer.alloc(20_000))
    await pair.simulation.sleep(500)
    expect(server.heard.bytes.length).toBeLessThan(8000)
    await pair.simulation.until('the rest', () => server.heard.bytes.length === 20_000)
    expect(pair.simulation.monotonic()).toBeGreaterThan(1900)
  })

  test('that is reset tells both ends', async () => {
    const pair = new Pair()
    const { client, server } = await pair.open()
    pair.network.reset(pair.network.connections()[0]!)
    await pair.simulation.sleep(10)
    expect([client.heard.closing, server.heard.closing]).toEqual([{ error: 'ECONNRESET' }, { error: 'ECONNRESET' }])
    expect(pair.network.connections()).toEqual([])
  })

  test('that goes silent tells nobody, until a writer waits too long', async () => {
    const pair = new Pair()
    const { client, server } = await pair.open()
    pair.network.silence(pair.network.connections()[0]!)
    client.connection.write(Buffer.from('x'))
    await pair.simulation.sleep(800_000)
    expect(client.heard.closing).toBeUndefined()
    await pair.simulation.sleep(200_000)
    expect(client.heard.closing).toEqual({ error: 'ETIMEDOUT' })
    expect(server.heard).toMatchObject({ chunks: [], closing: undefined })
  })

  test('that nobody uses is told so after its time', async () => {
    const pair = new Pair()
    const { client, server } = await pair.open()
    let idleMs = 0
    server.connection.onIdle(1000, () => {
      idleMs ||= pair.simulation.monotonic()
    })
    await pair.simulation.sleep(900)
    client.connection.write(Buffer.from('x'))
    await pair.simulation.sleep(900)
    expect(idleMs).toBe(0)
    await pair.simulation.sleep(200)
    expect(idleMs).toBeGreaterThan(1900)
  })

  test('is told so at all times, also where sums of milliseconds are a little off', async () => {
    const pair = new Pair()
    const { client, server } = await pair.open()
    let told = 0
    server.connection.onIdle(0.7, () => {
      told++
    })
    for (let count = 0; count < 300; count++) {
      client.connection.write(Buffer.from('x'))
      await pair.simulation.sleep(0.1 + count / 1000)
    }
    await pair.simulation.sleep(100)
    expect(told).toBeGreaterThan(100)
  })
})

describe('connecting', () => {
  test('to a port at which nobody listens is refused', async () => {
    expect(await refusal(new Pair().connect())).toBe('ECONNREFUSED')
  })

  test('to a host that refuses is refused, until it does not', async () => {
    const pair = new Pair()
    await pair.listen()
    pair.server.host.refusesConnections = true
    expect(await refusal(pair.connect())).toBe('ECONNREFUSED')
    pair.network.heal()
    expect(await refusal(pair.connect())).toBe('connected')
  })

  test('to a host that is not there fails', async () => {
    expect(await refusal(new Pair().connect('nowhere'))).toBe('ENOTFOUND')
  })

  test('to a port that is listened at on 127.0.0.1 works from the same host alone', async () => {
    const pair = new Pair()
    await pair.listen('127.0.0.1')
    expect(await refusal(pair.connect())).toBe('ECONNREFUSED')
    const own = pair.server.network.connect({ host: '127.0.0.1', port: 80 }, 1000)
    expect(await refusal(pair.simulation.settle(own))).toBe('connected')
  })

  test('through a partition, in either direction, takes until its deadline', async () => {
    for (const direction of ['there', 'back'] as const) {
      const pair = new Pair()
      await pair.listen()
      const [from, to] = direction === 'there' ? [pair.client, pair.server] : [pair.server, pair.client]
      pair.network.block(from.host, to.host)
      expect(await refusal(pair.connect())).toMatch(/took longer than 3000 ms/)
      expect(pair.simulation.monotonic()).toBeCloseTo(3000, -1)
      expect(pair.accepted).toEqual([])
    }
  })

  test('two listeners cannot have one port', async () => {
    const pair = new Pair()
    await pair.listen()
    expect(await refusal(pair.listen())).toBe('EADDRINUSE')
    await pair.simulation.settle(pair.listener.close())
    expect(await refusal(pair.listen())).toBe('connected')
  })
})

describe('a partition', () => {
  test('in one direction keeps what is sent there until it heals, and lets the rest pass', async () => {
    const pair = new Pair()
    const { client, server } = await pair.open()
    pair.network.block(pair.client.host, pair.server.host)
    client.connection.write(Buffer.from('there'))
    server.connection.write(Buffer.from('back'))
    await pair.simulation.sleep(3000)
    expect(String(client.heard.bytes)).toBe('back')
    expect(String(server.heard.bytes)).toBe('')
    pair.network.heal()
    await pair.simulation.sleep(5000)
    expect(String(server.heard.bytes)).toBe('there')
  })

  test('that lasts too long ends the connection for who wrote', async () => {
    const pair = new Pair()
    const { client, server } = await pair.open()
    pair.network.partition(pair.client.host, pair.server.host)
    client.connection.write(Buffer.from('x'))
    await pair.simulation.sleep(1_000_000)
    expect(client.heard.closing).toEqual({ error: 'ETIMEDOUT' })
    expect(server.heard.closing).toBeUndefined()
  })
})

describe('the end of a process', () => {
  test('ends its connections behind what its system had taken, and frees its ports', async () => {
    const pair = new Pair()
    const { client, server } = await pair.open()
    server.connection.write(Buffer.from('last words'))
    pair.server.process.die()
    pair.server.host.endProcess()
    await pair.simulation.sleep(20)
    expect(String(client.heard.bytes)).toBe('last words')
    expect(client.heard.closing).toBeDefined()
    expect(server.heard.closing).toBeUndefined()
    expect(await refusal(pair.connect())).toBe('ECONNREFUSED')
  })

  test('by a power failure tells nobody: the peer learns of it when it writes', async () => {
    const pair = new Pair()
    const { client } = await pair.open()
    pair.server.process.die()
    pair.server.host.losePower()
    await pair.simulation.sleep(10_000)
    expect(client.heard.closing).toBeUndefined()
    client.connection.write(Buffer.from('anybody there?'))
    await pair.simulation.sleep(5000)
    expect(client.heard.closing).toBeUndefined()
    pair.server.host.regainPower()
    await pair.simulation.sleep(10_000)
    expect(client.heard.closing).toEqual({ error: 'ECONNRESET' })
  })
})

test('a process that stands still is connected to by its system, and gets everything when it goes on', async () => {
  const pair = new Pair()
  await pair.listen()
  pair.server.process.pause()
  const connection = await pair.connect()
  connection.write(Buffer.from('hello'))
  await pair.simulation.sleep(1000)
  expect(pair.accepted).toEqual([])
  pair.server.process.resume()
  await pair.simulation.sleep(10)
  expect(String(pair.accepted[0]!.heard.bytes)).toBe('hello')
})

test('a listener is closed when its last connection is', async () => {
  const pair = new Pair()
  const { client } = await pair.open()
  let isClosed = false
  const closing = pair.listener.close().then(() => {
    isClosed = true
  })
  await pair.simulation.sleep(100)
  expect(isClosed).toBe(false)
  client.connection.destroy()
  await pair.simulation.settle(closing)
})
