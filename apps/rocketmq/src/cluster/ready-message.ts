import { isLoopback } from '../addresses.ts'
import type { ClusterPlan } from './plan-cluster.ts'

export interface ReadyBroker {
  readonly name: string
  /** `host:port` as it is given to clients. */
  readonly address: string
}

/** What `rocketmq start --json` prints when everything is ready: one line. */
export function readyJson(
  { dataFolder }: Pick<ClusterPlan, 'dataFolder'>,
  nameServer: string,
  brokers: readonly ReadyBroker[],
): string {
  return `${JSON.stringify({ nameServer, brokers, dataFolder })}\n`
}

/** What `rocketmq start` prints when everything is ready. */
export function readyMessage(plan: ClusterPlan, nameServer: string, brokers: readonly ReadyBroker[]): string {
  const rows = [
    ['name server', nameServer],
    ...brokers.map(({ name, address }) => [name, address]),
    ['data', plan.dataFolder],
  ]
  const width = Math.max(...rows.map(([label]) => label!.length)) + 2
  const lines = rows.map(([label, value]) => `  ${label!.padEnd(width)}${value}`)
  const reach = isLoopback(plan.host)
    ? ['Only this machine can connect; --host 0.0.0.0 lets others in.']
    : ['Whoever reaches this machine can connect: nobody is asked for a password.']
  // What is reached without being named need not be.
  const option = nameServer === '127.0.0.1:9876' ? '' : ` -n ${nameServer}`
  return [
    'RocketMQ is ready.',
    ...lines,
    '',
    `Clients of any language connect to the name server at ${nameServer}; README.md has a first message in Java and Go.`,
    ...reach,
    'Next:',
    `  npx rocketmq produce FirstTopic Hello${option}`,
    `  npx rocketmq consume FirstTopic --from earliest${option}`,
    'Ctrl-C stops it.',
    '',
  ].join('\n')
}
