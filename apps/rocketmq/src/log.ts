import type { Log } from '@rocketmq-ts/platform'
import { type LoggerOptions, pino, stdTimeFunctions } from 'pino'
import { formatLogLine } from './format-log-line.ts'
import { UserError } from './user-error.ts'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** `text` for people, `json` for programs: an object a line with `time`, `level`, `part`, `msg` and the fields. */
export const logFormats = ['text', 'json'] as const
export type LogFormat = (typeof logFormats)[number]

/** The values of `--log-level` and `--log-format`. */
export interface LogOptions {
  /** By default the environment variable ROCKETMQ_LOG_LEVEL, or `info`. */
  logLevel?: LogLevel
  logFormat?: LogFormat
}

/**
 * A log that writes lines to stderr.
 *
 * @param part the server that writes: `broker-a`
 * @throws UserError when ROCKETMQ_LOG_LEVEL is none of the levels
 */
export function createLog(part: string, { logLevel = levelOfEnvironment(), logFormat = 'text' }: LogOptions = {}): Log {
  // Synchronous, and from every thread directly, so that the last lines before a crash are not lost.
  const stderr = pino.destination({ fd: 2, sync: true })
  // Without this, the end of the terminal, or of the reader of a pipe, would end the server in the middle of its work.
  stderr.on('error', () => {})
  const options: LoggerOptions = { level: logLevel, base: { part } }
  const logger =
    logFormat === 'json'
      ? pino({ ...options, timestamp: stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } }, stderr)
      : pino(options, { write: (line) => void stderr.write(formatLogLine(line)) })
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  }
}

function levelOfEnvironment(): LogLevel {
  const text = process.env.ROCKETMQ_LOG_LEVEL || 'info'
  const level = logLevels.find((name) => name === text)
  if (level !== undefined) return level
  throw new UserError(`ROCKETMQ_LOG_LEVEL=${text} is not possible: allowed is one of ${logLevels.join(', ')}`)
}
