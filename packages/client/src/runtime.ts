import { type Clock, type Network, nodeClock, nodeNetwork, nodeRandom, type Random } from '@rocketmq-ts/platform'

/** The outside world as the client sees it. Tests give one of their own, with a network, time and chance that they control. */
export interface Runtime {
  readonly network: Pick<Network, 'connect' | 'localAddress'>
  readonly clock: Clock
  readonly random: Random
  readonly processId: number
}

export function nodeRuntime(): Runtime {
  return { network: nodeNetwork, clock: nodeClock, random: nodeRandom, processId: process.pid }
}
