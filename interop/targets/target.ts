import type { ServerProcess } from './server-process.ts'

export type { ServerProcess } from './server-process.ts'

export interface NameServerOptions {
  port: number
  /** Further keys of the name server's settings file. */
  config?: Record<string, string>
}

export interface BrokerOptions {
  brokerName: string
  clusterName: string
  /** The address that it tells clients, an IPv6 address in brackets; 127.0.0.1 without one. */
  host?: string
  /** The broker also listens on `listenPort - 2` and may listen on `listenPort + 1`. */
  listenPort: number
  /** host:port, several separated by semicolons. */
  namesrvAddr: string
  storeDir: string
  /** Further keys of broker.conf; they win over the ones made from the fields above. */
  config?: Record<string, string>
}

/** An implementation of the servers, started as processes on loopback. */
export interface Target {
  readonly name: TargetName
  /** Settings, logs and what the servers put into a home folder. */
  readonly workFolder: string
  /** Ready when it accepts connections. */
  startNameServer(options: NameServerOptions): Promise<ServerProcess>
  /** Ready when it accepts connections and the name servers that can be reached list it. */
  startBroker(options: BrokerOptions): Promise<ServerProcess>
}

export type TargetName = 'ours' | 'official'

/**
 * The target that the environment asks for: `INTEROP_TARGET` is `ours` (default) or `official`.
 * @throws Error for any other value
 */
export function targetName(): TargetName {
  const name = process.env.INTEROP_TARGET ?? 'ours'
  if (name !== 'ours' && name !== 'official') throw new Error(`INTEROP_TARGET must be ours or official, is ${name}`)
  return name
}
