import type { SettingsResult } from '@rocketmq-ts/settings'
import type { BrokerSettings } from './broker-settings.ts'

/** Bytes of each unit in files that hold a whole number of them. */
const unitBytes = { mappedFileSizeConsumeQueue: 20, mapperFileSizeBatchConsumeQueue: 46 } as const

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
  for (const key of ['mappedFileSizeConsumeQueue', 'mapperFileSizeBatchConsumeQueue'] as const) {
    const remainder = values[key] % unitBytes[key]
    if (remainder === 0) continue
    const rounded = values[key] + unitBytes[key] - remainder
    warnings.push(`${key}=${values[key]}: ${rounded} is used, a multiple of ${unitBytes[key]}`)
    values[key] = rounded
  }
  if (values.namesrvAddr.length === 0) warnings.push(noNameServer)
  return { values, warnings }
}
