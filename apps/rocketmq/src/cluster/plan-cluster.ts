import path from 'node:path'
import { isWildcard } from '../addresses.ts'
import type { LogOptions } from '../log.ts'
import { UserError } from '../user-error.ts'
import { brokerName } from './broker-name.ts'

/** Options of `rocketmq start`. */
export interface ClusterOptions extends LogOptions {
  data: string
  /** Address to listen at. */
  host: string
  namesrvPort: number
  brokerPort: number
  brokers: number
  /** Path of a file for all brokers. */
  brokerConf?: string
  /** Whether readiness is told as JSON. */
  json?: boolean
  /** Whether brokers start although messages of their logs are lost. */
  acceptLostMessages?: boolean
  /** Whether the cluster stops when the process that started this one has ended. */
  stopWithParent?: boolean
}

export interface PlannedBroker {
  readonly name: string
  /** 0 for a free one. */
  readonly port: number
  /** Absolute path of its store. */
  readonly folder: string
}

/** Names, ports and folders of everything that `rocketmq start` runs. */
export interface ClusterPlan {
  /** Absolute path. */
  readonly dataFolder: string
  /** IP address at which everything listens. */
  readonly host: string
  readonly nameServer: { readonly port: number; readonly folder: string }
  readonly brokers: readonly PlannedBroker[]
}

const portMax = 65_535
const portStep = 10
/** A broker opens a second port for older clients, two below its own, if that is a valid port. */
const secondPortDistance = 2

/** @throws UserError when the ports do not fit */
export function planCluster(options: ClusterOptions): ClusterPlan {
  const { namesrvPort, brokerPort } = options
  const dataFolder = path.resolve(options.data)
  const brokers = Array.from({ length: options.brokers }, (_, index) => {
    const name = brokerName(index)
    return { name, port: brokerPort === 0 ? 0 : brokerPort + index * portStep, folder: path.join(dataFolder, name) }
  })
  const beyond = brokers.find(({ port }) => port > portMax)
  if (beyond !== undefined) {
    throw new UserError(`${beyond.name} would have port ${beyond.port}: choose a smaller --broker-port`)
  }
  const sharing = brokers.find((broker) => portsOf(broker).includes(namesrvPort))
  if (sharing !== undefined) {
    throw new UserError(
      `${sharing.name} (ports ${portsOf(sharing).join(' and ')}) and the name server would share port ${namesrvPort}: choose another --broker-port or --namesrv-port`,
    )
  }
  const nameServer = { port: namesrvPort, folder: path.join(dataFolder, 'namesrv') }
  return { dataFolder, host: options.host, nameServer, brokers }
}

/** The ports that a broker opens; empty when it takes free ones. */
function portsOf({ port }: PlannedBroker): number[] {
  return port > secondPortDistance ? [port, port - secondPortDistance] : [port].filter((number) => number !== 0)
}

/** The address by which this process reaches its own servers. */
export function ownHost({ host }: Pick<ClusterPlan, 'host'>): string {
  return isWildcard(host) ? '127.0.0.1' : host
}

/**
 * The address that clients are given.
 *
 * @param localAddress address of this machine for other machines
 */
export function advertisedHost({ host }: Pick<ClusterPlan, 'host'>, localAddress: string): string {
  return isWildcard(host) ? localAddress : host
}
