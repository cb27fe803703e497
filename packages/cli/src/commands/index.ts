import type { Command, CommandGroup } from '../table/define.ts'
import { brokerGroup } from './broker.ts'
import { clientGroup } from './client.ts'
import { clusterGroup } from './cluster.ts'
import { completeCommand, completionCommand } from './completion.ts'
import { configGroup } from './config.ts'
import { contextGroup } from './context.ts'
import { groupGroup } from './group.ts'
import { lagCommand } from './lag.ts'
import { nameServerGroup } from './namesrv.ts'
import { offsetGroup } from './offset.ts'
import { topicGroup } from './topic.ts'

/** Everything that the executable does with a cluster: help, completion and the reference come from it. */
export const commandTable: readonly (Command | CommandGroup)[] = [
  contextGroup,
  topicGroup,
  groupGroup,
  offsetGroup,
  lagCommand,
  clientGroup,
  clusterGroup,
  brokerGroup,
  nameServerGroup,
  configGroup,
  completionCommand,
  completeCommand,
]
