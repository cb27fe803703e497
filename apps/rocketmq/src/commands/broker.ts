import { createNodePlatform } from '@rocketmq-ts/platform'
import { Command } from 'commander'
import type { BrokerOptions } from '../run-broker.ts'

/** @param report takes the exit code */
export function brokerCommand(report: (exitCode: number) => void): Command {
  return new Command('broker')
    .description('Runs a broker.')
    .option('-c, --conf <file>', "settings, RocketMQ's broker.conf")
    .option('-n, --namesrv <addresses>', 'name servers, host:port separated by semicolons (default: NAMESRV_ADDR)')
    .option('--print-config', 'shows all settings with values, defaults and meanings, and ends')
    .action(async (options: BrokerOptions & { printConfig?: boolean }) => {
      const { printBrokerConfig, runBroker } = await import('../run-broker.ts')
      const platform = createNodePlatform()
      if (options.printConfig) printBrokerConfig(options, platform)
      else report(await runBroker(options, platform))
    })
}
