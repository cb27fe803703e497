import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { within } from '../../../interop/targets/deadline.ts'
import { whenWeEnd } from '../cleanup.ts'
import { benchmarksFolder } from '../paths.ts'

const messageBytes = 256

/**
 * Processor time of a process that is woken for each message and sends it back. What a broker costs that gets one message
 * at a time is mostly this: of the same broker it varies twofold with what else the machine has to do, and this with it.
 */
export class WakingCalibration {
  readonly #peer: ChildProcess
  readonly #socket: Socket
  readonly #ending: { takeBack(): void }

  private constructor(peer: ChildProcess, socket: Socket, ending: { takeBack(): void }) {
    this.#peer = peer
    this.#socket = socket
    this.#ending = ending
  }

  /** @throws Error when the peer does not come up */
  static async start(): Promise<WakingCalibration> {
    const peer = fork(join(benchmarksFolder, 'src', 'check', 'echo-peer.ts'))
    const ending = whenWeEnd(() => peer.kill('SIGKILL'))
    const [port] = await within('the echo peer', once(peer, 'message'))
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await within('the connection to the echo peer', once(socket, 'connect'))
    return new WakingCalibration(peer, socket, ending)
  }

  /** @returns processor time of the peer a message, in microseconds */
  async calibrate(messages = 3000): Promise<number> {
    const before = await this.#usedMicros()
    await within(`${messages} messages there and back`, this.#sendOneByOne(messages))
    return ((await this.#usedMicros()) - before) / messages
  }

  stop(): void {
    this.#socket.destroy()
    this.#peer.kill('SIGKILL')
    this.#ending.takeBack()
  }

  async #usedMicros(): Promise<number> {
    this.#peer.send('used')
    const [micros] = await within("the echo peer's processor time", once(this.#peer, 'message'))
    return micros
  }

  #sendOneByOne(messages: number): Promise<void> {
    const message = Buffer.alloc(messageBytes)
    const socket = this.#socket
    return new Promise((resolve, reject) => {
      let awaitedBytes = messages * messageBytes
      const onData = (bytes: Buffer): void => {
        awaitedBytes -= bytes.length
        if (awaitedBytes > 0) {
          if (awaitedBytes % messageBytes === 0) socket.write(message)
          return
        }
        socket.off('data', onData).off('error', reject)
        resolve()
      }
      socket.on('data', onData).on('error', reject)
      socket.write(message)
    })
  }
}
