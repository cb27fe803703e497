import type { Connection, Network } from '@rocketmq-ts/platform'
import { encodeFrame, FrameDecoder, type RemotingCommand } from '@rocketmq-ts/protocol'

/** What becomes of the frames of a server: those of one read, and those of one write. */
export interface Tampering {
  incoming?(frames: RemotingCommand[]): RemotingCommand[]
  outgoing?(frames: RemotingCommand[]): RemotingCommand[]
}

/** A network whose server does something else than it is asked, or says something else than it does. */
export function tamperedNetwork(network: Network, tampering: Tampering): Network {
  return {
    ...network,
    listen: (options) =>
      network.listen({
        ...options,
        onConnection: (connection) => options.onConnection(new TamperedConnection(connection, tampering)),
      }),
  }
}

class TamperedConnection implements Connection {
  readonly #connection: Connection
  readonly #incoming: (bytes: Uint8Array) => Buffer
  readonly #outgoing: (bytes: Uint8Array) => Buffer

  constructor(connection: Connection, { incoming, outgoing }: Tampering) {
    this.#connection = connection
    this.#incoming = changed(incoming)
    this.#outgoing = changed(outgoing)
  }

  get remote() {
    return this.#connection.remote
  }

  get local() {
    return this.#connection.local
  }

  get unsentBytes() {
    return this.#connection.unsentBytes
  }

  onData(handler: (chunk: Buffer) => void): void {
    this.#connection.onData((chunk) => {
      const bytes = this.#incoming(chunk)
      if (bytes.length > 0) handler(bytes)
    })
  }

  onClose(handler: (error: Error | undefined) => void): void {
    this.#connection.onClose(handler)
  }

  onDrain(handler: () => void): void {
    this.#connection.onDrain(handler)
  }

  write(data: Uint8Array): void {
    this.#connection.write(this.#outgoing(data))
  }

  pause(): void {
    this.#connection.pause()
  }

  resume(): void {
    this.#connection.resume()
  }

  end(): void {
    this.#connection.end()
  }

  destroy(): void {
    this.#connection.destroy()
  }

  onIdle(timeoutMs: number, handler: () => void): void {
    this.#connection.onIdle(timeoutMs, handler)
  }
}

/** Reads the frames of a stream, lets them be changed, and writes them again. */
function changed(
  change: ((frames: RemotingCommand[]) => RemotingCommand[]) | undefined,
): (bytes: Uint8Array) => Buffer {
  if (change === undefined) return (bytes) => Buffer.from(bytes)
  let frames: RemotingCommand[] = []
  const decoder = new FrameDecoder((frame) => frames.push(frame))
  return (bytes) => {
    frames = []
    decoder.push(Buffer.from(bytes))
    return Buffer.concat(change(frames).map((frame) => encodeFrame(frame)))
  }
}
