import {
  type Clock,
  connectWithTls,
  type Network,
  nodeClock,
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
}

/** @param tls for encrypted connections */
export function nodeRuntime(tls?: TlsOptions): Runtime {
  const { connect, localAddress } = nodeNetwork
  const network = { connect: tls === undefined ? connect : connectWithTls(tls), localAddress }
  return { network, clock: nodeClock, random: nodeRandom, processId: process.pid }
}
