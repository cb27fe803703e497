import { createNodePlatform } from '@rocketmq-ts/platform'
import { Command } from 'commander'
import { type ClusterOptions, planCluster } from '../cluster/plan-cluster.ts'
import { parseBrokerCount, parsePort } from '../option-values.ts'

/** @param report takes the exit code */
export function startCommand(report: (exitCode: number) => void): Command {
  return new Command('start')
    .description('Runs a name server and one or more brokers in one process.')
    .option('--data <folder>', 'folder for everything that is kept', './data')
    .option('--namesrv-port <port>', 'port of the name server', parsePort, 9876)
    .option('--broker-port <port>', 'port of the first broker; each further one adds 10', parsePort, 10_911)
    .option('--brokers <number>', 'number of brokers, each on a thread of its own', parseBrokerCount, 1)
    .option('--broker-conf <file>', "settings for all brokers, RocketMQ's broker.conf")
    .option('--stop-with-parent', 'stop when the process that started this one has ended')
    .action(async (options: ClusterOptions) => {
      const { runCluster } = await import('../cluster/run-cluster.ts')
      report(await runCluster(planCluster(options), options, createNodePlatform()))
    })
}
