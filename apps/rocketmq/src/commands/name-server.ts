import { Command } from 'commander'
import { appPlatform } from '../app-platform.ts'
import { parsePort } from '../option-values.ts'
import type { NameServerOptions } from '../run-name-server.ts'
import { withLogOptions } from './log-options.ts'

/** @param report takes the exit code */
export function nameServerCommand(report: (exitCode: number) => void): Command {
  const command = new Command('namesrv')
    .description('Runs a name server.')
    .option('-c, --conf <file>', "settings, RocketMQ's namesrv.conf")
    .option('-p, --port <port>', 'port to listen at (default: listenPort of the file, or 9876)', parsePort)
    .option('--print-config', 'shows all settings with values, defaults and meanings, and ends')
    .action(async (options: NameServerOptions & { printConfig?: boolean }) => {
      const { printNameServerConfig, runNameServer } = await import('../run-name-server.ts')
      const platform = appPlatform(options)
      if (options.printConfig) printNameServerConfig(options, platform)
      else report(await runNameServer(options, platform))
    })
  return withLogOptions(command)
}
