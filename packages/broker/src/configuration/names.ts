import { ProtocolError, retryTopicPrefix } from '@rocketmq-ts/protocol'

const topicLengthMax = 127
const groupLengthMax = 120
const internalTopicLengthMax = 255
const allowed = /^[%|a-zA-Z0-9_-]+$/

/** What is wrong with the name of a topic, or undefined. */
export function topicNameProblem(topic: string): string | undefined {
  return nameProblem('topic', topic, topicLengthMax)
}

/**
 * Retry and dead letter topics hold a group's name behind a prefix and may be longer. Those of POP may have a plus sign
 * behind the group's name.
 */
export function internalTopicNameProblem(topic: string): string | undefined {
  const name = topic.startsWith(retryTopicPrefix) ? topic.replace('+', '_') : topic
  return nameProblem('topic', name, internalTopicLengthMax)
}

export function groupNameProblem(group: string): string | undefined {
  return nameProblem('group', group, groupLengthMax)
}

function nameProblem(kind: string, name: string, lengthMax: number): string | undefined {
  if (name.trim() === '') return `The specified ${kind} is blank.`
  if (!allowed.test(name)) {
    return `The specified ${kind}: ${name}, contains illegal characters, allowing only ${allowed.source}`
  }
  if (name.length > lengthMax) {
    return `The specified ${kind}: ${name}, is longer than ${kind} max length: ${lengthMax}`
  }
  return undefined
}

/** @throws ProtocolError INVALID_PARAMETER when there is a problem */
export function refuseProblem(problem: string | undefined): void {
  if (problem !== undefined) throw new ProtocolError('INVALID_PARAMETER', problem)
}
