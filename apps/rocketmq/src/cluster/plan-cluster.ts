import path from 'node:path'
import { UserError } from '../user-error.ts'
import { brokerName } from './broker-name.ts'

/** Options of `rocketmq start`. */
export interface ClusterOptions {
  data: string
  namesrvPort: number
  brokerPort: number
  brokers: number
  /** Path of a file for all brokers. */
  brokerConf?: string
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
  readonly nameServer: { readonly port: number; readonly folder: string }
  readonly brokers: readonly PlannedBroker[]
}

const portMax = 65_535
const portStep = 10

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
  const sharing = brokers.find(({ port }) => port !== 0 && port === namesrvPort)
  if (sharing !== undefined) {
    throw new UserError(
      `${sharing.name} and the name server would share port ${namesrvPort}: choose another --broker-port or --namesrv-port`,
    )
  }
  return { dataFolder, nameServer: { port: namesrvPort, folder: path.join(dataFolder, 'namesrv') }, brokers }
}
