import type { createClients } from './clients/create-clients.ts'
import type { createDelay } from './delay/create-delay.ts'
import type { createGroups } from './groups/create-groups.ts'
import type { createLocks } from './locks/create-locks.ts'
import type { createOffsets } from './offsets/create-offsets.ts'
import type { createReading } from './reading/create-reading.ts'
import type { createRegistration } from './registration/create-registration.ts'
import type { createStatistics } from './statistics/create-statistics.ts'
import type { createTopics } from './topics/create-topics.ts'

type StatsOf<Create extends (...parts: never) => { stats(): object }> = ReturnType<ReturnType<Create>['stats']>

/** The numbers of a broker as they are at one moment: counts, sizes and lags, by feature. */
export interface BrokerStats {
  store: {
    /** Positions in the log: of the first byte that is left, and behind the last one. */
    minPosition: number
    maxPosition: number
    /** Of the log, which a power failure may take. */
    unsyncedBytes: number
  }
  server: { connections: number }
  statistics: StatsOf<typeof createStatistics>
  topics: StatsOf<typeof createTopics>
  groups: StatsOf<typeof createGroups>
  clients: StatsOf<typeof createClients>
  locks: StatsOf<typeof createLocks>
  offsets: StatsOf<typeof createOffsets>
  delay: StatsOf<typeof createDelay>
  reading: StatsOf<typeof createReading>
  registration: StatsOf<typeof createRegistration>
}
