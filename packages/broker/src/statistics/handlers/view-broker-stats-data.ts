import { type BrokerStats, brokerStatsBody, type commands, ProtocolError } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface ViewStatsParts {
  statistics: { view(name: string, key: string): BrokerStats | undefined }
}

/** VIEW_BROKER_STATS_DATA: one statistic over the last minute, hour and day. */
export function viewBrokerStatsData(parts: ViewStatsParts): Handler<typeof commands.viewBrokerStatsData> {
  return ({ statsName, statsKey }) => {
    const stats = parts.statistics.view(statsName, statsKey)
    if (stats === undefined) throw new ProtocolError('SYSTEM_ERROR', `The stats <${statsName}> <${statsKey}> not exist`)
    return { body: brokerStatsBody.encode(stats) }
  }
}
