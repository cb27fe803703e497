import { administration } from './administration.ts'
import { clients } from './clients.ts'
import { coldReads } from './cold-reads.ts'
import { groups } from './groups.ts'
import { lite } from './lite.ts'
import { locks } from './locks.ts'
import { nameServer } from './name-server.ts'
import { offsets } from './offsets.ts'
import { pop } from './pop.ts'
import { reading } from './reading.ts'
import { replies } from './replies.ts'
import { retries } from './retries.ts'
import type { Promises } from './scene.ts'
import { sending } from './sending.ts'
import { staticTopics } from './static-topics.ts'
import { statistics } from './statistics.ts'
import { timers } from './timers.ts'
import { topics } from './topics.ts'
import { transactions } from './transactions.ts'

/** Every promise that is proven in this folder, by area. */
export const areas: Readonly<Record<string, Promises>> = {
  sending,
  replies,
  retries,
  reading,
  coldReads,
  pop,
  lite,
  clients,
  locks,
  offsets,
  topics,
  staticTopics,
  groups,
  administration,
  transactions,
  statistics,
  timers,
  nameServer,
}
