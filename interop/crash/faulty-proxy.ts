import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import {
  commands,
  encodeFrame,
  FrameDecoder,
  flags,
  isResponse,
  type RemotingCommand,
  responseCodes,
} from '@rocketmq-ts/protocol'

/**
 * Bugs that the proxy plants into a broker that has none:
 * - `loses sends`: some sends are acknowledged and never reach the broker
 * - `reorders sends`: two sends reach the broker in the other order and get each other's acknowledgement
 * - `repeats sends`: some sends reach the broker twice
 * - `loses commits`: commits of offsets are acknowledged and never reach the broker
 * - `changes bodies`: some bodies are stored with another byte in them
 */
export type Fault = 'loses sends' | 'reorders sends' | 'repeats sends' | 'loses commits' | 'changes bodies'

export interface FaultyProxy {
  /** host:port for the load. */
  readonly address: string
  /** How often the fault was planted. */
  planted(): number
  close(): Promise<void>
}

const everyNth = 50
/** Behind everything that the load sends, so that the broker's own answers are never taken for the proxy's. */
const madeUpOffset = 1_000_000

/** Stands between a load and a broker, and hands everything on but for one fault. */
export async function startFaultyProxy(brokerAddress: string, fault: Fault): Promise<FaultyProxy> {
  const sockets = new Set<Socket>()
  let planted = 0
  const onFault = (): number => ++planted
  const server = createServer((client) => {
    const [host = '', port] = brokerAddress.split(':')
    const broker = connect({ host, port: Number(port) })
    const link = new ProxiedLink(client, broker, fault, onFault)
    client.on('data', (chunk) => link.fromClient(chunk))
    broker.on('data', (chunk) => link.fromBroker(chunk))
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(one)
      // The other side learns of the loss by its own closing.
      one.on('error', () => {})
      one.once('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    planted: () => planted,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}

class ProxiedLink {
  readonly #client: Socket
  readonly #broker: Socket
  readonly #fault: Fault
  readonly #onFault: () => number
  readonly #requests = new FrameDecoder((command) => this.#onRequest(command))
  readonly #responses = new FrameDecoder((command) => this.#onResponse(command))
  readonly #exchanged = new Map<number, number>()
  #held: RemotingCommand | undefined
  #sends = 0

  constructor(client: Socket, broker: Socket, fault: Fault, onFault: () => number) {
    this.#client = client
    this.#broker = broker
    this.#fault = fault
    this.#onFault = onFault
  }

  fromClient(chunk: Buffer): void {
    this.#requests.push(chunk)
  }

  fromBroker(chunk: Buffer): void {
    this.#responses.push(chunk)
  }

  #onRequest(command: RemotingCommand): void {
    if (this.#held !== undefined) this.#exchange(this.#held, command)
    else if (!this.#isTurn(command)) this.#forward(command)
    else this.#plant(command)
  }

  /** Plain sends of one message, and commits: what the faults are about. */
  #isTurn(command: RemotingCommand): boolean {
    if (isResponse(command)) return false
    if (this.#fault === 'loses commits') return command.code === commands.updateConsumerOffset.code
    if (command.code !== commands.sendMessageV2.code || command.extFields?.i?.includes('DELAY')) return false
    return ++this.#sends % everyNth === 0
  }

  #plant(command: RemotingCommand): void {
    if (this.#fault === 'reorders sends') {
      this.#held = command
      return
    }
    const count = this.#onFault()
    switch (this.#fault) {
      case 'loses sends':
        this.#answer(command, count)
        break
      case 'loses commits':
        this.#client.write(reencode({ ...command, code: 0, flag: flags.response, extFields: undefined }))
        break
      case 'repeats sends':
        this.#forward(command)
        this.#forward({ ...command, opaque: -command.opaque })
        break
      case 'changes bodies': {
        const body = Buffer.from(command.body!)
        body[body.length - 1] = 0x21
        this.#forward({ ...command, body })
      }
    }
  }

  #exchange(first: RemotingCommand, second: RemotingCommand): void {
    this.#held = undefined
    const isSameQueue =
      second.code === first.code &&
      second.extFields?.b === first.extFields?.b &&
      second.extFields?.e === first.extFields?.e
    if (isSameQueue) {
      this.#onFault()
      this.#exchanged.set(first.opaque, second.opaque)
      this.#exchanged.set(second.opaque, first.opaque)
      this.#forward(second)
      this.#forward(first)
    } else {
      this.#sends-- // The next send is as good.
      this.#forward(first)
      this.#forward(second)
    }
  }

  #onResponse(command: RemotingCommand): void {
    if (isResponse(command) && command.opaque < 0) return // The answer to a repeated send.
    const opaque = this.#exchanged.get(command.opaque) ?? command.opaque
    this.#exchanged.delete(command.opaque)
    this.#client.write(reencode({ ...command, opaque }))
  }

  #answer(request: RemotingCommand, count: number): void {
    const { code } = responseCodes.SUCCESS
    const header = {
      msgId: '0'.repeat(32),
      queueId: Number(request.extFields?.e),
      queueOffset: madeUpOffset + count,
    }
    const codec = commands.sendMessageV2.responseCodec
    this.#client.write(
      encodeFrame({ code, opaque: request.opaque, flag: flags.response, header, codec, serializeType: 'JSON' }),
    )
  }

  #forward(command: RemotingCommand): void {
    this.#broker.write(reencode(command))
  }
}

function reencode({ code, opaque, flag, remark, extFields, body, serializeType }: RemotingCommand): Buffer {
  return encodeFrame({ code, opaque, flag, remark, extFields, body, serializeType })
}
