import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { FrameDecoder, isResponse, type RemotingCommand } from '@rocketmq-ts/protocol'

/** What came of a request: the answer, or none, whether the server hung up or was silent. */
export type Outcome = RemotingCommand | 'no answer'

/** Sends one request after the other over a connection, and takes a new one after a request that got no answer. */
export class AskingPeer {
  readonly #host: string
  readonly #port: number
  #socket: Socket | undefined
  #answers: RemotingCommand[] = []
  #wake: () => void = () => {}

  constructor(host: string, port: number) {
    this.#host = host
    this.#port = port
  }

  /**
   * @param deadlineMs after which a server counts as silent
   * @throws Node's error when nobody accepts the connection
   */
  async ask(frame: Buffer, deadlineMs: number): Promise<Outcome> {
    const socket = await this.#connected()
    this.#answers = []
    socket.write(frame)
    const deadline = performance.now() + deadlineMs
    for (;;) {
      // The broker also sends requests of its own: they are left unanswered.
      const answer = this.#answers.find(isResponse)
      if (answer !== undefined) return answer
      const leftMs = deadline - performance.now()
      if (socket.destroyed || leftMs <= 0) {
        socket.destroy()
        return 'no answer'
      }
      const stop = new AbortController()
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await Promise.race([woken, pause(leftMs, undefined, { signal: stop.signal }).catch(() => {})])
      stop.abort()
    }
  }

  /** The requests that the server sent since the last request. */
  get told(): readonly RemotingCommand[] {
    return this.#answers.filter((command) => !isResponse(command))
  }

  close(): void {
    this.#socket?.destroy()
  }

  async #connected(): Promise<Socket> {
    if (this.#socket !== undefined && !this.#socket.destroyed) return this.#socket
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true })
    const decoder = new FrameDecoder((command) => {
      this.#answers.push(command)
      this.#wake()
    })
    socket.on('data', (chunk) => decoder.push(chunk))
    socket.on('error', () => {})
    socket.on('close', () => this.#wake())
    await once(socket, 'connect')
    this.#socket = socket
    return socket
  }
}
