import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { brokerCommand } from './commands/broker.ts'
import { nameServerCommand } from './commands/name-server.ts'
import { startCommand } from './commands/start.ts'
import { describeError } from './describe-error.ts'
import { createLog, type LogOptions } from './log.ts'

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
  const program = new Command('rocketmq')
    .description('Apache RocketMQ in TypeScript: name server and broker.')
    .version(packageJson.version)
    .showHelpAfterError('(rocketmq --help lists the commands)')
  for (const makeCommand of [startCommand, nameServerCommand, brokerCommand]) {
    const report = (code: number) => {
      exitCode = code
    }
    program.addCommand(makeCommand(report).showHelpAfterError('(--help lists the options)'))
  }
  let logOptions: LogOptions = {}
  program.hook('preAction', (_, command) => {
    logOptions = command.opts()
  })
  try {
    await program.parseAsync(argv)
  } catch (error) {
    if (logOptions.logFormat === 'json') createLog('rocketmq', { logFormat: 'json' }).error({}, describeError(error))
    else process.stderr.write(`rocketmq: ${describeError(error)}\n`)
    return 1
  }
  return exitCode
}
