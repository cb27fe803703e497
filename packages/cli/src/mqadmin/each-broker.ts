import { type Master, RocketMQError } from '@rocketmq-ts/client/raw'
import { isAborted } from '../describe-failure.ts'
import { CommandError } from '../usage-error.ts'

/**
 * Does the same at each broker, though it fails at some.
 * @param failed shows a broker at which it failed, as the official tools do, which tell no reason
 * @throws CommandError at the end with the reasons, when there are some; RocketMQError when a signal has ended it
 */
export async function atEachBroker(
  brokers: Iterable<Master>,
  attempt: (broker: Master) => Promise<void>,
  failed: (broker: Master) => Promise<void> = async () => {},
): Promise<void> {
  const reasons: string[] = []
  for (const broker of brokers) {
    try {
      await attempt(broker)
    } catch (error) {
      if (isAborted(error)) throw error
      reasons.push(`${broker.name}: ${reasonOf(error as Error)}`)
      await failed(broker)
    }
  }
  if (reasons.length > 0) throw new CommandError(reasons.join('\n'))
}

/** With the code of a server's answer, as the official tools have it. */
export function reasonOf(error: Error): string {
  if (!(error instanceof RocketMQError) || error.responseCode === undefined) return error.message
  return `CODE: ${error.responseCode}  DESC: ${error.message}`
}
