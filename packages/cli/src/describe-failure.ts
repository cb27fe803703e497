import type { RocketMQError } from '@rocketmq-ts/client'
import type { ConnectionKey, SourcedValue } from './settings/connection-settings.ts'
import { CommandError, UsageError } from './usage-error.ts'

export interface Failure {
  readonly exitCode: number
  readonly message: string
}

/** Codes that say that a server is not there. */
const unreachable = new Set(['CONNECT_FAILED', 'CONNECTION_LOST', 'TIMEOUT'])

/**
 * What the user reads, and the exit code: 2 for what was typed or set wrong, 1 for what did not work out.
 * @throws the error itself when it is a defect
 */
export function describeFailure(
  error: unknown,
  connection: Partial<Record<ConnectionKey, SourcedValue>> = {},
): Failure {
  if (error instanceof UsageError) return { exitCode: 2, message: error.message }
  if (error instanceof CommandError) return { exitCode: 1, message: error.message }
  if (isRocketMQError(error)) return ofCluster(error, connection)
  if (error instanceof Error && 'syscall' in error) return { exitCode: 1, message: error.message }
  throw error
}

/** Whether it is what a signal has ended. */
export function isAborted(error: unknown): boolean {
  return isRocketMQError(error) && error.code === 'ABORTED'
}

/**
 * For `catch`, where what cannot be had is left out. What was not asked for, since a signal has ended the command, is not what
 * cannot be had.
 * @throws the error when a signal has ended it
 */
export function noneUnlessAborted(error: unknown): undefined {
  if (isAborted(error)) throw error
}

/** The class itself would load the SDK. */
function isRocketMQError(error: unknown): error is RocketMQError {
  return error instanceof Error && (error.name === 'RocketMQError' || error.name === 'SendManyError')
}

function ofCluster(
  { code, message, broker, topic }: RocketMQError,
  { nameServers }: Partial<Record<ConnectionKey, SourcedValue>>,
): Failure {
  if (code === 'INVALID_ARGUMENT') return { exitCode: 2, message }
  if (code === 'TOPIC_NOT_EXIST' && topic !== undefined) {
    return { exitCode: 1, message: `there is no topic ${topic} (rocketmq topic list --all shows those that are there)` }
  }
  if (code === 'ABORTED') return { exitCode: 1, message: 'ended before it was done' }
  const isNameServer = nameServers?.text.split(/[;,]/).some((one) => broker !== undefined && one.trim() === broker)
  if (unreachable.has(code) && nameServers !== undefined && isNameServer) {
    const { text, source } = nameServers
    const what = `no name server answers at ${text} (from ${source}): ${message}`
    return { exitCode: 1, message: `${what}; start one with "rocketmq start", or name another with -n host:9876` }
  }
  if (unreachable.has(code)) {
    return { exitCode: 1, message: `${message}; "rocketmq doctor" looks for the cause` }
  }
  return { exitCode: 1, message }
}
