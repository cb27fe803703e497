import { decodeMessages, parseOffsetMessageId } from '@rocketmq-ts/protocol'
import { AskingPeer, type Outcome } from './asking-peer.ts'
import { frameOf, type RawRequest } from './frame.ts'
import { type BodyKind, type Observation, observe } from './observation.ts'

/** Where a server takes requests. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** One request to a server, or several that are told as one. */
export interface Step {
  /** For failure messages. */
  readonly what: string
  run(server: Server): Promise<Observation>
  readonly difference?: Difference
}

/** What we answer otherwise on purpose. */
export interface Difference {
  readonly reason: string
  /** What both answers hold at the least. */
  readonly official: Observation
  readonly ours: Observation
}

export function differs(step: Step, difference: Difference): Step {
  return { ...step, difference }
}

/** Requests that both servers get, in this order, each in its own state made by the steps before. */
export interface Case {
  readonly title: string
  /**
   * What the case does to others of the same server. It runs alone then, behind all others.
   */
  readonly harm?: string
  readonly steps: readonly Step[]
}

export function withoutDifferences(one: Case): Case {
  return { ...one, steps: one.steps.map(({ what, run }) => ({ what, run })) }
}

const deadlineMs = 10_000

/** A server as the steps of one case use it, with connections of its own. */
export class Server {
  readonly address: ServerAddress
  readonly #peer: AskingPeer
  readonly #others = new Map<string, Server>()
  readonly #halves = new Map<string, { queueOffset: number; physicalOffset: number }>()

  constructor(address: ServerAddress) {
    this.address = address
    this.#peer = new AskingPeer(address.host, address.port)
  }

  async ask(frame: Buffer, bodyKind: BodyKind = 'ignored', withinMs = deadlineMs): Promise<Observation> {
    return observe(await this.#peer.ask(frame, withinMs), bodyKind)
  }

  async request(request: RawRequest, bodyKind?: BodyKind, withinMs?: number): Promise<Observation> {
    return this.ask(frameOf(request), bodyKind, withinMs)
  }

  /** The answer itself, for what later steps need of it; `observe` tells what of it is compared. */
  async outcome(request: RawRequest, withinMs = deadlineMs): Promise<Outcome> {
    return this.#peer.ask(frameOf(request), withinMs)
  }

  /**
   * Where the message at an offset of queue 0 stands in the log.
   * @throws Error when a pull does not find it
   */
  async logOffset(topic: string, queueOffset: number): Promise<number> {
    const fields = {
      consumerGroup: 'DEFAULT_CONSUMER',
      topic,
      queueId: '0',
      queueOffset: String(queueOffset),
      maxMsgNums: '1',
      sysFlag: '4',
      commitOffset: '0',
      suspendTimeoutMillis: '0',
      subscription: '*',
      subVersion: '0',
      expressionType: 'TAG',
    }
    const outcome = await this.#peer.ask(frameOf({ code: 11, fields }), deadlineMs)
    const body = typeof outcome === 'string' ? undefined : outcome.body
    const [message] = body === undefined ? [] : decodeMessages(body)
    if (message === undefined) throw new Error(`no message of ${topic} at ${queueOffset}`)
    return message.physicalOffset
  }

  /**
   * Sends a half message and keeps where it stands, for `placeOfHalf`. Others share its queue: its offset is not told.
   */
  async half(label: string, request: RawRequest): Promise<Observation> {
    const outcome = await this.#peer.ask(frameOf(request), deadlineMs)
    if (typeof outcome === 'string' || outcome.code !== 0) return observe(outcome, 'ignored')
    const { msgId = '', queueOffset = '', ...others } = outcome.extFields ?? {}
    this.#halves.set(label, {
      queueOffset: Number(queueOffset),
      physicalOffset: parseOffsetMessageId(msgId).physicalOffset,
    })
    return observe({ ...outcome, extFields: { ...others, msgId } }, 'ignored')
  }

  /** @throws Error when none was sent under the label */
  placeOfHalf(label: string): { queueOffset: number; physicalOffset: number } {
    const place = this.#halves.get(label)
    if (place === undefined) throw new Error(`no half message was sent as ${label}`)
    return place
  }

  /**
   * The same server over a connection of its own, as another client has one.
   * @param host another address of the server
   */
  as(client: string, host = this.address.host): Server {
    let other = this.#others.get(client)
    if (other === undefined) {
      other = new Server({ ...this.address, host })
      this.#others.set(client, other)
    }
    return other
  }

  close(): void {
    this.#peer.close()
    for (const other of this.#others.values()) other.close()
  }
}

/** Takes the steps of a case one after the other. */
export async function observations({ steps }: Case, address: ServerAddress): Promise<Observation[]> {
  const server = new Server(address)
  const seen: Observation[] = []
  try {
    for (const step of steps) seen.push(await step.run(server))
  } finally {
    server.close()
  }
  return seen
}
