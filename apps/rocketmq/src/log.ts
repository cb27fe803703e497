import type { Log } from '@rocketmq-ts/platform'
import { pino } from 'pino'
import { formatLogLine } from './format-log-line.ts'
import { UserError } from './user-error.ts'

const levels = ['debug', 'info', 'warn', 'error', 'silent']

/**
 * A log that writes readable lines to stderr; ROCKETMQ_LOG_LEVEL says from which level on.
 *
 * @param part who speaks: `broker-a`
 * @throws UserError for a level that does not exist
 */
export function createLog(part: string, level = process.env.ROCKETMQ_LOG_LEVEL || 'info'): Log {
  if (!levels.includes(level)) {
    throw new UserError(`ROCKETMQ_LOG_LEVEL=${level} is not possible: allowed is one of ${levels.join(', ')}`)
  }
  // Synchronous, so that the last lines before a crash are not lost, and from every thread directly.
  const stderr = pino.destination({ fd: 2, sync: true })
  const logger = pino({ level, base: { part } }, { write: (line) => void stderr.write(formatLogLine(line)) })
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  }
}
