import type { Connection } from '@rocketmq-ts/platform'
import { FrameDecoder, type RemotingCommand } from '@rocketmq-ts/protocol'

/** A connection whose other end is the test. A write after its end is an error, as it is for a socket. */
export class FakeConnection implements Connection {
  readonly remote = { host: '10.0.0.7', port: 4711 }
  readonly local = { host: '10.0.0.1', port: 10_911 }
  unsentBytes = 0
  /** Whether the other end takes nothing until `drain`. */
  isSlow = false
  /** What was written, as frames and as bytes. */
  readonly frames: RemotingCommand[] = []
  writtenBytes = 0
  state: 'open' | 'ended' | 'destroyed' = 'open'
  isPaused = false
  readonly #decoder = new FrameDecoder((frame) => this.frames.push(frame))
  #onData: (chunk: Buffer) => void = () => {}
  #onClose: (error: Error | undefined) => void = () => {}
  #onIdle: () => void = () => {}
  #onDrain: () => void = () => {}

  onData(handler: (chunk: Buffer) => void): void {
    this.#onData = handler
  }
  onClose(handler: (error: Error | undefined) => void): void {
    this.#onClose = handler
  }
  onDrain(handler: () => void): void {
    this.#onDrain = handler
  }
  onIdle(_timeoutMs: number, handler: () => void): void {
    this.#onIdle = handler
  }
  write(data: Uint8Array): void {
    if (this.state !== 'open') throw new Error('written after the end')
    this.writtenBytes += data.length
    if (this.isSlow) this.unsentBytes += data.length
    this.#decoder.push(Buffer.from(data))
  }
  pause(): void {
    this.isPaused = true
  }
  resume(): void {
    this.isPaused = false
  }
  end(): void {
    this.state = 'ended'
  }
  destroy(): void {
    if (this.state === 'destroyed') return
    this.state = 'destroyed'
    this.#onClose(undefined)
  }

  /** Bytes come from the other end, in one read. */
  receive(...chunks: Buffer[]): void {
    this.#onData(Buffer.concat(chunks))
  }
  /** The other end closes its side too. */
  lose(error?: Error): void {
    this.state = 'destroyed'
    this.#onClose(error)
  }
  /** The other end has taken everything. */
  drain(): void {
    this.unsentBytes = 0
    this.#onDrain()
  }
  idle(): void {
    this.#onIdle()
  }
}
