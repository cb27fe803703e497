import type { SettingsResult } from '@rocketmq-ts/settings'
import type { BrokerSettings } from './broker-settings.ts'

/** Bytes of a message in a consume queue. */
const consumeQueueUnitBytes = 20

const noNameServer = 'namesrvAddr is not set: the broker registers nowhere, and clients cannot find it'

/** Settles what settings say together, as RocketMQ does, with a warning for each value that is changed. */
export function consistentBrokerSettings(settings: BrokerSettings): SettingsResult<BrokerSettings> {
  const warnings: string[] = []
  const values = { ...settings }
  if (values.brokerId !== 0) {
    warnings.push(
      `brokerId=${values.brokerId}: a broker of the role ${values.brokerRole} has brokerId=0, which is used`,
    )
    values.brokerId = 0
  }
  const remainder = values.mappedFileSizeConsumeQueue % consumeQueueUnitBytes
  if (remainder !== 0) {
    const rounded = values.mappedFileSizeConsumeQueue + consumeQueueUnitBytes - remainder
    warnings.push(
      `mappedFileSizeConsumeQueue=${values.mappedFileSizeConsumeQueue}: ${rounded} is used, a multiple of 20`,
    )
    values.mappedFileSizeConsumeQueue = rounded
  }
  if (values.namesrvAddr.length === 0) warnings.push(noNameServer)
  return { values, warnings }
}
