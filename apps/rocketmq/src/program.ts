import { addCommands, type Host, runProgram as runCommands } from '@rocketmq-ts/cli'
import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { createProcessHost } from './cli-host.ts'
import { brokerCommand } from './commands/broker.ts'
import { nameServerCommand } from './commands/name-server.ts'
import { startCommand } from './commands/start.ts'
import { describeError } from './describe-error.ts'
import { createLog, type LogOptions } from './log.ts'

/**
 * All commands: those that run servers, and those that work with clusters.
 *
 * @param report takes the exit code
 */
export function createProgram(host: Host, report: (exitCode: number) => void): Command {
  const program = new Command('rocketmq')
    .description('Apache RocketMQ in TypeScript: runs its servers, and works with its clusters.')
    .version(packageJson.version)
    .showHelpAfterError('(rocketmq --help lists the commands)')
  for (const makeCommand of [startCommand, nameServerCommand, brokerCommand]) program.addCommand(makeCommand(report))
  addCommands(program, { host, report })
  return program
}

/**
 * Runs the command that the arguments name.
 *
 * @param argv arguments with Node and the script in front, as `process.argv`
 * @returns the exit code of the process
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let exitCode = 0
  // Their reader may be gone: a closed terminal, the other end of a pipe.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const host = createProcessHost()
  const program = createProgram(host, (code) => {
    exitCode = code
  })
  let logOptions: LogOptions = {}
  program.hook('preAction', (_, command) => {
    logOptions = command.opts()
  })
  try {
    const parsed = await runCommands(program, argv, host)
    return parsed === 0 ? exitCode : parsed
  } catch (error) {
    if (logOptions.logFormat === 'json') createLog('rocketmq', { logFormat: 'json' }).error({}, describeError(error))
    else process.stderr.write(`rocketmq: ${describeError(error)}\n`)
    return 1
  }
}
