import type { GroupTable } from '../groups/index.ts'
import type { KeptFolder } from '../kept/index.ts'
import type { BrokerSettings } from '../settings/index.ts'
import type { TopicTable } from '../topics/index.ts'
import { bloomSizes } from './bloom-bits.ts'
import { ConsumerFilterTable } from './consumer-filter-table.ts'
import { ExpressionCompiler } from './expression-compiler.ts'

export interface FiltersParts {
  config: KeptFolder
  settings(): BrokerSettings
  topics: Pick<TopicTable, 'onDelete'>
  groups: Pick<GroupTable, 'onDelete'>
}

/** The expressions by which consumers ask for messages. */
export function createFilters({ config, settings, topics, groups }: FiltersParts) {
  const compiler = new ExpressionCompiler(() => settings().enablePropertyFilter)
  const { expectConsumerNumUseFilter, maxErrorRateOfBloomFilter } = settings()
  const table = new ConsumerFilterTable({
    config,
    compiler,
    bloomSizes: bloomSizes(expectConsumerNumUseFilter, maxErrorRateOfBloomFilter),
    keptMs: () => settings().filterDataCleanTimeSpan,
  })
  topics.onDelete((topic) => table.removeTopic(topic))
  groups.onDelete((group) => table.removeGroup(group))
  return {
    compiler,
    table,
    close: () => table.close(),
    stats: () => table.counts(),
  }
}
