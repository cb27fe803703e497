import type { Case } from '../case.ts'
import { administrationCases } from './administration.ts'
import { assignmentCases } from './assignment.ts'
import { batchQueueCases } from './batch-queues.ts'
import { filterCases } from './filters.ts'
import { headerCases } from './headers.ts'
import { missingFieldCases } from './missing-fields.ts'
import { offsetCases } from './offsets.ts'
import { popCases } from './pop.ts'
import { popBornTimeCases } from './pop-born-times.ts'
import { queryCases } from './queries.ts'
import { sendingCases } from './sending.ts'
import { statisticsCases } from './statistics.ts'
import { subscriptionCases } from './subscriptions.ts'
import { timerCases } from './timers.ts'
import { transactionCases } from './transactions.ts'
import { unitCases } from './units.ts'

export { ipv6Cases } from './ipv6.ts'

export const cases: readonly Case[] = [
  // Before those that harm the official broker's log.
  ...statisticsCases,
  ...headerCases,
  ...sendingCases,
  ...subscriptionCases,
  ...filterCases,
  ...offsetCases,
  ...queryCases,
  ...administrationCases,
  ...assignmentCases,
  ...popCases,
  ...popBornTimeCases,
  ...transactionCases,
  ...timerCases,
  ...unitCases,
  ...batchQueueCases,
  ...missingFieldCases,
]
