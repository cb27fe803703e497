import type { SettingsOf } from '@rocketmq-ts/settings'
import { admissionSettings } from './admission.ts'
import { authenticationSettings } from './authentication.ts'
import { delayAndTimerSettings } from './delay-and-timer.ts'
import { flushAndReadsSettings } from './flush-and-reads.ts'
import { idempotenceSettings } from './idempotence.ts'
import { identitySettings } from './identity.ts'
import { limitSettings } from './limits.ts'
import { liteSettings } from './lite.ts'
import { metricsSettings } from './metrics.ts'
import { networkSettings } from './network.ts'
import { popSettings } from './pop.ts'
import { replicationSettings } from './replication.ts'
import { storeFilesSettings } from './store-files.ts'
import { topicsAndGroupsSettings } from './topics-and-groups.ts'
import { transactionSettings } from './transactions.ts'

/** All settings of a broker, named as in RocketMQ's broker.conf, with RocketMQ's defaults. */
export const brokerSettings = {
  ...identitySettings,
  ...networkSettings,
  ...topicsAndGroupsSettings,
  ...storeFilesSettings,
  ...flushAndReadsSettings,
  ...delayAndTimerSettings,
  ...admissionSettings,
  ...replicationSettings,
  ...popSettings,
  ...transactionSettings,
  ...idempotenceSettings,
  ...liteSettings,
  ...limitSettings,
  ...authenticationSettings,
  ...metricsSettings,
}

export type BrokerSettings = SettingsOf<typeof brokerSettings>
