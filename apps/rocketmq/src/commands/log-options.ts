import { type Command, Option } from 'commander'
import { logFormats, logLevels } from '../log.ts'

/** Adds what every command says about its log. */
export function withLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--log-level <level>', 'what stderr shows (default: ROCKETMQ_LOG_LEVEL, or info)').choices(logLevels),
    )
    .addOption(
      new Option('--log-format <format>', 'lines for people or for programs (default: text)').choices(logFormats),
    )
}
