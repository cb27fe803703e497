import type { CancelTimer } from '../../clock.ts'
import type { Address, Connection } from '../../network.ts'
import type { NetworkHost, NetworkUser } from './network-parts.ts'
import { type Packet, SimulatedWire } from './simulated-wire.ts'

/** Bytes that a writer's system takes before the peer has read them, at the most. */
const windowBytesMax = 256 * 1024
/** Unsent bytes above which a writer is told when they are gone. */
const highWaterBytes = 16 * 1024
/** Bytes that a process reads at a time. */
const readBytesMax = 64 * 1024
/** Pieces into which one write is cut at the most. */
const piecesMax = 6
/** Milliseconds: the simulation counts microseconds. */
const clockStepMs = 0.001

/**
 * One end of a connection: what the process asks for, and what its system does with it.
 *
 * Written bytes wait in `#unsent` (the process's memory, taken as it is when the system takes it), go over the wire in
 * pieces, wait in `#received` at the peer until that reads them, and count against the window until it has.
 */
export class SimulatedSocket implements Connection {
  readonly local: Address
  readonly remote: Address
  readonly #host: NetworkHost
  readonly #user: NetworkUser
  readonly #windowBytes: number
  readonly #isCut: boolean
  #peer: SimulatedSocket | undefined
  #peerHost: NetworkHost | undefined
  #unsent: Uint8Array[] = []
  #unsentBytes = 0
  /** Taken by the system, and not read by the peer. */
  #unreadBytes = 0
  readonly #wire: SimulatedWire
  #received: Buffer[] = []
  #isReading = true
  /** Bytes read and not confirmed to the peer. */
  #unconfirmedBytes = 0
  #isConfirming = false
  #isEndAsked = false
  #isEndSent = false
  #hasPeerEnded = false
  #isPeerEndRead = false
  #isClosed = false
  #hasVanished = false
  #isAboveHighWater = false
  #idleMs = 0
  #activeMs = 0
  #cancelIdle: CancelTimer | undefined
  #dataHandler: ((chunk: Buffer) => void) | undefined
  #closeHandler: ((error: Error | undefined) => void) | undefined
  #drainHandler: (() => void) | undefined
  #idleHandler: (() => void) | undefined
  /** Told when this end is gone, for whatever reason. */
  onGone: (() => void) | undefined

  constructor(host: NetworkHost, user: NetworkUser, local: Address, remote: Address) {
    this.#host = host
    this.#user = user
    this.local = local
    this.remote = remote
    const { random } = host.network
    this.#windowBytes = random.oneIn(3) ? 1024 + random.below(windowBytesMax) : windowBytesMax
    this.#isCut = random.oneIn(2)
    const { network } = host
    this.#wire = new SimulatedWire({
      clock: network.clock,
      random,
      latencyMs: () => network.latencyMs(),
      carry: (isWanted, arrived, gaveUp, delayMs) =>
        network.carry(host, this.#peerHost!, isWanted, arrived, gaveUp, delayMs),
      deliver: (packet) => this.#deliver(packet),
      gaveUp: () => this.fail('ETIMEDOUT'),
    })
    host.add(this)
  }

  /** Nothing that this end sends arrives any more. */
  silence(): void {
    this.#wire.isSilenced = true
  }

  get name(): string {
    return `${this.local.host}:${this.local.port}>${this.remote.host}:${this.remote.port}`
  }

  get isGone(): boolean {
    return this.#isClosed || this.#hasVanished
  }

  get host(): NetworkHost {
    return this.#host
  }

  get unsentBytes(): number {
    return this.#unsentBytes
  }

  onData(handler: (chunk: Buffer) => void): void {
    this.#dataHandler = handler
    this.#readSoon()
  }

  onClose(handler: (error: Error | undefined) => void): void {
    this.#closeHandler = handler
  }

  onDrain(handler: () => void): void {
    this.#drainHandler = handler
  }

  onIdle(timeoutMs: number, handler: () => void): void {
    this.#idleMs = timeoutMs
    this.#idleHandler = handler
    this.#touch()
    this.#cancelIdle?.()
    if (timeoutMs > 0) this.#watchIdle(timeoutMs)
  }

  write(data: Uint8Array): void {
    if (this.isGone || this.#isEndAsked || !this.#user.isAlive || data.length === 0) return
    this.#unsent.push(data)
    this.#unsentBytes += data.length
    this.#touch()
    this.#send()
    if (this.#unsentBytes >= highWaterBytes) this.#isAboveHighWater = true
  }

  pause(): void {
    this.#isReading = false
  }

  resume(): void {
    this.#isReading = true
    this.#readSoon()
  }

  end(): void {
    if (this.isGone || this.#isEndAsked || !this.#user.isAlive) return
    this.#isEndAsked = true
    this.#send()
  }

  destroy(): void {
    if (!this.isGone && this.#user.isAlive) this.#close(undefined)
  }

  /** The connection is lost: the process is told. */
  fail(code: string): void {
    if (this.isGone) return
    this.#wire.clear()
    this.#received = []
    this.#close(Object.assign(new Error(code), { code }), true)
  }

  /** The process is gone: what its system took goes on, and the peer is told of the end. */
  abandon(): void {
    if (!this.isGone) this.#close(undefined)
  }

  /** The machine is gone. What is on the wire is beyond its reach; nobody is told of the rest. */
  vanish(): void {
    this.#hasVanished = true
    this.#wire.cutOff()
    this.#free()
  }

  /** As the side that asked for the connection: the peer's end comes into being with the first thing that arrives. */
  connect(peerHost: NetworkHost): void {
    this.#peerHost = peerHost
    this.#wire.send({ kind: 'hello' })
  }

  #free(): void {
    this.#unsent = []
    this.#unsentBytes = 0
    this.#cancelIdle?.()
    this.#host.forget(this)
    this.onGone?.()
  }

  /** @param isTold whether the peer knows already */
  #close(error: Error | undefined, isTold = false): void {
    const { network } = this.#host
    this.#isClosed = true
    const hasUnread = this.#received.length > 0
    this.#free()
    if (!isTold && hasUnread) this.#resetPeer()
    else if (!isTold && !this.#isEndSent) this.#sendEnd()
    const handler = this.#closeHandler
    network.clock.after(0, () => this.#user.enter(() => handler?.(error)))
  }

  #sendEnd(): void {
    this.#isEndSent = true
    this.#wire.send({ kind: 'end' })
  }

  #resetPeer(): void {
    const peer = this.#peer
    if (peer === undefined || this.#wire.isSilenced) return
    const { network } = this.#host
    network.carry(
      this.#host,
      peer.#host,
      () => !peer.isGone,
      () => peer.fail('ECONNRESET'),
    )
  }

  /** Gives the system as much as the window allows. */
  #send(): void {
    const slowness = this.#peerHost?.slowness
    const windowBytes = slowness === undefined ? this.#windowBytes : Math.min(slowness.windowBytes, this.#windowBytes)
    let room = windowBytes - this.#unreadBytes
    while (this.#unsent.length > 0 && room > 0) {
      const first = this.#unsent[0]!
      const taken = Buffer.from(first.subarray(0, room))
      if (taken.length === first.length) this.#unsent.shift()
      else this.#unsent[0] = first.subarray(taken.length)
      this.#unsentBytes -= taken.length
      this.#unreadBytes += taken.length
      room -= taken.length
      for (const bytes of this.#cut(taken)) this.#wire.send({ kind: 'data', bytes })
    }
    if (this.#unsentBytes > 0) return
    if (this.#isEndAsked && !this.#isEndSent) {
      this.#sendEnd()
      this.#closeWhenBothEnded()
    }
  }

  #cut(bytes: Buffer): Buffer[] {
    if (!this.#isCut) return [bytes]
    const { random } = this.#host.network
    const pieces: Buffer[] = []
    let rest = bytes
    for (let cuts = random.below(piecesMax); cuts > 0 && rest.length > 1; cuts--) {
      const at = 1 + random.below(rest.length - 1)
      pieces.push(rest.subarray(0, at))
      rest = rest.subarray(at)
    }
    return [...pieces, rest]
  }

  #deliver(packet: Packet): void {
    const { network } = this.#host
    if (packet.kind === 'hello') {
      const listener = this.#peerHost!.listenerAt(this.remote.port)
      if (listener?.takesFrom(this.#host) !== true) {
        this.#isRefused()
        return
      }
      const peer = listener.accept(this)
      this.#peer = peer
      peer.#peer = this
      peer.#peerHost = this.#host
      network.note(`${this.name} opened`)
      network.opened({ client: this, server: peer })
      return
    }
    const peer = this.#peer
    if (peer === undefined || peer.isGone) {
      if (packet.kind === 'data' || !this.isGone) this.#isRefused()
      return
    }
    network.note(`${this.name} ${packet.kind}`, packet.kind === 'data' ? packet.bytes : undefined)
    if (packet.kind === 'data') peer.#received.push(packet.bytes)
    else peer.#hasPeerEnded = true
    // A process that does something else meanwhile finds several pieces as one.
    if (network.random.oneIn(3)) network.clock.after(network.latencyMs(), () => peer.#user.enter(() => peer.#read()))
    else peer.#user.enter(() => peer.#read())
  }

  /** The peer's system knows nothing of this connection, and says so. */
  #isRefused(): void {
    const { network } = this.#host
    network.carry(
      this.#peerHost!,
      this.#host,
      () => !this.isGone,
      () => this.fail('ECONNRESET'),
    )
  }

  #readSoon(): void {
    if (this.#received.length === 0 && !this.#hasPeerEnded) return
    this.#host.network.clock.after(0, () => this.#user.enter(() => this.#read()))
  }

  /** Reads what is there, one piece in a turn. */
  #read(): void {
    if (this.isGone || !this.#isReading || this.#dataHandler === undefined) return
    if (this.#received.length > 0) {
      const chunk = this.#takeReceived()
      this.#touch()
      this.#confirm(chunk.length)
      this.#readSoon()
      this.#dataHandler(chunk)
    } else if (this.#hasPeerEnded && !this.#isPeerEndRead) {
      this.#isPeerEndRead = true
      this.end()
      this.#closeWhenBothEnded()
    }
  }

  #takeReceived(): Buffer {
    const parts: Buffer[] = []
    let bytes = 0
    while (this.#received.length > 0 && (bytes === 0 || bytes + this.#received[0]!.length <= readBytesMax)) {
      const part = this.#received.shift()!
      parts.push(part)
      bytes += part.length
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  /** Tells the peer's system that so much was read. */
  #confirm(byteCount: number): void {
    this.#unconfirmedBytes += byteCount
    if (this.#isConfirming) return
    const peer = this.#peer!
    const { network, slowness } = this.#host
    this.#isConfirming = true
    network.carry(
      this.#host,
      peer.#host,
      () => !peer.isGone,
      () => {
        this.#isConfirming = false
        if (this.#wire.isSilenced) return
        const confirmed = this.#unconfirmedBytes
        this.#unconfirmedBytes = 0
        peer.#confirmed(confirmed)
      },
      () => peer.fail('ETIMEDOUT'),
      network.latencyMs() + (slowness?.delayMs ?? 0),
    )
  }

  #confirmed(byteCount: number): void {
    this.#unreadBytes -= byteCount
    this.#user.enter(() => {
      if (this.isGone) return
      this.#touch()
      this.#send()
      if (this.#unsentBytes > 0 || !this.#isAboveHighWater) return
      this.#isAboveHighWater = false
      this.#drainHandler?.()
    })
  }

  #closeWhenBothEnded(): void {
    if (this.#isEndSent && this.#isPeerEndRead && !this.isGone) this.#close(undefined)
  }

  #touch(): void {
    this.#activeMs = this.#host.network.clock.monotonic()
  }

  #watchIdle(delayMs: number): void {
    const { clock } = this.#host.network
    this.#cancelIdle = clock.after(delayMs, () => {
      if (this.isGone) return
      const leftMs = this.#activeMs + this.#idleMs - clock.monotonic()
      // Sums of milliseconds that are no binary fractions are a little off: less than a step of the clock is nothing.
      const isIdle = leftMs < clockStepMs
      this.#watchIdle(isIdle ? this.#idleMs : leftMs)
      if (isIdle) this.#user.enter(() => this.#idleHandler?.())
    })
  }
}
