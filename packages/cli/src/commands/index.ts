import type { Command, CommandGroup } from '../table/define.ts'
import { backupCommand, restoreCommand } from './backup.ts'
import { benchCommand } from './bench.ts'
import { brokerGroup } from './broker.ts'
import { checkGroup } from './check.ts'
import { clientGroup } from './client.ts'
import { clusterGroup } from './cluster.ts'
import { completeCommand, completionCommand } from './completion.ts'
import { configGroup } from './config.ts'
import { consumeCommand } from './consume.ts'
import { contextGroup } from './context.ts'
import { deadLetterGroup } from './dlq.ts'
import { doctorCommand } from './doctor.ts'
import { groupGroup } from './group.ts'
import { lagCommand } from './lag.ts'
import { liteGroup } from './lite.ts'
import { messageGroup } from './message.ts'
import { mqadminCommand } from './mqadmin.ts'
import { nameServerGroup } from './namesrv.ts'
import { offsetGroup } from './offset.ts'
import { produceCommand } from './produce.ts'
import { staticGroup } from './static.ts'
import { topicGroup } from './topic.ts'
import { traceGroup } from './trace.ts'

/** Everything that the executable does with a cluster: help, completion and the reference come from it. */
export const commandTable: readonly (Command | CommandGroup)[] = [
  produceCommand,
  consumeCommand,
  contextGroup,
  topicGroup,
  groupGroup,
  offsetGroup,
  lagCommand,
  messageGroup,
  liteGroup,
  staticGroup,
  deadLetterGroup,
  traceGroup,
  clientGroup,
  clusterGroup,
  brokerGroup,
  nameServerGroup,
  configGroup,
  doctorCommand,
  checkGroup,
  benchCommand,
  backupCommand,
  restoreCommand,
  mqadminCommand,
  completionCommand,
  completeCommand,
]
