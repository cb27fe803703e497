import {
  type Clock,
  connectWithTls,
  type Lookup,
  type Network,
  nodeClock,
  nodeLookup,
  nodeNetwork,
  nodeRandom,
  type Random,
  type TlsOptions,
} from '@rocketmq-ts/platform'

/** The outside world as the client sees it. Tests give one of their own, with a network, time and chance that they control. */
export interface Runtime {
  readonly network: Pick<Network, 'connect' | 'localAddress'>
  readonly clock: Clock
  readonly random: Random
  readonly processId: number
  /** Needed for name servers that a URL gives. */
  readonly lookup?: Lookup | undefined
}

/** @param tls for encrypted connections */
export function nodeRuntime(tls?: TlsOptions): Runtime {
  const { connect, localAddress } = nodeNetwork
  const network = { connect: tls === undefined ? connect : connectWithTls(tls), localAddress }
  // Certificates are for names.
  const lookup = tls === undefined ? nodeLookup : { ...nodeLookup, addressesOf: async (host: string) => [host] }
  return { network, clock: nodeClock, random: nodeRandom, processId: process.pid, lookup }
}
