import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import tls from 'node:tls'
import type { Address, Connection, Listener, ListenOptions, Network } from '../network.ts'
import { DescriptorWatch } from './descriptor-watch.ts'
import { LoopPolling } from './loop-polling.ts'
import { countReceived } from './received-memory.ts'

/** One for the loop of this thread. None with one processor: staying awake would take it from the peers. */
const polling =
  os.availableParallelism() > 1
    ? new LoopPolling({ monotonic: () => performance.now(), nextTurn: (callback) => void setImmediate(callback) })
    : undefined

class NodeConnection implements Connection {
  readonly remote: Address
  readonly local: Address
  readonly #socket: net.Socket
  #error: Error | undefined

  constructor(socket: net.Socket) {
    this.#socket = socket
    this.remote = { host: plainHost(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 }
    this.local = { host: plainHost(socket.localAddress ?? ''), port: socket.localPort ?? 0 }
    socket.setNoDelay(true)
    socket.on('error', (error) => {
      this.#error = error
    })
  }

  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  onData(handler: (chunk: Buffer) => void): void {
    this.#socket.on('data', (chunk) => {
      countReceived(chunk.length)
      if (polling === undefined) handler(chunk)
      else polling.handle(handler, chunk)
    })
  }

  onClose(handler: (error: Error | undefined) => void): void {
    this.#socket.once('close', () => handler(this.#error))
  }

  onDrain(handler: () => void): void {
    this.#socket.on('drain', handler)
  }

  write(data: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(data)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  onIdle(timeoutMs: number, handler: () => void): void {
    this.#socket.setTimeout(timeoutMs)
    this.#socket.on('timeout', handler)
  }
}

/** An IPv4 peer of a socket that also takes IPv6 shows up as ::ffff:a.b.c.d. */
function plainHost(host: string): string {
  return host.startsWith('::ffff:') ? host.slice(7) : host
}

function watchDescriptors(onNoneLeft: (error: Error) => void): DescriptorWatch {
  return new DescriptorWatch({
    tryOpen: () => fs.closeSync(fs.openSync(os.devNull, 'r')),
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs).unref()
      return () => clearTimeout(timer)
    },
    onNoneLeft,
  })
}

/** Stands for all addresses, as in Java: those of IPv6 too, where the system has it. */
const allAddresses = '0.0.0.0'
const allAddressesOfBothKinds = '::'
const noIpv6Codes: ReadonlySet<string | undefined> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'])

async function listen(options: ListenOptions): Promise<Listener> {
  if (options.host !== allAddresses) return listenAt(options.host, options)
  try {
    return await listenAt(allAddressesOfBothKinds, options)
  } catch (error) {
    if (!noIpv6Codes.has((error as NodeJS.ErrnoException).code)) throw error
    return listenAt(allAddresses, options)
  }
}

function listenAt(host: string, options: ListenOptions): Promise<Listener> {
  const onError = (error: Error): void => options.onError?.(error)
  const descriptors = watchDescriptors(onError)
  return new Promise((resolve, reject) => {
    const server = net.createServer({ noDelay: true }, (socket) => {
      descriptors.connectionCame()
      options.onConnection(new NodeConnection(socket))
    })
    server.once('error', reject)
    server.listen({ host, port: options.port, backlog: options.backlog }, () => {
      server.off('error', reject)
      server.on('error', onError)
      const { port } = server.address() as net.AddressInfo
      resolve({
        address: { host: options.host, port },
        close() {
          descriptors.close()
          return new Promise<void>((closed) => void server.close(() => closed()))
        },
      })
    })
  })
}

function connect(address: Address, timeoutMs: number): Promise<Connection> {
  const { host, port } = address
  return opened(net.connect({ host, port, noDelay: true }), 'connect', address, timeoutMs)
}

/** Whom to trust, and what to show, where connections are encrypted. PEM, as Node takes it. */
export interface TlsOptions {
  /** Certificates of the authorities to trust; those of the system without it. */
  readonly ca?: string | Buffer | undefined
  /** The certificate that is shown, and its key, where servers ask for one. */
  readonly cert?: string | Buffer | undefined
  readonly key?: string | Buffer | undefined
  /** The name that has to be in the server's certificate; the host that is connected to without it. */
  readonly serverName?: string | undefined
  /** False takes any certificate, which keeps nobody in the middle out. Default true. */
  readonly verifyServer?: boolean | undefined
}

/** Connects with TLS. @throws Node's error when the server's certificate is not to be trusted */
export function connectWithTls(options: TlsOptions): Network['connect'] {
  const { ca, cert, key, serverName, verifyServer = true } = options
  return (address, timeoutMs) => {
    const { host, port } = address
    // A name is told to the server; an address must not be.
    const servername = serverName ?? (net.isIP(host) === 0 ? host : '')
    const socket = tls.connect({ host, port, servername, ca, cert, key, rejectUnauthorized: verifyServer })
    return opened(socket, 'secureConnect', address, timeoutMs)
  }
}

function opened(
  socket: net.Socket,
  event: 'connect' | 'secureConnect',
  { host, port }: Address,
  timeoutMs: number,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`connecting to ${host}:${port} took longer than ${timeoutMs} ms`))
    }, timeoutMs)
    const fail = (error: Error): void => {
      clearTimeout(timer)
      reject(error)
    }
    socket.once('error', fail)
    socket.once(event, () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(new NodeConnection(socket))
    })
  })
}

function localAddress(): string {
  const candidates = Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === 'IPv4' && !address.internal)
    .map((address) => address.address)
  return candidates[0] ?? '127.0.0.1'
}

export const nodeNetwork: Network = { listen, connect, localAddress, hostName: () => os.hostname() }
