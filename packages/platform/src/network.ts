export interface Address {
  host: string
  port: number
}

/** One end of a TCP connection. Handlers are set once, in the turn in which the caller gets the connection. */
export interface Connection {
  readonly remote: Address
  readonly local: Address
  /** Bytes handed to `write` that the operating system has not taken yet. */
  readonly unsentBytes: number
  onData(handler: (chunk: Buffer) => void): void
  /** Called once, when the connection is closed, for whatever reason. */
  onClose(handler: (error: Error | undefined) => void): void
  /** Called when `unsentBytes` is back at zero after a `write` took it above the high-water mark. */
  onDrain(handler: () => void): void
  write(data: Uint8Array): void
  /** Stops reading, which makes the peer's writes wait. */
  pause(): void
  resume(): void
  /** Sends what was written, then closes. */
  end(): void
  /** Closes at once. */
  destroy(): void
  /** Calls back when nothing was received or sent for that long; 0 switches it off. */
  onIdle(timeoutMs: number, handler: () => void): void
}

export interface Listener {
  readonly address: Address
  /** Takes no more connections; those that are open stay. */
  close(): Promise<void>
}

/** The host `0.0.0.0` stands for all addresses of the machine, those of IPv6 too. */
export interface ListenOptions extends Address {
  /** Connections that the system keeps waiting before they are accepted. */
  backlog?: number
  onConnection(connection: Connection): void
  /**
   * Called when connections cannot be accepted, mostly because no file descriptor is left (EMFILE, ENFILE). Listening
   * goes on. It may be called for each connection that is lost.
   */
  onError?(error: Error): void
}

export interface Network {
  /** Port 0 takes a free one. Rejects with Node's code (EADDRINUSE, EACCES ...). */
  listen(options: ListenOptions): Promise<Listener>
  /** @param timeoutMs after which the attempt is given up */
  connect(address: Address, timeoutMs: number): Promise<Connection>
  /** The IPv4 address by which other machines most likely reach this one. */
  localAddress(): string
  hostName(): string
}
