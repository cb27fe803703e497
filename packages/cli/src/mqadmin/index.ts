import { nearestWord } from '@rocketmq-ts/base'
import { RocketMQError } from '@rocketmq-ts/client/raw'
import type { Session } from '../session.ts'
import { CommandError, UsageError } from '../usage-error.ts'
import { brokerTools } from './broker-tools.ts'
import { clientTools } from './client-tools.ts'
import { clusterTools } from './cluster-tools.ts'
import { consumeTools } from './consume-tools.ts'
import { reasonOf } from './each-broker.ts'
import { exportTools } from './export-tools.ts'
import { fileTools } from './file-tools.ts'
import { groupTools } from './group-tools.ts'
import { listTools } from './list-tools.ts'
import { liteTools } from './lite-tools.ts'
import { messageTools } from './message-tools.ts'
import { offsetTools } from './offset-tools.ts'
import { progressTools } from './progress-tools.ts'
import { queryTools } from './query-tools.ts'
import { refusedTools } from './refused-tools.ts'
import { staticTopicTools } from './static-topic-tools.ts'
import { statsTools } from './stats-tools.ts'
import { statusTools } from './status-tools.ts'
import { timingTools } from './timing-tools.ts'
import { parseToolOptions, type Tool, ToolContext, toolHelp } from './tool.ts'
import { topicTools } from './topic-tools.ts'
import { traceTools } from './trace-tools.ts'

/** Commands of the official tools that are there. */
export const tools: readonly Tool[] = [
  ...topicTools,
  ...staticTopicTools,
  ...groupTools,
  ...progressTools,
  ...clientTools,
  ...offsetTools,
  ...messageTools,
  ...consumeTools,
  ...queryTools,
  ...clusterTools,
  ...brokerTools,
  ...listTools,
  ...liteTools,
  ...statsTools,
  ...statusTools,
  ...timingTools,
  ...traceTools,
  ...exportTools,
  ...fileTools,
]

/**
 * Runs a command of the official tools.
 * @param words the command, and its options
 * @throws UsageError, CommandError
 */
export async function runTool(session: Session, words: readonly string[]): Promise<void> {
  const [name, ...rest] = words
  if (name === undefined || name === 'help' || name === '-h' || name === '--help') {
    await session.host.write(rest[0] === undefined ? listOfTools() : toolHelp(toolOf(rest[0])))
    return
  }
  const tool = toolOf(name)
  const values = parseToolOptions(tool, rest)
  if (values.has('help')) {
    await session.host.write(toolHelp(tool))
    return
  }
  const context = await ToolContext.open(session, values)
  try {
    await tool.run(context)
  } catch (error) {
    if (error instanceof RocketMQError && error.responseCode !== undefined) {
      throw new CommandError(`${tool.name} failed: ${reasonOf(error)}`)
    }
    throw error
  }
}

/** Upper and lower case are alike. @throws UsageError, CommandError for one that is not served */
function toolOf(name: string): Tool {
  const isIt = (known: string): boolean => known.toLowerCase() === name.toLowerCase()
  const found = tools.find((tool) => isIt(tool.name))
  if (found !== undefined) return found
  for (const [refused, reason] of refusedTools) if (isIt(refused)) throw new CommandError(`no ${refused}: ${reason}`)
  const names = tools.map((tool) => tool.name)
  const nearest = nearestWord(name.slice(0, 100), names)
  const hint = nearest === undefined ? 'rocketmq mqadmin lists those that there are' : `did you mean ${nearest}?`
  throw new UsageError(`The sub command ${name} not exist: ${hint}`)
}

function listOfTools(): string {
  const width = Math.max(...tools.map(({ name }) => name.length)) + 3
  const rows = tools
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, about }) => `   ${name.padEnd(width)}${about}\n`)
  return `The most commonly used mqadmin commands are:\n${rows.join('')}\nSee 'rocketmq mqadmin help <command>' for more information on a specific command.\n`
}
