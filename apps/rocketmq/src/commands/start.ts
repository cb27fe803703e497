import { Command, Option } from 'commander'
import { resolveHost } from '../addresses.ts'
import { appPlatform } from '../app-platform.ts'
import { ephemeral } from '../cluster/ephemeral.ts'
import { type ClusterOptions, planCluster } from '../cluster/plan-cluster.ts'
import { parseBrokerCount, parseNonEmpty, parsePort } from '../option-values.ts'
import { withLogOptions } from './log-options.ts'

/** @param report takes the exit code */
export function startCommand(report: (exitCode: number) => void): Command {
  const command = new Command('start')
    .description('Runs a name server and one or more brokers in one process.')
    .option('--data <folder>', 'folder for everything that is kept', parseNonEmpty, './data')
    .option('--host <address>', 'address to listen at; 0.0.0.0 for all of this machine', parseNonEmpty, '127.0.0.1')
    .option('--namesrv-port <port>', 'port of the name server', parsePort, 9876)
    .option('--broker-port <port>', 'port of the first broker; each further one adds 10', parsePort, 10_911)
    .option('--brokers <number>', 'number of brokers, each on a thread of its own', parseBrokerCount, 1)
    .option('--broker-conf <file>', "settings for all brokers, RocketMQ's broker.conf")
    .addOption(
      new Option('--ephemeral', 'data in a temporary folder that is removed at the end, at free ports').conflicts(
        'data',
      ),
    )
    .option('--json', 'say by a line of JSON that everything is ready, and where')
    .option('--accept-lost-messages', 'starts although a part of a commit log is missing')
    .option('--stop-with-parent', 'stop when the process that started this one has ended')
    .action(async (given: ClusterOptions & { ephemeral?: boolean }, command: Command) => {
      const isGiven = (name: string) => command.getOptionValueSource(name) !== 'default'
      const options = given.ephemeral ? { ...given, ...ephemeral(isGiven) } : given
      const { runCluster } = await import('../cluster/run-cluster.ts')
      const host = await resolveHost(options.host, '--host')
      report(await runCluster(planCluster({ ...options, host }), options, appPlatform(options)))
    })
  return withLogOptions(command)
}
