import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { FrameDecoder, isResponse, type RemotingCommand } from '@rocketmq-ts/protocol'

/** A plain socket to a server, with the frames that come back. */
export class RawPeer {
  readonly socket: Socket
  readonly answers: RemotingCommand[] = []
  /** Resolves when the connection is gone for whatever reason. */
  readonly closed: Promise<void>
  readonly #decoder = new FrameDecoder((command) => {
    // Brokers also send requests of their own, to members of groups.
    if (isResponse(command)) this.answers.push(command)
  })
  #isClosed = false

  /**
   * @param address host:port
   * @throws Node's error when nobody accepts the connection
   */
  static async connect(address: string): Promise<RawPeer> {
    const separator = address.lastIndexOf(':')
    const socket = connect({ host: address.slice(0, separator), port: Number(address.slice(separator + 1)) })
    socket.setNoDelay(true)
    const peer = new RawPeer(socket)
    await once(socket, 'connect')
    return peer
  }

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    void this.closed.then(() => {
      this.#isClosed = true
    })
    socket.on('data', (chunk) => this.#decoder.push(chunk))
    // A server that hangs up on rubbish does so by a reset too: `closed` tells.
    socket.on('error', () => {})
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  write(bytes: Buffer): void {
    if (!this.#isClosed) this.socket.write(bytes)
  }

  destroy(): void {
    this.socket.destroy()
  }
}

/** Connects many peers, a few at a time, so that the connecting itself is no flood. */
export async function connectPeers(address: string, count: number): Promise<RawPeer[]> {
  const peers: RawPeer[] = []
  while (peers.length < count) {
    const next = Math.min(100, count - peers.length)
    peers.push(...(await Promise.all(Array.from({ length: next }, () => RawPeer.connect(address)))))
  }
  return peers
}
