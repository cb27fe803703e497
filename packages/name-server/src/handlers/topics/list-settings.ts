import { ProtocolError } from '@rocketmq-ts/protocol'
import type { NameServerSettings } from '../../settings/index.ts'

type Switch = 'enableAllTopicList' | 'enableTopicList'

/** Settings that enable the lists of topics. */
export interface ListSettings {
  readonly current: Pick<NameServerSettings, Switch>
}

/** @throws ProtocolError when the setting is off */
export function mustBeEnabled(settings: ListSettings, key: Switch): void {
  if (!settings.current[key]) throw new ProtocolError('SYSTEM_ERROR', `disable: ${key} of this name server is false`)
}
