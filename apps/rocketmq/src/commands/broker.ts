import { Command } from 'commander'
import { appPlatform } from '../app-platform.ts'
import type { BrokerOptions } from '../run-broker.ts'
import { withLogOptions } from './log-options.ts'

/** @param report takes the exit code */
export function brokerCommand(report: (exitCode: number) => void): Command {
  const command = new Command('broker')
    .description('Runs a broker.')
    .option('-c, --conf <file>', "settings, RocketMQ's broker.conf")
    .option('-n, --namesrv <addresses>', 'name servers, host:port separated by semicolons (default: NAMESRV_ADDR)')
    .option('--accept-lost-messages', 'starts although a part of the commit log is missing')
    .option('--print-config', 'shows all settings with values, defaults and meanings, and ends')
    .action(async (options: BrokerOptions & { printConfig?: boolean }) => {
      const { printBrokerConfig, runBroker } = await import('../run-broker.ts')
      const platform = appPlatform(options)
      if (options.printConfig) printBrokerConfig(options, platform)
      else report(await runBroker(options, platform))
    })
  return withLogOptions(command)
}
